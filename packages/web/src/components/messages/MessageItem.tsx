import { Accordion } from "@mantine/core";
import type { DeliveryState, MessageDocument } from "@posthaste/core";
import { IconLink } from "@tabler/icons-react";
import { messageAddress } from "../../address.ts";
import { Link } from "../shell/Link.tsx";
import { MessageDetails } from "./MessageDetails.tsx";
import { MessageOrigin, titleOf } from "./MessageOrigin.tsx";
import classes from "./Messages.module.css";
import { StateBadge } from "./StateBadge.tsx";

interface MessageItemProps {
	readonly message: MessageDocument;
	readonly opened: boolean;
}

export function MessageItem({ message, opened }: MessageItemProps) {
	const title = titleOf(message);
	return (
		<Accordion.Item value={message.id} data-testid="message" data-message={message.id}>
			<div className={classes.head}>
				<Accordion.Control>
					<span className={classes.row}>
						<span className={classes.title}>{title}</span>
						<span className={classes.states}>
							{statesOf(message).map((state) => (
								<StateBadge key={state} state={state} />
							))}
						</span>
						<MessageOrigin message={message} className={classes.meta} />
					</span>
				</Accordion.Control>
				<Link to={messageAddress(message.id)} className={classes.own} aria-label={`“${title}” on a page of its own`}>
					<IconLink size={17} aria-hidden />
				</Link>
			</div>
			<Accordion.Panel>{opened && <MessageDetails id={message.id} />}</Accordion.Panel>
		</Accordion.Item>
	);
}

/** Each state once; twenty recipients that were reached are one badge. */
function statesOf(message: MessageDocument): readonly DeliveryState[] {
	return [...new Set(message.deliveries.map(({ state }) => state))];
}
