/** Which plugins are installed, in which versions, and which of these are in use: what a data folder holds. It outlives processes. */
import type { WorldLog } from "./log.ts";

export interface Shelved {
	/** What new deliveries and instances use; null when that is what the program brings. */
	readonly active: string | null;
	/** What was active before. */
	readonly previous?: string;
	readonly versions: readonly string[];
}

export type PluginType = "manager" | "mechanism";

export class Shelf {
	readonly #log: WorldLog;
	readonly #plugins = new Map<string, Shelved>();
	/** Counts the changes. */
	number = 0;

	constructor(log: WorldLog) {
		this.#log = log;
	}

	get keys(): readonly string[] {
		return [...this.#plugins.keys()];
	}

	get(key: string): Shelved | undefined {
		return this.#plugins.get(key);
	}

	set(key: string, plugin: Shelved): void {
		this.number += 1;
		if (plugin.versions.length === 0) {
			this.#plugins.delete(key);
		} else {
			this.#plugins.set(key, plugin);
		}
		const { active, versions } = plugin;
		this.#log.add({ type: "installed", number: this.number, plugin: key, active, versions });
	}
}

export function shelfKey(type: PluginType, id: string): string {
	return `${type}:${id}`;
}
