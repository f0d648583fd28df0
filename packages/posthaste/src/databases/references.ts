/**
 * Who refers to a record, so that what is in use is not deleted.
 *
 * Users may be millions, so only the first {@link mostUsersLookedAt} of them are looked at, by key. An
 * entry beyond those that names a deleted mechanism is tolerated: its reason in every policy is then
 * `no-such-mechanism`.
 */
import type { ManagerRecord, Selection, User } from "@posthaste/core";
import type { Store } from "../store/port.ts";
import type { PluginSource } from "./check-world.ts";
import type { Finding } from "./finding.ts";
import { withDefaults } from "./settings.ts";

export const mostUsersLookedAt = 10_000;

/** Where the selection names a manager. */
export function selectionReferences(manager: string, selection: Selection | undefined): readonly string[] {
	const rules = (selection?.rules ?? []).flatMap((rule, index) =>
		rule.manager === manager ? [`selection rule ${index + 1}`] : [],
	);
	return selection?.defaultManager === manager ? [...rules, "the default manager"] : rules;
}

/** The configurations that name a mechanism. A kind of the same word does not count: the name wins. */
export function configurationReferences(
	mechanism: string,
	managers: Iterable<ManagerRecord>,
	plugins: PluginSource,
): readonly string[] {
	return [...managers].flatMap((manager) =>
		manager.configurations.flatMap((row) =>
			selectorsOf(manager.use, row.settings, plugins).includes(mechanism)
				? [`configuration "${row.name}" of manager "${manager.name}"`]
				: [],
		),
	);
}

function selectorsOf(use: string, settings: Readonly<Record<string, unknown>>, plugins: PluginSource) {
	const plugin = plugins.manager(use);
	try {
		const allowed = plugin?.allows(withDefaults(plugin.settings, settings)) ?? [];
		return allowed === "all" ? [] : allowed;
	} catch {
		// Settings that their plugin no longer takes name nothing that can be told.
		return [];
	}
}

/** Users whose delivery table names one of the mechanisms, the first for each mechanism. */
export async function userReferences(
	mechanisms: ReadonlySet<string>,
	store: Pick<Store, "listUsers">,
	counts: (user: User) => boolean = () => true,
): Promise<ReadonlyMap<string, string>> {
	const found = new Map<string, string>();
	let cursor: string | undefined;
	let looked = 0;
	do {
		const page = await store.listUsers({ limit: 1000, ...(cursor !== undefined && { cursor }) });
		for (const user of page.items.filter(counts)) {
			for (const { mechanism } of user.mechanisms) {
				if (mechanisms.has(mechanism) && !found.has(mechanism)) {
					found.set(mechanism, user.id);
				}
			}
		}
		looked += page.items.length;
		cursor = page.next;
	} while (cursor !== undefined && looked < mostUsersLookedAt && found.size < mechanisms.size);
	return found;
}

export function inUse(database: "mechanisms" | "managers", name: string, users: readonly string[]): Finding[] {
	const [first, ...others] = users;
	if (first === undefined) {
		return [];
	}
	const more = others.length === 0 ? "" : ` and ${others.length} more`;
	return [{ code: "in-use", path: [database, name], message: `is still used by ${first}${more}` }];
}
