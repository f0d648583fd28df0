/** One instance of a mechanism, from its start to its end, with what it has said about itself and others. */
import {
	type Health,
	type MechanismHost,
	type MechanismInstance,
	type MechanismPlugin,
	type MechanismRecord,
	type Milliseconds,
	type Presence,
	type ReceiptLevel,
	thrownText,
} from "@posthaste/core";
import type { Clock, Timer } from "../engine/clock.ts";
import type { Log } from "../engine/ports.ts";
import type { Store } from "../store/port.ts";
import { bounded, waitAtMost } from "./bounded.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import { PresenceMemory } from "./presence.ts";
import { understoodReceipt, understoodReply } from "./understood.ts";
import { Routes } from "./web-sockets.ts";

/** An instance has this long to come up. */
const startLimit: Milliseconds = 30_000;
/** A question about health or presence waits this long. */
const answerLimit: Milliseconds = 10_000;
/** A start waits this long to hear how the instance is, so that one with a silent server does not hold up everything else. */
const firstAnswerPatience: Milliseconds = 1000;
/** An instance has this long to release what it holds. */
const closeLimit: Milliseconds = 10_000;
/** An instance that is being replaced has this long to end its calls. */
const drainLimit: Milliseconds = 60_000;

/** What comes in through mechanisms. */
export interface Incoming {
	receipt(receipt: { attempt: string; mechanism: string; level: ReceiptLevel; evidence?: string }): Promise<void>;
	reply(reply: { attempt: string; mechanism: string; body: string }): Promise<void>;
}

/** What instances are given. */
export interface Surroundings {
	readonly store: Pick<Store, "pluginGet" | "pluginSet" | "pluginDelete" | "pluginList">;
	readonly incoming: Incoming;
	readonly clock: Clock;
	readonly log: Log;
}

export class Running {
	readonly record: MechanismRecord;
	readonly plugin: MechanismPlugin;
	readonly presence = new PresenceMemory();
	readonly routes = new Routes();
	readonly #surroundings: Surroundings;
	#instance: MechanismInstance | undefined;
	#guard: Guard | undefined;
	#health: Health = { healthy: true };
	/** A question about its health that it has not answered yet. */
	#asked: Promise<void> | undefined;
	#closed: Promise<void> | undefined;
	#drained: (() => void) | undefined;

	private constructor(record: MechanismRecord, plugin: MechanismPlugin, surroundings: Surroundings) {
		this.record = record;
		this.plugin = plugin;
		this.#surroundings = surroundings;
	}

	/**
	 * An instance that does not say at once how it is counts as well until it does.
	 * @throws Error when the plugin does not come up, or not in time
	 */
	static async start(
		plugin: MechanismPlugin,
		settings: unknown,
		record: MechanismRecord,
		surroundings: Surroundings,
		guard: GuardOptions,
	): Promise<Running> {
		const running = new Running(record, plugin, surroundings);
		const { clock } = surroundings;
		const started = { inTime: true };
		const create = async () => {
			const instance = await plugin.create(settings, running.#host());
			running.#instance = instance;
			if (!started.inTime) {
				await running.close();
			}
			return instance;
		};
		const instance = await bounded(clock, startLimit, create, () => {
			started.inTime = false;
			throw new Error(`it did not come up within ${startLimit} ms`);
		});
		running.#guard = new Guard(instance, clock, guard);
		await waitAtMost(clock, firstAnswerPatience, running.ask());
		return running;
	}

	get guard(): Guard {
		if (this.#guard === undefined) {
			throw new Error(`mechanism ${this.record.name} has not come up`);
		}
		return this.#guard;
	}

	get health(): Health {
		return this.#health;
	}

	/** Asks an instance that can tell whether it is well. One that has not answered yet is not asked a second time. */
	ask(): Promise<void> {
		this.#asked ??= this.#ask().finally(() => {
			this.#asked = undefined;
		});
		return this.#asked;
	}

	/** Asks about this moment: what is being answered now may be of before. */
	async askAnew(): Promise<void> {
		await this.#asked;
		await this.ask();
	}

	async #ask(): Promise<void> {
		const health = this.#instance?.health?.bind(this.#instance);
		if (health === undefined || this.#closed !== undefined) {
			return;
		}
		try {
			this.#say(await this.#answer(health));
		} catch (error) {
			this.#say({ healthy: false, detail: thrownText(error) });
		}
	}

	#say(health: Health | undefined): void {
		this.#health = health ?? { healthy: false, detail: "it did not say how it is" };
	}

	/** What the instance knows of somebody now, or else what it last said. */
	async presenceAt(address: Readonly<Record<string, unknown>>): Promise<Presence | undefined> {
		const presence = this.#instance?.presence?.bind(this.#instance);
		const now = presence && (await this.#answer((signal) => presence(address, signal)).catch(() => undefined));
		return now ?? this.presence.get(address);
	}

	/** Waits for the calls under way, then closes. */
	async drain(): Promise<void> {
		const { clock } = this.#surroundings;
		const end = clock.now() + drainLimit;
		while (this.guard.load > 0 && clock.now() < end && this.#closed === undefined) {
			await new Promise<void>((resolve) => {
				const timer: Timer = clock.timer(50, resolve);
				this.#drained = () => {
					timer.cancel();
					resolve();
				};
			});
		}
		await this.close();
	}

	/** Lets the instance go, whatever is under way. It is closed once. */
	close(): Promise<void> {
		this.#closed ??= this.#close();
		this.#drained?.();
		return this.#closed;
	}

	async #close(): Promise<void> {
		const { clock, log } = this.#surroundings;
		try {
			const silence = () => {
				throw new Error(`it did not close within ${closeLimit} ms`);
			};
			await bounded(clock, closeLimit, async () => this.#instance?.close(), silence);
		} catch (error) {
			log.warn({ mechanism: this.record.name, error: thrownText(error) }, "a mechanism did not close cleanly");
		}
	}

	#answer<Result>(call: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
		return bounded(this.#surroundings.clock, answerLimit, call, () => {
			throw new Error(`no answer within ${answerLimit} ms`);
		});
	}

	/** Nothing can be done with it, and the plugin is not to fail for it. */
	async #drop(what: "receipt" | "reply"): Promise<void> {
		this.#surroundings.log.warn({ mechanism: this.record.name }, `a ${what} that makes no sense was dropped`);
	}

	#host(): MechanismHost {
		const { store, incoming, clock, log } = this.#surroundings;
		const { name } = this.record;
		return {
			name,
			log: {
				debug: (fields, text) => log.debug({ mechanism: name, ...fields }, text),
				info: (fields, text) => log.info({ mechanism: name, ...fields }, text),
				warn: (fields, text) => log.warn({ mechanism: name, ...fields }, text),
				error: (fields, text) => log.error({ mechanism: name, ...fields }, text),
			},
			storage: {
				get: (key) => store.pluginGet(name, key),
				set: (key, value) => store.pluginSet(name, key, value),
				delete: (key) => store.pluginDelete(name, key),
				list: (prefix) => store.pluginList(name, prefix),
			},
			now: () => clock.now(),
			receipt: (said) => {
				const receipt = understoodReceipt(said);
				return receipt === undefined ? this.#drop("receipt") : incoming.receipt({ ...receipt, mechanism: name });
			},
			reply: (said) => {
				const reply = understoodReply(said);
				return reply === undefined ? this.#drop("reply") : incoming.reply({ ...reply, mechanism: name });
			},
			presence: ({ address, state }) => this.presence.report(address, state, clock.now()),
			health: (health) => this.#say(health),
			webSocket: (path, onConnection) => this.routes.serve(path, onConnection),
		};
	}
}
