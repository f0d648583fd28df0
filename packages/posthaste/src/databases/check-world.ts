/** What the checks and the databases are told about everything around a record. */
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import type { Environment } from "./secrets.ts";

/** What the databases ask of whoever holds the plugins. */
export interface PluginSource {
	manager(id: string): ManagerPlugin | undefined;
	mechanism(id: string): MechanismPlugin | undefined;
	/** Comes before settings of managers are checked or compiled: some have to be asked elsewhere what they mean. */
	prepare?(
		managers: Iterable<{ readonly use: string; readonly configurations: readonly { readonly settings?: unknown }[] }>,
	): Promise<void>;
	/** All identifiers of a type, for "did you mean". */
	ids?(type: "manager" | "mechanism"): Iterable<string>;
}

export interface CheckWorld {
	readonly plugins: PluginSource;
	readonly env: Environment;
	/** Names of the managers that there will be. */
	readonly managers: ReadonlySet<string>;
	/** The mechanisms that there will be, and the plugin each uses. */
	readonly mechanisms: ReadonlyMap<string, string>;
}

/** Those definitions that look like managers; the others are for the checks to complain about. */
export function wellFormed<Definition>(
	definitions: readonly Definition[],
): readonly (Definition & { use: string; configurations: readonly { settings?: unknown }[] })[] {
	return definitions.filter(
		(one): one is Definition & { use: string; configurations: readonly { settings?: unknown }[] } => {
			const { use, configurations } = (one ?? {}) as { use?: unknown; configurations?: unknown };
			const rows =
				Array.isArray(configurations) && configurations.every((row) => typeof row === "object" && row !== null);
			return typeof use === "string" && rows;
		},
	);
}
