/** Changes of the four databases, and mechanisms' own storage. */
import type { Statement } from "better-sqlite3";
import type { ChangeResult, DatabaseChange, DatabaseName } from "../port.ts";
import type { Connection } from "./connection.ts";
import type { OperationReader } from "./operations.ts";

export class RecordWriter {
	readonly #revision: Statement<unknown[], number>;
	readonly #setRevision: Statement<unknown[]>;
	readonly #revisionOf: Statement<unknown[], number>;
	readonly #put: Statement<unknown[]>;
	readonly #delete: Statement<unknown[]>;
	readonly #pluginSet: Statement<unknown[]>;
	readonly #pluginDelete: Statement<unknown[]>;

	constructor(database: Connection) {
		this.#revision = database.prepare<unknown[], number>("SELECT value FROM counter WHERE name = 'revision'").pluck();
		this.#setRevision = database.prepare("UPDATE counter SET value = ? WHERE name = 'revision'");
		this.#revisionOf = database
			.prepare<unknown[], number>("SELECT revision FROM record WHERE database = ? AND key = ?")
			.pluck();
		this.#put = database.prepare(
			"INSERT OR REPLACE INTO record (database, key, revision, managed_by, document) VALUES (?, ?, ?, ?, ?)",
		);
		this.#delete = database.prepare("DELETE FROM record WHERE database = ? AND key = ?");
		this.#pluginSet = database.prepare(
			"INSERT OR REPLACE INTO plugin_value (mechanism, key, document) VALUES (?, ?, ?)",
		);
		this.#pluginDelete = database.prepare("DELETE FROM plugin_value WHERE mechanism = ? AND key = ?");
	}

	change(input: OperationReader): ChangeResult {
		const changes = JSON.parse(input.text()) as readonly DatabaseChange[];
		const revision = this.#revision.get() ?? 0;
		if (changes.length === 0) {
			return { result: "changed", revision };
		}
		const conflict = this.#conflict(changes, revision + 1);
		if (conflict !== undefined) {
			return conflict;
		}
		for (const { database, key, value } of changes) {
			if (value === null) {
				this.#delete.run(database, key);
			} else {
				const document = JSON.stringify({ ...value, revision: revision + 1 });
				this.#put.run(database, key, revision + 1, value.managedBy.by, document);
			}
		}
		this.#setRevision.run(revision + 1);
		return { result: "changed", revision: revision + 1 };
	}

	/** Looks at every expectation before anything is written, a key that stands twice being judged in order. */
	#conflict(changes: readonly DatabaseChange[], next: number): ChangeResult | undefined {
		const seen = new Map<string, number>();
		for (const { database, key, value, expected } of changes) {
			const place = `${database}/${key}`;
			const revision = seen.get(place) ?? this.#revisionIn(database, key);
			if (expected !== undefined && expected !== revision) {
				return { result: "conflict", database, key, revision };
			}
			seen.set(place, value === null ? 0 : next);
		}
		return undefined;
	}

	#revisionIn(database: DatabaseName, key: string): number {
		return this.#revisionOf.get(database, key) ?? 0;
	}

	pluginSet(input: OperationReader): void {
		this.#pluginSet.run(input.text(), input.text(), input.text());
	}

	pluginDelete(input: OperationReader): void {
		this.#pluginDelete.run(input.text(), input.text());
	}
}
