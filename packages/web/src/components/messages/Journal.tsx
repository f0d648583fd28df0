import { Timeline } from "@mantine/core";
import type { JournalDocument } from "@posthaste/core";
import { Fragment } from "react";
import { journalSentence } from "../../sentences.ts";
import { Moment } from "../shell/Moment.tsx";
import { EntryIcon, toneOf } from "./EntryIcon.tsx";
import classes from "./Messages.module.css";

interface JournalProps {
	readonly entries: readonly JournalDocument[];
	readonly recipient: string;
}

/** What happened, entry by entry, as it happens. */
export function Journal({ entries, recipient }: JournalProps) {
	return (
		<Timeline
			bulletSize={24}
			lineWidth={2}
			active={-1}
			classNames={{ root: classes.journal ?? "", itemBullet: classes.itemBullet ?? "" }}
			role="list"
			aria-label="Journal"
			data-testid="journal"
		>
			{entries.map((entry) => (
				<Timeline.Item
					key={entry.sequence}
					role="listitem"
					data-type={entry.type}
					bullet={
						<span className={classes.bullet} data-tone={toneOf(entry, journalSentence(entry, recipient).tone)}>
							<EntryIcon entry={entry} />
						</span>
					}
				>
					<Entry entry={entry} recipient={recipient} />
				</Timeline.Item>
			))}
		</Timeline>
	);
}

function Entry({ entry, recipient }: { readonly entry: JournalDocument; readonly recipient: string }) {
	const { parts, evidence } = journalSentence(entry, recipient);
	return (
		<div className={classes.entry}>
			<Moment at={entry.at} className={classes.at} />{" "}
			{parts.map((part, index) => (
				// biome-ignore lint/suspicious/noArrayIndexKey: an entry never changes, and so neither do its parts.
				<Fragment key={index}>{typeof part === "string" ? part : <Moment at={part.moment} />}</Fragment>
			))}
			{evidence !== undefined && <small className={classes.evidence}>{evidence}</small>}
		</div>
	);
}
