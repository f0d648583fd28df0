/** What listeners are told after a change of the databases. */
import type { Snapshot } from "@posthaste/core";
import type { DatabaseChange } from "../store/port.ts";
import { changedNames, type Tables } from "./tables.ts";

export interface DatabasesChange {
	readonly revision: number;
	readonly snapshot: Snapshot;
	/** Names of mechanisms that were added, changed, switched or removed. */
	readonly mechanisms: readonly string[];
	readonly managers: readonly string[];
	readonly selection: boolean;
	/** `all` when another process changed something and nobody knows which users. */
	readonly users: readonly string[] | "all";
}

export function differences(
	before: Tables,
	after: Tables,
	users: readonly DatabaseChange[] | "all",
): Omit<DatabasesChange, "snapshot"> {
	return {
		revision: after.revision,
		mechanisms: changedNames(before.mechanisms, after.mechanisms),
		managers: changedNames(before.managers, after.managers),
		selection: before.selection?.revision !== after.selection?.revision,
		users: users === "all" ? users : keysOf(users),
	};
}

export function keysOf(changes: readonly DatabaseChange[]): readonly string[] {
	return changes.filter((change) => change.database === "users").map((change) => change.key);
}
