/** Opening the database file: settings, schema, and refusing what cannot be worked with. */
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { StoreError, toStoreError } from "./errors.ts";
import { applicationId, checkIdentity } from "./identity.ts";
import { migrations } from "./migrations/index.ts";

export type Connection = Database.Database;

/** A file up to this size is checked whole when it is opened; that takes about a tenth of a second. */
const checkedPages = 4096;

/** Twice the default: rows of a message are large, and fewer pages are cheaper to log than smaller ones. */
export const pageSize = 8192;

export interface WriterOptions {
	/** The file, or `:memory:`. */
	readonly path: string;
	/** The file may not grow beyond this; writes are then refused as when the disk is full. */
	readonly maxBytes?: number;
}

/**
 * The one connection that writes. Creates the file or brings its schema up to date.
 * @throws StoreError `database-damaged`, `newer-schema`, `disk-full`, `disk-failed`
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
		const refused = toStoreError(error, path === ":memory:" ? undefined : dirname(path));
		// What SQLite calls an error of the statement is one of the file here, where all statements are ours.
		const isFiles = refused.code === "database-damaged" || (error as { code?: unknown }).code === "SQLITE_ERROR";
		if (!isFiles || error instanceof StoreError) {
			throw refused;
		}
		const text = error instanceof Error ? error.message : String(error);
		throw new StoreError("database-damaged", `${path} is damaged, or is no database (${text})`, { cause: error });
	}
}

function check(database: Connection, path: string): void {
	const empty = database.prepare("SELECT count(*) FROM sqlite_schema").pluck().get() === 0;
	if (!empty) {
		checkIdentity(database, path);
	}
	const pages = database.pragma("page_count", { simple: true }) as number;
	if (path !== ":memory:" && pages <= checkedPages) {
		const found = String(database.pragma("quick_check(1)", { simple: true }));
		if (found !== "ok") {
			throw new StoreError("database-damaged", `${path} is damaged (${found.replaceAll(/\s+/g, " ")})`);
		}
	}
}

function configure(database: Connection, maxBytes: number | undefined): void {
	database.pragma(`page_size = ${pageSize}`);
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
		const actual = database.pragma("page_size", { simple: true }) as number;
		database.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / actual))}`);
	}
}

/** Applies what is missing in one transaction: all of it, or nothing. */
export function migrate(database: Connection, known: readonly string[] = migrations): void {
	const version = database.pragma("user_version", { simple: true }) as number;
	if (version === known.length) {
		return;
	}
	database.transaction(() => {
		for (const migration of known.slice(version)) {
			database.exec(migration);
		}
		database.pragma(`application_id = ${applicationId}`);
		database.pragma(`user_version = ${known.length}`);
	})();
}
