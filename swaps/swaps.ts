/** Swaps one thing for another while messages flow, and looks whether the program says what it has to say. */
import type { Random } from "../simulator/random.ts";
import { type Api, type PluginDocument, Refused } from "./api.ts";
import { InForce } from "./in-force.ts";
import type { Flaw, PluginType, Versions } from "./versions.ts";

export interface Swap {
	readonly kind: string;
	readonly from: number;
	readonly until: number;
	/** The program rightly refused: deliveries are pinned to it, or the new one does not come up. */
	readonly isRefused: boolean;
}

export interface SwapsParts {
	readonly api: Api;
	readonly random: Random;
	readonly versions: Versions;
	readonly doors: readonly string[];
	/** An address at which no instance comes up. */
	readonly shut: string;
	/** Told of what the program did not do as it has to. */
	readonly wrong: (kind: string, what: string) => void;
}

const kinds = {
	install: 6,
	downgrade: 4,
	unpin: 2,
	rollback: 3,
	remove: 4,
	settings: 4,
	"install, does not load": 1,
	"install, does not take the settings": 1,
	"install, its instances do not come up": 1,
	"settings, its instance does not come up": 1,
} as const;
type Kind = keyof typeof kinds;

/** More versions than these are not kept of either plugin, if none of them is in use. */
const mostVersions = 8;

export class Swaps {
	readonly done: Swap[] = [];
	readonly inForce = new InForce();
	readonly #parts: SwapsParts;
	#door = "";

	constructor(parts: SwapsParts) {
		this.#parts = parts;
	}

	/** Installs the first version of both, before anything is configured. */
	async begin(): Promise<void> {
		const { api, versions, doors } = this.#parts;
		for (const type of ["manager", "mechanism"] as const) {
			this.#hasBecome(type, await api.add((await versions.next(type)).folder, "thread"));
		}
		this.#door = doors[0] ?? "";
		this.inForce.is("door", this.#door);
	}

	/** One swap, of whatever kind the seed says. */
	async next(): Promise<void> {
		const { random, api } = this.#parts;
		const type = random.pick<PluginType>(["manager", "mechanism"]);
		const { installed } = await api.plugin(type);
		const kind = this.#fitting(random.weighted(kinds), installed);
		const name = kind.startsWith("settings") ? kind : `${type}: ${kind}`;
		const from = Date.now();
		let isRefused = false;
		try {
			await this.#swap(kind, type, installed);
		} catch (error) {
			if (!(error instanceof Refused) || !mayRefuse(kind, error)) {
				throw error;
			}
			isRefused = true;
		}
		this.done.push({ kind: name, from, until: Date.now(), isRefused });
	}

	/** A kind that makes a difference with what is installed. */
	#fitting(kind: Kind, { versions, pinned, previous }: PluginDocument["installed"]): Kind {
		const known = previous !== undefined && versions.some(({ version }) => version === previous);
		if (kind.startsWith("settings")) {
			return kind;
		}
		if (versions.length > mostVersions) {
			return "remove";
		}
		if (versions.length < 2) {
			return pinned ? "unpin" : "install";
		}
		if (pinned && (kind === "install" || kind === "rollback")) {
			return this.#parts.random.chance(0.3) ? kind : "unpin";
		}
		return (kind === "unpin" && !pinned) || (kind === "rollback" && !known) ? "install" : kind;
	}

