/** What is counted: what the world saw, and beside it what was claimed. */
import type { Milliseconds } from "@posthaste/core";
import { plan } from "./plan.ts";
import { play, type Result } from "./play.ts";
import { minute, senders } from "./rates.ts";
import type { Strategy } from "./strategies.ts";

/** Shares are of all messages unless said otherwise. */
export interface Figures {
	readonly messages: number;
	/** The person saw it, within so long of its sender wanting it sent, and before it expired. */
	readonly seenIn5: number;
	readonly seenIn30: number;
	readonly seen: number;
	/** Half the width of the 95 % interval of `seen` and of `seenIn5`, from the spread between weeks. */
	readonly seenMargin: number;
	readonly seenIn5Margin: number;
	/** It came onto a device or into the inbox before it expired. */
	readonly arrived: number;
	/** Of those seen in time. */
	readonly median: Milliseconds;
	readonly p90: Milliseconds;
	/** The same mechanism brought it more than once. */
	readonly doubled: number;
	readonly pages: number;
	/** Its sender was asked for a page, and said no or nothing. */
	readonly declined: number;
	readonly claimedReached: number;
	/** Of those claimed reached: arrived, and seen in time. */
	readonly reachedArrived: number;
	readonly reachedSeen: number;
	readonly claimedNot: number;
	/** Of those claimed not reached: nothing arrived, and not seen in time. */
	readonly notArrived: number;
	readonly notSeen: number;
	/** Claimed unknown, or nothing claimed at all. */
	readonly unknown: number;
}

/** Plays weeks until there are so many messages, beginning with a seed. */
export async function measure(strategy: Strategy, level: number, messages: number, from: number): Promise<Figures> {
	const weeks: (readonly Result[])[] = [];
	for (let left = messages, seed = from; left > 0; left -= senders.messagesPerWeek, seed += 1) {
		weeks.push(await play(plan(seed, level, Math.min(left, senders.messagesPerWeek)), strategy));
	}
	return figuresOf(weeks);
}

export function figuresOf(weeks: readonly (readonly Result[])[]): Figures {
	const all = weeks.flat();
	const times = all
		.filter(isSeen)
		.map(seenAfter)
		.sort((one, other) => one - other);
	const reached = all.filter(({ claim }) => claim === "reached");
	const not = all.filter(({ claim }) => claim === "not-reached");
	const isSeenIn5 = (result: Result) => isSeen(result) && seenAfter(result) <= 5 * minute;
	return {
		messages: all.length,
		seenIn5: share(all, isSeenIn5),
		seenIn30: share(all, (result) => isSeen(result) && seenAfter(result) <= 30 * minute),
		seen: share(all, isSeen),
		seenMargin: margin(weeks, isSeen),
		seenIn5Margin: margin(weeks, isSeenIn5),
		arrived: share(all, ({ arrivals, message }) => arrivals.some(({ at }) => at < message.expiresAt)),
		median: quantile(times, 0.5),
		p90: quantile(times, 0.9),
		doubled: share(all, isDoubled),
		pages: all.reduce((sum, { pages }) => sum + pages, 0) / all.length,
		declined: share(all, ({ declined }) => declined),
		claimedReached: reached.length / all.length,
		reachedArrived: share(reached, hasArrived),
		reachedSeen: share(reached, isSeen),
		claimedNot: not.length / all.length,
		notArrived: share(not, (result) => !hasArrived(result)),
		notSeen: share(not, (result) => !isSeen(result)),
		unknown: share(all, ({ claim }) => claim === "unknown" || claim === "open"),
	};
}

function firstSeen({ arrivals }: Result): Milliseconds {
	return Math.min(...arrivals.map(({ seenAt }) => seenAt ?? Number.POSITIVE_INFINITY));
}

function isSeen(result: Result): boolean {
	return firstSeen(result) < result.message.expiresAt;
}

function seenAfter(result: Result): Milliseconds {
	return firstSeen(result) - result.message.at;
}

function hasArrived({ arrivals }: Result): boolean {
	return arrivals.length > 0;
}

function isDoubled({ arrivals }: Result): boolean {
	return arrivals.length > new Set(arrivals.map(({ channel }) => channel)).size;
}

function share(results: readonly Result[], holds: (result: Result) => boolean): number {
	return results.length === 0 ? Number.NaN : results.filter(holds).length / results.length;
}

function quantile(sorted: readonly Milliseconds[], q: number): Milliseconds {
	return sorted[Math.ceil(sorted.length * q) - 1] ?? Number.NaN;
}

/** Messages of one week share its outages, so that weeks, not messages, are what was drawn independently. */
function margin(weeks: readonly (readonly Result[])[], holds: (result: Result) => boolean): number {
	const shares = weeks.map((week) => share(week, holds));
	const mean = shares.reduce((sum, one) => sum + one, 0) / shares.length;
	const variance = shares.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (shares.length - 1);
	return 1.96 * Math.sqrt(variance / shares.length);
}
