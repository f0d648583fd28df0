/** Posthaste in this world: the real engine, manager, host and store, with mechanisms that lead into the network. */
import {
	type Attempt,
	type Capabilities,
	defineMechanism,
	type MechanismHost,
	type MechanismPlugin,
	type ReceiptLevel,
	type SendResult,
} from "@posthaste/core";
import { Type } from "typebox";
import { createPosthaste, type PosthasteCore } from "../../packages/posthaste/src/create-posthaste.ts";
import { ProcessClock } from "../clock.ts";
import { Disk } from "../disk.ts";
import { faultyStore } from "../faulty-store.ts";
import { WorldLog } from "../log.ts";
import { never, type SimulatedProcess } from "../process.ts";
import { Random } from "../random.ts";
import type { Person } from "./person.ts";
import { type Channel, channels, hour } from "./rates.ts";
import type { ReachWorld } from "./world.ts";

const capabilities: Readonly<Record<Channel, Capabilities>> = {
	im: { presence: true, receipts: "acknowledged", idempotency: true },
	email: {},
	pager: { receipts: "acknowledged" },
};

export class Program {
	readonly disk = new Disk();
	posthaste: PosthasteCore | undefined;
	readonly #world: ReachWorld;
	readonly #random: Random;
	readonly #log: WorldLog;
	/** Where the mechanisms' servers find the program: the instances of its present life. */
	readonly #hosts = new Map<Channel, { readonly host: MechanismHost; readonly process: SimulatedProcess }>();
	#ids = 0;

	constructor(world: ReachWorld) {
		this.#world = world;
		this.#random = new Random(world.plan.seed, "disk");
		this.#log = new WorldLog(() => world.clock.now());
		for (const person of world.plan.people.values()) {
			this.#followPresence(person);
		}
	}

	/** Resolves once the program runs; never, when the process dies before. */
	async start(process: SimulatedProcess): Promise<void> {
		const { disk } = this;
		const { clock } = this.#world;
		this.posthaste = undefined;
		const weather = { fault: undefined, busyUntil: 0 };
		this.posthaste = await process.onlyWhileAlive(
			createPosthaste({
				store: faultyStore({ disk, process, weather, clock, log: this.#log, random: this.#random }),
				clock: new ProcessClock(clock, () => process.alive),
				plugins: channels.map((channel) => this.#plugin(channel, process)),
				ids: { next: (now) => this.#nextId(now) },
				env: {},
				healthInterval: hour,
			}),
		);
	}

	/** UUIDv7 (RFC 9562 §5.7) with a counter in place of randomness. */
	#nextId(now: number): string {
		this.#ids += 1;
		const moment = now.toString(16).padStart(12, "0");
		return `${moment.slice(0, 8)}-${moment.slice(8)}-7000-8000-${this.#ids.toString(16).padStart(12, "0")}`;
	}

	#plugin(channel: Channel, process: SimulatedProcess): MechanismPlugin {
		return defineMechanism<unknown, Readonly<Record<string, unknown>>>({
			id: `reach-${channel}`,
			apiVersion: 1,
			version: "1.0.0",
			kind: channel,
			title: channel,
			settings: Type.Object({}, { additionalProperties: false }),
			address: Type.Object({ to: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
			capabilities: capabilities[channel],
			create: async (_settings, host) => {
				this.#hosts.set(channel, { host, process });
				return {
					send: (attempt) => this.#send(channel, attempt, process),
					close: async () => undefined,
				};
			},
		});
	}

	#send(channel: Channel, attempt: Attempt, process: SimulatedProcess): Promise<SendResult> {
		if (!process.touch()) {
			return never();
		}
		const { network } = this.#world;
		const message = this.#world.message(attempt.message.subject ?? "");
		return process.onlyWhileAlive(
			new Promise((resolve) => {
				network.send({
					channel,
					message,
					attempt: attempt.id,
					answer: (result) => {
						resolve(result);
						process.touch();
					},
					receipt: (level) => this.#receipt(channel, attempt.id, level),
				});
			}),
		);
	}

	/** A receipt that finds no program is lost. */
	#receipt(channel: Channel, attempt: string, level: ReceiptLevel): void {
		const connection = this.#hosts.get(channel);
		if (connection?.process.touch() === true) {
			void connection.process.onlyWhileAlive(connection.host.receipt({ attempt, level }));
		}
	}

	/** The IM server tells who comes and goes, as far as it knows. */
	#followPresence({ id, sessions }: Person): void {
		for (const { from, believedTo } of sessions) {
			this.#world.at(from, () => this.#present(id, "available"));
			this.#world.at(believedTo, () => this.#present(id, "unavailable"));
		}
	}

	#present(id: string, state: "available" | "unavailable"): void {
		const there = this.#world.plan.people.get(id)?.seemsOnIm(this.#world.network.now) === true;
		const connection = this.#hosts.get("im");
		if (connection?.process.alive === true && there === (state === "available")) {
			connection.host.presence({ address: { to: id }, state });
		}
	}
}
