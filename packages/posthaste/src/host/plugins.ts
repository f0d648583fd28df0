/** The plugins the program has: the bundled ones, what an application brings along, and those installed at run time. */
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import { managerApiVersion, mechanismApiVersion } from "@posthaste/core";
import broadcast from "@posthaste/manager-broadcast";
import sequence from "@posthaste/manager-sequence";
import email from "@posthaste/mechanism-email";
import snpp from "@posthaste/mechanism-snpp";
import web from "@posthaste/mechanism-web";
import type { SettingsValue } from "../databases/secrets.ts";
import { withDefaults } from "../databases/settings.ts";
import type { InstalledPlugins } from "../plugins/installed.ts";
import type { InstalledPlugin } from "../plugins/registry.ts";
import type { RemoteManager } from "../plugins/remote-manager.ts";
import type { PluginInstallation, PluginView } from "../posthaste.ts";

// biome-ignore lint/suspicious/noExplicitAny: a list of plugins holds every settings and address type there is.
export type AnyPlugin = ManagerPlugin<any> | MechanismPlugin<any, any>;

/** What every installation has. */
export const bundledPlugins: readonly AnyPlugin[] = [sequence, broadcast, web, email, snpp];

export class Plugins {
	readonly #managers = new Map<string, ManagerPlugin>();
	readonly #mechanisms = new Map<string, MechanismPlugin>();
	readonly #bundled: ReadonlySet<AnyPlugin>;
	readonly #installed: InstalledPlugins | undefined;

	/** @throws Error when two plugins share a type and an id, or one speaks another version of the contract */
	constructor(
		plugins: readonly AnyPlugin[],
		bundled: readonly AnyPlugin[] = bundledPlugins,
		installed?: InstalledPlugins,
	) {
		this.#bundled = new Set(bundled);
		this.#installed = installed;
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

	/**
	 * The plugin, in the version that a delivery is pinned to where one is named. An installed one comes
	 * before one of the same name that the program brings.
	 */
	manager(id: string, version?: string): ManagerPlugin | undefined {
		const own = this.#managers.get(id);
		if (version === undefined) {
			return this.#installed?.manager(id) ?? own;
		}
		const installed = this.#installed?.version("manager", id, version)?.manager?.plugin;
		return installed ?? (own?.version === version ? own : undefined);
	}

	mechanism(id: string): MechanismPlugin | undefined {
		return this.#installed?.mechanism(id) ?? this.#mechanisms.get(id);
	}

	/** A manager that runs elsewhere, to be asked for effects; undefined for one that runs here, or is not there. */
	consulted(id: string, version: string): RemoteManager | undefined {
		return this.#installed?.version("manager", id, version)?.manager;
	}

	/** Whether the program or the application brings a plugin of this name, installed or not. */
	bundles(type: "manager" | "mechanism", id: string): boolean {
		return (type === "manager" ? this.#managers : this.#mechanisms).has(id);
	}

	/** Has the settings of managers that run elsewhere judged, so that what they name can be read. */
	async prepare(managers: Iterable<PreparedManager>): Promise<void> {
		for (const { use, configurations } of managers) {
			const remote = this.#installed?.active("manager", use)?.manager;
			if (remote !== undefined) {
				await judgeAll(remote, configurations);
			}
		}
	}

	/** What there is, for those who misspell one. */
	ids(type: "manager" | "mechanism"): readonly string[] {
		const own = type === "manager" ? this.#managers : this.#mechanisms;
		const installed = this.#installed?.list() ?? [];
		const ids = installed.flatMap(({ key, plugin }) =>
			plugin.active !== null && key.startsWith(`${type}:`) ? [key.slice(type.length + 1)] : [],
		);
		return [...new Set([...own.keys(), ...ids])];
	}

	list(): readonly PluginView[] {
		return (["manager", "mechanism"] as const).flatMap((type) => {
			const installed = (this.#installed?.list() ?? []).filter(({ key }) => key.startsWith(`${type}:`));
			const ids = new Set([...this.ids(type), ...installed.map(({ key }) => key.slice(type.length + 1))]);
			return [...ids].map((id) => this.#view(type, id));
		});
	}

	#view(type: "manager" | "mechanism", id: string): PluginView {
		const own = (type === "manager" ? this.#managers : this.#mechanisms).get(id);
		const installation = this.#installed?.get(type, id);
		const used = type === "manager" ? this.manager(id) : this.mechanism(id);
		const versions = installation?.versions ?? {};
		const plugin = used ?? Object.values(versions).at(-1)?.description;
		if (plugin === undefined) {
			throw new TypeError(`there is no plugin ${id}`);
		}
		return {
			type,
			id,
			version: plugin.version,
			title: plugin.title,
			...(plugin.description !== undefined && { description: plugin.description }),
			bundled: own !== undefined && this.#bundled.has(own as AnyPlugin),
			settings: plugin.settings,
			...("kind" in plugin && { kind: plugin.kind, address: plugin.address, capabilities: plugin.capabilities }),
			...(installation !== undefined && { installed: this.#installation(type, id, installation) }),
		};
	}

	#installation(type: "manager" | "mechanism", id: string, plugin: InstalledPlugin): PluginInstallation {
		const { active, previous, pinned, versions } = plugin;
		return {
			active,
			...(previous !== undefined && { previous }),
			pinned,
			versions: Object.values(versions).map(({ description: { version }, ...entry }) => {
				const known = this.#installed?.version(type, id, version);
				const down = known?.downBecause;
				return {
					version,
					from: entry.from,
					resolved: entry.resolved,
					integrity: entry.integrity,
					installedAt: entry.installedAt,
					isolation: "command" in entry.main ? "command" : entry.isolation,
					memory: entry.memory,
					grants: entry.grants,
					state: down !== undefined ? "down" : known?.isLoaded === true ? "loaded" : "idle",
					...(down !== undefined && { detail: down }),
				};
			}),
		};
	}
}

/** Rows of a manager's table, as far as their settings have to be judged. */
export interface PreparedManager {
	readonly use: string;
	readonly configurations: readonly { readonly settings?: unknown }[];
}

export async function judgeAll(
	manager: RemoteManager,
	configurations: PreparedManager["configurations"],
): Promise<void> {
	for (const { settings = {} } of configurations) {
		if (typeof settings === "object" && settings !== null) {
			await manager.judge(withDefaults(manager.plugin.settings, settings as SettingsValue));
		}
	}
}
