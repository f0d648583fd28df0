/** The plugins the program has: the bundled ones, and whatever an application brings along. */
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import { managerApiVersion, mechanismApiVersion } from "@posthaste/core";
import broadcast from "@posthaste/manager-broadcast";
import sequence from "@posthaste/manager-sequence";
import email from "@posthaste/mechanism-email";
import snpp from "@posthaste/mechanism-snpp";
import web from "@posthaste/mechanism-web";
import type { PluginView } from "../posthaste.ts";

// biome-ignore lint/suspicious/noExplicitAny: a list of plugins holds every settings and address type there is.
export type AnyPlugin = ManagerPlugin<any> | MechanismPlugin<any, any>;

/** What every installation has. */
export const bundledPlugins: readonly AnyPlugin[] = [sequence, broadcast, web, email, snpp];

export class Plugins {
	readonly #managers = new Map<string, ManagerPlugin>();
	readonly #mechanisms = new Map<string, MechanismPlugin>();
	readonly #bundled: ReadonlySet<AnyPlugin>;

	/** @throws Error when two plugins share a type and an id, or one speaks another version of the contract */
	constructor(plugins: readonly AnyPlugin[], bundled: readonly AnyPlugin[] = bundledPlugins) {
		this.#bundled = new Set(bundled);
		for (const plugin of plugins) {
			this.#add(plugin);
		}
	}

	#add(plugin: AnyPlugin): void {
		const spoken = plugin.type === "manager" ? managerApiVersion : mechanismApiVersion;
		if (plugin.apiVersion !== spoken) {
			throw new Error(
				`${plugin.type} plugin "${plugin.id}" speaks version ${plugin.apiVersion} of the contract; this program speaks ${spoken}`,
			);
		}
		const known: Map<string, unknown> = plugin.type === "manager" ? this.#managers : this.#mechanisms;
		if (known.has(plugin.id)) {
			throw new Error(`there are two ${plugin.type} plugins with the id "${plugin.id}"`);
		}
		known.set(plugin.id, plugin);
	}

	/** The plugin, in the version that a delivery is pinned to where one is named. */
	manager(id: string, version?: string): ManagerPlugin | undefined {
		const plugin = this.#managers.get(id);
		return version === undefined || plugin?.version === version ? plugin : undefined;
	}

	mechanism(id: string): MechanismPlugin | undefined {
		return this.#mechanisms.get(id);
	}

	/** What there is, for those who misspell one. */
	ids(type: "manager" | "mechanism"): readonly string[] {
		return [...(type === "manager" ? this.#managers : this.#mechanisms).keys()];
	}

	list(): readonly PluginView[] {
		return [...this.#managers.values(), ...this.#mechanisms.values()].map((plugin) => ({
			type: plugin.type,
			id: plugin.id,
			version: plugin.version,
			title: plugin.title,
			...(plugin.description !== undefined && { description: plugin.description }),
			bundled: this.#bundled.has(plugin),
			settings: plugin.settings,
			...(plugin.type === "mechanism" && {
				kind: plugin.kind,
				address: plugin.address,
				capabilities: plugin.capabilities,
			}),
		}));
	}
}
