/**
 * The unfinished file of one copy. Each run has a name of its own, since two may copy to the same file at once,
 * and a lock beside it: SQLite's own, as the data folder's, which the system lifts however the run ends. So a
 * run that was killed leaves what the next one can tell from a copy that is being made.
 */
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, openSync, readdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import Database from "better-sqlite3";

export interface Part {
	readonly path: string;
	/** Beside it, for copies of the source's own files. */
	readonly source: string;
	/** Removes what is still there. */
	end(): void;
}

/** Makes an empty part of a copy to this file, and removes those of runs that were killed. */
export function beginPart(file: string): Part {
	removeLeftovers(file);
	const path = `${file}.${process.pid}-${randomBytes(6).toString("hex")}.part`;
	let lock: Database.Database | undefined;
	const end = () => {
		removeFiles(path);
		lock?.close();
		rmSync(lockOf(path), { force: true });
	};
	try {
		// The lock comes first and goes last, so that a part without one is nobody's.
		makeFile(lockOf(path));
		lock = lockPart(path);
		makeFile(path);
		return { path, source: `${path}.source`, end };
	} catch (error) {
		end();
		throw error;
	}
}

/** Settings hold secrets, so the copy is its owner's alone. */
function makeFile(path: string): void {
	closeSync(openSync(path, "wx", 0o600));
}

const partPattern = /^\.\d+-[0-9a-f]{12}\.part$/;

function removeLeftovers(file: string): void {
	const [folder, name] = [dirname(file), basename(file)];
	try {
		const parts = readdirSync(folder).filter(
			(other) => other.startsWith(name) && partPattern.test(other.slice(name.length)),
		);
		for (const path of parts.map((other) => join(folder, other)).filter(isLeftover)) {
			removeFiles(path);
			rmSync(lockOf(path), { force: true });
		}
	} catch {
		// What another user left takes room, but is in nobody's way.
	}
}

/** Whether the run that made it has ended. */
function isLeftover(path: string): boolean {
	if (!existsSync(lockOf(path))) {
		return true;
	}
	try {
		lockPart(path).close();
		return true;
	} catch {
		return false;
	}
}

function lockPart(path: string): Database.Database {
	const lock = new Database(lockOf(path), { timeout: 0, fileMustExist: true });
	try {
		lock.exec("BEGIN EXCLUSIVE");
		return lock;
	} catch (error) {
		lock.close();
		throw error;
	}
}

function lockOf(path: string): string {
	return `${path}.lock`;
}

function removeFiles(path: string): void {
	for (const name of [`${path}.source`, path]) {
		for (const suffix of ["-journal", "-wal", "-shm", ""]) {
			rmSync(`${name}${suffix}`, { force: true });
		}
	}
}
