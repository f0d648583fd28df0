/** Forgetting old messages. Identifiers carry their time, so what is old lies together at the beginning. */
import type { Statement } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import { bytesOf, deliveriesPerMessage, textOf } from "./ids.ts";
import { type OperationReader, stateNumber } from "./operations.ts";

/** How many messages one step looks at: some milliseconds, so that writes get their turn in between. */
export const retentionStep = 1000;

export interface RetentionStep {
	readonly removed: number;
	/** The message this step ended at, to go on after; undefined when nothing older than the moment is left. */
	readonly after?: string;
}

const openStates = ["routing", "waiting", "held"] as const;

export class RetentionWriter {
	readonly #candidates: Statement<unknown[], [id: Buffer, m: number]>;
	readonly #open: Statement<unknown[]>;
	readonly #key: Statement<unknown[], string | null>;
	readonly #forget: Statement<unknown[]>;
	readonly #prompts: Statement<unknown[]>;
	readonly #journals: Statement<unknown[]>;
	readonly #deliveries: Statement<unknown[]>;
	readonly #message: Statement<unknown[]>;
	#removed = 0;

	constructor(database: Connection) {
		const open = openStates.map(stateNumber).join(", ");
		this.#candidates = database
			.prepare<unknown[], [Buffer, number]>(
				`SELECT id, m FROM message WHERE id > ? AND id < ? ORDER BY id LIMIT ${retentionStep}`,
			)
			.raw();
		this.#open = database.prepare(`SELECT 1 FROM delivery WHERE d > ? AND d < ? AND state IN (${open}) LIMIT 1`);
		this.#key = database.prepare<unknown[], string | null>("SELECT idempotency_key FROM message WHERE m = ?").pluck();
		this.#forget = database.prepare("DELETE FROM idempotency WHERE key = ?");
		this.#prompts = database.prepare("DELETE FROM prompt WHERE id > ? AND id < ?");
		this.#journals = database.prepare(`DELETE FROM journal WHERE j IN (
			WITH RECURSIVE chain (j) AS (
				SELECT journal FROM delivery WHERE d > ? AND d < ?
				UNION ALL SELECT previous FROM chain JOIN journal USING (j)
			) SELECT j FROM chain)`);
		this.#deliveries = database.prepare("DELETE FROM delivery WHERE d > ? AND d < ?");
		this.#message = database.prepare("DELETE FROM message WHERE m = ?");
	}

	retain(input: OperationReader): RetentionStep {
		const before = bytesOf(input.text());
		const limit = input.number();
		const after = input.optionalText();
		const candidates = this.#candidates.all(after === null ? Buffer.alloc(0) : bytesOf(after), before);
		let removed = 0;
		for (const [id, m] of candidates) {
			const lower = m * deliveriesPerMessage;
			if (this.#open.get(lower, lower + deliveriesPerMessage) === undefined) {
				this.#remove(id, m);
				removed += 1;
			}
			if (removed === limit) {
				return { removed, after: textOf(id) };
			}
		}
		const last = candidates.length === retentionStep ? candidates.at(-1) : undefined;
		return { removed, ...(last !== undefined && { after: textOf(last[0]) }) };
	}

	#remove(id: Buffer, m: number): void {
		const key = this.#key.get(m);
		if (typeof key === "string") {
			this.#forget.run(key);
		}
		const text = textOf(id);
		// Identifiers of prompts begin with the message's and a dot; the slash is the character after the dot.
		this.#prompts.run(`${text}.`, `${text}/`);
		const lower = m * deliveriesPerMessage;
		const upper = lower + deliveriesPerMessage;
		this.#journals.run(lower, upper);
		this.#removed += this.#deliveries.run(lower, upper).changes;
		this.#message.run(m);
	}

	/** How many deliveries were removed since the last call. */
	takeRemoved(): number {
		const removed = this.#removed;
		this.#removed = 0;
		return removed;
	}
}
