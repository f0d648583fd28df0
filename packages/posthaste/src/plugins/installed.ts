/**
 * The plugins that were installed at run time: adds versions, says which one new deliveries use, and
 * lets go of those that nothing uses any more.
 */
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type ManagerPlugin, type MechanismPlugin, PosthasteError } from "@posthaste/core";
import type { Log } from "../engine/ports.ts";
import { fetchPackage } from "./fetch.ts";
import { digestOf } from "./files.ts";
import { invalidPlugin, readPackage } from "./package-file.ts";
import type { Description } from "./protocol.ts";
import { type InstalledPlugin, type InstalledVersion, keyOf, Registry } from "./registry.ts";
import { Runner, type RunnerLimits } from "./runner.ts";
import { Version } from "./version.ts";
import type { Grants, Isolation } from "./wire.ts";

export interface InstalledParts {
	/** Where plugins are kept; without one none can be installed. */
	readonly folder: string | undefined;
	readonly log: Log;
	/** How plugins are kept apart when nothing else was said as they were installed. */
	readonly isolation: Isolation;
	readonly limits?: Partial<RunnerLimits>;
	/** How long a manager that new deliveries do not use stays loaded after it was asked for the last time. */
	readonly idle?: number;
}

export interface AddRequest {
	/** As `npm install` takes it: a name, `name@1.2.0`, an absolute path of a folder or tarball, a URL. */
	readonly from: string;
	/** A version or range, where `from` is a name. */
	readonly version?: string;
	readonly isolation?: Isolation;
	/** Megabytes of heap; 128 when left out. */
	readonly memory?: number;
	/** What its process may do besides, of what its package says it needs. */
	readonly grants?: Grants;
}

/** Asked before a version becomes what new deliveries use. @throws PosthasteError when that cannot be */
export type Admission = (version: Version) => Promise<void>;

const usualMemory = 128;
const usualIdle = 10_000;
const sweepInterval = 2000;

export class InstalledPlugins {
	readonly #parts: InstalledParts;
	readonly #registry: Registry | undefined;
	readonly #versions = new Map<string, Version>();
	#sweeping: NodeJS.Timeout | undefined;
	#closed = false;
	/** Changes follow one another. */
	#turn: Promise<unknown> = Promise.resolve();

	private constructor(parts: InstalledParts, registry: Registry | undefined) {
		this.#parts = parts;
		this.#registry = registry;
		for (const plugin of Object.values(registry?.content ?? {})) {
			for (const entry of Object.values(plugin.versions)) {
				this.#know(entry);
			}
		}
		this.#sweep();
	}

	static async open(parts: InstalledParts): Promise<InstalledPlugins> {
		const registry = parts.folder === undefined ? undefined : await Registry.open(parts.folder);
		return new InstalledPlugins(parts, registry);
	}

	/** What new deliveries use; undefined when nothing of that name is installed and active. */
	active(type: Description["type"], id: string): Version | undefined {
		const plugin = this.#registry?.content[keyOf({ type, id })];
		return plugin?.active ? this.version(type, id, plugin.active) : undefined;
	}

	version(type: Description["type"], id: string, version: string): Version | undefined {
		return this.#versions.get(nameOf({ type, id, version }));
	}

	manager(id: string): ManagerPlugin | undefined {
		return this.active("manager", id)?.manager?.plugin;
	}

	mechanism(id: string): MechanismPlugin | undefined {
		return this.active("mechanism", id)?.mechanism?.plugin;
	}

