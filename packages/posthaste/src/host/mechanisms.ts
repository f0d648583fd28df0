/**
 * The mechanisms that are running: one instance for each record of the database. A record that
 * changes gets a new instance before the old one is let go, and the old one ends its calls first.
 */
import type {
	Attempt,
	Health,
	InactiveReason,
	MechanismHost,
	MechanismInstance,
	MechanismPlugin,
	MechanismRecord,
	Milliseconds,
	Presence,
	ReceiptLevel,
	SendResult,
} from "@posthaste/core";
import type { Clock } from "../engine/clock.ts";
import type { Log, Mechanisms } from "../engine/ports.ts";
import type { Store } from "../store/port.ts";
import { Guard, type GuardOptions, guardDefaults } from "./guard.ts";
import { PresenceMemory } from "./presence.ts";
import type { WebSockets } from "./web-sockets.ts";

/** How often a mechanism that can tell is asked whether it is well. */
const healthInterval: Milliseconds = 15_000;
const healthLimit: Milliseconds = 10_000;
/** An instance that is being replaced has this long to end its calls. */
const drainLimit: Milliseconds = 60_000;

/** What comes in through mechanisms. */
export interface Incoming {
	receipt(receipt: { attempt: string; mechanism: string; level: ReceiptLevel; evidence?: string }): Promise<void>;
	reply(reply: { attempt: string; mechanism: string; body: string }): Promise<void>;
}

export interface RunningMechanismsParts {
	readonly plugins: { mechanism(id: string): MechanismPlugin | undefined };
	readonly store: Pick<Store, "pluginGet" | "pluginSet" | "pluginDelete" | "pluginList">;
	readonly incoming: Incoming;
	readonly webSockets: WebSockets;
	readonly clock: Clock;
	readonly log: Log;
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
}

interface Running {
	readonly record: MechanismRecord;
	readonly instance: MechanismInstance;
	readonly guard: Guard;
	readonly presence: PresenceMemory;
	health: Health;
	closed: boolean;
}

export class RunningMechanisms implements Mechanisms {
	readonly #parts: RunningMechanismsParts;
	readonly #running = new Map<string, Running>();
	/** Mechanisms without an instance, and why. They are started again with each look at the mechanisms' health. */
	readonly #failures = new Map<string, { readonly record: MechanismRecord; readonly detail: string }>();
	/** Changes of one mechanism follow one another. */
	readonly #changes = new Map<string, Promise<void>>();
	#closing = false;

	constructor(parts: RunningMechanismsParts) {
		this.#parts = parts;
		this.#watchHealth();
	}

