/** Deliveries and messages as people see them: rows and journals put together. */
import type { JournalEntry, Policies } from "@posthaste/core";
import type { DeliveryView, MessageView } from "../posthaste.ts";
import type { DeliveryRow, Page, Store, StoredMessage } from "../store/port.ts";

function viewOf(row: DeliveryRow, journal: readonly JournalEntry[]): DeliveryView {
	const begun = journal.find((entry) => entry.type === "policies");
	return { ...row, ...(begun !== undefined && policiesOf(begun)), journal };
}

function policiesOf({ manager, configuration, routingPolicy, deliveryPolicy }: Policies): Omit<Policies, "recipient"> {
	return { manager, configuration, routingPolicy, deliveryPolicy };
}

/** The messages with the journals of all their deliveries, in the order given. */
export async function viewsOf(store: Store, messages: readonly StoredMessage[]): Promise<readonly MessageView[]> {
	const loaded = await store.loadDeliveries(messages.flatMap(({ deliveries }) => deliveries.map((row) => row.id)));
	const byId = new Map(loaded.flatMap((delivery) => (delivery === undefined ? [] : [[delivery.row.id, delivery]])));
	return messages.map(({ message, deliveries }) => ({
		message,
		deliveries: deliveries.map((row) => {
			const delivery = byId.get(row.id);
			return viewOf(delivery?.row ?? row, delivery?.journal ?? []);
		}),
	}));
}

export async function pageOfViews(store: Store, page: Page<StoredMessage>): Promise<Page<MessageView>> {
	return { ...page, items: await viewsOf(store, page.items) };
}
