/** Whose database a file is, and of which schema. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Connection } from "./connection.ts";
import { StoreError } from "./errors.ts";
import { migrations } from "./migrations/index.ts";

/** "PHST", in the file's header, tells our databases from others (https://www.sqlite.org/pragma.html#pragma_application_id). */
export const applicationId = 0x50485354;

export const databaseName = "posthaste.db";

/**
 * Refuses what is not a database of ours, or of a schema that this Posthaste does not know.
 * @throws StoreError `database-damaged`, `newer-schema`
 */
export function checkIdentity(connection: Connection, path: string): void {
	const schema = connection.pragma("user_version", { simple: true }) as number;
	if (connection.pragma("application_id", { simple: true }) !== applicationId) {
		throw new StoreError("database-damaged", `${path} is a database, but not one of Posthaste's`);
	}
	if (schema > migrations.length) {
		const known = `it has schema ${schema}, this Posthaste knows schema ${migrations.length}`;
		throw new StoreError(
			"newer-schema",
			`${path} was written by a newer Posthaste (${known}); ${wayBack(dirname(path))}`,
		);
	}
}

function wayBack(folder: string): string {
	const copy = usableCopy(folder);
	return copy === undefined
		? "start that version again, or restore a backup that was made before the upgrade"
		: `start that version again, or go back to the copy that was made before the upgrade, without what happened since: ${restoreCommand(copy, folder)}`;
}

/** What to type to put a backup into the folder; the database there is kept aside. */
export function restoreCommand(file: string, folder: string): string {
	return `posthaste restore ${quoted(file)} --data ${quoted(folder)} --force`;
}

function quoted(path: string): string {
	return /^[\w./:@%+,=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

const copyPattern = /^posthaste\.before-schema-\d+\.sqlite$/;

/** The copy that is made of a database before it gets this schema. */
export function copyName(schema: number): string {
	return `posthaste.before-schema-${schema}.sqlite`;
}

/** A copy in the folder that was made before an upgrade and that this Posthaste can open, the newest schema first. */
export function usableCopy(folder: string): string | undefined {
	const found = readdirSync(folder).flatMap((name) => {
		const path = join(folder, name);
		const header = copyPattern.test(name) ? readHeader(path) : undefined;
		return header?.application === applicationId && header.schema <= migrations.length
			? [{ path, schema: header.schema }]
			: [];
	});
	return found.sort((one, other) => other.schema - one.schema)[0]?.path;
}

/** Where the header keeps them, as big-endian numbers (https://www.sqlite.org/fileformat2.html#the_database_header). */
const places = { schema: 60, application: 68, end: 72 } as const;

/** Read from the file itself, since opening a database makes files beside it. Undefined when it has no header. */
function readHeader(path: string): { readonly schema: number; readonly application: number } | undefined {
	const bytes = Buffer.alloc(places.end);
	const file = openSync(path, "r");
	try {
		if (readSync(file, bytes, 0, places.end, 0) < places.end) {
			return undefined;
		}
	} finally {
		closeSync(file);
	}
	return { schema: bytes.readUInt32BE(places.schema), application: bytes.readUInt32BE(places.application) };
}
