/** Everything of a run that outlives the program's processes: time, disk, mechanisms, and the record of what happened. */
import type { Milliseconds } from "@posthaste/core";
import type { PosthasteCore, PosthasteOptions } from "../packages/posthaste/src/create-posthaste.ts";
import { createPosthaste } from "../packages/posthaste/src/create-posthaste.ts";
import type { Store } from "../packages/posthaste/src/store/port.ts";
import { ProcessClock, SimulatedClock } from "./clock.ts";
import { Disk } from "./disk.ts";
import { type DiskWeather, faultyStore } from "./faulty-store.ts";
import { SimulatedPlugins } from "./installed.ts";
import { WorldLog } from "./log.ts";
import { VirtualMechanism } from "./mechanism.ts";
import { SimulatedProcess } from "./process.ts";
import { Random } from "./random.ts";
import type { Scenario } from "./scenario.ts";
import { Shelf } from "./shelf.ts";

/** A deliberate bug, put between the engine and its surroundings. */
export interface Bug {
	/** Changes what a process is given when it starts. */
	options?(options: PosthasteOptions & { readonly store: Store }, world: World): PosthasteOptions;
	/** Changes what senders talk to. */
	posthaste?(posthaste: PosthasteCore, world: World): PosthasteCore;
	/** Changes the code for the time of a run. Returns how to undo it. */
	patch?(): () => void;
}

/** A process that dies or cannot start is started again after this time, when nobody says otherwise. */
const usualDowntime: Milliseconds = 5000;

export class World {
	readonly scenario: Scenario;
	readonly clock: SimulatedClock;
	readonly log: WorldLog;
	readonly disk = new Disk();
	readonly weather: DiskWeather = { fault: undefined, busyUntil: 0 };
	readonly mechanisms: ReadonlyMap<string, VirtualMechanism>;
	readonly shelf: Shelf;
	/** Steady time until which the manager that runs elsewhere does not answer. */
	silentUntil: Milliseconds = 0;
	isCalm = false;
	/** Things of the world that are still to happen. */
	pending = 0;
	/** How long the next downtime lasts. */
	downtime = usualDowntime;
	#process: SimulatedProcess | undefined;
	#posthaste: PosthasteCore | undefined;
	#ids = 0;
	readonly #bug: Bug;
	readonly #diskRandom: Random;

	constructor(scenario: Scenario, bug: Bug = {}) {
		this.scenario = scenario;
		this.#bug = bug;
		this.clock = new SimulatedClock(scenario.start);
		this.log = new WorldLog(() => this.clock.now());
		this.mechanisms = new Map(scenario.mechanisms.map((about) => [about.name, new VirtualMechanism(about, this)]));
		this.shelf = new Shelf(this.log);
		for (const [key, version] of Object.entries(scenario.installed)) {
			this.shelf.set(key, { active: version, versions: [version] });
		}
		this.#diskRandom = new Random(scenario.seed, "disk");
	}

	/** Something that happens in the world after a while, whatever becomes of the program. */
	later(delay: Milliseconds, callback: () => void): void {
		this.pending += 1;
		this.clock.timer(delay, () => {
			this.pending -= 1;
			callback();
		});
	}

	/** Resolves after a while, whatever becomes of the program. */
	rest(length: Milliseconds): Promise<void> {
		return new Promise((resolve) => this.later(length, resolve));
	}

	/** The program, while it runs. */
	get posthaste(): PosthasteCore | undefined {
		return this.#process?.alive === true ? this.#posthaste : undefined;
	}

	get process(): SimulatedProcess | undefined {
		return this.#process?.alive === true ? this.#process : undefined;
	}

	/** Whether the journal on disk has the intent of this try. */
	isIntended(attempt: string, tries: number): boolean {
		const delivery = attempt.slice(0, attempt.lastIndexOf("."));
		return this.disk
			.journal(delivery)
			.some((entry) => entry.type === "attempt" && entry.attempt === attempt && entry.try === tries);
	}

	/** What the process that is starting finds installed. */
	installed(): SimulatedPlugins {
		if (this.#process === undefined) {
			throw new Error("no process has been started");
		}
		return new SimulatedPlugins(this, this.#process);
	}

	start(): void {
		const process = new SimulatedProcess(() => this.#died());
		this.#process = process;
		this.#posthaste = undefined;
		this.log.add({ type: "started" });
		const { scenario, disk, weather, clock, log } = this;
		const store = faultyStore({ disk, process, weather, clock, log, random: this.#diskRandom });
		const options = {
			store,
			clock: new ProcessClock(clock, () => process.alive),
			plugins: [...this.mechanisms.values()].map((mechanism) => mechanism.plugin(process)),
			ids: { next: (now: Milliseconds) => this.#nextId(now) },
			env: {},
			healthInterval: scenario.healthInterval,
			guard: { concurrency: scenario.concurrency },
		};
		void process.onlyWhileAlive(createPosthaste(this.#bug.options?.(options, this) ?? options)).then(
			(posthaste) => {
				this.#posthaste = this.#bug.posthaste?.(posthaste, this) ?? posthaste;
			},
			// It could not start, as when the disk fails: whoever looks after it tries again.
			() => process.kill(0, 0),
		);
	}

	/** UUIDv7 (RFC 9562 §5.7) with a counter in place of randomness, which reads well in a printed scenario. */
	#nextId(now: Milliseconds): string {
		this.#ids += 1;
		const moment = now.toString(16).padStart(12, "0");
		return `${moment.slice(0, 8)}-${moment.slice(8)}-7000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
	}

	#died(): void {
		this.log.add({ type: "died" });
		// What a dead process still does reaches nobody; this only lets its memory go.
		void this.#posthaste?.crash();
		const { downtime } = this;
		this.downtime = usualDowntime;
		this.later(downtime, () => this.start());
	}
}
