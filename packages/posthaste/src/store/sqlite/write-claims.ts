/** Claims: which deliveries are due, and hidden from the next claim while somebody works on them. */
import type { Statement } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import { deliveryKey, writeUuid } from "./ids.ts";
import type { OperationReader } from "./operations.ts";
import { column, type RawDelivery, selectDeliveries, withText } from "./rows.ts";

export class ClaimWriter {
	readonly #due: Statement<unknown[], RawDelivery>;
	readonly #lapsed: Statement<unknown[], RawDelivery>;
	readonly #claim: Statement<unknown[]>;
	readonly #renew: Statement<unknown[]>;
	readonly #release: Statement<unknown[]>;

	constructor(database: Connection) {
		this.#due = database
			.prepare<unknown[], RawDelivery>(
				`${selectDeliveries} WHERE d.due <= ? AND d.claimed_until IS NULL ORDER BY d.due LIMIT ?`,
			)
			.raw();
		this.#lapsed = database
			.prepare<unknown[], RawDelivery>(
				`${selectDeliveries} WHERE d.claimed_until <= ? AND d.due <= ? ORDER BY d.claimed_until LIMIT ?`,
			)
			.raw();
		this.#claim = database.prepare("UPDATE delivery SET claimed_until = ? WHERE d = ?");
		this.#renew = database.prepare(
			"UPDATE delivery SET claimed_until = ? WHERE d = (SELECT m FROM message WHERE id = ?) * 65536 + ? AND claimed_until IS NOT NULL",
		);
		this.#release = database.prepare("UPDATE delivery SET claimed_until = NULL WHERE claimed_until IS NOT NULL");
	}

	claim(input: OperationReader): readonly RawDelivery[] {
		const now = input.number();
		const limit = input.number();
		const until = now + input.number();
		const candidates = [...this.#lapsed.all(now, now, limit), ...this.#due.all(now, limit)];
		candidates.sort((a, b) => (a[column.due] as number) - (b[column.due] as number));
		const claimed = candidates.slice(0, limit);
		for (const row of claimed) {
			this.#claim.run(until, row[column.d]);
		}
		return claimed.map(withText);
	}

	renew(input: OperationReader): void {
		const until = input.number();
		const id = Buffer.alloc(16);
		for (let left = input.number(); left > 0; left -= 1) {
			const key = deliveryKey(input.text());
			if (key !== undefined) {
				this.#renew.run(until, writeUuid(key.message, id), key.n);
			}
		}
	}

	release(): void {
		this.#release.run();
	}
}
