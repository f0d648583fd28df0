/**
 * What a run's disk holds: messages, deliveries with their journals, questions and the databases, as
 * text, so that nothing a process keeps in memory can change what was written. It outlives processes.
 */
import type {
	DeliveryState,
	JournalEntry,
	ManagerRecord,
	MechanismRecord,
	Message,
	Milliseconds,
	Selection,
	User,
} from "@posthaste/core";
import { deliveryStates, isFinal } from "@posthaste/core";
import type {
	Accept,
	AcceptResult,
	Append,
	AppendResult,
	ChangeResult,
	DatabaseChange,
	DeliveryRow,
	PinCount,
	PromptRow,
	StoredDelivery,
	StoredMessage,
	WriteBatch,
	WriteResult,
} from "../packages/posthaste/src/store/port.ts";

interface MessageFile {
	readonly number: number;
	readonly document: string;
	readonly key: string | undefined;
	readonly deliveries: readonly DeliveryFile[];
}

interface DeliveryFile {
	row: DeliveryRow;
	claimedUntil: Milliseconds | null;
	/** The entries of each append, as text. */
	readonly journal: string[];
}

export type AnyRecord = MechanismRecord | ManagerRecord | User | Selection;

/** A change of the databases that was written, for whoever wants to know what was in force when. */
export interface ChangeFile {
	readonly revision: number;
	readonly changes: readonly DatabaseChange[];
}

export class Disk {
	readonly messages = new Map<string, MessageFile>();
	readonly deliveries = new Map<string, DeliveryFile>();
	readonly prompts = new Map<string, PromptRow>();
	readonly records = new Map<string, string>();
	readonly plugins = new Map<string, string>();
	readonly #keys = new Map<string, { readonly digest: string; readonly message: string }>();
	#numbers = 0;
	revision = 0;

	// Messages -------------------------------------------------------------------------------------

