import { Accordion } from "@mantine/core";
import type { DeliveryState, MessageDocument } from "@posthaste/core";
import { useNames } from "../../hooks/use-names.ts";
import { Moment } from "../shell/Moment.tsx";
import { MessageDetails } from "./MessageDetails.tsx";
import classes from "./Messages.module.css";
import { StateBadge } from "./StateBadge.tsx";

interface MessageItemProps {
	readonly message: MessageDocument;
	readonly opened: boolean;
}

export function MessageItem({ message, opened }: MessageItemProps) {
	const nameOf = useNames();
	return (
		<Accordion.Item value={message.id} data-testid="message" data-message={message.id}>
			<Accordion.Control>
				<span className={classes.row}>
					<span className={classes.title}>{message.subject || firstLine(message.body)}</span>
					<span className={classes.states}>
						{statesOf(message).map((state) => (
							<StateBadge key={state} state={state} />
						))}
					</span>
					<span className={classes.meta}>
						to {recipientsOf(message, nameOf)} · from {message.from} · <Moment at={message.acceptedAt} />
					</span>
				</span>
			</Accordion.Control>
			<Accordion.Panel>{opened && <MessageDetails id={message.id} />}</Accordion.Panel>
		</Accordion.Item>
	);
}

function firstLine(body: string): string {
	return body.trim().split("\n", 1)[0]?.slice(0, 200) ?? "";
}

/** Each state once; twenty recipients that were reached are one badge. */
function statesOf(message: MessageDocument): readonly DeliveryState[] {
	return [...new Set(message.deliveries.map(({ state }) => state))];
}

function recipientsOf({ to }: MessageDocument, nameOf: (user: string) => string): string {
	const named = to.slice(0, 3).map(nameOf).join(", ");
	return to.length > 3 ? `${named} and ${to.length - 3} more` : named;
}
