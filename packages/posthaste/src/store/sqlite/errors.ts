/** What can be wrong with the store itself, apart from what is asked of it. */

export type StoreErrorCode =
	/** Another process has the data folder open. */
	| "in-use"
	/** The file was written by a newer Posthaste. */
	| "newer-schema"
	/** The file is no database, not one of ours, or damaged. */
	| "corrupt"
	/** No room left; the transaction was rolled back and the store goes on. */
	| "full"
	/** The disk reported an error; the transaction was rolled back and the store goes on. */
	| "disk"
	| "failed";

export class StoreError extends Error {
	readonly code: StoreErrorCode;

	constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
		super(message, options);
		this.name = "StoreError";
		this.code = code;
	}
}

const words: Readonly<Record<StoreErrorCode, string>> = {
	"in-use": "The data folder is in use",
	"newer-schema": "The database was written by a newer Posthaste",
	corrupt: "The database file is damaged or not a Posthaste database",
	full: "There is no room left for the database; nothing of this was written",
	disk: "The disk reported an error; nothing of this was written",
	failed: "The store failed; nothing of this was written",
};

/** SQLite's own error, in our words, with its text kept (https://www.sqlite.org/rescode.html). */
export function toStoreError(error: unknown): StoreError {
	if (error instanceof StoreError) {
		return error;
	}
	const code = codeOf((error as { readonly code?: unknown }).code);
	const text = error instanceof Error ? error.message : String(error);
	return new StoreError(code, `${words[code]} (${text})`, { cause: error });
}

function codeOf(sqlite: unknown): StoreErrorCode {
	if (typeof sqlite !== "string") {
		return "failed";
	}
	if (sqlite.startsWith("SQLITE_CORRUPT") || sqlite === "SQLITE_NOTADB") {
		return "corrupt";
	}
	if (sqlite.startsWith("SQLITE_IOERR") || sqlite.startsWith("SQLITE_READONLY")) {
		return "disk";
	}
	return sqlite === "SQLITE_FULL" ? "full" : "failed";
}

/** Errors cross threads as two strings, since a clone would lose the code. */
export type SentError = readonly [code: StoreErrorCode, message: string];

export function sendError(error: unknown): SentError {
	const { code, message } = toStoreError(error);
	return [code, message];
}

export function receiveError([code, message]: SentError): StoreError {
	return new StoreError(code, message);
}
