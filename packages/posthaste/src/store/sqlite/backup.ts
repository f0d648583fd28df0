/** `posthaste backup` and `posthaste restore`: copies of a data folder's database, and back. */
import { existsSync, linkSync, realpathSync, renameSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import { PosthasteError } from "@posthaste/core";
import { type Copied, copyDatabase, syncFolder } from "./copy.ts";
import { receiveError, type SentError, StoreError, toStoreError } from "./errors.ts";
import { sizeOf } from "./files.ts";
import { makeFolder } from "./folder.ts";
import { databaseName } from "./identity.ts";
import { type FolderLock, lockFolder } from "./lock.ts";

export interface BackupOptions {
	/** Replaces a file that is there already. */
	readonly force?: boolean;
}

/** A copy, where it lies and what it holds. */
export interface Backup extends Copied {
	/** The full path. */
	readonly file: string;
}

/**
 * Copies the database of a data folder to a file, whether or not a Posthaste runs on it.
 * @throws PosthasteError `not-found` when there is no database, `file-exists`, `invalid-request` for a file that cannot be
 * @throws StoreError `disk-full`, `disk-failed`, `database-damaged`, `newer-schema`
 */
export async function backupFolder(folder: string, file: string, options: BackupOptions = {}): Promise<Backup> {
	const source = join(resolve(folder), databaseName);
	if (!existsSync(source)) {
		throw new PosthasteError("not-found", `There is no database in ${resolve(folder)}; name the folder with --data`);
	}
	const target = checkTarget(source, file, options);
	return { file: target, ...(await copyDatabase(source, target)) };
}

/** As {@link backupFolder}, on a thread of its own, so that the caller's goes on. */
export async function backupOnThread(folder: string, file: string, options: BackupOptions = {}): Promise<Backup> {
	const source = join(resolve(folder), databaseName);
	const target = checkTarget(source, file, options);
	return { file: target, ...(await copyOnThread(source, target)) };
}

export interface CopyRequest {
	readonly source: string;
	readonly file: string;
}
export type CopyResponse = { readonly copied: Copied } | { readonly error: SentError };

function copyOnThread(source: string, file: string): Promise<Copied> {
	return new Promise((resolve, reject) => {
		const worker = new Worker(new URL("./copy-worker.ts", import.meta.url), {
			workerData: { source, file } satisfies CopyRequest,
			name: "posthaste backup",
		});
		worker.once("message", (answer: CopyResponse) =>
			"copied" in answer ? resolve(answer.copied) : reject(receiveError(answer.error)),
		);
		worker.once("error", (error) => reject(toStoreError(error)));
		worker.once("exit", () => reject(toStoreError(new Error("the thread that made the backup has ended"))));
	});
}

/** The file's full path. */
function checkTarget(source: string, file: string, { force = false }: BackupOptions): string {
	const target = resolve(file);
	if (!existsSync(dirname(target))) {
		throw new PosthasteError("invalid-request", `There is no folder ${dirname(target)} for the backup`);
	}
	const inDataFolder = realpathSync(dirname(target)) === realpathSync(dirname(source));
	if (inDataFolder && /^posthaste\.(db|lock|pid)/.test(basename(target))) {
		throw new PosthasteError("invalid-request", `${target} is the running database's own; name another file`);
	}
	if (existsSync(target) && !force) {
		throw new PosthasteError("file-exists", `${target} is there already`);
	}
	return target;
}

/** Where restoring has put what stood in the folder. */
export interface Aside {
	/** The database before it, if there was one. */
	readonly aside?: string;
	/** That one's write-ahead log, if anything stood in it: what was written last stands there alone. */
	readonly asideLog?: string;
}

export interface Restored extends Copied, Aside {
	/** The database that now stands in the data folder. */
	readonly file: string;
}

/**
 * Puts a backup into a data folder, which is made when it is missing.
 * @throws PosthasteError `not-found` when there is no such file, `file-exists` when the folder has a database
 * @throws StoreError `data-in-use` while a Posthaste runs on the folder; `database-damaged`, `newer-schema`, `disk-full`, `disk-failed`
 */
export async function restoreFolder(file: string, folder: string, { force = false }: BackupOptions): Promise<Restored> {
	const [source, data] = [resolve(file), resolve(folder)];
	if (!existsSync(source)) {
		throw new PosthasteError("not-found", `There is no file ${source}`);
	}
	makeFolder(data);
	const lock = lockFolder(data);
	try {
		const database = join(data, databaseName);
		if (existsSync(database) && !force) {
			throw new PosthasteError("file-exists", `There is a database in ${data} already`);
		}
		const fresh = `${database}.restored`;
		const copied = await copyDatabase(source, fresh).catch((error: unknown) => {
			throw ofBackup(error);
		});
		const aside = putAside(database, lock);
		renameSync(fresh, database);
		syncFolder(data);
		lock.closing();
		return { file: database, ...copied, ...aside };
	} finally {
		lock.release();
	}
}

/** A damaged backup is no reason to restore it: the code's remedy is about the database that the program runs on. */
function ofBackup(error: unknown): unknown {
	const isDamaged = error instanceof StoreError && error.code === "database-damaged";
	return isDamaged
		? new StoreError(error.code, `${error.message}. Nothing was changed; name another backup`, { cause: error })
		: error;
}

/** What SQLite keeps beside a database, and would take for the restored one's own. */
const companions = ["-wal", "-shm", "-journal"];

/**
 * Gives the database a second name beside its own, which the restored one then takes over in one step, so that
 * the folder is at no moment without a database. Its companions move as they are, also those that lie there
 * without it: opening it to put the log into the file first would lose the log of one that was emptied.
 */
function putAside(database: string, lock: FolderLock): Aside {
	const aside = `${database}.before-restore-${new Date().toISOString().replaceAll(/[:.]/g, "-")}`;
	const there = { database: existsSync(database), log: (sizeOf(`${database}-wal`) ?? 0) > 0 };
	if (there.database) {
		linkSync(database, aside);
	}
	if (there.log) {
		// Should this end before the restored database is there, the next start has to miss the log.
		lock.opened();
	}
	for (const suffix of companions.filter((name) => existsSync(`${database}${name}`))) {
		renameSync(`${database}${suffix}`, `${aside}${suffix}`);
	}
	return { ...(there.database && { aside }), ...(there.log && { asideLog: `${aside}-wal` }) };
}
