/** Reads by key: small, so they may run on the caller's thread. */
import type { Statement } from "better-sqlite3";
import type { Connection } from "./connection.ts";
import { bytesOf, deliveriesPerMessage, deliveryKey, isUuid } from "./ids.ts";
import { type RawDelivery, type RawMessage, type RawStoredDelivery, selectDeliveries, withText } from "./rows.ts";

export interface RawDatabases {
	readonly revision: number;
	readonly mechanisms: readonly string[];
	readonly managers: readonly string[];
	readonly selection: readonly string[];
}

export class KeyedReads {
	readonly #connection: Connection;
	readonly #delivery: Statement<unknown[], RawDelivery>;
	readonly #deliveries: Statement<unknown[], RawDelivery>;
	readonly #journal: Statement<unknown[], string>;
	readonly #number: Statement<unknown[], number>;
	readonly #document: Statement<unknown[], string>;
	readonly #prompt: Statement<unknown[], string>;
	readonly #due: Statement<unknown[], number>;
	readonly #user: Statement<unknown[], string>;
	readonly #records: Statement<unknown[], string>;
	readonly #revision: Statement<unknown[], number>;
	readonly #pluginValue: Statement<unknown[], string>;
	readonly #pluginValues: Statement<unknown[], [string, string]>;

	constructor(connection: Connection) {
		const one = <T>(sql: string) => connection.prepare<unknown[], T>(sql).pluck();
		this.#connection = connection;
		this.#delivery = connection.prepare<unknown[], RawDelivery>(`${selectDeliveries} WHERE d.d = ?`).raw();
		this.#deliveries = connection
			.prepare<unknown[], RawDelivery>(`${selectDeliveries} WHERE d.d > ? AND d.d < ? ORDER BY d.d`)
			.raw();
		this.#journal = one(`WITH RECURSIVE chain (j, previous, entries) AS (
			SELECT j, previous, entries FROM journal WHERE j = (SELECT journal FROM delivery WHERE d = ?)
			UNION ALL SELECT journal.j, journal.previous, journal.entries FROM chain JOIN journal ON journal.j = chain.previous
		) SELECT entries FROM chain ORDER BY j`);
		this.#number = one("SELECT m FROM message WHERE id = ?");
		this.#document = one("SELECT document FROM message WHERE m = ?");
		this.#prompt = one("SELECT document FROM prompt WHERE id = ?");
		this.#due = one("SELECT due FROM delivery WHERE due IS NOT NULL AND claimed_until IS NULL ORDER BY due LIMIT 1");
		this.#user = one("SELECT document FROM record WHERE database = 'users' AND key = ?");
		this.#records = one("SELECT document FROM record WHERE database = ? ORDER BY key");
		this.#revision = one("SELECT value FROM counter WHERE name = 'revision'");
		this.#pluginValue = one("SELECT document FROM plugin_value WHERE mechanism = ? AND key = ?");
		this.#pluginValues = connection
			.prepare<unknown[], [string, string]>(
				`SELECT key, document FROM plugin_value
				WHERE mechanism = ? AND key >= ? AND key < ? || char(0x10ffff) ORDER BY key`,
			)
			.raw();
	}

	/** Everything `read` reads is of one commit. */
	consistently<T>(read: () => T): T {
		return this.#connection.inTransaction ? read() : this.#connection.transaction(read)();
	}

	deliveries(ids: readonly string[]): readonly (RawStoredDelivery | undefined)[] {
		return this.consistently(() => ids.map((id) => this.#storedDelivery(id)));
	}

	#storedDelivery(id: string): RawStoredDelivery | undefined {
		const key = deliveryKey(id);
		const m = key && this.#number.get(bytesOf(key.message));
		if (key === undefined || m === undefined) {
			return undefined;
		}
		const d = m * deliveriesPerMessage + key.n;
		const row = this.#delivery.get(d);
		const document = this.#document.get(m);
		if (row === undefined || document === undefined) {
			return undefined;
		}
		return { row: withText(row), document, journal: this.#journal.all(d) };
	}

	message(id: string): RawMessage | undefined {
		return isUuid(id) ? this.consistently(() => this.numberedMessage(this.#number.get(bytesOf(id)) ?? -1)) : undefined;
	}

	/** By the message's number in the database. */
	numberedMessage(m: number): RawMessage | undefined {
		const document = this.#document.get(m);
		if (document === undefined) {
			return undefined;
		}
		const lower = m * deliveriesPerMessage;
		return { document, deliveries: this.#deliveries.all(lower, lower + deliveriesPerMessage).map(withText) };
	}

	prompt(id: string): string | undefined {
		return this.#prompt.get(id);
	}

	nextDue(): number | null {
		return this.#due.get() ?? null;
	}

	users(ids: readonly string[]): readonly (string | undefined)[] {
		return this.consistently(() => ids.map((id) => this.#user.get(id)));
	}

	databases(): RawDatabases {
		return this.consistently(() => ({
			revision: this.#revision.get() ?? 0,
			mechanisms: this.#records.all("mechanisms"),
			managers: this.#records.all("managers"),
			selection: this.#records.all("selection"),
		}));
	}

	pluginValue(mechanism: string, key: string): string | undefined {
		return this.#pluginValue.get(mechanism, key);
	}

	pluginValues(mechanism: string, prefix: string): readonly (readonly [key: string, document: string])[] {
		return this.#pluginValues.all(mechanism, prefix, prefix);
	}
}
