import { useLocalStorage } from "@mantine/hooks";
import { IconMessage } from "@tabler/icons-react";
import { useLayoutEffect, useRef } from "react";
import { replyTarget } from "../../conversation.ts";
import { type InboxState, useInbox } from "../../hooks/use-inbox.ts";
import type { ImDevice } from "../../types.ts";
import { Empty } from "../shell/Empty.tsx";
import { Bubble, ReplyBubble } from "./Bubble.tsx";
import { DeviceCard } from "./DeviceCard.tsx";
import classes from "./ImWindow.module.css";
import { ReplyBox } from "./ReplyBox.tsx";

const status: Readonly<Record<InboxState, string>> = {
	connecting: "Connecting",
	open: "Online",
	waiting: "Connecting again",
	closed: "Offline",
};

/** A real client of the IM mechanism: switched off it disconnects, and the mechanism knows that nobody is there. */
export function ImWindow({ im, owner }: { readonly im: ImDevice; readonly owner: string }) {
	const [online, setOnline] = useLocalStorage({
		key: "posthaste-im-online",
		defaultValue: true,
		getInitialValueInEffect: false,
	});
	const inbox = useInbox(im, online);
	const log = useRef<HTMLDivElement>(null);
	const count = inbox.lines.length;
	useLayoutEffect(() => {
		if (count > 0 && log.current !== null) {
			log.current.scrollTop = log.current.scrollHeight;
		}
	}, [count]);
	return (
		<DeviceCard
			name="IM window"
			status={status[inbox.state]}
			icon={<IconMessage size={20} aria-hidden />}
			on={online}
			onSwitch={setOnline}
			testId="device-im"
		>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard. */}
			<div ref={log} className={classes.log} role="log" aria-label="Instant messages" tabIndex={0}>
				{count === 0 && (
					<Empty>{online ? `Nothing yet. What reaches ${owner} by IM appears here.` : "The window is closed."}</Empty>
				)}
				{inbox.lines.map((line) =>
					line.line === "reply" ? (
						<ReplyBubble key={line.key} line={line} />
					) : (
						<Bubble key={line.message.attempt} line={line} inbox={inbox} />
					),
				)}
			</div>
			<ReplyBox to={replyTarget(inbox.lines)} disabled={inbox.state !== "open"} onReply={inbox.reply} />
		</DeviceCard>
	);
}
