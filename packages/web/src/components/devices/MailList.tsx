import type { Mail } from "../../types.ts";
import { Moment } from "../shell/Moment.tsx";
import classes from "./Mailbox.module.css";

interface MailListProps {
	readonly mails: readonly Mail[];
	readonly onOpen: (id: string) => void;
}

/** Newest first. */
export function MailList({ mails, onOpen }: MailListProps) {
	const sorted = mails.toSorted((a, b) => Date.parse(b.receivedAt) - Date.parse(a.receivedAt));
	return (
		<ul className={classes.list} aria-label="Mails">
			{sorted.map((mail) => (
				<li key={mail.id}>
					<button type="button" className={classes.row} onClick={() => onOpen(mail.id)} data-testid="mail">
						<span className={classes.line}>
							<span>{mail.from}</span>
							<Moment at={mail.receivedAt} />
						</span>
						<div className={classes.subject}>{mail.subject || "(no subject)"}</div>
						<div className={classes.snippet}>{mail.text?.slice(0, 120)}</div>
					</button>
				</li>
			))}
		</ul>
	);
}
