/** Accepts and appends, one at a time, inside the transaction that the core has begun. */
import type { Statement } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import { type Head, Heads } from "./heads.ts";
import { bytesOf, deliveriesPerMessage, deliveryId, textOf } from "./ids.ts";
import { isEnd, type OperationReader, stateNumber } from "./operations.ts";
import { PendingDeliveries } from "./pending-deliveries.ts";
import { RowBuffer } from "./row-buffer.ts";

/** 0: accepted; 1: conflict; a text: the message that an earlier request made. */
export type RawAcceptResult = 0 | 1 | string;
/** 0: fenced; 1: written. */
export type RawAppendResult = 0 | 1;

type Run = Statement<unknown[]>;

/** Fields of an append that move the row. */
const moveFields = 6;
/** Fields of a prompt that is opened, after its identifier. */
const promptFields = 3;
const messageColumns = ["m", "id", "accepted_at", "sender", "idempotency_key", "document"];
const routing = stateNumber("routing");

export class MessageWriter {
	readonly #heads: Heads;
	readonly #messages: RowBuffer;
	readonly #deliveries: PendingDeliveries;
	readonly #journal: RowBuffer;
	readonly #forward: Run;
	readonly #move: Run;
	readonly #pin: Run;
	readonly #documentOf: Statement<unknown[], { document: string }>;
	readonly #remember: Run;
	readonly #remembered: Statement<unknown[], { digest: string; message: Buffer }>;
	readonly #openPrompt: Run;
	readonly #closePrompt: Run;
	/** The next message's number. One that was taken by a transaction that failed stays unused. */
	#nextMessage: number;
	/** The next journal row's number. */
	#nextJournal: number;
	/** Deliveries inserted since it was last asked for. */
	#added = 0;
	/** Looks whether a message is there already before it inserts it; otherwise a second one is an error. */
	careful = false;

