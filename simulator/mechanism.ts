/**
 * A virtual mechanism: what it does with each call is drawn when the call comes, and what it really did
 * is written into the world's log. It outlives the program's processes, as a mail server does, and
 * repeats receipts that were not confirmed, when it is of that kind.
 */
import {
	type Attempt,
	defineMechanism,
	type Health,
	type MechanismHost,
	type MechanismInstance,
	type MechanismPlugin,
	type Milliseconds,
	type ReceiptLevel,
	receiptLevels,
	type SendResult,
} from "@posthaste/core";
import { Type } from "typebox";
import { never, type SimulatedProcess } from "./process.ts";
import { Random } from "./random.ts";
import type { Fate, SimulatedMechanism, Unhealthy } from "./scenario.ts";
import type { World } from "./world.ts";

interface Receipt {
	readonly attempt: string;
	readonly level: ReceiptLevel;
}

interface Connection {
	readonly process: SimulatedProcess;
	readonly host: MechanismHost;
}

type Resolve = (result: SendResult) => void;
type Reject = (error: Error) => void;

export const mechanismVersions = { first: "1.0.0", second: "2.0.0" } as const;
/** What an address has to be like for the second version. */
const strictAddress = "/[12]$";
/** An instance that comes up late does so when nobody waits for it any more. */
const lateStart: Milliseconds = 40_000;

export class VirtualMechanism {
	readonly about: SimulatedMechanism;
	unhealthy: Unhealthy | undefined;
	readonly #world: World;
	#connection: Connection | undefined;
	/** Receipts that Posthaste has not confirmed. */
	readonly #unconfirmed = new Set<Receipt>();
	readonly #durable: boolean;
	readonly #calls = new Map<string, number>();

	constructor(about: SimulatedMechanism, world: World) {
		this.about = about;
		this.#world = world;
		this.#durable = new Random(world.scenario.seed, `durable/${about.name}`).chance(0.6);
	}

	/** The plugin as one process loads it. The second version is stricter about addresses than the first. */
	plugin(process: SimulatedProcess, version: string = mechanismVersions.first): MechanismPlugin {
		const { name, kind, capabilities } = this.about;
		const to = version === mechanismVersions.first ? { minLength: 1 } : { pattern: strictAddress };
		return defineMechanism<unknown, Readonly<Record<string, unknown>>>({
			id: `virtual-${name}`,
			apiVersion: 1,
			version,
			kind,
			title: `Virtual ${kind}`,
			settings: Type.Object({ note: Type.Optional(Type.String()) }, { additionalProperties: false }),
			address: Type.Object({ to: Type.String(to) }, { additionalProperties: false }),
			capabilities,
			create: (_settings, host) => this.#create({ process, host }),
		});
	}

	async #create(connection: Connection): Promise<MechanismInstance> {
		if (!connection.process.touch()) {
			return never();
		}
		if (this.unhealthy === "will-not-start") {
			throw new Error("connection refused");
		}
		if (this.unhealthy === "start-hangs") {
			return never();
		}
		const late = this.unhealthy === "start-late";
		if (late) {
			await connection.process.onlyWhileAlive(this.#world.rest(lateStart));
		}
		this.#connection = connection;
		this.#world.log.add({ type: "created", mechanism: this.about.name, late });
		this.#world.later(this.#draw("reconnect").int(1, 3000), () => this.#repeatReceipts());
		const { retraction } = this.about.capabilities;
		return {
			send: (attempt, signal) => this.#send(connection.process, attempt, signal),
			health: () => this.#health(connection.process),
			...(retraction === true && {
				retract: ({ id }: { readonly id: string }) => this.#retract(connection.process, id),
			}),
			close: () => (this.unhealthy === "close-hangs" ? never() : Promise.resolve()),
		};
	}

	#draw(label: string): Random {
		return new Random(this.#world.scenario.seed, `${this.about.name}/${label}`);
	}

	// Calls ----------------------------------------------------------------------------------------

