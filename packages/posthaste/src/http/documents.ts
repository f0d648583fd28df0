/** How what the library answers looks on the wire. */
import {
	type DeliveryDocument,
	type EventDocument,
	isFinal,
	type Message,
	type MessageDocument,
	type PageDocument,
	type PromptDocument,
	toWire,
} from "@posthaste/core";
import type { Accepted, DeliveryView, MessageEvent, MessageView } from "../posthaste.ts";
import type { Page, PromptRow } from "../store/port.ts";

/** What `POST /v1/messages` answers: the same for a repeated request as for the first. */
export interface AcceptedDocument {
	readonly id: string;
	readonly acceptedAt: string;
	readonly deliveries: readonly { readonly id: string; readonly recipient: string }[];
}

export function toAcceptedDocument({ id, acceptedAt, deliveries }: Accepted): AcceptedDocument {
	return { id, acceptedAt: new Date(acceptedAt).toISOString(), deliveries };
}

export function toMessageDocument({ message, deliveries }: MessageView): MessageDocument {
	const { id, to, from, subject, body, format, manager, acceptedAt } = message;
	return {
		id,
		to,
		from,
		...(subject !== undefined && { subject }),
		body,
		format,
		properties: propertiesOf(message),
		...(manager !== undefined && { manager }),
		acceptedAt: new Date(acceptedAt).toISOString(),
		deliveries: deliveries.map(toDeliveryDocument),
	};
}

/** The well-known properties as the flow reads them, then the sender's own. */
function propertiesOf(message: Message): Readonly<Record<string, unknown>> {
	const { priority, category, confidential, prompts, expiresAt, properties } = message;
	return {
		priority,
		...(expiresAt !== undefined && { expires: new Date(expiresAt).toISOString() }),
		...(category !== undefined && { category }),
		confidential,
		prompts,
		...properties,
	};
}

export function toDeliveryDocument(view: DeliveryView): DeliveryDocument {
	const { id, message, recipient, state, reason, due, settledAt, journal } = view;
	const { manager, configuration, routingPolicy, deliveryPolicy } = view;
	return toWire({
		id,
		message,
		recipient,
		state,
		...(reason !== undefined && { reason }),
		// A call that outlives its delivery is nobody's concern but the program's.
		due: isFinal(state) ? null : due,
		...(settledAt !== undefined && { settledAt }),
		...(manager !== undefined && { manager }),
		...(configuration !== undefined && { configuration }),
		...(routingPolicy !== undefined && { routingPolicy }),
		...(deliveryPolicy !== undefined && { deliveryPolicy }),
		journal,
	});
}

export function toEventDocument({ message, delivery, state, reason, entries }: MessageEvent): EventDocument {
	return toWire({ message, delivery, state, ...(reason !== undefined && { reason }), entries });
}

export function toPromptDocument(row: PromptRow): PromptDocument {
	return toWire(row);
}

export function toPageDocument<Item, Document>(
	{ items, next }: Page<Item>,
	toDocument: (item: Item) => Document,
): PageDocument<Document> {
	return { items: items.map(toDocument), ...(next !== undefined && { next }) };
}