	constructor(database: Connection) {
		this.#heads = new Heads(database);
		this.#messages = new RowBuffer(database, "message", messageColumns);
		this.#deliveries = new PendingDeliveries(database);
		this.#journal = new RowBuffer(database, "journal", ["j", "previous", "entries"]);
		// Leaves the state alone, and with it the index on states: most appends of a running delivery are such.
		this.#forward = database.prepare(
			"UPDATE delivery SET journal = ?, sequence = ?, due = ?, claimed_until = ? WHERE d = ?",
		);
		this.#move = database.prepare(
			`UPDATE delivery SET journal = ?, sequence = ?, due = ?, claimed_until = ?, state = ?, reason = ?, settled_at = ?
			WHERE d = ?`,
		);
		this.#pin = database.prepare("UPDATE delivery SET pin = ? WHERE d = ?");
		this.#documentOf = database.prepare("SELECT document FROM message WHERE m = ?");
		this.#remember = database.prepare("INSERT INTO idempotency (key, digest, message) VALUES (?, ?, ?)");
		this.#remembered = database.prepare("SELECT digest, message FROM idempotency WHERE key = ?");
		this.#openPrompt = database.prepare(
			"INSERT OR REPLACE INTO prompt (id, sender, asked_at, document) VALUES (?, ?, ?, ?)",
		);
		this.#closePrompt = database.prepare("DELETE FROM prompt WHERE id = ?");
		this.#nextMessage = 1 + (database.prepare<unknown[], number>("SELECT max(m) FROM message").pluck().get() ?? 0);
		this.#nextJournal = 1 + (database.prepare<unknown[], number>("SELECT max(j) FROM journal").pluck().get() ?? 0);
	}

	accept(input: OperationReader): RawAcceptResult {
		const message = input.text();
		const acceptedAt = input.number();
		const sender = input.text();
		const document = input.text();
		const key = input.optionalText();
		const digest = input.optionalText();
		const claimedUntil = input.optionalNumber();
		const recipients = input.number();
		const earlier = this.#earlier(message, document, key, digest);
		if (earlier !== undefined) {
			input.skip(recipients);
			return earlier;
		}
		const id = bytesOf(message);
		const m = this.#nextMessage;
		this.#nextMessage += 1;
		this.#messages.add(m, id, acceptedAt, sender, key, document);
		if (key !== null) {
			this.#remember.run(key, digest, id);
		}
		for (let n = 1; n <= recipients; n += 1) {
			const d = m * deliveriesPerMessage + n;
			const blank = { reason: null, sequence: 0, settledAt: null, journal: null, pin: null };
			this.#deliveries.add({ d, recipient: input.text(), state: routing, due: acceptedAt, claimedUntil, ...blank });
			const head = { d, sequence: 0, state: routing, marked: false, pinned: false, journal: null };
			this.#heads.set(deliveryId(message, n), head);
		}
		this.#added += recipients;
		return 0;
	}

	/** What an earlier request with the same key came to, or the same message that is handed in again. */
	#earlier(message: string, document: string, key: string | null, digest: string | null): RawAcceptResult | undefined {
		const remembered = key === null ? undefined : this.#remembered.get(key);
		if (remembered !== undefined) {
			return remembered.digest === digest ? textOf(remembered.message) : 1;
		}
		if (!this.careful) {
			return undefined;
		}
		this.flush();
		const m = this.#heads.numberOf(message);
		if (m === undefined) {
			return undefined;
		}
		return this.#documentOf.get(m)?.document === document ? message : 1;
	}

	append(input: OperationReader): RawAppendResult {
		const head = this.#head(input.text());
		const first = input.number();
		const count = input.number();
		const entries = input.text();
		if (head === undefined || head.sequence !== first - 1) {
			input.skip(moveFields + 1);
			input.skip(input.optionalText() === null ? 0 : promptFields);
			return 0;
		}
		const j = this.#nextJournal;
		this.#nextJournal += 1;
		this.#journal.add(j, head.journal, entries);
		head.journal = j;
		head.sequence += count;
		this.#moveOn(input, head);
		this.#prompts(input);
		return 1;
	}

	#head(delivery: string): Head | undefined {
		const known = this.#heads.known(delivery);
		if (known !== undefined) {
			return known;
		}
		this.flush();
		return this.#heads.read(delivery);
	}

	/** Brings the row to where it stands after these entries. */
	#moveOn(input: OperationReader, head: Head): void {
		const state = input.number();
		const reason = input.optionalText();
		const due = input.optionalNumber();
		const claimedUntil = input.optionalNumber();
		const settledAt = input.optionalNumber();
		const pin = input.optionalText();
		const marked = reason !== null || settledAt !== null;
		const pending = this.#deliveries.get(head.d);
		if (pending !== undefined) {
			Object.assign(pending, { state, reason, due, claimedUntil, settledAt });
			pending.sequence = head.sequence;
			pending.journal = head.journal;
			pending.pin = isEnd(state) ? null : (pin ?? pending.pin);
			head.pinned = pending.pin !== null;
			head.state = state;
			head.marked = marked;
			return;
		}
		this.#changePin(head, pin, isEnd(state));
		if (head.state === state && !head.marked && !marked) {
			this.#forward.run(head.journal, head.sequence, due, claimedUntil, head.d);
			return;
		}
		this.#move.run(head.journal, head.sequence, due, claimedUntil, state, reason, settledAt, head.d);
		head.state = state;
		head.marked = marked;
	}

	/** A statement of its own, since few deliveries have a pin; one that ends gives it up. */
	#changePin(head: Head, pin: string | null, ends: boolean): void {
		if (ends ? head.pinned : pin !== null) {
			this.#pin.run(ends ? null : pin, head.d);
			head.pinned = !ends;
		}
	}

	#prompts(input: OperationReader): void {
		const closed = input.optionalText();
		if (closed !== null) {
			this.#closePrompt.run(closed);
		}
		const opened = input.optionalText();
		if (opened !== null) {
			this.#openPrompt.run(opened, input.text(), input.number(), input.text());
		}
	}

	/** Inserts what is gathered still: before anything else reads, and before the commit. */
	flush(): void {
		this.#messages.flush();
		this.#deliveries.flush();
		this.#journal.flush();
	}

	/** What was learnt in a transaction that failed, or of messages that were removed, no longer holds. */
	forget(): void {
		this.#heads.clear();
		this.#messages.discard();
		this.#deliveries.discard();
		this.#journal.discard();
		this.#added = 0;
	}

	/** How many deliveries were added since the last call. */
	takeAdded(): number {
		const added = this.#added;
		this.#added = 0;
		return added;
	}
}
