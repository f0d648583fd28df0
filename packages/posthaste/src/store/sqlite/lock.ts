/**
 * One process per data folder. The lock is SQLite's own, an exclusive transaction on an empty file
 * that lives as long as the process, so the system lifts it however the process ends.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError } from "./errors.ts";

export interface FolderLock {
	release(): void;
}

/** @throws StoreError `in-use` when another process, or another store of this one, holds the folder. */
export function lockFolder(folder: string): FolderLock {
	const owner = join(folder, "posthaste.pid");
	const database = new Database(join(folder, "posthaste.lock"), { timeout: 0 });
	try {
		database.exec("BEGIN EXCLUSIVE");
	} catch (error) {
		database.close();
		if ((error as { readonly code?: string }).code !== "SQLITE_BUSY") {
			throw error;
		}
		const detail = `The data folder ${folder} is in use by another Posthaste${processName(owner)}`;
		throw new StoreError("in-use", `${detail}; stop that one, or name another folder`);
	}
	// Only for the message above: the lock holds without it.
	writeFileSync(owner, `${process.pid}\n`);
	return {
		release: () => {
			rmSync(owner, { force: true });
			database.close();
		},
	};
}

function processName(owner: string): string {
	try {
		return ` (process ${readFileSync(owner, "utf8").trim()})`;
	} catch {
		return "";
	}
}
