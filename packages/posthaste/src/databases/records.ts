/** Between what people write (definitions) and what is stored (records): who owns a record, and whether it changes. */
import { isDeepStrictEqual } from "node:util";
import {
	type ManagedBy,
	type ManagerRecord,
	type MechanismRecord,
	PosthasteError,
	type Selection,
	type User,
} from "@posthaste/core";
import type { ManagerDefinition, MechanismDefinition, SelectionDefinition, UserDefinition } from "../posthaste.ts";
import type { DatabaseName } from "../store/port.ts";
import { formatPath } from "./field-path.ts";
import { plainCopy } from "./plain.ts";

export type AnyRecord = MechanismRecord | ManagerRecord | Selection | User;

/** What a stored record of each database is called in a sentence. */
export const nouns: Readonly<Record<DatabaseName, string>> = {
	mechanisms: "mechanism",
	managers: "manager",
	users: "user",
	selection: "selection",
};

/** Revisions are the store's to give; a record that is not stored yet has none. */
const unstored = 0;

export function mechanismRecord(
	name: string,
	definition: MechanismDefinition,
	managedBy: ManagedBy,
	disabled: boolean,
): MechanismRecord {
	const { use, settings = {} } = plainCopy(definition);
	return { name, use, settings, disabled, managedBy, revision: unstored };
}

export function managerRecord(name: string, definition: ManagerDefinition, managedBy: ManagedBy): ManagerRecord {
	const { use, configurations } = plainCopy(definition);
	const rows = configurations.map((row) => ({ ...row, settings: row.settings ?? {} }));
	return { name, use, configurations: rows, managedBy, revision: unstored };
}

export function selectionRecord(definition: SelectionDefinition, managedBy: ManagedBy): Selection {
	return { ...plainCopy(definition), managedBy, revision: unstored };
}

export function userRecord(id: string, definition: UserDefinition, managedBy: ManagedBy): User {
	const { name, timezone = "UTC", mechanisms } = plainCopy(definition);
	return { id, name, timezone, mechanisms, managedBy, revision: unstored };
}

/** What people wrote, without what is ours. */
export function definitionOf(record: AnyRecord): object {
	const { managedBy, revision, ...rest } = record;
	const { name, id, disabled, ...definition } = rest as Partial<MechanismRecord & User>;
	// A user's name is theirs; a mechanism's or a manager's is its key.
	return id === undefined ? definition : { name, ...definition };
}

export function sameDefinition(left: AnyRecord, right: AnyRecord): boolean {
	return isDeepStrictEqual(definitionOf(left), definitionOf(right));
}

/** Whether one owner wrote both: the same file, whatever the line, or the API. */
export function sameOwner(left: ManagedBy, right: ManagedBy): boolean {
	return left.by === "file" ? right.by === "file" && left.file === right.file : right.by === "api";
}

export function describeOwner(owner: ManagedBy): string {
	return owner.by === "api" ? "over the API" : `in ${owner.file}, line ${owner.line}`;
}

/** @throws PosthasteError `managed-by-file` naming the file and the line */
export function refuseFileManaged(database: DatabaseName, key: string, owner: ManagedBy | undefined): void {
	if (owner?.by === "file") {
		const what = database === "selection" ? "the selection" : `${nouns[database]} "${key}"`;
		throw new PosthasteError("managed-by-file", `${what} is defined ${describeOwner(owner)}`, [
			{
				field: formatPath(database === "selection" ? ["selection"] : [database, key]),
				message: `is defined ${describeOwner(owner)}`,
				file: owner.file,
				line: owner.line,
			},
		]);
	}
}
