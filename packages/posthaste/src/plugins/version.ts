/** One installed version of a plugin: its runner, started when it is needed, and what stands for it in the program. */
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import type { Log } from "../engine/ports.ts";
import { digestOf } from "./files.ts";
import { type InstalledVersion, keyOf } from "./registry.ts";
import { RemoteManager } from "./remote-manager.ts";
import { RemoteMechanism } from "./remote-mechanism.ts";
import { Runner, type RunnerLimits } from "./runner.ts";

export interface VersionParts {
	/** The registry's folder. */
	readonly folder: string;
	readonly log: Log;
	readonly limits?: Partial<RunnerLimits>;
}

export class Version {
	readonly entry: InstalledVersion;
	readonly manager: RemoteManager | undefined;
	readonly mechanism: RemoteMechanism | undefined;
	readonly #runner: Runner;

	constructor(entry: InstalledVersion, { folder, log, limits }: VersionParts) {
		this.entry = entry;
		const { description, main, isolation, memory, grants } = entry;
		const own = join(folder, entry.folder);
		this.#runner = new Runner({
			program: { folder: own, main: within(own, main), isolation, memory, grants },
			name: `${description.id} ${description.version}`,
			log,
			...(limits && { limits }),
			check: () => this.#check(own),
			prepare: (peer) => this.mechanism?.prepare(peer),
			onDown: (reason) => this.mechanism?.down(reason),
			onUp: () => void this.mechanism?.up(),
		});
		this.manager = description.type === "manager" ? new RemoteManager(description, this.#runner) : undefined;
		this.mechanism = description.type === "mechanism" ? new RemoteMechanism(description, this.#runner) : undefined;
	}

	get plugin(): ManagerPlugin | MechanismPlugin {
		const { plugin } = this.manager ?? this.mechanism ?? {};
		if (plugin === undefined) {
			throw new TypeError("a version is a manager or a mechanism");
		}
		return plugin;
	}

	/** What deliveries are pinned to. */
	get pin(): string {
		return pinOf(this.entry.description);
	}

	get key(): string {
		return keyOf(this.entry.description);
	}

	/** Its thread or process is there, or is being started again. */
	get isLoaded(): boolean {
		return this.#runner.isUp || this.#runner.downBecause !== undefined;
	}

	/** Why it does not run although it is needed. */
	get downBecause(): string | undefined {
		return this.#runner.downBecause;
	}

	/** Starts it, so that what is wrong with it shows. @throws Error */
	async load(): Promise<void> {
		await this.#runner.start();
	}

	/** Unloads it when nothing of it is in use; it is loaded again when something needs it. */
	async dozeIfIdle(idle: number): Promise<void> {
		const isUsed =
			(this.mechanism?.instances ?? 0) > 0 || (this.manager !== undefined && Date.now() - this.manager.usedAt < idle);
		if (this.isLoaded && !isUsed) {
			await this.#runner.doze();
		}
	}

	stop(): Promise<void> {
		return this.#runner.stop();
	}

	/** Whether the files are what was installed. What a person changed since is not what deliveries are pinned to. */
	async #check(folder: string): Promise<void> {
		await readdir(folder).catch(() => {
			throw new Error("its files are gone; install it again");
		});
		if ((await digestOf(folder)) !== this.entry.digest) {
			throw new Error("its files were changed after it was installed; install it again");
		}
	}
}

export function pinOf({ id, version }: { readonly id: string; readonly version: string }): string {
	return `${id}@${version}`;
}

function within(folder: string, main: InstalledVersion["main"]): InstalledVersion["main"] {
	return "module" in main && !isAbsolute(main.module) ? { module: join(folder, main.module) } : main;
}