	#send(process: SimulatedProcess, attempt: Attempt, signal: AbortSignal): Promise<SendResult> {
		if (!process.touch()) {
			return never();
		}
		const { id, try: tries, message, address, publicKey, recipient } = attempt;
		this.#world.log.add({
			type: "send",
			mechanism: this.about.name,
			attempt: id,
			try: tries,
			message: message.id,
			address: String(address.to),
			...(publicKey !== undefined && { publicKey }),
			subject: message.subject,
			body: message.body,
			intended: this.#world.isIntended(id, tries),
		});
		const label = `${message.subject}/${recipient.id}`;
		const count = (this.#calls.get(label) ?? 0) + 1;
		this.#calls.set(label, count);
		const random = this.#draw(`${count}/${label}`);
		const fate = this.#fate(random);
		if (fate === "throws-at-once") {
			this.#showPerhaps(attempt, random);
			this.#world.log.add({ type: "returned", attempt: id, try: tries, result: "threw", heard: true });
			throw new Error("a bug in the plugin");
		}
		return process.onlyWhileAlive(
			new Promise((resolve, reject) => {
				this.#act(fate, { attempt, signal, random, process, resolve, reject });
			}),
		);
	}

	#fate(random: Random): Fate {
		if (this.#world.isCalm) {
			return "accepts";
		}
		const fate = random.weighted<Fate>(this.about.habits);
		return this.#world.scenario.spared.includes(fate) ? "accepts" : fate;
	}

	#act(fate: Fate, call: Call): void {
		const { random, attempt } = call;
		switch (fate) {
			case "accepts":
			case "doubles":
			case "overtakes":
				this.#world.later(fate === "overtakes" ? 1 : random.length(1, 4000), () => this.#show(attempt, random, fate));
				if (fate === "doubles") {
					this.#showAgain(attempt);
				}
				this.#answer(call, this.#acceptance(random), random.length(fate === "overtakes" ? 500 : 1, 6000));
				break;
			case "loses":
				this.#answer(call, this.#acceptance(random), random.length(1, 6000));
				break;
			case "unavailable":
				this.#answer(call, { outcome: "unavailable", evidence: "offline" }, random.length(1, 3000));
				break;
			case "rejects":
				this.#answer(call, { outcome: "rejected", evidence: "550" }, random.length(1, 3000));
				break;
			case "fails":
				this.#answer(call, this.#failure(random), random.length(1, 3000));
				break;
			case "unknown":
				this.#showPerhaps(attempt, random);
				this.#answer(call, { outcome: "unknown", evidence: "connection lost" }, random.length(1, 20_000));
				break;
			case "throws":
				this.#showPerhaps(attempt, random);
				this.#world.later(random.length(1, 5000), () => this.#throw(call));
				break;
			case "dawdles":
				this.#dawdle(call);
				break;
			case "answers-late":
				this.#showPerhaps(attempt, random);
				this.#answer(call, this.#acceptance(random), random.int(32_000, 200_000));
				break;
			case "hangs":
			case "throws-at-once":
				this.#showPerhaps(attempt, random);
				break;
		}
	}

	#acceptance(random: Random): SendResult {
		const { receipts } = this.about.capabilities;
		return {
			outcome: "accepted",
			...(random.chance(0.5) && { reference: `ref-${random.int(0, 1e9)}` }),
			...(receipts !== undefined && random.chance(0.1) && { level: "delivered" }),
		};
	}

	#failure(random: Random): SendResult {
		const retryAfter = random.chance(0.2) ? { retryAfter: random.length(1, 120_000) } : {};
		return { outcome: "failed", evidence: "421", ...retryAfter };
	}

	#answer({ attempt, process, resolve }: Call, result: SendResult, delay: Milliseconds): void {
		this.#world.later(delay, () => {
			const { id, try: tries } = attempt;
			this.#world.log.add({ type: "returned", attempt: id, try: tries, result, heard: process.alive });
			if (process.alive) {
				resolve(result);
				process.touch();
			}
		});
	}

	#throw({ attempt, process, reject }: Call): void {
		const { id, try: tries } = attempt;
		this.#world.log.add({ type: "returned", attempt: id, try: tries, result: "threw", heard: process.alive });
		reject(new Error("socket hang up"));
	}

	/** Notices only when its signal aborts, and then says what it knows, within the grace or after it. */
	#dawdle(call: Call): void {
		const { attempt, signal, random } = call;
		const shown = this.#showPerhaps(attempt, random);
		const result: SendResult = shown
			? random.chance(0.5)
				? this.#acceptance(random)
				: { outcome: "unknown", evidence: "aborted" }
			: { outcome: "failed", evidence: "aborted" };
		signal.addEventListener("abort", () => this.#answer(call, result, random.int(1, 1500)), { once: true });
	}

	#showPerhaps(attempt: Attempt, random: Random): boolean {
		const shown = random.chance(0.5);
		if (shown) {
			this.#world.later(random.length(1, 4000), () => this.#show(attempt, random, "accepts"));
		}
		return shown;
	}

	/** The message comes a second time, and the person and their device do about it what they do about any. */
	#showAgain(attempt: Attempt): void {
		const own = this.#draw(`${attempt.message.subject}/${attempt.recipient.id}/${attempt.try}/again`);
		this.#world.later(own.length(1, 60_000), () => this.#show(attempt, own, "accepts"));
	}

	#retract(process: SimulatedProcess, attempt: string): Promise<boolean> {
		if (!process.touch()) {
			return never();
		}
		this.#world.log.add({ type: "retract", mechanism: this.about.name, attempt });
		const random = this.#draw(`retract/${attempt}`);
		const how = random.weighted({ yes: 5, no: 2, throws: 1, hangs: 1 });
		if (how === "hangs") {
			return never();
		}
		return process.onlyWhileAlive(
			new Promise((resolve, reject) => {
				this.#world.later(random.length(1, 3000), () => {
					if (how === "yes") {
						this.#world.log.add({ type: "retracted", mechanism: this.about.name, attempt });
					}
					return how === "throws" ? reject(new Error("gone")) : resolve(how === "yes");
				});
			}),
		);
	}

	async #health(process: SimulatedProcess): Promise<Health> {
		if (!process.touch() || this.unhealthy === "asked-hangs") {
			return never();
		}
		if (this.unhealthy === "asked-throws") {
			throw new Error("no health today");
		}
		return { healthy: this.unhealthy !== "asked-says-so" && this.unhealthy !== "says-so" };
	}

	// People and receipts --------------------------------------------------------------------------

	/** The person gets the message; what they and their device do about it comes back as receipts. */
	#show(attempt: Attempt, random: Random, fate: Fate): void {
		this.#world.log.add({ type: "shown", attempt: attempt.id, mechanism: this.about.name });
		const { people } = this.#world.scenario;
		const highest = this.about.capabilities.receipts;
		const chances = { delivered: people.delivered, read: people.read, acknowledged: people.acknowledges };
		for (const level of receiptLevels.slice(0, highest === undefined ? 0 : receiptLevels.indexOf(highest) + 1)) {
			if (random.chance(chances[level])) {
				this.#reportLater({ attempt: attempt.id, level }, random, fate);
			}
		}
		if (this.about.capabilities.replies === true && random.chance(people.replies)) {
			this.#world.later(random.length(1000, 600_000), () => this.#reply(attempt.id));
		}
	}

	#reportLater(receipt: Receipt, random: Random, fate: Fate): void {
		const copies = fate === "doubles" || random.chance(0.1) ? 2 : 1;
		for (let copy = 0; copy < copies; copy += 1) {
			const delay = fate === "overtakes" ? random.int(1, 400) : random.length(1, 1_200_000);
			this.#world.later(delay, () => this.#report(receipt));
		}
	}

	#report(receipt: Receipt): void {
		if (this.#durable) {
			this.#unconfirmed.add(receipt);
		}
		const connection = this.#connection;
		if (connection === undefined || !connection.process.alive) {
			return;
		}
		const about = { mechanism: this.about.name, ...receipt };
		this.#world.log.add({ type: "receipt", ...about });
		connection.process.touch();
		void connection.process.onlyWhileAlive(connection.host.receipt(receipt)).then(() => {
			this.#unconfirmed.delete(receipt);
			this.#world.log.add({ type: "receipt-kept", ...about });
		});
	}

	#repeatReceipts(): void {
		for (const receipt of [...this.#unconfirmed]) {
			this.#report(receipt);
		}
	}

	#reply(attempt: string): void {
		const connection = this.#connection;
		if (connection?.process.alive !== true) {
			return;
		}
		const about = { mechanism: this.about.name, attempt, body: "I am on my way" };
		this.#world.log.add({ type: "reply", ...about });
		void connection.process
			.onlyWhileAlive(connection.host.reply({ attempt, body: about.body }))
			.then(() => this.#world.log.add({ type: "reply-kept", ...about }));
	}

	/** A receipt for something that was never sent. */
	strayReceipt(attempt: string): void {
		if (this.#connection?.process.alive === true) {
			void this.#connection.host.receipt({ attempt, level: "acknowledged" });
		}
	}

	presence(address: string, available: boolean): void {
		if (this.#connection?.process.alive === true) {
			this.#world.log.add({ type: "presence", mechanism: this.about.name, address, available });
			this.#connection.host.presence({ address: { to: address }, state: available ? "available" : "unavailable" });
		}
	}

	setHealth(how: Unhealthy | undefined): void {
		const said = this.unhealthy === "says-so" || how === "says-so";
		this.unhealthy = how;
		this.#world.log.add({ type: "health", mechanism: this.about.name, how });
		if (said && this.#connection?.process.alive === true) {
			this.#connection.host.health({ healthy: how === undefined });
		}
	}
}

interface Call {
	readonly attempt: Attempt;
	readonly signal: AbortSignal;
	readonly random: Random;
	readonly process: SimulatedProcess;
	readonly resolve: Resolve;
	readonly reject: Reject;
}
