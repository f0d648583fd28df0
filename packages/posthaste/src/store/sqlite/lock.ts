/**
 * One process per data folder. The lock is SQLite's own, an exclusive transaction on an empty file
 * that lives as long as the process, so the system lifts it however the process ends.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { StoreError, toStoreError } from "./errors.ts";

export interface FolderLock {
	/** The last holder ended, without notice, while it had the database open: its write-ahead log must be there. */
	readonly leftOpen: boolean;
	/** Notes that the database is open, until {@link closing}. */
	opened(): void;
	/** Notes that the database will be closed now. */
	closing(): void;
	release(): void;
}

/** What the owner's file says after the process's number while the database is open. */
const openMark = "open";

/** The file that says whose the folder is, and whether the database is open. */
export function ownerFile(folder: string): string {
	return join(folder, "posthaste.pid");
}

/** Whether the folder's holder has the database open now, or ended without notice while it had. */
export function saysOpen(folder: string): boolean {
	return readOwner(ownerFile(folder)).endsWith(openMark);
}

/**
 * @throws StoreError `data-in-use` when another process, or another store of this one, holds the folder;
 * `disk-full`, `disk-failed` when the folder cannot be written
 */
export function lockFolder(folder: string): FolderLock {
	const owner = ownerFile(folder);
	const database = openLock(folder, owner);
	const leftOpen = saysOpen(folder);
	// The file only serves messages: the lock holds without it, and no disk's error may keep it from being let go.
	const note = (mark: string) => quietly(() => writeFileSync(owner, `${process.pid}\n${mark}`));
	let mark = leftOpen ? openMark : "";
	const become = (next: string) => {
		mark = next;
		note(mark);
	};
	note(mark);
	return {
		leftOpen,
		opened: () => become(openMark),
		closing: () => become(""),
		release: () => {
			// After a start that failed the next one has to know as well that the log must be there.
			if (mark === "") {
				quietly(() => rmSync(owner, { force: true }));
			}
			database.close();
		},
	};
}

function openLock(folder: string, owner: string): Database.Database {
	const database = guarded(folder, () => new Database(join(folder, "posthaste.lock"), { timeout: 0 }));
	try {
		database.exec("BEGIN EXCLUSIVE");
		return database;
	} catch (error) {
		database.close();
		if ((error as { readonly code?: string }).code !== "SQLITE_BUSY") {
			throw toStoreError(error, folder);
		}
		const [pid = ""] = readOwner(owner).split("\n");
		const detail = `The data folder ${folder} is in use by another Posthaste${pid === "" ? "" : ` (process ${pid})`}`;
		throw new StoreError("data-in-use", detail);
	}
}

function readOwner(owner: string): string {
	try {
		return readFileSync(owner, "utf8").trim();
	} catch {
		return "";
	}
}

function guarded<T>(folder: string, work: () => T): T {
	try {
		return work();
	} catch (error) {
		throw toStoreError(error, folder);
	}
}

function quietly(work: () => void): void {
	try {
		work();
	} catch {
		// The system lifts the lock when the process ends.
	}
}
