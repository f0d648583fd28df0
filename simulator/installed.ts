/**
 * Installed plugins as one process has them: what the shelf holds, without files and threads. The library's own
 * methods about plugins work on it as they do on the real ones.
 */
import { type ManagerPlugin, type MechanismPlugin, PosthasteError } from "@posthaste/core";
import type { AddRequest, Admission, InstalledPlugins } from "../packages/posthaste/src/plugins/installed.ts";
import type { Description } from "../packages/posthaste/src/plugins/protocol.ts";
import type { InstalledPlugin, InstalledVersion } from "../packages/posthaste/src/plugins/registry.ts";
import type { RemoteManager } from "../packages/posthaste/src/plugins/remote-manager.ts";
import type { RemoteMechanism } from "../packages/posthaste/src/plugins/remote-mechanism.ts";
import type { Version } from "../packages/posthaste/src/plugins/version.ts";
import { StoreError } from "../packages/posthaste/src/store/sqlite/errors.ts";
import { DistantManager } from "./distant.ts";
import { never, type SimulatedProcess } from "./process.ts";
import { Random } from "./random.ts";
import { type PluginType, type Shelved, shelfKey } from "./shelf.ts";
import type { World } from "./world.ts";

export class SimulatedPlugins implements Pick<InstalledPlugins, keyof InstalledPlugins> {
	readonly #world: World;
	readonly #process: SimulatedProcess;
	readonly #versions = new Map<string, SimulatedVersion>();

	constructor(world: World, process: SimulatedProcess) {
		this.#world = world;
		this.#process = process;
	}

	active(type: PluginType, id: string): Version | undefined {
		const active = this.#world.shelf.get(shelfKey(type, id))?.active;
		return active ? this.version(type, id, active) : undefined;
	}

	version(type: PluginType, id: string, version: string): Version | undefined {
		const key = shelfKey(type, id);
		return this.#world.shelf.get(key)?.versions.includes(version) ? this.#made(key, version) : undefined;
	}

	manager(id: string): ManagerPlugin | undefined {
		return this.active("manager", id)?.manager?.plugin;
	}

	mechanism(id: string): MechanismPlugin | undefined {
		return this.active("mechanism", id)?.mechanism?.plugin;
	}

	list(): readonly { readonly key: string; readonly plugin: InstalledPlugin }[] {
		return this.#world.shelf.keys.flatMap((key) => {
			const plugin = this.#view(key);
			return plugin === undefined ? [] : [{ key, plugin }];
		});
	}

	get(type: PluginType, id: string): InstalledPlugin | undefined {
		return this.#view(shelfKey(type, id));
	}

	/** `from` is the plugin's type, name and version in one. */
	async add({ from }: AddRequest, admit: Admission): Promise<Version> {
		const [key = "", version = ""] = from.split("@");
		const made = this.#made(key, version);
		await admit(made);
		await this.#put(key, (plugin) => ({
			...madeActive(plugin, version),
			versions: [...new Set([...plugin.versions, version])],
		}));
		return made;
	}

	async activate(version: Version, admit: Admission): Promise<void> {
		await admit(version);
		const { version: number } = version.entry.description;
		await this.#put(version.key, (plugin) => {
			if (!plugin.versions.includes(number)) {
				throw new PosthasteError("not-found", `${version.key}@${number} was removed meanwhile`);
			}
			return madeActive(plugin, number);
		});
	}

	async unpin(): Promise<void> {}

	deactivate(type: PluginType, id: string): Promise<void> {
		return this.#put(shelfKey(type, id), (plugin) => ({ ...plugin, active: null }));
	}

	async forget({ key, entry }: Version): Promise<void> {
		const gone = entry.description.version;
		await this.#put(key, (plugin) => {
			if (plugin.active === gone) {
				throw new PosthasteError("in-use", `${key}@${gone} was made active meanwhile`);
			}
			return { ...plugin, versions: plugin.versions.filter((one) => one !== gone) };
		});
		this.#versions.delete(`${key}@${gone}`);
	}

	async close(): Promise<void> {}

	#made(key: string, version: string): Version {
		const name = `${key}@${version}`;
		const made = this.#versions.get(name) ?? new SimulatedVersion(key, version, this.#world, this.#process);
		this.#versions.set(name, made);
		// What is private to the real class the program cannot ask for.
		return made as unknown as Version;
	}

	#view(key: string): InstalledPlugin | undefined {
		const plugin = this.#world.shelf.get(key);
		if (plugin === undefined) {
			return undefined;
		}
		const versions = plugin.versions.map((version) => [version, this.#made(key, version).entry] as const);
		return { ...plugin, pinned: false, versions: Object.fromEntries(versions) };
	}

	/** Writes what is installed, after a moment in which the process may die, unless the disk is full. */
	async #put(key: string, change: (plugin: Shelved) => Shelved): Promise<void> {
		const { shelf, weather, scenario } = this.#world;
		if (!this.#process.touch()) {
			return never();
		}
		if (weather.fault === "full") {
			throw new StoreError("disk-full", "the simulated disk refused");
		}
		await this.#world.rest(new Random(scenario.seed, `${shelf.number}/shelf`).length(1, 500));
		if (!this.#process.alive) {
			return never();
		}
		shelf.set(key, change(shelf.get(key) ?? { active: null, versions: [] }));
		return this.#process.touch() ? undefined : never();
	}
}

function madeActive({ active, ...plugin }: Shelved, version: string): Shelved {
	return { ...plugin, active: version, ...(active !== null && active !== version && { previous: active }) };
}

class SimulatedVersion implements Pick<Version, keyof Version> {
	readonly key: string;
	readonly entry: InstalledVersion;
	readonly manager: RemoteManager | undefined;
	readonly mechanism: RemoteMechanism | undefined;
	readonly isLoaded = true;
	readonly downBecause = undefined;

	constructor(key: string, version: string, world: World, process: SimulatedProcess) {
		this.key = key;
		const [type, id = ""] = key.split(":");
		if (type === "manager") {
			this.manager = new DistantManager(version, world, process) as unknown as RemoteManager;
		} else {
			const plugin = world.mechanisms.get(id.replace("virtual-", ""))?.plugin(process, version);
			this.mechanism = { plugin, instances: 0 } as unknown as RemoteMechanism;
		}
		this.entry = entryOf(this.plugin, `${key}@${version}`);
	}

	get plugin(): ManagerPlugin | MechanismPlugin {
		const { plugin } = this.manager ?? this.mechanism ?? {};
		if (plugin === undefined) {
			throw new TypeError(`${this.key} is no plugin of this world`);
		}
		return plugin;
	}

	get pin(): string {
		const { id, version } = this.plugin;
		return `${id}@${version}`;
	}

	async load(): Promise<void> {}

	async dozeIfIdle(): Promise<void> {}

	async stop(): Promise<void> {}
}

function entryOf(plugin: ManagerPlugin | MechanismPlugin, from: string): InstalledVersion {
	return {
		...{ folder: from, name: plugin.id, from, resolved: from, integrity: "", digest: from, installedAt: 0 },
		description: plugin as Description,
		...{ main: { module: from }, isolation: "thread", memory: 128, grants: {} },
	};
}
