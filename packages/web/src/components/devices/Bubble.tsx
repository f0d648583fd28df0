import { Button } from "@mantine/core";
import { IconCheck, IconChecks } from "@tabler/icons-react";
import { useCallback, useEffect, useRef } from "react";
import { came, type IncomingLine, type ReplyLine } from "../../conversation.ts";
import type { Inbox } from "../../hooks/use-inbox.ts";
import { useSeen } from "../../hooks/use-seen.ts";
import { MessageBody } from "../shell/MessageBody.tsx";
import { Moment } from "../shell/Moment.tsx";
import classes from "./ImWindow.module.css";

interface BubbleProps {
	readonly line: IncomingLine;
	readonly inbox: Inbox;
}

/** An incoming message. It says by itself that it is on the screen, and that it was read once it was in view. */
export function Bubble({ line: { message, level, retracted }, inbox }: BubbleProps) {
	const element = useRef<HTMLElement>(null);
	const { attempt } = message;
	const { state, received, read, acknowledge } = inbox;
	const online = state === "open";
	useEffect(() => received(attempt), [attempt, received]);
	const onSeen = useCallback(() => read(attempt), [attempt, read]);
	useSeen(element, online && !retracted && !came(level, "read"), onSeen);
	return (
		<article
			ref={element}
			className={classes.bubble}
			data-retracted={retracted}
			data-urgent={message.priority === "urgent"}
			data-testid="im-message"
		>
			<div className={classes.head}>
				<span className={classes.from}>{message.from}</span>
				<Moment at={message.sentAt} />
			</div>
			{retracted ? (
				<p style={{ margin: 0 }}>This message was taken back.</p>
			) : (
				<>
					{message.subject !== undefined && <div className={classes.subject}>{message.subject}</div>}
					<MessageBody body={message.body} format={message.format} />
					<div className={classes.foot}>
						{came(level, "acknowledged") ? (
							<span className={classes.done}>
								<IconChecks size={15} aria-hidden /> Acknowledged
							</span>
						) : (
							<>
								<Button
									size="compact-xs"
									variant="light"
									disabled={!online}
									onClick={() => acknowledge(attempt)}
									data-testid="im-acknowledge"
								>
									Acknowledge
								</Button>
								{came(level, "read") && (
									<span className={classes.done}>
										<IconCheck size={14} aria-hidden /> Read
									</span>
								)}
							</>
						)}
					</div>
				</>
			)}
		</article>
	);
}

export function ReplyBubble({ line }: { readonly line: ReplyLine }) {
	return (
		<article className={`${classes.bubble} ${classes.mine}`} data-testid="im-reply">
			<MessageBody body={line.body} />
		</article>
	);
}
