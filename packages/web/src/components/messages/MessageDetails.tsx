import { Button } from "@mantine/core";
import { isFinal, type MessageDocument } from "@posthaste/core";
import { IconX } from "@tabler/icons-react";
import { useCancel, useMessage } from "../../hooks/use-messages.ts";
import { Loading } from "../shell/Loading.tsx";
import { MessageBody } from "../shell/MessageBody.tsx";
import { Problem } from "../shell/Problem.tsx";
import { Delivery } from "./Delivery.tsx";
import classes from "./Messages.module.css";
import { Properties } from "./Properties.tsx";

/** What a message says, and for each recipient what was decided and what happened. */
export function MessageDetails({ id }: { readonly id: string }) {
	const message = useMessage(id);
	if (message.isError) {
		return <Problem error={message.error} title="The message could not be fetched" onRetry={() => message.refetch()} />;
	}
	if (message.isPending) {
		return <Loading what="the message" />;
	}
	return (
		<div className={classes.details}>
			{/* biome-ignore lint/a11y/noNoninteractiveTabindex: a long message scrolls, and has to by the keyboard too. */}
			<section className={classes.message} aria-label="What the message says" tabIndex={0}>
				<MessageBody body={message.data.body} format={message.data.format} />
			</section>
			<Properties message={message.data} />
			{message.data.deliveries.map((delivery) => (
				<Delivery key={delivery.id} delivery={delivery} />
			))}
			<Cancel message={message.data} />
		</div>
	);
}

function Cancel({ message }: { readonly message: MessageDocument }) {
	const cancel = useCancel(message.id);
	if (message.deliveries.every(({ state }) => isFinal(state))) {
		return null;
	}
	return (
		<Button
			variant="default"
			size="xs"
			leftSection={<IconX size={15} aria-hidden />}
			loading={cancel.isPending}
			onClick={() => cancel.mutate()}
			style={{ justifySelf: "start" }}
			data-testid="cancel"
		>
			Cancel the message
		</Button>
	);
}
