/** Where deliveries stand: read once, then known, since every change goes through the writer. */
import type { Statement } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import { deliveriesPerMessage, deliveryKey, writeUuid } from "./ids.ts";

export interface Head {
	readonly d: number;
	sequence: number;
	/** The state's number. */
	state: number;
	/** Whether the row has a reason or an end, which an append may have to take back. */
	marked: boolean;
	/** Whether it has a pin, which it gives up when it ends. */
	pinned: boolean;
	/** The last journal row; null before the first. */
	journal: number | null;
}

/** Deliveries kept in mind: those written last, which are the ones most likely to be written next. */
const remembered = 16_384;

interface RawHead {
	readonly sequence: number;
	readonly state: number;
	readonly marked: number;
	readonly pinned: number;
	readonly journal: number | null;
}

export class Heads {
	readonly #known = new Map<string, Head>();
	readonly #read: Statement<unknown[], RawHead>;
	readonly #find: Statement<unknown[], number>;
	readonly #id = Buffer.alloc(16);

	constructor(database: Connection) {
		this.#find = database.prepare<unknown[], number>("SELECT m FROM message WHERE id = ?").pluck();
		this.#read = database.prepare(
			`SELECT sequence, state, reason IS NOT NULL OR settled_at IS NOT NULL AS marked, pin IS NOT NULL AS pinned, journal
			FROM delivery WHERE d = ?`,
		);
	}

	/** Of a delivery that was just inserted. */
	set(delivery: string, head: Head): void {
		if (this.#known.size >= remembered) {
			this.#known.clear();
		}
		this.#known.set(delivery, head);
	}

	known(delivery: string): Head | undefined {
		return this.#known.get(delivery);
	}

	/** From the database. Whatever is to be found there must have been inserted before. */
	read(delivery: string): Head | undefined {
		const key = deliveryKey(delivery);
		const m = key && this.numberOf(key.message);
		const d = (m ?? 0) * deliveriesPerMessage + (key?.n ?? 0);
		const row = m === undefined ? undefined : this.#read.get(d);
		if (row === undefined) {
			return undefined;
		}
		const { sequence, state, journal } = row;
		const head = { d, sequence, state, marked: row.marked === 1, pinned: row.pinned === 1, journal };
		this.set(delivery, head);
		return head;
	}

	/** The message's number in the database. */
	numberOf(message: string): number | undefined {
		return this.#find.get(writeUuid(message, this.#id));
	}

	clear(): void {
		this.#known.clear();
	}
}
