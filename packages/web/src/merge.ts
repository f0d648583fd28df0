/** Brings events into what was already fetched. */
import type { DeliveryDocument, EventDocument, JournalDocument, MessageDocument } from "@posthaste/core";

export interface Merged {
	readonly message: MessageDocument;
	/** False when entries are missing in between, or the delivery is not known: fetch the message again. */
	readonly complete: boolean;
}

export function applyEvent(message: MessageDocument, event: EventDocument): Merged {
	const known = message.deliveries.find((delivery) => delivery.id === event.delivery);
	if (known === undefined) {
		return { message, complete: false };
	}
	const last = known.journal.at(-1)?.sequence ?? 0;
	const fresh = event.entries.filter((entry) => entry.sequence > last);
	if (fresh.length === 0) {
		return { message, complete: true };
	}
	const complete = fresh[0]?.sequence === last + 1;
	const changed = fresh.reduce(applyEntry, stated(known, event));
	const journal = complete ? [...known.journal, ...fresh] : known.journal;
	return {
		message: {
			...message,
			deliveries: message.deliveries.map((delivery) => (delivery === known ? { ...changed, journal } : delivery)),
		},
		complete,
	};
}

function stated(delivery: DeliveryDocument, event: EventDocument): DeliveryDocument {
	const { reason: _old, ...rest } = delivery;
	return { ...rest, state: event.state, ...(event.reason !== undefined && { reason: event.reason }) };
}

function applyEntry(delivery: DeliveryDocument, entry: JournalDocument): DeliveryDocument {
	if (entry.type === "policies") {
		const { manager, configuration, routingPolicy, deliveryPolicy } = entry;
		return { ...delivery, manager, configuration, routingPolicy, deliveryPolicy };
	}
	return entry.type === "settled" ? { ...delivery, settledAt: entry.at } : delivery;
}

const promptTypes: ReadonlySet<JournalDocument["type"]> = new Set([
	"prompt",
	"prompt-closed",
	"prompt-withdrawn",
	"settled",
]);

/** Whether an event may have opened or closed a question. */
export function touchesPrompts(event: EventDocument): boolean {
	return event.entries.some((entry) => promptTypes.has(entry.type));
}

const heldTypes: ReadonlySet<JournalDocument["type"]> = new Set(["held", "stranded", "resolved", "cancelled"]);

/** Whether an event may have held a delivery or let it go. */
export function touchesHeld(event: EventDocument): boolean {
	return event.entries.some((entry) => heldTypes.has(entry.type));
}
