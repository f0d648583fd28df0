/**
 * What can be wrong with the store itself, apart from what is asked of it. These are errors of the one
 * table, so that the API and the command line answer them like any other: with a code and a remedy.
 */
import { statfsSync } from "node:fs";
// The whole of core would cost each of the store's threads some ten megabytes and a tenth of a second.
import { type ErrorCode, PosthasteError } from "@posthaste/core/errors";

const codes = [
	/** Another process has the data folder open. */
	"data-in-use",
	/** The file was written by a newer Posthaste. */
	"newer-schema",
	/** The file is no database, not one of ours, or damaged. */
	"database-damaged",
	/** No room left; the transaction was rolled back and the store goes on. */
	"disk-full",
	/** The disk reported an error or takes no writes; the transaction was rolled back and the store goes on. */
	"disk-failed",
	"store-failed",
] as const satisfies readonly ErrorCode[];

export type StoreErrorCode = (typeof codes)[number];

export class StoreError extends PosthasteError {
	declare readonly code: StoreErrorCode;

	constructor(code: StoreErrorCode, message: string, options: ErrorOptions = {}) {
		super(code, message);
		if (options.cause !== undefined) {
			this.cause = options.cause;
		}
	}
}

const words: Readonly<Record<StoreErrorCode, (place: string) => string>> = {
	"data-in-use": (place) => `${place} is in use`,
	"newer-schema": (place) => `${place} was written by a newer Posthaste`,
	"database-damaged": (place) => `The database in ${place} is damaged or is none of Posthaste's`,
	"disk-full": (place) => `There is no room left on the disk of ${place}`,
	"disk-failed": (place) => `The disk of ${place} reports an error or takes no writes`,
	"store-failed": (place) => `The store in ${place} failed`,
};

/**
 * An error of SQLite or of the file system, in our words, with its own text kept
 * (https://www.sqlite.org/rescode.html).
 * @param folder the data folder, for people to know which disk is meant
 */
export function toStoreError(error: unknown, folder?: string): StoreError {
	if (error instanceof StoreError) {
		return error;
	}
	const code = storeCodeOf(error, folder);
	const text = error instanceof Error ? error.message : String(error);
	return new StoreError(code, `${words[code](folder ?? "the data folder")} (${text})`, { cause: error });
}

function storeCodeOf(error: unknown, folder: string | undefined): StoreErrorCode {
	const raw = (error as { readonly code?: unknown } | null)?.code;
	const code = typeof raw === "string" ? raw : "";
	// Some of SQLite's own files are grown by other means than writing, and a full disk is then another error.
	if (code.startsWith("SQLITE_IOERR") && folder !== undefined && isFull(folder)) {
		return "disk-full";
	}
	if (error instanceof SyntaxError) {
		// A document that was written as JSON and is none any more.
		return "database-damaged";
	}
	return known.find(([pattern]) => pattern.test(code))?.[1] ?? "store-failed";
}

const known: readonly (readonly [RegExp, StoreErrorCode])[] = [
	[/^(SQLITE_CORRUPT|SQLITE_NOTADB)/, "database-damaged"],
	[/^(SQLITE_FULL|ENOSPC$|EDQUOT$)/, "disk-full"],
	[/^(SQLITE_IOERR|SQLITE_READONLY|SQLITE_CANTOPEN|SQLITE_PERM|EROFS$|EACCES$|EPERM$|EIO$)/, "disk-failed"],
];

/** Fewer free bytes than this are none: a page and its place in the log no longer fit. */
const leastFree = 64 * 1024;

function isFull(folder: string): boolean {
	try {
		const { bavail, bsize } = statfsSync(folder);
		return bavail * bsize < leastFree;
	} catch {
		return false;
	}
}

/** Errors cross threads as two strings, since a clone would lose the code. */
export type SentError = readonly [code: StoreErrorCode, message: string];

export function sendError(error: unknown, folder?: string): SentError {
	const { code, message } = toStoreError(error, folder);
	return [code, message];
}

export function receiveError([code, message]: SentError): StoreError {
	return new StoreError(code, message);
}
