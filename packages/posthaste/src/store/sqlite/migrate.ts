/** Bringing a database's schema up to date, with a copy of the one before as the way back. */
import { statSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Connection, openReader } from "./connection.ts";
import { copyDatabase } from "./copy.ts";
import { applicationId, copyName } from "./identity.ts";
import { migrations } from "./migrations/index.ts";

/**
 * Copies a database of an older schema to `posthaste.before-schema-N.sqlite` beside it, N being the
 * schema it is about to get: an older Posthaste cannot open the database afterwards. Answers the copy's
 * path, or undefined when nothing will be migrated. Nobody else may have the database open.
 * @throws StoreError `disk-full`, `disk-failed`, `database-damaged`; the database was not touched then
 */
export async function copyBeforeMigrating(path: string): Promise<string | undefined> {
	const schema = schemaOf(path);
	if (schema === undefined || schema >= migrations.length) {
		return undefined;
	}
	const copy = join(dirname(path), copyName(migrations.length));
	await copyDatabase(path, copy);
	return copy;
}

/** Undefined for what is no database of ours with a schema: opening it for writing will say what it is. */
function schemaOf(path: string): number | undefined {
	if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) {
		return undefined;
	}
	let connection: Connection | undefined;
	try {
		connection = openReader(path);
		const version = connection.pragma("user_version", { simple: true }) as number;
		const isOurs = connection.pragma("application_id", { simple: true }) === applicationId;
		return isOurs && version > 0 ? version : undefined;
	} catch {
		return undefined;
	} finally {
		connection?.close();
	}
}