	/** @throws Error when an append's entries are no sequence; nothing is written then */
	write({ accepts, appends }: WriteBatch): WriteResult {
		for (const { entries, delivery } of appends) {
			if (
				entries.length === 0 ||
				entries.some((entry, index) => entry.sequence !== (entries[0]?.sequence ?? 0) + index)
			) {
				throw new Error(`the entries for ${delivery} are no sequence`);
			}
		}
		return {
			accepts: accepts.map((accept) => this.#accept(accept)),
			appends: appends.map((append) => this.#append(append)),
		};
	}

	#accept({ message, recipients, claimedUntil, idempotency }: Accept): AcceptResult {
		const earlier = idempotency && this.#keys.get(idempotency.key);
		if (earlier !== undefined) {
			const same = earlier.digest === idempotency?.digest;
			return same ? { result: "repeated", message: earlier.message } : { result: "conflict" };
		}
		if (idempotency !== undefined) {
			this.#keys.set(idempotency.key, { digest: idempotency.digest, message: message.id });
		}
		const deliveries = recipients.map((recipient, index): DeliveryFile => {
			const id = `${message.id}.${index + 1}`;
			const file: DeliveryFile = { row: freshRow(id, recipient, message), claimedUntil, journal: [] };
			this.deliveries.set(id, file);
			return file;
		});
		this.#numbers += 1;
		const document = JSON.stringify(message);
		this.messages.set(message.id, { number: this.#numbers, document, key: idempotency?.key, deliveries });
		return { result: "accepted" };
	}

	#append(append: Append): AppendResult {
		const { delivery, entries, state, reason, due, claimedUntil, settledAt } = append;
		const file = this.deliveries.get(delivery);
		if (file === undefined || entries[0]?.sequence !== file.row.sequence + 1) {
			return "fenced";
		}
		file.journal.push(JSON.stringify(entries));
		const { id, message, recipient, sender, acceptedAt, sequence } = file.row;
		const pin = isFinal(append.state) ? undefined : (append.pin ?? file.row.pin);
		const moved = { state, due, sequence: sequence + entries.length };
		const end = { ...(reason !== undefined && { reason }), ...(settledAt !== undefined && { settledAt }) };
		file.row = { id, message, recipient, sender, acceptedAt, ...moved, ...end, ...(pin !== undefined && { pin }) };
		file.claimedUntil = claimedUntil;
		if (append.closePrompt !== undefined) {
			this.prompts.delete(append.closePrompt);
		}
		if (append.openPrompt !== undefined) {
			this.prompts.set(append.openPrompt.id, structuredClone(append.openPrompt));
		}
		return "written";
	}

	journal(delivery: string): readonly JournalEntry[] {
		return (this.deliveries.get(delivery)?.journal ?? []).flatMap((text) => JSON.parse(text) as JournalEntry[]);
	}

	delivery(id: string): StoredDelivery | undefined {
		const file = this.deliveries.get(id);
		const message = this.messages.get(file?.row.message ?? "");
		return file && message && { row: file.row, message: JSON.parse(message.document), journal: this.journal(id) };
	}

	message(id: string): StoredMessage | undefined {
		const file = this.messages.get(id);
		return file && { message: JSON.parse(file.document), deliveries: file.deliveries.map(({ row }) => row) };
	}

	count(): Record<DeliveryState, number> {
		const counts = Object.fromEntries(deliveryStates.map((state) => [state, 0])) as Record<DeliveryState, number>;
		for (const { row } of this.deliveries.values()) {
			counts[row.state] += 1;
		}
		return counts;
	}

	/** Deliveries that have not come to their end, by what they are pinned to. */
	countPins(): readonly PinCount[] {
		const counts = new Map<string, number>();
		for (const { pin } of this.open) {
			if (pin !== undefined) {
				counts.set(pin, (counts.get(pin) ?? 0) + 1);
			}
		}
		return [...counts].map(([pin, deliveries]) => ({ pin, deliveries })).sort((a, b) => (a.pin < b.pin ? -1 : 1));
	}

	// Claims ---------------------------------------------------------------------------------------

	claim(now: Milliseconds, limit: number, lease: Milliseconds): readonly DeliveryRow[] {
		const free = [...this.deliveries.values()].filter(
			({ row, claimedUntil }) => (row.due ?? Number.NaN) <= now && (claimedUntil === null || claimedUntil <= now),
		);
		const claimed = free.sort((one, other) => (one.row.due ?? 0) - (other.row.due ?? 0)).slice(0, limit);
		for (const file of claimed) {
			file.claimedUntil = now + lease;
		}
		return claimed.map(({ row }) => row);
	}

	renew(deliveries: readonly string[], until: Milliseconds): void {
		for (const id of deliveries) {
			const file = this.deliveries.get(id);
			if (file !== undefined && file.claimedUntil !== null) {
				file.claimedUntil = until;
			}
		}
	}

	release(): void {
		for (const file of this.deliveries.values()) {
			file.claimedUntil = null;
		}
	}

	get nextDue(): Milliseconds | null {
		let next = Number.POSITIVE_INFINITY;
		for (const { row, claimedUntil } of this.deliveries.values()) {
			if (claimedUntil === null && row.due !== null) {
				next = Math.min(next, row.due);
			}
		}
		return Number.isFinite(next) ? next : null;
	}

	/** Deliveries that have not come to their end, or have a call under way that outlived it. */
	get open(): readonly DeliveryRow[] {
		const rows = [...this.deliveries.values()].map(({ row }) => row);
		return rows.filter(({ state, due }) => !isFinal(state) || due !== null);
	}

	// Databases ------------------------------------------------------------------------------------

	change(changes: readonly DatabaseChange[]): ChangeResult {
		if (changes.length === 0) {
			return { result: "changed", revision: this.revision };
		}
		const seen = new Map<string, number>();
		for (const { database, key, value, expected } of changes) {
			const place = `${database}/${key}`;
			const revision = seen.get(place) ?? this.record(place)?.revision ?? 0;
			if (expected !== undefined && expected !== revision) {
				return { result: "conflict", database, key, revision };
			}
			seen.set(place, value === null ? 0 : this.revision + 1);
		}
		this.revision += 1;
		for (const { database, key, value } of changes) {
			const place = `${database}/${key}`;
			if (value === null) {
				this.records.delete(place);
			} else {
				this.records.set(place, JSON.stringify({ ...value, revision: this.revision }));
			}
		}
		return { result: "changed", revision: this.revision };
	}

	record(place: string): AnyRecord | undefined {
		const text = this.records.get(place);
		return text === undefined ? undefined : JSON.parse(text);
	}

	/** The records of one database, by key. */
	all<Row>(database: string): readonly Row[] {
		const places = [...this.records.keys()].filter((place) => place.startsWith(`${database}/`)).sort();
		return places.map((place) => this.record(place) as Row);
	}

	// Retention ------------------------------------------------------------------------------------

	retain(before: Milliseconds, limit: number): number {
		let removed = 0;
		for (const [id, { deliveries, key }] of this.messages) {
			const [first] = deliveries;
			if (removed === limit || first === undefined || first.row.acceptedAt >= before) {
				continue;
			}
			if (deliveries.every(({ row }) => isFinal(row.state))) {
				removed += 1;
				this.messages.delete(id);
				this.#keys.delete(key ?? "");
				for (const { row } of deliveries) {
					this.deliveries.delete(row.id);
				}
				for (const prompt of [...this.prompts.keys()].filter((one) => one.startsWith(`${id}.`))) {
					this.prompts.delete(prompt);
				}
			}
		}
		return removed;
	}
}

function freshRow(id: string, recipient: string, message: Message): DeliveryRow {
	const { id: owner, from: sender, acceptedAt } = message;
	return { id, message: owner, recipient, sender, state: "routing", due: acceptedAt, sequence: 0, acceptedAt };
}
