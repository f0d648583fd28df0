/** Rows as the database gives them, flat so that they cross threads cheaply, and what they become outside. */
import type { JournalEntry, Message, SettleReason } from "@posthaste/core";
import type { DeliveryRow, StoredDelivery, StoredMessage } from "../port.ts";
import { deliveryId, textOf } from "./ids.ts";
import { type Primitive, states } from "./operations.ts";

/** Of a delivery, in the order of {@link RawDelivery}. */
const columns =
	"m.id, d.d & 65535, d.recipient, m.sender, d.state, d.reason, d.due, d.sequence, m.accepted_at, d.settled_at, d.d, d.pin";

/** Selects deliveries with what belongs to their message; a condition follows. */
export const selectDeliveries = `SELECT ${columns} FROM delivery d CROSS JOIN message m ON m.m = d.d >> 16`;

/** Where in a {@link RawDelivery} some of it stands. */
export const column = { due: 6, d: 10 } as const;

/** Message (bytes in the database, text outside), n, recipient, sender, state, reason, due, sequence, accepted at, settled at, its number, pin. */
export type RawDelivery = Primitive[];

/** Replaces the message's bytes by its text, in place. */
export function withText(row: RawDelivery): RawDelivery {
	row[0] = textOf(row[0] as unknown as Buffer);
	return row;
}

export interface RawMessage {
	readonly document: string;
	readonly deliveries: readonly RawDelivery[];
}

export interface RawStoredDelivery {
	readonly row: RawDelivery;
	readonly document: string;
	/** JSON lists, one for each append, in order. */
	readonly journal: readonly string[];
}

export function toDeliveryRow(raw: RawDelivery): DeliveryRow {
	const [message, n, recipient, sender, state, reason, due, sequence, acceptedAt, settledAt, , pin] = raw;
	return {
		id: deliveryId(message as string, n as number),
		message: message as string,
		recipient: recipient as string,
		sender: sender as string,
		state: states[state as number] as DeliveryRow["state"],
		...(reason !== null && { reason: reason as SettleReason }),
		due: due as number | null,
		sequence: sequence as number,
		acceptedAt: acceptedAt as number,
		...(settledAt !== null && { settledAt: settledAt as number }),
		...(pin !== null && { pin: pin as string }),
	};
}

export function toStoredMessage(raw: RawMessage): StoredMessage {
	return { message: JSON.parse(raw.document) as Message, deliveries: raw.deliveries.map(toDeliveryRow) };
}

export function toStoredDelivery(raw: RawStoredDelivery): StoredDelivery {
	return {
		row: toDeliveryRow(raw.row),
		message: JSON.parse(raw.document) as Message,
		journal: raw.journal.flatMap((entries) => JSON.parse(entries) as JournalEntry[]),
	};
}
