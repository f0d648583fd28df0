/**
 * Everything that writes, synchronously, on one connection: what runs in the worker thread, or in
 * the caller's own where no thread is wanted.
 */
import { dirname } from "node:path";
import type { Statement } from "better-sqlite3";
import { type Connection, openWriter, type WriterOptions } from "./connection.ts";
import { toStoreError } from "./errors.ts";
import { code, OperationReader, type Primitive } from "./operations.ts";
import { ClaimWriter } from "./write-claims.ts";
import { MessageWriter } from "./write-messages.ts";
import { RecordWriter } from "./write-records.ts";
import { RetentionWriter } from "./write-retention.ts";

export class SqliteCore {
	readonly connection: Connection;
	/** Transactions committed since it was opened. */
	commits = 0;
	readonly #begin: Statement;
	readonly #commit: Statement;
	readonly #count: Statement;
	readonly #messages: MessageWriter;
	readonly #claims: ClaimWriter;
	readonly #records: RecordWriter;
	readonly #retention: RetentionWriter;
	/** For errors to name; undefined in memory. */
	readonly #folder: string | undefined;

	/** @throws StoreError when the file cannot be opened. */
	constructor(options: WriterOptions) {
		this.connection = openWriter(options);
		this.#folder = options.path === ":memory:" ? undefined : dirname(options.path);
		this.#begin = this.connection.prepare("BEGIN IMMEDIATE");
		this.#commit = this.connection.prepare("COMMIT");
		this.#count = this.connection.prepare("UPDATE counter SET value = value + ? WHERE name = 'deliveries'");
		this.#messages = new MessageWriter(this.connection);
		this.#claims = new ClaimWriter(this.connection);
		this.#records = new RecordWriter(this.connection);
		this.#retention = new RetentionWriter(this.connection);
	}

	/**
	 * Carries the operations out in one transaction and answers one result for each, in order. When it
	 * returns they are on disk; when it throws, none of them is, and the next call starts afresh.
	 * @throws StoreError `disk-full`, `disk-failed`, `database-damaged`, `store-failed`
	 */
	commit(operations: readonly Primitive[]): readonly unknown[] {
		try {
			return this.#transaction(operations);
		} catch (error) {
			if ((error as { readonly code?: string }).code !== "SQLITE_CONSTRAINT_UNIQUE") {
				throw toStoreError(error, this.#folder);
			}
			return this.#carefully(operations);
		}
	}

	/** Once more, looking for each message whether it is there already: nobody pays for that before it happens. */
	#carefully(operations: readonly Primitive[]): readonly unknown[] {
		this.#messages.careful = true;
		try {
			return this.#transaction(operations);
		} catch (error) {
			throw toStoreError(error, this.#folder);
		} finally {
			this.#messages.careful = false;
		}
	}

	#transaction(operations: readonly Primitive[]): readonly unknown[] {
		try {
			this.#begin.run();
			const results = this.#runAll(new OperationReader(operations));
			this.#commit.run();
			this.commits += 1;
			return results;
		} catch (error) {
			this.#rollBack();
			throw error;
		}
	}

	#runAll(input: OperationReader): readonly unknown[] {
		const results: unknown[] = [];
		while (!input.done) {
			results.push(this.#run(input.number(), input));
		}
		this.#messages.flush();
		const added = this.#messages.takeAdded();
		const removed = this.#retention.takeRemoved();
		if (removed > 0) {
			this.#messages.forget();
		}
		if (added !== removed) {
			this.#count.run(added - removed);
		}
		return results;
	}

	#run(operation: number, input: OperationReader): unknown {
		if (operation === code.accept) {
			return this.#messages.accept(input);
		}
		if (operation === code.append) {
			return this.#messages.append(input);
		}
		this.#messages.flush();
		return this.#runSeldom(operation, input);
	}

	#runSeldom(operation: number, input: OperationReader): unknown {
		switch (operation) {
			case code.claim:
				return this.#claims.claim(input);
			case code.renew:
				return this.#claims.renew(input);
			case code.release:
				return this.#claims.release();
			case code.change:
				return this.#records.change(input);
			case code.pluginSet:
				return this.#records.pluginSet(input);
			case code.pluginDelete:
				return this.#records.pluginDelete(input);
			case code.retain:
				return this.#retention.retain(input);
			default:
				throw new Error(`the store knows no operation ${operation}`);
		}
	}

	#rollBack(): void {
		// SQLite has rolled back by itself after some errors of the disk.
		if (this.connection.inTransaction) {
			this.connection.exec("ROLLBACK");
		}
		this.#messages.forget();
		this.#retention.takeRemoved();
	}

	/** Copies what the write-ahead log still holds into the file, and closes it. */
	close(): void {
		this.connection.close();
	}
}
