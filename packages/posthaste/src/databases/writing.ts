/** Writing one record: what every database does in the same way. */
import { PosthasteError } from "@posthaste/core";
import type { WriteOptions } from "../posthaste.ts";
import type { DatabaseChange, DatabaseName } from "../store/port.ts";
import { formatPath } from "./field-path.ts";
import { type AnyRecord, nouns, refuseFileManaged, sameDefinition } from "./records.ts";
import type { State } from "./state.ts";

/** Others may write at the same time; after this many lost races something is wrong. */
const mostTries = 10;

export interface Writing<Row extends AnyRecord> {
	readonly state: State;
	readonly database: DatabaseName;
	readonly key: string;
	readonly options: WriteOptions | undefined;
	/** The record as it is now, lines corrected. */
	readonly read: () => Promise<Row | undefined> | Row | undefined;
	/** Checks, and makes the record as it will be; null deletes. Undefined leaves everything as it is. */
	readonly make: (current: Row | undefined) => Promise<Row | null | undefined> | Row | null | undefined;
	/** The operator's switch works on file-managed records too. */
	readonly anyOwner?: boolean;
}

/**
 * Reads, checks and writes one record, once more when somebody else wrote in between and the caller
 * did not say which revision is expected.
 * @returns the record as it then is; undefined when it does not exist
 * @throws PosthasteError `revision-conflict`, `managed-by-file`, and whatever `make` throws
 */
export async function writeRecord<Row extends AnyRecord>(writing: Writing<Row>): Promise<Row | undefined> {
	const { state, database, key, options, read, make } = writing;
	for (let tries = 0; tries < mostTries; tries++) {
		const current = await read();
		expectRevision(database, key, current, options);
		if (writing.anyOwner !== true) {
			refuseFileManaged(database, key, current?.managedBy);
		}
		const value = await make(current);
		if (value === undefined || unchanged(current, value, writing)) {
			return current;
		}
		const change = { database, key, value, expected: current?.revision ?? 0 } as DatabaseChange;
		const result = await state.write([change]);
		if (!("result" in result)) {
			return value === null ? undefined : { ...value, revision: result.revision };
		}
	}
	throw new PosthasteError("overloaded", `${nouns[database]} "${key}" is being changed by others all the time`);
}

function unchanged<Row extends AnyRecord>(
	current: Row | undefined,
	value: Row | null,
	{ anyOwner }: Writing<Row>,
): boolean {
	return current !== undefined && value !== null && anyOwner !== true && sameDefinition(current, value);
}

function expectRevision(
	database: DatabaseName,
	key: string,
	current: AnyRecord | undefined,
	{ expected, create }: WriteOptions = {},
): void {
	const revision = current?.revision ?? 0;
	if (create === true && current !== undefined) {
		throw conflict(database, key, `exists already, at revision ${revision}`);
	}
	if (expected !== undefined && expected !== revision) {
		const is = current === undefined ? "does not exist" : `is at revision ${revision}`;
		throw conflict(database, key, `${is}, not at revision ${expected}`);
	}
}

function conflict(database: DatabaseName, key: string, message: string): PosthasteError {
	const field = formatPath(database === "selection" ? ["selection"] : [database, key]);
	const what = database === "selection" ? "the selection" : `${nouns[database]} "${key}"`;
	return new PosthasteError("revision-conflict", `${what} ${message}`, [{ field, message }]);
}
