/**
 * The swaps suite: the real program under a constant load, while the manager and the mechanism that
 * everything goes through are swapped, one swap after the other. In the end everything is compared.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { scratchFolder } from "@posthaste/real-servers";
import { pages } from "../crash/api.ts";
import { Program } from "../crash/program.ts";
import { Random } from "../simulator/random.ts";
import { Api } from "./api.ts";
import { Audit, type Violation } from "./audit.ts";
import { collectGarbage } from "./garbage.ts";
import { Load } from "./load.ts";
import { Sink } from "./sink.ts";
import { type Swap, Swaps } from "./swaps.ts";
import { Versions } from "./versions.ts";
import { configuration } from "./world.ts";

export interface SwapsOptions {
	readonly swaps: number;
	readonly seed: number;
	/** Messages a second. */
	readonly rate: number;
	/** Between a swap's answer and the next swap, milliseconds, at the least and at the most. */
	readonly pause: readonly [number, number];
	/** Messages that are sent before the first swap, so that what the program keeps at hand, as the store does pages, is full. */
	readonly warmUp: number;
	/** After these swaps the load stops, everything ends, and the program's memory is read. */
	readonly memoryAfter: readonly number[];
	/** Hears how it goes, a line now and then. */
	readonly say?: (line: string) => void;
	/** Ends the run early; everything that was started is stopped. */
	readonly signal?: AbortSignal;
}

export interface Memory {
	readonly afterSwap: number;
	/** Resident, megabytes. */
	readonly resident: number;
	/** Threads of the process, by the system's count. */
	readonly threads: number;
	/** Versions of plugins that are loaded, as the API shows them. */
	readonly loaded: number;
	readonly installed: number;
	/** Messages so far. */
	readonly messages: number;
}

export interface SwapsReport {
	readonly swaps: readonly Swap[];
	readonly messages: number;
	readonly refused: ReadonlyMap<string, number>;
	readonly notSent: number;
	readonly arrivals: number;
	readonly audit: Audit;
	readonly memory: readonly Memory[];
	readonly seconds: number;
}

/** Longest that waiting deliveries need to come to their end, once nothing new comes. */
const endLimit = 90_000;
/** Versions that nothing uses are unloaded within this time. */
const restTime = 15_000;

export async function swapUnderLoad(options: SwapsOptions): Promise<SwapsReport> {
	const folder = await scratchFolder();
	const sink = await Sink.open();
	const config = join(folder.path, "posthaste.yaml");
	await writeFile(config, "{}\n");
	const program = new Program({ listen: "127.0.0.1:0", data: join(folder.path, "data"), config, inspect: true });
	try {
		const url = await program.ready;
		if (url === undefined) {
			throw new Error(`the program ended at once: ${program.end}\n${program.said}`);
		}
		return await new Run(options, program, url, sink, folder.path).run();
	} finally {
		await program.stop();
		await sink.close();
		await folder.remove();
	}
}

class Run {
	readonly #options: SwapsOptions;
	readonly #program: Program;
	readonly #api: Api;
	readonly #sink: Sink;
	readonly #load: Load;
	readonly #swaps: Swaps;
	readonly #memory: Memory[] = [];
	readonly #wrong: Violation[] = [];

