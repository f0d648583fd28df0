/**
 * A consistent copy of a database that may be in use meanwhile, by this process or another: SQLite's
 * online backup out of one snapshot (https://www.sqlite.org/backup.html). Nobody who writes has to wait.
 */
import {
	accessSync,
	closeSync,
	constants,
	copyFileSync,
	existsSync,
	fsyncSync,
	openSync,
	renameSync,
	statSync,
} from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { type Connection, openReader } from "./connection.ts";
import { StoreError, toStoreError } from "./errors.ts";
import { checkSource } from "./files.ts";
import { checkIdentity } from "./identity.ts";
import { beginPart, type Part } from "./part.ts";

export interface Copied {
	/** The copy's size. */
	readonly bytes: number;
	/** Version of its schema. */
	readonly schema: number;
}

/** Pages copied between two turns of the event loop: half a mebibyte. */
const pagesPerStep = 64;

/**
 * Copies the database to `file`, which is there, whole, checked and synced, only when this resolves.
 * A file that is there already is replaced. Until then the copy is a {@link Part}.
 * @throws StoreError `disk-full` or `disk-failed` naming the disk that is meant; `database-damaged`, `newer-schema`
 */
export async function copyDatabase(source: string, file: string): Promise<Copied> {
	let part: Part | undefined;
	try {
		checkSource(source);
		part = beginPart(file);
		const schema = await copyPages(source, part);
		const copied = sealCopy(part.path, source, schema);
		renameSync(part.path, file);
		syncFolder(dirname(file));
		return copied;
	} catch (error) {
		throw toStoreError(error, dirname(file));
	} finally {
		part?.end();
	}
}

/** Answers the schema of what was copied. */
async function copyPages(source: string, part: Part): Promise<number> {
	const connection = openSource(source, part);
	try {
		checkIdentity(connection, source);
		// The open transaction holds the snapshot. Without it every commit of the writer would begin the copy anew.
		connection.exec("BEGIN");
		connection.prepare("SELECT 1 FROM sqlite_schema").get();
		await connection.backup(part.path, { progress: () => pagesPerStep });
		return schemaOf(connection);
	} catch (error) {
		const isSources = ["SQLITE_CORRUPT", "SQLITE_NOTADB"].some((code) => codeOf(error).startsWith(code));
		throw isSources ? toStoreError(error, dirname(source)) : error;
	} finally {
		connection.close();
	}
}

/**
 * Reading a database needs a file beside it for its readers to agree in, which a disk mounted read-only
 * cannot get. Nobody can be writing there, so the files themselves are a consistent copy.
 */
function openSource(source: string, part: Part): Connection {
	try {
		return openReader(source);
	} catch (error) {
		if (!isReadOnly(dirname(source))) {
			throw error;
		}
		copyFileSync(source, part.source);
		if (existsSync(`${source}-wal`)) {
			copyFileSync(`${source}-wal`, `${part.source}-wal`);
		}
		return openReader(part.source);
	}
}

function isReadOnly(folder: string): boolean {
	try {
		accessSync(folder, constants.W_OK);
		return false;
	} catch (error) {
		return codeOf(error) === "EROFS";
	}
}

/**
 * Makes the copy a file that needs no other beside it, reads it whole, and sees that it is still what was copied.
 * What is wrong with it is said of its source, since the copy itself is gone by then.
 */
function sealCopy(path: string, source: string, schema: number): Copied {
	const copy = new Database(path, { fileMustExist: true });
	try {
		copy.pragma("journal_mode = DELETE");
		const called = `The copy of ${source}`;
		checkWhole(copy, called);
		checkIdentity(copy, source);
		if (schemaOf(copy) !== schema) {
			throw new StoreError("database-damaged", `${called} has not the schema of what was copied`);
		}
	} finally {
		copy.close();
	}
	syncFile(path);
	return { bytes: statSync(path).size, schema };
}

function schemaOf(connection: Connection): number {
	return connection.pragma("user_version", { simple: true }) as number;
}

function checkWhole(connection: Connection, called: string): void {
	const found = String(connection.pragma("integrity_check(1)", { simple: true }));
	if (found !== "ok") {
		throw new StoreError("database-damaged", `${called} is damaged (${found.replaceAll(/\s+/g, " ")})`);
	}
}

function codeOf(error: unknown): string {
	return String((error as { readonly code?: unknown } | null)?.code ?? "");
}

export function syncFile(path: string): void {
	const file = openSync(path, "r+");
	fsyncSync(file);
	closeSync(file);
}

/** A name is on disk when its folder is. Windows syncs names by itself. */
export function syncFolder(folder: string): void {
	if (process.platform !== "win32") {
		const opened = openSync(folder, "r");
		fsyncSync(opened);
		closeSync(opened);
	}
}
