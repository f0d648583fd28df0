/**
 * Deliveries that this transaction adds, not yet inserted. The first append of a new delivery usually
 * comes in the transaction that accepts its message, and then changes the row here instead of in the
 * database.
 */
import type { Connection } from "./connection.ts";
import { RowBuffer } from "./row-buffer.ts";

export interface PendingDelivery {
	readonly d: number;
	readonly recipient: string;
	/** As stored: the state's number. */
	state: number;
	reason: string | null;
	due: number | null;
	claimedUntil: number | null;
	sequence: number;
	settledAt: number | null;
	journal: number | null;
	pin: string | null;
}

const columns = [
	"d",
	"recipient",
	"state",
	"reason",
	"due",
	"claimed_until",
	"sequence",
	"settled_at",
	"journal",
	"pin",
];

export class PendingDeliveries {
	readonly #buffer: RowBuffer;
	#rows = new Map<number, PendingDelivery>();

	constructor(database: Connection) {
		this.#buffer = new RowBuffer(database, "delivery", columns);
	}

	/** Rows come with growing numbers, so that they are inserted in their order. */
	add(row: PendingDelivery): void {
		this.#rows.set(row.d, row);
	}

	get(d: number): PendingDelivery | undefined {
		return this.#rows.get(d);
	}

	flush(): void {
		for (const {
			d,
			recipient,
			state,
			reason,
			due,
			claimedUntil,
			sequence,
			settledAt,
			journal,
			pin,
		} of this.#rows.values()) {
			this.#buffer.add(d, recipient, state, reason, due, claimedUntil, sequence, settledAt, journal, pin);
		}
		this.#buffer.flush();
		this.#rows = new Map();
	}

	/** Forgets what was gathered, as after a transaction that failed. */
	discard(): void {
		this.#buffer.discard();
		this.#rows = new Map();
	}
}