	#swap(kind: Kind, type: PluginType, installed: PluginDocument["installed"]): Promise<void> {
		switch (kind) {
			case "install":
				return this.#install(type);
			case "downgrade":
				return this.#downgrade(type, installed);
			case "unpin":
				return this.#change(type, (api) => api.pin(type, null));
			case "rollback":
				return this.#change(type, (api) => api.rollBack(type), installed.previous);
			case "remove":
				return this.#remove(type, installed);
			case "settings":
				return this.#settings();
			case "settings, its instance does not come up":
				return this.#shutSettings();
			case "install, does not load":
				return this.#installFlawed(type, "load");
			case "install, does not take the settings":
				return this.#installFlawed(type, "settings");
			case "install, its instances do not come up":
				return type === "manager" ? this.#installFlawed(type, "load") : this.#installWithoutInstance();
		}
	}

	/** What is pinned stays; otherwise the new version is used at once. */
	async #install(type: PluginType): Promise<void> {
		const { versions, api, random } = this.#parts;
		const { folder, version } = await versions.next(type);
		const { pinned, active } = (await api.plugin(type)).installed;
		const isolation = random.chance(0.2) ? "process" : "thread";
		await this.#change(type, () => api.add(folder, isolation), pinned ? (active ?? "") : version);
	}

	async #downgrade(type: PluginType, { active, versions }: PluginDocument["installed"]): Promise<void> {
		const others = versions.map(({ version }) => version).filter((version) => version !== active);
		const version = this.#parts.random.pick(others);
		await this.#change(type, (api) => api.pin(type, version), version);
	}

	async #remove(type: PluginType, { active, versions }: PluginDocument["installed"]): Promise<void> {
		const { random, api } = this.#parts;
		const version = random.pick(versions.map((one) => one.version).filter((one) => one !== active));
		await api.remove(type, version);
		const { installed } = await api.plugin(type);
		if (installed.versions.some((one) => one.version === version) || installed.active !== active) {
			this.#parts.wrong("remove", `${type} ${version} is removed, and now there is ${JSON.stringify(installed)}`);
		}
	}

	async #change(type: PluginType, change: (api: Api) => Promise<PluginDocument>, expected?: string): Promise<void> {
		this.inForce.ends(type);
		const plugin = await change(this.#parts.api);
		this.#hasBecome(type, plugin);
		if (expected !== undefined && plugin.installed.active !== expected) {
			this.#parts.wrong("swap", `${type} ${expected} should be active, and ${plugin.installed.active} is`);
		}
	}

	/** It has to be refused, and what was there before has to stay. */
	async #installFlawed(type: PluginType, flaw: Flaw): Promise<void> {
		const { versions, api, wrong } = this.#parts;
		const { folder, version } = await versions.next(type, flaw);
		const before = (await api.plugin(type)).installed;
		try {
			await api.add(folder, "thread");
		} catch (error) {
			const { installed } = await api.plugin(type);
			if (installed.active !== before.active) {
				wrong("install", `${type} ${version} was refused, and ${installed.active} is active now`);
			}
			await this.#forget(type, version, installed);
			throw error;
		}
		if (!before.pinned) {
			wrong("install", `${type} ${version} has the flaw "${flaw}" and was taken`);
		}
		// While another version is pinned it is only put there; nothing may choose it later.
		await this.#forget(type, version, (await api.plugin(type)).installed);
	}

	/** The plugin is active then, and the instances of the one before serve on. */
	async #installWithoutInstance(): Promise<void> {
		const { versions, api } = this.#parts;
		const { folder, version } = await versions.next("mechanism", "instance");
		const before = (await api.plugin("mechanism")).installed;
		const { installed } = await api.add(folder, "thread");
		if (!before.pinned && installed.active === version) {
			await this.#servesOn("the sink is shut");
			await api.rollBack("mechanism");
		}
		await this.#forget("mechanism", version, (await api.plugin("mechanism")).installed);
	}

	async #settings(): Promise<void> {
		const { api, doors, random } = this.#parts;
		const door = random.pick(doors.filter((one) => one !== this.#door));
		this.inForce.ends("door");
		const { active } = await api.setLine(door);
		this.#door = door;
		this.inForce.is("door", door);
		if (!active) {
			this.#parts.wrong("settings", "the line has new settings and is inactive");
		}
	}

	async #shutSettings(): Promise<void> {
		const { api, shut } = this.#parts;
		await api.setLine(shut);
		await this.#servesOn("ECONNREFUSED");
		await api.setLine(this.#door);
	}

	/** The line is there, though what is configured now did not come up, and says why. */
	async #servesOn(reason: string): Promise<void> {
		const line = await this.#parts.api.line();
		if (!line.active || line.notReplaced?.includes(reason) !== true) {
			this.#parts.wrong("not replaced", `the line should serve on and say "${reason}": ${JSON.stringify(line)}`);
		}
	}

	async #forget(type: PluginType, version: string, { versions }: PluginDocument["installed"]): Promise<void> {
		if (versions.some((one) => one.version === version)) {
			await this.#parts.api.remove(type, version);
		}
	}

	#hasBecome(type: PluginType, { installed }: PluginDocument): void {
		this.inForce.is(type, installed.active ?? "");
	}
}

/** Refusals that are right: of what is in use, and of what has a flaw. */
function mayRefuse(kind: Kind, { status, code }: Refused): boolean {
	return kind === "remove"
		? status === 409 && code === "in-use"
		: kind.startsWith("install, ") && code === "invalid-plugin";
}
