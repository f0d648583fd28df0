/** The deliveries that a person has to decide about. */
import type { DeliveryDocument, MessageDocument, PageDocument } from "@posthaste/core";

export interface Held {
	readonly message: MessageDocument;
	readonly delivery: DeliveryDocument;
}

/** A message is listed for one held delivery and has others; and an event may have let that one go since. */
export function heldIn(pages: readonly PageDocument<MessageDocument>[] | undefined): readonly Held[] {
	return (pages ?? []).flatMap(({ items }) =>
		items.flatMap((message) =>
			message.deliveries.filter(({ state }) => state === "held").map((delivery) => ({ message, delivery })),
		),
	);
}

/** The list is fetched page by page, so that beyond the first ones it is only known that there are more. */
export function countOf(known: number, more: boolean): string {
	return more ? `${known}+` : String(known);
}

/** What exactly the person has to judge: which mechanism said what, or which manager is not there. */
export function doubtOf({ reason, journal }: DeliveryDocument): string | undefined {
	if (reason !== "unknown-held") {
		return journal.findLast((entry) => entry.type === "held")?.detail;
	}
	const doubt = journal.findLast((entry) => entry.type === "outcome" && entry.outcome === "unknown");
	if (doubt?.type !== "outcome") {
		return undefined;
	}
	return doubt.evidence === undefined ? doubt.mechanism : `${doubt.mechanism}: ${doubt.evidence}`;
}
