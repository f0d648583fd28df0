/** Applies a whole document: checks all of it, then writes all of it in one change of the store, or nothing. */
import type { ManagedBy, User } from "@posthaste/core";
import type { ApplyOptions, ApplyResult, ConfigurationDocument, MechanismDefinition } from "../posthaste.ts";
import type { DatabaseChange, Store } from "../store/port.ts";
import {
	type ApplyInput,
	clashes,
	isChange,
	planSteps,
	type RecordStep,
	toShownChange,
	toStoreChange,
	worldAfter,
} from "./apply-plan.ts";
import { checkDocument, checkOutline } from "./check.ts";
import { type PluginSource, wellFormed } from "./check-world.ts";
import { type Finding, throwFindings } from "./finding.ts";
import { plainFindings } from "./plain.ts";
import { sameOwner } from "./records.ts";
import { configurationReferences, inUse, selectionReferences, userReferences } from "./references.ts";
import { type Environment, restoreSecrets, type SettingsValue } from "./secrets.ts";
import type { Tables } from "./tables.ts";

export interface DatabasesApplyOptions extends ApplyOptions {
	/**
	 * Whether a file that owns records is there no longer. The applied file then takes its records
	 * over, so that a configuration which was moved or renamed can still be applied.
	 */
	readonly abandoned?: (file: string) => boolean;
}

/** What applying is done with. */
export interface ApplyMeans {
	readonly store: Pick<Store, "readUsers" | "listUsers">;
	readonly plugins: PluginSource;
	readonly env: Environment;
}

export interface PreparedApply {
	readonly plan: readonly RecordStep[];
	readonly changes: readonly DatabaseChange[];
	readonly shown: ApplyResult["changes"];
}

/**
 * Works out and checks everything; writes nothing.
 * @throws PosthasteError with a complaint for each thing that is wrong
 */
export async function prepareApply(
	written: ConfigurationDocument,
	options: DatabasesApplyOptions,
	tables: Tables,
	means: ApplyMeans,
): Promise<PreparedApply> {
	throwFindings(checkOutline(written));
	const document = withStoredSecrets(written, tables, means.plugins);
	const ownership = ownershipOf(options);
	await means.plugins.prepare?.(wellFormed(Object.values(document.managers ?? {})));
	const world = worldAfter({ document, tables, owns: ownership.owns }, means.plugins, means.env);
	throwFindings(checkDocument(document, world));
	const users = await readUsers(document, ownership, means.store);
	const input: ApplyInput = { document, tables, users, ...ownership };
	const plan = planSteps(input);
	throwFindings(clashes(plan, ownership.owns));
	throwFindings(await stillInUse(plan, input, means));
	const changing = plan.filter(isChange);
	return {
		plan,
		changes: changing.map(toStoreChange),
		shown: changing.map((step) => toShownChange(step, means.plugins)),
	};
}

type Ownership = Pick<ApplyInput, "ownerOf" | "owns">;

function ownershipOf({ file, abandoned }: DatabasesApplyOptions): Ownership {
	if (file === undefined) {
		return { ownerOf: () => ({ by: "api" }), owns: (owner) => owner.by === "api" };
	}
	const self: ManagedBy = { by: "file", file: file.path, line: 1 };
	return {
		ownerOf: (database, key) => ({ by: "file", file: file.path, line: file.lineOf(database, key) }),
		owns: (owner) => sameOwner(owner, self) || (owner.by === "file" && abandoned?.(owner.file) === true),
	};
}

/** Masked secrets stand for what is stored. Whatever is not well formed stays for the checks to complain about. */
function withStoredSecrets(
	document: ConfigurationDocument,
	tables: Tables,
	plugins: PluginSource,
): ConfigurationDocument {
	if (document.mechanisms === undefined) {
		return document;
	}
	const mechanisms = Object.entries(document.mechanisms).map(([name, definition]) => [
		name,
		keepSecrets(definition, tables.mechanisms.get(name)?.settings, plugins),
	]);
	return { ...document, mechanisms: Object.fromEntries(mechanisms) };
}

/** A mechanism's definition with its masked secrets replaced by the stored ones. */
export function keepSecrets(
	definition: MechanismDefinition,
	stored: SettingsValue | undefined,
	plugins: PluginSource,
): MechanismDefinition {
	const settings: unknown = (definition as Partial<MechanismDefinition> | null)?.settings;
	if (typeof settings !== "object" || settings === null || plainFindings(settings, []).length > 0) {
		return definition;
	}
	const schema = plugins.mechanism(definition.use)?.settings;
	return schema === undefined
		? definition
		: { ...definition, settings: restoreSecrets(schema, settings as SettingsValue, stored) };
}

async function readUsers(
	{ users = {} }: ConfigurationDocument,
	{ owns, ownerOf }: Ownership,
	store: ApplyMeans["store"],
): Promise<ReadonlyMap<string, User>> {
	const found = new Map<string, User>();
	const ids = Object.keys(users);
	for (let from = 0; from < ids.length; from += 1000) {
		for (const user of await store.readUsers(ids.slice(from, from + 1000))) {
			if (user !== undefined) {
				found.set(user.id, user);
			}
		}
	}
	const managedBy = ownerOf("users", "").by;
	let cursor: string | undefined;
	do {
		const page = await store.listUsers({ managedBy, limit: 1000, ...(cursor !== undefined && { cursor }) });
		for (const user of page.items.filter((one) => owns(one.managedBy))) {
			found.set(user.id, user);
		}
		cursor = page.next;
	} while (cursor !== undefined);
	return found;
}

/** What the plan removes and somebody else's records still name. */
async function stillInUse(
	plan: readonly RecordStep[],
	{ tables, users, owns }: ApplyInput,
	{ store, plugins }: ApplyMeans,
): Promise<readonly Finding[]> {
	const removed = (database: string) =>
		plan.filter((step) => step.database === database && step.after === undefined).map((step) => step.key);
	const mechanisms = removed("mechanisms");
	const others = [...tables.managers.values()].filter((manager) => !owns(manager.managedBy));
	const replaced = plan.some((step) => step.database === "selection");
	const named =
		mechanisms.length === 0
			? new Map<string, string>()
			: await userReferences(new Set(mechanisms), store, (user) => !users.has(user.id));
	return [
		...removed("managers").flatMap((name) =>
			inUse("managers", name, replaced ? [] : selectionReferences(name, tables.selection)),
		),
		...mechanisms.flatMap((name) => {
			const user = named.get(name);
			const userText = user === undefined ? [] : [`user "${user}"`];
			return inUse("mechanisms", name, [...configurationReferences(name, others, plugins), ...userText]);
		}),
	];
}
