/**
 * The mechanisms that are running: one instance for each record of the database. A record that
 * changes gets a new instance before the old one is let go, and the old one ends its calls first.
 */
import {
	type Attempt,
	type InactiveReason,
	type MechanismPlugin,
	type MechanismRecord,
	type Milliseconds,
	type Presence,
	type SendResult,
	thrownText,
} from "@posthaste/core";
import type { Timer } from "../engine/clock.ts";
import type { Mechanisms } from "../engine/ports.ts";
import { waitAtMost } from "./bounded.ts";
import { type Guard, type GuardOptions, guardDefaults } from "./guard.ts";
import { Running, type Surroundings } from "./running.ts";
import type { WebSockets } from "./web-sockets.ts";

export type { Incoming } from "./running.ts";

/** How often a mechanism that can tell is asked whether it is well. */
const healthInterval: Milliseconds = 15_000;
/** Whoever changes the mechanisms, or starts the program, waits this long for instances to come up. They may take longer. */
const startPatience: Milliseconds = 3000;
/** Closing waits this long for instances that are being started. One that comes up later is closed then. */
const closePatience: Milliseconds = 10_000;

export interface RunningMechanismsParts extends Surroundings {
	readonly plugins: { mechanism(id: string): MechanismPlugin | undefined };
	readonly webSockets: WebSockets;
	/** The settings with their secrets in place. */
	readonly settingsOf: (mechanism: string) => unknown;
	readonly guard?: Partial<GuardOptions>;
	readonly healthInterval?: Milliseconds;
}

/** How a mechanism stands, for people. */
export interface Standing {
	readonly inactive?: { readonly reason: InactiveReason; readonly detail?: string };
	readonly breaker: "closed" | "open" | "half-open";
	readonly inFlight: number;
	/** Why an instance of what is wanted now did not come up; the one before serves meanwhile. */
	readonly notReplaced?: string;
}

export class RunningMechanisms implements Mechanisms {
	readonly #parts: RunningMechanismsParts;
	/** What the database says now. A change looks here when its turn comes, so that no older record comes back. */
	#wanted: ReadonlyMap<string, MechanismRecord> = new Map();
	readonly #running = new Map<string, Running>();
	/** Instances that have been replaced or removed and are ending their calls. */
	readonly #ending = new Set<Running>();
	/** Why a wanted instance did not come up. It is started again with each look at the mechanisms' health. */
	readonly #failures = new Map<string, string>();
	/** Changes of one mechanism follow one another. */
	readonly #changes = new Map<string, Promise<void>>();
	/** Those whose turn has not come. They will do what is wanted then, so one for each mechanism is enough. */
	readonly #queued = new Map<string, Promise<void>>();
	#healthTimer: Timer | undefined;
	#closing = false;

	constructor(parts: RunningMechanismsParts) {
		this.#parts = parts;
	}

