/** What the checks and the databases are told about everything around a record. */
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import type { Environment } from "./secrets.ts";

/** What the databases ask of whoever holds the plugins. */
export interface PluginSource {
	manager(id: string): ManagerPlugin | undefined;
	mechanism(id: string): MechanismPlugin | undefined;
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