	/** Brings the instances in step with the records. Resolves when every new instance is up or has failed. */
	async follow(records: readonly MechanismRecord[]): Promise<void> {
		const wanted = new Map(records.map((record) => [record.name, record]));
		const names = new Set([...wanted.keys(), ...this.#running.keys(), ...this.#changes.keys()]);
		await Promise.all([...names].map((name) => this.#change(name, wanted.get(name))));
	}

	/** Why a mechanism cannot be used now; undefined while it is active. */
	activity(name: string, now: Milliseconds): InactiveReason | undefined {
		const running = this.#running.get(name);
		if (running === undefined || !running.health.healthy) {
			return "inactive";
		}
		return running.guard.isOpen(now) ? "breaker-open" : undefined;
	}

	standing(name: string): Standing {
		const running = this.#running.get(name);
		if (running === undefined) {
			const detail = this.#failures.get(name)?.detail ?? "it is being started";
			return { inactive: { reason: "inactive", detail }, breaker: "closed", inFlight: 0 };
		}
		const reason = this.activity(name, this.#parts.clock.now());
		const { detail } = running.health;
		return {
			...(reason !== undefined && { inactive: { reason, ...(detail !== undefined && { detail }) } }),
			breaker: running.guard.breaker,
			inFlight: running.guard.load,
		};
	}

	async send(mechanism: string, attempt: Attempt): Promise<SendResult> {
		const running = this.#running.get(mechanism);
		return running === undefined
			? { outcome: "failed", evidence: "the mechanism is not running" }
			: running.guard.send(attempt);
	}

	async retract(mechanism: string, attempt: Parameters<Guard["retract"]>[0]): Promise<boolean> {
		return (await this.#running.get(mechanism)?.guard.retract(attempt)) ?? false;
	}

	absent(mechanism: string, address: object, now: Milliseconds): boolean {
		return this.#running.get(mechanism)?.presence.absent(address, now) ?? false;
	}

	async presence(mechanism: string, address: Readonly<Record<string, unknown>>): Promise<Presence | undefined> {
		const running = this.#running.get(mechanism);
		const asked = await running?.instance.presence?.(address, AbortSignal.timeout(healthLimit)).catch(() => undefined);
		return asked ?? running?.presence.get(address);
	}

	/** Asks every instance that can tell whether it is well, now, and starts again what did not come up. */
	async checkHealth(): Promise<void> {
		const failed = [...this.#failures.values()].filter(({ record }) => !this.#running.has(record.name));
		await Promise.all([
			...[...this.#running.values()].map((running) => this.#ask(running)),
			...failed.map(({ record }) => this.#change(record.name, record)),
		]);
	}

	async close(): Promise<void> {
		this.#closing = true;
		await Promise.all([...this.#changes.values()]);
		await Promise.all([...this.#running.values()].map((running) => this.#shut(running)));
		this.#running.clear();
	}

	#change(name: string, record: MechanismRecord | undefined): Promise<void> {
		const before = this.#changes.get(name) ?? Promise.resolve();
		const change = before
			.then(() => this.#replace(name, record))
			.finally(() => {
				if (this.#changes.get(name) === change) {
					this.#changes.delete(name);
				}
			});
		this.#changes.set(name, change);
		return change;
	}

	/** Starts the new instance, switches, and lets the old one end. A new one that does not come up leaves the old one serving. */
	async #replace(name: string, record: MechanismRecord | undefined): Promise<void> {
		const old = this.#running.get(name);
		if (this.#closing || (record !== undefined && old !== undefined && sameInstance(old.record, record))) {
			return;
		}
		if (record !== undefined) {
			const started = await this.#start(record);
			if (started === undefined) {
				return;
			}
			this.#running.set(name, started);
		} else {
			this.#running.delete(name);
			this.#failures.delete(name);
			this.#parts.webSockets.remove(name);
		}
		if (old !== undefined) {
			void this.#drain(old);
		}
	}

	async #start(record: MechanismRecord): Promise<Running | undefined> {
		const { plugins, settingsOf, clock, guard, log } = this.#parts;
		const state = { closed: false, running: undefined as Running | undefined };
		try {
			const plugin = plugins.mechanism(record.use);
			if (plugin === undefined) {
				throw new Error(`there is no mechanism plugin "${record.use}"`);
			}
			const presence = new PresenceMemory();
			const host = this.#hostFor(record.name, presence, state);
			const instance = await plugin.create(settingsOf(record.name), host);
			const guarded = new Guard(instance, clock, { ...guardDefaults, ...guard });
			const running: Running = { record, instance, guard: guarded, presence, health: { healthy: true }, closed: false };
			state.running = running;
			await this.#ask(running);
			this.#failures.delete(record.name);
			return running;
		} catch (error) {
			const detail = error instanceof Error ? error.message : String(error);
			this.#failures.set(record.name, { record, detail });
			log.error({ mechanism: record.name, error: detail }, "a mechanism did not come up");
			return undefined;
		}
	}

	#hostFor(name: string, presence: PresenceMemory, state: { running: Running | undefined }): MechanismHost {
		const { store, incoming, webSockets, clock, log } = this.#parts;
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
			receipt: (receipt) => incoming.receipt({ ...receipt, mechanism: name }),
			reply: (reply) => incoming.reply({ ...reply, mechanism: name }),
			presence: ({ address, state: said }) => presence.report(address, said, clock.now()),
			health: (health) => {
				if (state.running !== undefined) {
					state.running.health = health;
				}
			},
			webSocket: (path, onConnection) => webSockets.serve(name, path, onConnection),
		};
	}

	/** Waits for the calls under way, then closes. */
	async #drain(old: Running): Promise<void> {
		const { clock } = this.#parts;
		const end = clock.now() + drainLimit;
		while (old.guard.load > 0 && clock.now() < end && !this.#closing) {
			await new Promise<void>((resolve) => clock.timer(50, resolve));
		}
		await this.#shut(old);
	}

	async #shut(running: Running): Promise<void> {
		if (running.closed) {
			return;
		}
		running.closed = true;
		await running.instance.close().catch((error: unknown) => {
			this.#parts.log.warn(
				{ mechanism: running.record.name, error: String(error) },
				"a mechanism did not close cleanly",
			);
		});
	}

	#watchHealth(): void {
		this.#parts.clock.timer(this.#parts.healthInterval ?? healthInterval, () => {
			if (!this.#closing) {
				void this.checkHealth().finally(() => this.#watchHealth());
			}
		});
	}

	async #ask(running: Running): Promise<void> {
		const { instance } = running;
		if (instance.health === undefined || running.closed) {
			return;
		}
		try {
			running.health = await instance.health(AbortSignal.timeout(healthLimit));
		} catch (error) {
			running.health = { healthy: false, detail: error instanceof Error ? error.message : String(error) };
		}
	}
}

/** Whether two records ask for the same instance. The operator's switch does not need a new one. */
function sameInstance(one: MechanismRecord, other: MechanismRecord): boolean {
	return one.use === other.use && JSON.stringify(one.settings) === JSON.stringify(other.settings);
}