	/**
	 * Brings the instances in step with the records. Resolves when every new instance is up or has failed,
	 * and in any case after a few seconds: one that hangs must not hold up the others, nor the program.
	 */
	async follow(records: readonly MechanismRecord[]): Promise<void> {
		this.#wanted = new Map(records.map((record) => [record.name, record]));
		if (this.#healthTimer === undefined && !this.#closing) {
			this.#watchHealth();
		}
		const known = [this.#wanted, this.#running, this.#changes, this.#failures].flatMap((map) => [...map.keys()]);
		const changes = Promise.all([...new Set(known)].map((name) => this.#change(name)));
		await waitAtMost(this.#parts.clock, startPatience, changes);
	}

	/**
	 * Why a mechanism cannot be used now; undefined while it is active. One that comes up for the first time
	 * is not passed over for that: whatever is sent by it meanwhile rests, and is tried again.
	 */
	activity(name: string, now: Milliseconds): InactiveReason | undefined {
		const running = this.#running.get(name);
		if (running === undefined) {
			return this.#isComingUp(name) ? undefined : "inactive";
		}
		if (!running.health.healthy) {
			return "inactive";
		}
		return running.guard.isOpen(now) ? "breaker-open" : undefined;
	}

	standing(name: string): Standing {
		const running = this.#running.get(name);
		if (running === undefined) {
			const detail = this.#failures.get(name) ?? "it is being started";
			return { inactive: { reason: "inactive", detail }, breaker: "closed", inFlight: 0 };
		}
		const reason = this.activity(name, this.#parts.clock.now());
		const { detail } = running.health;
		const notReplaced = this.#failures.get(name);
		return {
			...(reason !== undefined && { inactive: { reason, ...(detail !== undefined && { detail }) } }),
			breaker: running.guard.breaker,
			inFlight: running.guard.load,
			...(notReplaced !== undefined && { notReplaced }),
		};
	}

	takePlace(mechanism: string): (() => void) | undefined {
		const running = this.#running.get(mechanism);
		// Without an instance nothing waits: whatever is sent fails at once.
		return running === undefined ? () => undefined : running.guard.takePlace();
	}

	free(mechanism: string): number {
		return this.#running.get(mechanism)?.guard.free ?? Number.POSITIVE_INFINITY;
	}

	async send(mechanism: string, attempt: Attempt, hindrance?: () => string | undefined): Promise<SendResult> {
		const running = this.#running.get(mechanism);
		if (running === undefined) {
			const isComingUp = this.#isComingUp(mechanism);
			const evidence = isComingUp ? "not sent: the mechanism is being started" : "the mechanism is not running";
			return { outcome: "failed", evidence };
		}
		return running.guard.send(attempt, hindrance);
	}

	async retract(mechanism: string, attempt: Parameters<Guard["retract"]>[0]): Promise<boolean> {
		return (await this.#running.get(mechanism)?.guard.retract(attempt)) ?? false;
	}

	absent(mechanism: string, address: object, now: Milliseconds): boolean {
		return this.#running.get(mechanism)?.presence.absent(address, now) ?? false;
	}

	async presence(mechanism: string, address: Readonly<Record<string, unknown>>): Promise<Presence | undefined> {
		return this.#running.get(mechanism)?.presenceAt(address);
	}

	/** Asks every instance that can tell whether it is well, now, and starts again what did not come up. */
	async checkHealth(): Promise<void> {
		await Promise.all([
			...[...this.#running.values()].map((running) => running.askAnew()),
			...[...this.#failures.keys()].map((name) => this.#change(name)),
		]);
	}

	async close(): Promise<void> {
		this.#closing = true;
		this.#healthTimer?.cancel();
		await waitAtMost(this.#parts.clock, closePatience, Promise.all([...this.#changes.values()]));
		await Promise.all([...this.#running.values(), ...this.#ending].map((running) => running.close()));
		this.#running.clear();
	}

	/** Whether its first instance is being started, and nobody knows yet whether that succeeds. */
	#isComingUp(name: string): boolean {
		return this.#wanted.has(name) && this.#changes.has(name) && !this.#failures.has(name);
	}

	#change(name: string): Promise<void> {
		const queued = this.#queued.get(name);
		if (queued !== undefined) {
			return queued;
		}
		const before = this.#changes.get(name) ?? Promise.resolve();
		const change = before
			.then(() => {
				this.#queued.delete(name);
				return this.#replace(name);
			})
			.finally(() => {
				if (this.#changes.get(name) === change) {
					this.#changes.delete(name);
				}
			});
		this.#queued.set(name, change);
		this.#changes.set(name, change);
		return change;
	}

	/** Starts the new instance, switches, and lets the old one end. A new one that does not come up leaves the old one serving. */
	async #replace(name: string): Promise<void> {
		const record = this.#wanted.get(name);
		const old = this.#running.get(name);
		if (this.#closing) {
			return;
		}
		if (record === undefined) {
			this.#remove(name);
		} else if (old !== undefined && this.#isSame(old, record)) {
			this.#failures.delete(name);
			return;
		} else if (!(await this.#start(record))) {
			return;
		}
		if (old !== undefined) {
			this.#ending.add(old);
			void old.drain().finally(() => this.#ending.delete(old));
		}
	}

	/** Whether a record asks for the instance that runs. Another version of the plugin is another instance. */
	#isSame({ record, plugin }: Running, wanted: MechanismRecord): boolean {
		return sameInstance(record, wanted) && plugin === this.#parts.plugins.mechanism(wanted.use);
	}

	#remove(name: string): void {
		this.#running.delete(name);
		this.#failures.delete(name);
		this.#parts.webSockets.remove(name);
	}

	/** False when the instance did not come up; why is kept for people, and it is tried again. */
	async #start(record: MechanismRecord): Promise<boolean> {
		const { plugins, settingsOf, guard, log, webSockets } = this.#parts;
		const { name, use } = record;
		try {
			const plugin = plugins.mechanism(use);
			if (plugin === undefined) {
				throw new Error(`there is no mechanism plugin "${use}"`);
			}
			const limits = { ...guardDefaults, ...guard };
			const started = await Running.start(plugin, settingsOf(name), record, this.#parts, limits);
			if (this.#closing) {
				await started.close();
				return false;
			}
			this.#running.set(name, started);
			webSockets.serve(name, started.routes);
			this.#failures.delete(name);
			return true;
		} catch (error) {
			const detail = thrownText(error);
			this.#failures.set(name, detail);
			log.error({ mechanism: name, error: detail }, "a mechanism did not come up");
			return false;
		}
	}

	/** A look does not wait for the one before: a mechanism that is slow to answer is no reason to ask the others later. */
	#watchHealth(): void {
		this.#healthTimer = this.#parts.clock.timer(this.#parts.healthInterval ?? healthInterval, () => {
			this.#watchHealth();
			this.#lookAtHealth();
		});
	}

	/** Asks and starts again as {@link checkHealth} does, except for what has not answered or come up since the last look. */
	#lookAtHealth(): void {
		for (const running of this.#running.values()) {
			void running.ask();
		}
		for (const name of this.#failures.keys()) {
			if (!this.#changes.has(name)) {
				void this.#change(name);
			}
		}
	}
}

/** Whether two records ask for the same instance. The operator's switch does not need a new one. */
function sameInstance(one: MechanismRecord, other: MechanismRecord): boolean {
	return one.use === other.use && JSON.stringify(one.settings) === JSON.stringify(other.settings);
}
