/** The database's files before and after SQLite opens them: what it would take for a new or an older database, and does not say. */
import { existsSync, rmSync, statSync } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { pageSize } from "./connection.ts";
import { StoreError } from "./errors.ts";
import { databaseName, restoreCommand, usableCopy } from "./identity.ts";
import { type FolderLock, ownerFile, saysOpen } from "./lock.ts";

export class DataFiles {
	readonly #path: string;
	readonly #log: string;
	readonly #lock: FolderLock;
	readonly #isFirst: boolean;
	readonly #hadLog: boolean;

	constructor(path: string, lock: FolderLock) {
		this.#path = path;
		this.#log = `${path}-wal`;
		this.#lock = lock;
		this.#isFirst = !existsSync(path);
		this.#hadLog = existsSync(this.#log);
	}

	/**
	 * SQLite takes a file that is missing or empty for a new database, and removes the log beside it; one without
	 * its write-ahead log it takes for what it was some time ago, since what was written last stands in the log alone.
	 * @throws StoreError `database-damaged`
	 */
	check(): void {
		const size = sizeOf(this.#path) ?? 0;
		if (size === 0) {
			this.#checkNew();
			return;
		}
		// A kill while the log is copied into the file may leave half a page, which the log still has whole.
		if (size % pageSize !== 0 && (sizeOf(this.#log) ?? 0) === 0) {
			throw new StoreError(
				"database-damaged",
				`${this.#path} was cut off after ${size} bytes, in the middle of a page`,
			);
		}
		if (this.#lock.leftOpen && !this.#hadLog) {
			throw new StoreError("database-damaged", withoutLog(this.#path));
		}
	}

	/** Where there is no database, or an empty file, the folder is new unless something says that it is not. */
	#checkNew(): void {
		const hasLog = (sizeOf(this.#log) ?? 0) > 0;
		if (this.#lock.leftOpen || hasLog) {
			throw new StoreError("database-damaged", this.#withoutDatabase(hasLog));
		}
		if (!this.#isFirst) {
			const unless = "If it was never started to its end in this folder, remove the file";
			throw new StoreError("database-damaged", `${this.#path} is empty. ${unless}`);
		}
	}

	#withoutDatabase(hasLog: boolean): string {
		const [state, ...file] = this.#isFirst ? ["missing"] : ["empty", this.#path];
		const log = hasLog ? [this.#log] : [];
		const last = hasLog ? ` and leave ${this.#log} where it is, since what was written last stands there` : "";
		const all = [...file, ...log, ...(this.#lock.leftOpen ? [ownerFile(dirname(this.#path))] : [])].join(", ");
		return (
			`${this.#path} is ${state}, although Posthaste has written to a database here. Put that file back as it was${last}. ` +
			`To begin anew without all that was in it, remove ${all}`
		);
	}

	/** After an opening that failed, so that the next one does not take what it left for damage. */
	failed(): void {
		try {
			if (this.#isFirst && sizeOf(this.#path) === 0) {
				rmSync(this.#path);
			}
			if (this.#hadLog && !existsSync(this.#log)) {
				// Closing the database again has put the log into the file.
				this.#lock.closing();
			}
		} catch {
			// The next start says what there is.
		}
	}
}

/**
 * Before a database is read that others may have open: even a connection that only reads removes the log beside an
 * empty file, and makes an empty log where it is missing, so that no start would miss it any more. A folder's lock is
 * not needed: its holder says that the database is open after the log is there, and takes that back before it goes.
 * @throws StoreError `database-damaged`
 */
export function checkSource(path: string): void {
	if (sizeOf(path) === 0) {
		throw new StoreError("database-damaged", `${path} is empty`);
	}
	const isMissing = () => !existsSync(`${path}-wal`);
	if (basename(path) === databaseName && isMissing() && saysOpen(dirname(path)) && isMissing()) {
		throw new StoreError("database-damaged", withoutLog(path));
	}
}

function withoutLog(path: string): string {
	return (
		`${path}-wal is missing, although Posthaste has not closed the database: what was written last stood there. ` +
		"Put that file back. To go on with what there is, as when another program has opened the database since and so " +
		`put the log into it, remove ${ownerFile(dirname(path))}`
	);
}

/**
 * Looks whether the database in this place is the one that is open: the system goes on writing to a file that was
 * removed or replaced, and forgets it with the process. Answers a function that throws when it is not.
 */
export function guardPlace(path: string): () => Promise<void> {
	const opened = statSync(path, { bigint: true });
	return async () => {
		const there = await stat(path, { bigint: true }).catch(() => undefined);
		if (there?.ino !== opened.ino || there.dev !== opened.dev) {
			const what = there === undefined ? "is gone" : "is another file";
			throw new StoreError(
				"database-damaged",
				`${path} ${what} since Posthaste has opened it: what is written now is lost when Posthaste ends. ` +
					"Move the file that was there back to its place; when it is gone for good, stop Posthaste and restore a backup",
			);
		}
	};
}

/** Undefined when there is no such file. */
export function sizeOf(path: string): number | undefined {
	return statSync(path, { throwIfNoEntry: false })?.size;
}

/** A damaged database's error, with the command that puts a backup in its place. */
export function withWayBack(error: unknown, folder: string): unknown {
	if (!(error instanceof StoreError) || error.code !== "database-damaged") {
		return error;
	}
	const copy = usableCopy(folder);
	const command = restoreCommand(copy ?? "BACKUP", folder);
	const what = copy === undefined ? "" : " (from before the last upgrade, if there is no later backup)";
	return new StoreError("database-damaged", `${error.message}. Restore a backup: ${command}${what}`, { cause: error });
}
