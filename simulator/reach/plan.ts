/** What a seed brings at a fault level: people, messages, outages, crashes. No strategy has a say in it. */
import type { Milliseconds } from "@posthaste/core";
import { Random } from "../random.ts";
import { exponential, Person } from "./person.ts";
import { type Channel, channels, day, faults, highestLevel, people, senders } from "./rates.ts";

export interface PlannedMessage {
	readonly key: string;
	/** When its sender wants it sent. */
	readonly at: Milliseconds;
	readonly expiresAt: Milliseconds;
	readonly to: string;
	readonly urgent: boolean;
	/** Sent by a program, which has said yes to every question beforehand. */
	readonly byProgram: boolean;
}

export type OutageKind = keyof typeof faults.outageKinds;

export interface Outage {
	readonly from: Milliseconds;
	readonly to: Milliseconds;
	readonly kind: OutageKind;
}

export interface Crash {
	readonly at: Milliseconds;
	/** Dies with the n-th thing it does from then on. */
	readonly after: number;
	readonly down: Milliseconds;
}

export interface Plan {
	readonly seed: number;
	readonly level: number;
	/** The midnight at which the week begins. */
	readonly start: Milliseconds;
	readonly people: ReadonlyMap<string, Person>;
	readonly messages: readonly PlannedMessage[];
	readonly outages: Readonly<Record<Channel, readonly Outage[]>>;
	readonly crashes: readonly Crash[];
}

/** Monday, 5 January 2026, in UTC. */
const monday: Milliseconds = Date.UTC(2026, 0, 5);

export function plan(seed: number, level: number, messages: number = senders.messagesPerWeek): Plan {
	const ids = Array.from({ length: people.count }, (_, index) => `person${index + 1}`);
	const shared = drawOutages(seed, level, "shared", faults.sharedOutagesPerWeek, faults.meanSharedOutage);
	const outagesOf = (channel: Channel) => [
		...shared,
		...drawOutages(seed, level, channel, faults.outagesPerWeek, faults.meanOutage),
	];
	return {
		seed,
		level,
		start: monday,
		people: new Map(ids.map((id) => [id, new Person(seed, id, level)])),
		messages: Array.from({ length: messages }, (_, index) => drawMessage(seed, `m${index + 1}`, ids)),
		outages: Object.fromEntries(channels.map((channel) => [channel, outagesOf(channel)])) as Record<Channel, Outage[]>,
		crashes: drawCrashes(seed, level),
	};
}

function drawMessage(seed: number, key: string, ids: readonly string[]): PlannedMessage {
	const random = new Random(seed, `message/${key}`);
	const byProgram = random.chance(senders.programs);
	const [from, to] = byProgram ? [0, day] : [senders.from, senders.to];
	const at = random.int(0, senders.weekLasts / day - 1) * day + random.int(from, to - 1);
	const urgent = random.chance(senders.urgent);
	const expiresAt = at + senders.expires[urgent ? "urgent" : "normal"];
	return { key, at, expiresAt, to: random.pick(ids), urgent, byProgram };
}

/** Moments as often as a rate says at the highest level, of which a lower level has only some. */
function moments(
	random: Random,
	perWeek: number,
	level: number,
): { readonly at: Milliseconds; readonly own: Random }[] {
	const found: { at: Milliseconds; own: Random }[] = [];
	const gap = senders.weekLasts / (perWeek * highestLevel);
	for (let at = exponential(random, gap); at < senders.weekLasts; at += exponential(random, gap)) {
		const own = new Random(random.int(0, 2 ** 30), "moment");
		if (own.chance(level / highestLevel)) {
			found.push({ at, own });
		}
	}
	return found;
}

function drawOutages(seed: number, level: number, label: string, perWeek: number, mean: Milliseconds): Outage[] {
	return moments(new Random(seed, `outages/${label}`), perWeek, level).map(({ at, own }) => ({
		from: at,
		to: at + exponential(own, mean),
		kind: own.weighted<OutageKind>(faults.outageKinds),
	}));
}

function drawCrashes(seed: number, level: number): Crash[] {
	return moments(new Random(seed, "crashes"), faults.crashesPerWeek, level).map(({ at, own }) => ({
		at,
		after: own.chance(0.5) ? 0 : own.int(1, 40),
		down: own.length(...faults.downtime),
	}));
}