	list(): readonly { readonly key: string; readonly plugin: InstalledPlugin }[] {
		return Object.entries(this.#registry?.content ?? {}).map(([key, plugin]) => ({ key, plugin }));
	}

	get(type: Description["type"], id: string): InstalledPlugin | undefined {
		return this.#registry?.content[keyOf({ type, id })];
	}

	/**
	 * Installs a version, and makes it what new deliveries use unless another one is pinned.
	 * @throws PosthasteError `plugin-not-fetched`, `invalid-plugin`, `plugin-version-exists`, and what the admission throws
	 */
	add(request: AddRequest, admit: Admission): Promise<Version> {
		return this.#inTurn(async () => {
			const registry = this.#required();
			await mkdir(registry.folder, { recursive: true });
			const staged = await mkdtemp(join(registry.folder, ".incoming-"));
			try {
				const entry = await this.#stage(request, staged);
				const known = registry.content[keyOf(entry.description)]?.versions[entry.description.version];
				const version = known === undefined ? await this.#keep(entry, staged) : this.#same(known, entry);
				const plugin = registry.content[version.key];
				if (!(plugin?.pinned === true && plugin.active !== null)) {
					await this.#activate(version, admit);
				}
				return version;
			} finally {
				await rm(staged, { recursive: true, force: true });
			}
		});
	}

	/** Makes an installed version what new deliveries use; pinned, it stays that when others are installed. */
	activate(version: Version, admit: Admission, pinned?: boolean): Promise<void> {
		return this.#inTurn(() => this.#activate(version, admit, pinned));
	}

	/** From now on installing another version makes that one active again. */
	unpin(type: Description["type"], id: string): Promise<void> {
		return this.#change(keyOf({ type, id }), (plugin) => ({ ...plugin, pinned: false }));
	}

	/** New deliveries use what the program brings, if it brings one. Versions stay for those under way. */
	deactivate(type: Description["type"], id: string): Promise<void> {
		return this.#change(keyOf({ type, id }), ({ active, ...plugin }) => ({
			...plugin,
			...(active !== null && { previous: active }),
			active: null,
			pinned: false,
		}));
	}

	/**
	 * Forgets a version that is not active, with its files.
	 * @throws PosthasteError `in-use` when somebody made it active meanwhile
	 */
	forget(version: Version): Promise<void> {
		return this.#inTurn(async () => {
			const registry = this.#required();
			const plugin = registry.content[version.key];
			const { id, version: number } = version.entry.description;
			if (plugin?.active === number) {
				throw new PosthasteError("in-use", `"${id}" ${number} was made active again while it was being removed`);
			}
			if (plugin !== undefined) {
				const { previous, ...rest } = plugin;
				const { [number]: _, ...versions } = plugin.versions;
				const stays = previous !== undefined && previous in versions;
				const left = { ...rest, versions, ...(stays && { previous }) };
				await registry.set(version.key, Object.keys(versions).length === 0 ? undefined : left);
			}
			this.#versions.delete(nameOf(version.entry.description));
			await version.stop();
			await rm(join(registry.folder, version.entry.folder), { recursive: true, force: true });
		});
	}

	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#sweeping);
		await this.#turn.catch(() => undefined);
		await Promise.all([...this.#versions.values()].map((version) => version.stop()));
	}

	/** Fetches a package and finds out what it is, by running it. */
	async #stage({ from, version, ...request }: AddRequest, staged: string): Promise<InstalledVersion> {
		const spec = version === undefined ? from : `${from}@${version}`;
		const folder = join(staged, "package");
		const { resolved, integrity } = await fetchPackage({ spec, folder, where: staged });
		const { name, version: packaged, main, needs } = await readPackage(folder);
		const isolation = request.isolation ?? this.#parts.isolation;
		const memory = request.memory ?? usualMemory;
		const grants = grantedOf(needs, request.grants);
		const absolute = "module" in main ? { module: join(folder, main.module) } : main;
		const description = await this.#describe({ folder, main: absolute, isolation, memory, grants }, name);
		if (description.version !== packaged) {
			throw invalidPlugin(
				`its package.json says version ${packaged}, the plugin says ${description.version}; they have to be the same`,
			);
		}
		return {
			folder: join(`${description.type}-${description.id}`, description.version),
			...{ name, from: spec, resolved, integrity, digest: await digestOf(folder) },
			installedAt: Date.now(),
			...{ description, main, isolation, memory, grants },
		};
	}

	async #describe(program: ConstructorParameters<typeof Runner>[0]["program"], name: string): Promise<Description> {
		const { log, limits } = this.#parts;
		const trial = new Runner({ program, name, log, ...(limits && { limits }) });
		try {
			return await trial.start();
		} catch (error) {
			throw invalidPlugin(`${name}: ${trial.downBecause ?? (error instanceof Error ? error.message : error)}`);
		} finally {
			await trial.stop();
		}
	}

	/** Moves the files to where they stay, and writes the version down. */
	async #keep(entry: InstalledVersion, staged: string): Promise<Version> {
		const registry = this.#required();
		const folder = join(registry.folder, entry.folder);
		await rm(folder, { recursive: true, force: true });
		await mkdir(join(folder, ".."), { recursive: true });
		await rename(join(staged, "package"), folder);
		const key = keyOf(entry.description);
		const plugin = registry.content[key] ?? { active: null, pinned: false, versions: {} };
		const versions = { ...plugin.versions, [entry.description.version]: entry };
		await registry.set(key, { ...plugin, versions });
		return this.#know(entry);
	}

	/** The version that is installed already, when the new files are the same. */
	#same(known: InstalledVersion, entry: InstalledVersion): Version {
		const { type, id, version } = known.description;
		const found = this.version(type, id, version);
		if (known.digest !== entry.digest || found === undefined) {
			throw new PosthasteError(
				"plugin-version-exists",
				`${type} plugin "${id}" ${version} was installed from ${known.from} with other files`,
			);
		}
		return found;
	}

	async #activate(version: Version, admit: Admission, pinned?: boolean): Promise<void> {
		const registry = this.#required();
		const { description } = version.entry;
		await admit(version);
		const plugin = registry.content[version.key];
		if (plugin === undefined || !(description.version in plugin.versions)) {
			throw new PosthasteError("not-found", `"${description.id}" ${description.version} was removed meanwhile`);
		}
		const before = plugin.active;
		await registry.set(version.key, {
			...plugin,
			active: description.version,
			pinned: pinned ?? plugin.pinned,
			...(before !== null && before !== description.version && { previous: before }),
		});
	}

	#change(key: string, change: (plugin: InstalledPlugin) => InstalledPlugin): Promise<void> {
		return this.#inTurn(async () => {
			const plugin = this.#registry?.content[key];
			if (plugin !== undefined) {
				await this.#required().set(key, change(plugin));
			}
		});
	}

	#know(entry: InstalledVersion): Version {
		const { log, limits } = this.#parts;
		const folder = this.#required().folder;
		const version = new Version(entry, { folder, log, ...(limits && { limits }) });
		this.#versions.set(nameOf(entry.description), version);
		return version;
	}

	#required(): Registry {
		if (this.#registry === undefined) {
			throw new PosthasteError("invalid-request", "without a data folder no plugin can be installed");
		}
		return this.#registry;
	}

	#inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
		const mine = this.#turn.catch(() => undefined).then(work);
		this.#turn = mine;
		return mine;
	}

	/** Versions that new deliveries do not use are unloaded once nothing of theirs is under way. */
	#sweep(): void {
		if (this.#closed) {
			return;
		}
		this.#sweeping = setTimeout(async () => {
			for (const version of this.#versions.values()) {
				const { type, id } = version.entry.description;
				if (this.active(type, id) !== version) {
					await version.dozeIfIdle(this.#parts.idle ?? usualIdle);
				}
			}
			this.#sweep();
		}, sweepInterval).unref();
	}
}

function nameOf({ type, id, version }: Pick<Description, "type" | "id" | "version">): string {
	return `${type}:${id}@${version}`;
}

/** Only what a package says it needs can be granted, so that its manifest shows everything it can do. */
function grantedOf(needs: Grants, granted: Grants = {}): Grants {
	const both = (one: readonly string[] = [], other: readonly string[] = []) =>
		one.filter((path) => other.includes(path));
	return {
		read: both(needs.read, granted.read),
		write: both(needs.write, granted.write),
		childProcesses: needs.childProcesses === true && granted.childProcesses === true,
		workers: needs.workers === true && granted.workers === true,
	};
}
