import { IconArrowLeft, IconMailQuestion } from "@tabler/icons-react";
import { homeAddress } from "../../address.ts";
import { ApiError } from "../../api.ts";
import { useArrival } from "../../hooks/use-arrival.ts";
import { useMessage } from "../../hooks/use-messages.ts";
import { Empty } from "../shell/Empty.tsx";
import { Link } from "../shell/Link.tsx";
import { Panel } from "../shell/Panel.tsx";
import { MessageDetails } from "./MessageDetails.tsx";
import { MessageOrigin, titleOf } from "./MessageOrigin.tsx";
import classes from "./MessagePage.module.css";

/** One message at an address of its own, whatever its age: what alerts, tickets and people link to. */
export function MessagePage({ id }: { readonly id: string }) {
	const place = useArrival();
	return (
		<div ref={place} tabIndex={-1} className={classes.page} data-testid="message-page">
			<Link to={homeAddress} className={classes.back}>
				<IconArrowLeft size={17} aria-hidden />
				All messages
			</Link>
			<Message id={id} />
		</div>
	);
}

function Message({ id }: { readonly id: string }) {
	const { data, error } = useMessage(id);
	if (error instanceof ApiError && error.problem?.code === "not-found") {
		return (
			<Panel title="There is no such message">
				<Empty icon={<IconMailQuestion size={34} stroke={1.4} aria-hidden />}>
					No message has the identifier <code>{id}</code>. It may be mistyped, or the message was too old to be kept.
				</Empty>
			</Panel>
		);
	}
	return (
		<Panel title={data === undefined ? "Message" : titleOf(data)}>
			{data !== undefined && <MessageOrigin message={data} className={classes.origin} />}
			<MessageDetails id={id} />
		</Panel>
	);
}