	constructor(options: SwapsOptions, program: Program, url: string, sink: Sink, folder: string) {
		const { seed, rate } = options;
		this.#options = options;
		this.#program = program;
		this.#api = new Api(url);
		this.#sink = sink;
		this.#load = new Load(url, seed, rate);
		this.#swaps = new Swaps({
			api: this.#api,
			random: new Random(seed, "swaps"),
			versions: new Versions(join(folder, "versions")),
			doors: sink.doors,
			shut: sink.shut,
			wrong: (kind, what) => this.#wrong.push({ rule: "swap", what: `${kind}: ${what}` }),
		});
	}

	async run(): Promise<SwapsReport> {
		const began = performance.now();
		await this.#swaps.begin();
		await this.#api.ask("PUT", "/v1/configuration", configuration(this.#sink.doors[0] ?? ""));
		await this.#load.warmUp(this.#options.warmUp);
		await this.#ended();
		await this.#swapAll();
		await this.#load.stop();
		await this.#ended();
		const audit = await this.#compare();
		return {
			swaps: this.#swaps.done,
			messages: this.#load.accepted.size,
			refused: this.#load.refused,
			notSent: this.#load.notSent,
			arrivals: this.#sink.arrivals.length,
			audit,
			memory: this.#memory,
			seconds: (performance.now() - began) / 1000,
		};
	}

	async #swapAll(): Promise<void> {
		const { swaps, pause, memoryAfter, say, signal, seed } = this.#options;
		const random = new Random(seed, "pauses");
		this.#load.start();
		for (let count = 1; count <= swaps; count += 1) {
			await delay(random.int(...pause), undefined, signal && { signal });
			await this.#swaps.next();
			this.#demandRunning();
			say?.(await this.#progress(count));
			if (memoryAfter.includes(count)) {
				await this.#load.stop();
				await this.#ended();
				this.#memory.push(await this.#atRest(count));
				this.#load.start();
			}
		}
		await delay(pause[1], undefined, signal && { signal });
	}

	/** Waits until every delivery has come to its end; those that do not are what the audit finds. */
	async #ended(): Promise<void> {
		const end = performance.now() + endLimit;
		while (performance.now() < end) {
			const open = await Promise.all(
				["routing", "waiting"].map((state) =>
					this.#api.ask<{ items: unknown[] }>("GET", `/v1/messages?state=${state}&limit=1`),
				),
			);
			if (open.every(({ items }) => items.length === 0)) {
				return;
			}
			await delay(250, undefined, this.#options.signal && { signal: this.#options.signal });
		}
	}

	async #atRest(afterSwap: number): Promise<Memory> {
		await delay(restTime, undefined, this.#options.signal && { signal: this.#options.signal });
		const { inspector } = this.#program;
		if (inspector !== undefined) {
			await collectGarbage(inspector);
		}
		const samples: number[] = [];
		for (let sample = 0; sample < 7; sample += 1) {
			samples.push((await this.#status()).resident);
			await delay(1000);
		}
		samples.sort((one, other) => one - other);
		const { threads } = await this.#status();
		const plugins = await Promise.all([this.#api.plugin("manager"), this.#api.plugin("mechanism")]);
		const versions = plugins.flatMap(({ installed }) => installed.versions);
		const memory = {
			afterSwap,
			resident: samples[3] ?? 0,
			threads,
			loaded: versions.filter(({ state }) => state === "loaded").length,
			installed: versions.length,
			messages: this.#load.accepted.size,
		};
		this.#options.say?.(JSON.stringify(memory));
		return memory;
	}

	/** Linux tells it in /proc; elsewhere it is not measured. */
	async #status(): Promise<{ readonly resident: number; readonly threads: number }> {
		const status = await readFile(`/proc/${this.#program.pid}/status`, "utf8").catch(() => "");
		return {
			resident: Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 102.4) / 10,
			threads: Number(/Threads:\s+(\d+)/.exec(status)?.[1] ?? 0),
		};
	}

	async #progress(count: number): Promise<string> {
		const { kind, from, until, isRefused } = this.#swaps.done.at(-1) ?? {
			kind: "",
			from: 0,
			until: 0,
			isRefused: false,
		};
		const { resident, threads } = await this.#status();
		const how = isRefused ? "refused" : "done";
		return `${count}. ${kind} (${how}, ${until - from} ms); ${this.#load.accepted.size} messages, ${resident} MB, ${threads} threads`;
	}

	#demandRunning(): void {
		const { end, said } = this.#program;
		if (end !== undefined) {
			throw new Error(`the program ended with ${end}\n${said}`);
		}
	}

	async #compare(): Promise<Audit> {
		const { accepted } = this.#load;
		const audit = new Audit({ accepted, arrivals: this.#sink.arrivals, inForce: this.#swaps.inForce });
		for await (const messages of pages(this.#api.url)) {
			for (const message of messages) {
				audit.look(message);
			}
		}
		audit.end();
		audit.violations.push(...this.#wrong);
		return audit;
	}
}
