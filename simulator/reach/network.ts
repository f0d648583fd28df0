/**
 * The three mechanisms as the world has them. What a call comes to is drawn from the seed, the message
 * and how many calls there were for it before: two strategies that do the same meet the same. What
 * arrives, and when the person sees it, is written down here, and nobody's claim goes into it.
 */
import type { Milliseconds, ReceiptLevel, SendResult } from "@posthaste/core";
import type { SimulatedClock } from "../clock.ts";
import { Random } from "../random.ts";
import type { Outage, Plan, PlannedMessage } from "./plan.ts";
import { type Channel, faults, network, people } from "./rates.ts";

export interface Arrival {
	readonly channel: Channel;
	readonly at: Milliseconds;
	/** When the person sees it; never, when they do not come back in time. */
	readonly seenAt: Milliseconds | undefined;
}

/** What became of one message. Times are counted from the beginning of the week. */
export interface Happened {
	readonly arrivals: Arrival[];
	/** Calls of each mechanism, whatever they came to. */
	readonly calls: Record<Channel, number>;
	/** Pages that the paging network took, and so would charge for. */
	pages: number;
}

export interface Call {
	readonly channel: Channel;
	readonly message: PlannedMessage;
	/** Shown once, where the mechanism knows an attempt again. */
	readonly attempt?: string;
	answer(result: SendResult): void;
	receipt?(level: ReceiptLevel): void;
}

type Fate = "fails" | "unknown-lost" | "unknown-shown" | "loses" | "doubles" | "accepts";

const accepted: SendResult = { outcome: "accepted" };
const unknown: SendResult = { outcome: "unknown", evidence: "no answer" };

export class Network {
	readonly #plan: Plan;
	readonly #clock: SimulatedClock;
	readonly #happened = new Map<string, Happened>();
	/** IM attempts already shown. */
	readonly #shown = new Set<string>();

	constructor(plan: Plan, clock: SimulatedClock) {
		this.#plan = plan;
		this.#clock = clock;
	}

	get now(): Milliseconds {
		return this.#clock.steady;
	}

	happened(key: string): Happened {
		const known = this.#happened.get(key) ?? { arrivals: [], calls: { im: 0, email: 0, pager: 0 }, pages: 0 };
		this.#happened.set(key, known);
		return known;
	}

	send(call: Call): void {
		const { channel, message } = call;
		const { calls } = this.happened(message.key);
		calls[channel] += 1;
		const random = new Random(this.#plan.seed, `${channel}/${message.key}/${calls[channel]}`);
		const outage = this.#plan.outages[channel].find(({ from, to }) => from <= this.now && this.now < to);
		if (outage !== undefined) {
			this.#answerDown(call, outage, random);
		} else if (channel === "im" && !this.#seemsThere(message, random)) {
			this.#answer(call, { outcome: "unavailable", evidence: "offline" }, random);
		} else {
			this.#carryOut(call, this.#fate(channel, random), random);
		}
	}

	#answer({ answer }: Call, result: SendResult, random: Random): void {
		this.#clock.timer(random.length(...network.answers), () => answer(result));
	}

	#charge({ channel, message }: Call): void {
		if (channel === "pager") {
			this.happened(message.key).pages += 1;
		}
	}

	#answerDown(call: Call, { kind }: Outage, random: Random): void {
		if (kind === "swallows") {
			this.#charge(call);
		}
		if (kind === "silent") {
			this.#clock.timer(network.givesUp, () => call.answer(unknown));
		} else {
			this.#answer(call, kind === "refuses" ? { outcome: "failed", evidence: "connection refused" } : accepted, random);
		}
	}

	/** A chance that grows with the fault level. */
	#fault(random: Random, chance: number): boolean {
		return random.chance(chance * this.#plan.level);
	}

	#seemsThere({ to }: PlannedMessage, random: Random): boolean {
		const saysAbsent = this.#fault(random, faults.saysAbsent);
		return !saysAbsent && this.#plan.people.get(to)?.seemsOnIm(this.now) === true;
	}

	#fate(channel: Channel, random: Random): Fate {
		const { fails, unknown: unsure, loses, doubles } = faults.channels[channel];
		const { level } = this.#plan;
		const bad = {
			fails: fails * level,
			"unknown-lost": (unsure * level) / 2,
			"unknown-shown": (unsure * level) / 2,
			loses: loses * level,
			doubles: doubles * level,
		};
		const accepts = 1 - Object.values(bad).reduce((sum, chance) => sum + chance, 0);
		return random.weighted<Fate>({ accepts, ...bad });
	}

	#carryOut(call: Call, fate: Fate, random: Random): void {
		if (fate !== "fails" && fate !== "unknown-lost") {
			this.#charge(call);
		}
		const copies = fate === "doubles" ? 2 : fate === "accepts" || fate === "unknown-shown" ? 1 : 0;
		for (let copy = 0; copy < copies; copy += 1) {
			this.#clock.timer(this.#travels(call.channel, random), () => this.#arrive(call, random));
		}
		if (fate === "unknown-lost" || fate === "unknown-shown") {
			this.#clock.timer(network.givesUp, () => call.answer(unknown));
		} else {
			this.#answer(call, fate === "fails" ? { outcome: "failed", evidence: "temporary failure" } : accepted, random);
		}
	}

	#travels(channel: Channel, random: Random): Milliseconds {
		const slow = channel === "email" && this.#fault(random, faults.emailIsSlow);
		return random.length(...(slow ? network.slowEmail : network.travels[channel]));
	}

	#arrive(call: Call, random: Random): void {
		const { channel, message, attempt } = call;
		const person = this.#plan.people.get(message.to);
		const again = channel === "im" && attempt !== undefined && this.#shown.has(attempt);
		// A session that broke off takes with it what the server hands it.
		if (person === undefined || again || (channel === "im" && !person.isOnIm(this.now))) {
			return;
		}
		if (attempt !== undefined) {
			this.#shown.add(attempt);
		}
		const sees = { im: person.seesIm, email: person.seesEmail, pager: person.seesPager }[channel];
		const seenAt = sees.call(person, this.now, random);
		this.happened(message.key).arrivals.push({ channel, at: this.now, seenAt });
		if (channel !== "email") {
			this.#reportReceipts(call, seenAt, random);
		}
	}

	#reportReceipts(call: Call, seenAt: Milliseconds | undefined, random: Random): void {
		this.#report(call, "delivered", this.now, random);
		if (seenAt !== undefined) {
			this.#report(call, "read", seenAt, random);
			if (call.message.urgent && random.chance(people.confirms)) {
				this.#report(call, "acknowledged", seenAt + random.length(...people.confirmsAfter), random);
			}
		}
	}

	#report({ channel, receipt }: Call, level: ReceiptLevel, at: Milliseconds, random: Random): void {
		const delay = at - this.now + random.length(...network.receipt);
		if (!this.#fault(random, faults.channels[channel].losesReceipt) && receipt !== undefined) {
			this.#clock.timer(delay, () => receipt(level));
		}
	}
}
