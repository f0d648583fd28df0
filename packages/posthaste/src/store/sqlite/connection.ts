/** Opening the database file: settings, schema, and refusing what cannot be worked with. */
import Database from "better-sqlite3";
import { StoreError, toStoreError } from "./errors.ts";
import { migrations } from "./migrations/index.ts";

export type Connection = Database.Database;

/** "PHST", in the file's header, tells our databases from others (https://www.sqlite.org/pragma.html#pragma_application_id). */
const applicationId = 0x50485354;

/** A file up to this size is checked whole when it is opened; that takes about a tenth of a second. */
const checkedPages = 4096;

export interface WriterOptions {
	/** The file, or `:memory:`. */
	readonly path: string;
	/** The file may not grow beyond this; writes are then refused as when the disk is full. */
	readonly maxBytes?: number;
}

/**
 * The one connection that writes. Creates the file or brings its schema up to date.
 * @throws StoreError `corrupt`, `newer-schema`, `full`, `disk`
 */
export function openWriter({ path, maxBytes }: WriterOptions): Connection {
	return opening(path, () => {
		const database = new Database(path, { timeout: 5000 });
		try {
			check(database, path);
			configure(database, maxBytes);
			migrate(database);
		} catch (error) {
			database.close();
			throw error;
		}
		return database;
	});
}

/** A connection that only reads, beside the writer. It sees every commit that came before the statement. */
export function openReader(path: string): Connection {
	return opening(path, () => {
		const database = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
		database.pragma("cache_size = -4000");
		return database;
	});
}

function opening(path: string, open: () => Connection): Connection {
	try {
		return open();
	} catch (error) {
		const { code, message } = toStoreError(error);
		throw new StoreError(code, `${path}: ${message}`, { cause: error });
	}
}

function check(database: Connection, path: string): void {
	const version = database.pragma("user_version", { simple: true }) as number;
	const application = database.pragma("application_id", { simple: true });
	const empty = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
	if (!empty && application !== applicationId) {
		throw new StoreError("corrupt", "this is a database, but not one of Posthaste's");
	}
	if (version > migrations.length) {
		const known = `this Posthaste knows schema ${migrations.length}, the database has schema ${version}`;
		throw new StoreError(
			"newer-schema",
			`written by a newer Posthaste (${known}); start that one, or restore a backup`,
		);
	}
	const pages = database.pragma("page_count", { simple: true }) as number;
	if (path !== ":memory:" && pages <= checkedPages) {
		const found = String(database.pragma("quick_check(1)", { simple: true }));
		if (found !== "ok") {
			const where = found.replaceAll(/\s+/g, " ");
			throw new StoreError("corrupt", `the database file is damaged (${where}); restore a backup`);
		}
	}
}

function configure(database: Connection, maxBytes: number | undefined): void {
	// Twice the default: rows of a message are large, and fewer pages are cheaper to log than smaller ones.
	database.pragma("page_size = 8192");
	// A commit in WAL mode returns after its fsync only with FULL.
	database.pragma("journal_mode = WAL");
	database.pragma("synchronous = FULL");
	// Rows that belong together are written and removed together by the code; checking would cost a look-up each.
	database.pragma("foreign_keys = OFF");
	database.pragma("temp_store = MEMORY");
	database.pragma("cache_size = -32000");
	// 16 MiB instead of SQLite's 4: pages changed by many commits are then copied to the file once.
	database.pragma("wal_autocheckpoint = 2000");
	database.pragma("journal_size_limit = 67108864");
	if (maxBytes !== undefined) {
		const pageSize = database.pragma("page_size", { simple: true }) as number;
		database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageSize))}`);
	}
}

function migrate(database: Connection): void {
	const version = database.pragma("user_version", { simple: true }) as number;
	if (version === migrations.length) {
		return;
	}
	database.transaction(() => {
		for (const migration of migrations.slice(version)) {
			database.exec(migration);
		}
		database.pragma(`application_id = ${applicationId}`);
		database.pragma(`user_version = ${migrations.length}`);
	})();
}
