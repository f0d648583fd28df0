/**
 * What applying a document would do: pure, from the databases as they are and the document to the
 * changes. A document replaces everything of its own owner and leaves the records of others alone.
 */
import type { ManagedBy, MechanismRecord, User } from "@posthaste/core";
import type { ConfigurationChange, ConfigurationDocument, MechanismDefinition } from "../posthaste.ts";
import type { DatabaseChange, DatabaseName } from "../store/port.ts";
import type { CheckWorld } from "./check-world.ts";
import type { Finding } from "./finding.ts";
import {
	type AnyRecord,
	definitionOf,
	describeOwner,
	managerRecord,
	mechanismRecord,
	nouns,
	sameDefinition,
	sameOwner,
	selectionRecord,
	userRecord,
} from "./records.ts";
import { maskChanged, maskSecrets } from "./secrets.ts";
import type { Tables } from "./tables.ts";

export interface ApplyInput {
	readonly document: ConfigurationDocument;
	readonly tables: Tables;
	/** The users that the document names and those of the same owner, by key, as they are stored. */
	readonly users: ReadonlyMap<string, User>;
	/** Who owns a record once it is applied. */
	readonly ownerOf: (database: DatabaseName, key: string) => ManagedBy;
	/** Whether a record is this document's to replace. */
	readonly owns: (owner: ManagedBy) => boolean;
}

/** One record, as it is and as it will be; one of the two is missing when it is added or removed. */
export interface RecordStep {
	readonly database: DatabaseName;
	readonly key: string;
	readonly before: AnyRecord | undefined;
	readonly after: AnyRecord | undefined;
}

/** Every record that the document names or that its owner has, unchanged ones included. */
export function planSteps(input: ApplyInput): readonly RecordStep[] {
	const { document, tables, users, ownerOf } = input;
	return [
		...steps(input, "mechanisms", tables.mechanisms, document.mechanisms, (name, definition) =>
			mechanismRecord(name, definition, ownerOf("mechanisms", name), tables.mechanisms.get(name)?.disabled ?? false),
		),
		...steps(input, "managers", tables.managers, document.managers, (name, definition) =>
			managerRecord(name, definition, ownerOf("managers", name)),
		),
		...selectionSteps(input),
		...steps(input, "users", users, document.users, (id, definition) =>
			userRecord(id, definition, ownerOf("users", id)),
		),
	];
}

function steps<Definition>(
	{ owns }: ApplyInput,
	database: DatabaseName,
	stored: ReadonlyMap<string, AnyRecord>,
	definitions: Readonly<Record<string, Definition>> = {},
	toRecord: (key: string, definition: Definition) => AnyRecord,
): readonly RecordStep[] {
	const defined = Object.entries(definitions).map(([key, definition]) => ({
		database,
		key,
		before: stored.get(key),
		after: toRecord(key, definition),
	}));
	const gone = [...stored].filter(([key, record]) => owns(record.managedBy) && !Object.hasOwn(definitions, key));
	return [...defined, ...gone.map(([key, before]) => ({ database, key, before, after: undefined }))];
}

function selectionSteps({ document, tables, ownerOf, owns }: ApplyInput): readonly RecordStep[] {
	const before = tables.selection;
	const step = { database: "selection", key: "selection", before } as const;
	const { selection: rules, defaultManager } = document;
	if (rules !== undefined || defaultManager !== undefined) {
		const definition = { rules: rules ?? [], ...(defaultManager !== undefined && { defaultManager }) };
		return [{ ...step, after: selectionRecord(definition, ownerOf("selection", "selection")) }];
	}
	return before !== undefined && owns(before.managedBy) ? [{ ...step, after: undefined }] : [];
}

/** What the document names and somebody else defined: neither may silently win. */
export function clashes(plan: readonly RecordStep[], owns: ApplyInput["owns"]): readonly Finding[] {
	return plan.flatMap(({ database, key, before, after }): readonly Finding[] => {
		if (before === undefined || after === undefined || owns(before.managedBy)) {
			return [];
		}
		const what = database === "selection" ? "the selection" : `${nouns[database]} "${key}"`;
		const both = `${what} is defined both ${describeOwner(after.managedBy)} and ${describeOwner(before.managedBy)}`;
		return [
			{
				code: before.managedBy.by === "file" ? "managed-by-file" : "invalid-configuration",
				path: database === "selection" ? ["selection"] : [database, key],
				message: `${both}; remove it from one of them`,
			},
		];
	});
}

/** Whether a step writes anything. That a record moved to another line of its file is not worth a revision. */
export function isChange({ before, after }: RecordStep): boolean {
	return (
		before === undefined ||
		after === undefined ||
		!sameDefinition(before, after) ||
		!sameOwner(before.managedBy, after.managedBy)
	);
}

/** The write for a step. It holds only for the record as it was read. */
export function toStoreChange({ database, key, before, after }: RecordStep): DatabaseChange {
	return { database, key, value: after ?? null, expected: before?.revision ?? 0 } as DatabaseChange;
}

/** A step as people see it, its secrets masked. */
export function toShownChange(
	{ database, key, before, after }: RecordStep,
	plugins: CheckWorld["plugins"],
): ConfigurationChange {
	const change = before === undefined ? "added" : after === undefined ? "removed" : "changed";
	return {
		database,
		key,
		change,
		...(before !== undefined && { before: shown(database, before, undefined, plugins) }),
		...(after !== undefined && { after: shown(database, after, before, plugins) }),
	};
}

function shown(
	database: DatabaseName,
	record: AnyRecord,
	before: AnyRecord | undefined,
	plugins: CheckWorld["plugins"],
): object {
	if (database !== "mechanisms") {
		return definitionOf(record);
	}
	const { use, settings } = record as MechanismRecord;
	const schema = plugins.mechanism(use)?.settings;
	const earlier = (before as MechanismRecord | undefined)?.settings;
	return {
		use,
		settings: earlier === undefined ? maskSecrets(schema, settings) : maskChanged(schema, settings, earlier),
	};
}

/** The checks' world once the document is applied. The definitions are not checked yet, so only their keys are trusted. */
export function worldAfter(
	{ document, tables, owns }: Pick<ApplyInput, "document" | "tables" | "owns">,
	plugins: CheckWorld["plugins"],
	env: CheckWorld["env"],
): CheckWorld {
	const staying = <Row extends AnyRecord>(rows: ReadonlyMap<string, Row>) =>
		[...rows].filter(([, record]) => !owns(record.managedBy));
	const managers = [...staying(tables.managers).map(([name]) => name), ...Object.keys(document.managers ?? {})];
	const mechanisms = [
		...staying(tables.mechanisms).map(([name, { use }]) => [name, use] as const),
		...Object.entries(document.mechanisms ?? {}).map(([name, definition]) => [name, useOf(definition)] as const),
	];
	return { plugins, env, managers: new Set(managers), mechanisms: new Map(mechanisms) };
}

/** An object that is no definition may not even have a text. */
function useOf(definition: unknown): string {
	const use = (definition as Partial<MechanismDefinition> | null)?.use as unknown;
	return typeof use === "string" ? use : "";
}
