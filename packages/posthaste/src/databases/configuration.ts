/** The databases as one document: applied all or nothing, and exported. */
import { type ManagerRecord, type MechanismRecord, PosthasteError, type User } from "@posthaste/core";
import type {
	ApplyResult,
	ConfigurationDocument,
	ManagerDefinition,
	MechanismDefinition,
	UserDefinition,
} from "../posthaste.ts";
import { type DatabasesApplyOptions, prepareApply } from "./apply.ts";
import type { Context } from "./context.ts";
import { maskSecrets } from "./secrets.ts";

export interface ConfigurationDatabase {
	/** @throws PosthasteError with a complaint for each thing that is wrong; then nothing was applied */
	apply(document: ConfigurationDocument, options?: DatabasesApplyOptions): Promise<ApplyResult>;
	/**
	 * Everything that is defined, whoever defined it. Secrets in plain text are masked unless asked for;
	 * applying a masked secret keeps the stored one.
	 */
	export(options?: { readonly secrets?: boolean }): Promise<ConfigurationDocument>;
}

/** Others may write at the same time; after this many lost races something is wrong. */
const mostTries = 5;

export function configurationDatabase(context: Context): ConfigurationDatabase {
	return {
		apply: (document, options = {}) => context.inTurn(() => apply(document, options, context)),
		export: ({ secrets = false } = {}) => exportDocument(context, secrets),
	};
}

async function apply(
	document: ConfigurationDocument,
	options: DatabasesApplyOptions,
	context: Context,
): Promise<ApplyResult> {
	const { state, lines } = context;
	for (let tries = 0; tries < mostTries; tries++) {
		const { plan, changes, shown } = await prepareApply(document, options, state.tables, context);
		if (options.dryRun === true) {
			return { changes: shown, applied: false, revision: state.tables.revision };
		}
		if (changes.length === 0) {
			lines.note(plan);
			return { changes: shown, applied: true, revision: state.tables.revision };
		}
		const written = await state.write(changes);
		if (!("result" in written)) {
			lines.note(plan);
			return { changes: shown, applied: true, revision: written.revision };
		}
	}
	throw new PosthasteError("overloaded", "others change the databases all the time");
}

async function exportDocument({ state, store, plugins }: Context, secrets: boolean): Promise<ConfigurationDocument> {
	const { mechanisms, managers, selection } = state.tables;
	const users: [string, UserDefinition][] = [];
	let cursor: string | undefined;
	do {
		const page = await store.listUsers({ limit: 1000, ...(cursor !== undefined && { cursor }) });
		users.push(...page.items.map((user) => [user.id, userDefinition(user)] as [string, UserDefinition]));
		cursor = page.next;
	} while (cursor !== undefined);
	return {
		...section(
			"mechanisms",
			[...mechanisms].map(([name, one]) => [name, mechanismDefinition(one, plugins, secrets)]),
		),
		...section(
			"managers",
			[...managers].map(([name, one]) => [name, managerDefinition(one)]),
		),
		...(selection !== undefined && { selection: selection.rules }),
		...(selection?.defaultManager !== undefined && { defaultManager: selection.defaultManager }),
		...section("users", users),
	};
}

function section<Name extends string, Definition>(
	name: Name,
	entries: readonly (readonly [string, Definition])[],
): { [key in Name]?: Readonly<Record<string, Definition>> } {
	return (entries.length === 0 ? {} : { [name]: Object.fromEntries(entries) }) as {
		[key in Name]?: Record<string, Definition>;
	};
}

function mechanismDefinition(
	{ use, settings }: MechanismRecord,
	plugins: Context["plugins"],
	secrets: boolean,
): MechanismDefinition {
	const shown = secrets ? settings : maskSecrets(plugins.mechanism(use)?.settings, settings);
	return Object.keys(shown).length === 0 ? { use } : { use, settings: shown };
}

function managerDefinition({ use, configurations }: ManagerRecord): ManagerDefinition {
	return { use, configurations };
}

function userDefinition({ name, timezone, mechanisms }: User): UserDefinition {
	return { name, timezone, mechanisms };
}
