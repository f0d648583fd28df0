/**
 * How mechanisms and the people there stood at each moment: what the world did to them and heard from them. The
 * program may only say that a mechanism is not active, resting, full, or that nobody is there, when it was so.
 */
import type { Milliseconds } from "@posthaste/core";
import { type EventOf, type Evidence, entriesOf } from "./evidence.ts";

/** What is said about somebody's presence counts for so long. */
const freshness: Milliseconds = 60_000;
/** A mechanism that failed rests for so long at the most. */
const longestRest: Milliseconds = 60_000;
/** A call that nobody answers has failed after so long: its limit and its grace. */
const longestCall: Milliseconds = 31_000;
/** As many faults in a row open the breaker. */
const breakAfter = 5;
/** Questions about a mechanism's health go unanswered for so long before that counts as an answer. */
const answerLimit: Milliseconds = 10_000;

interface Fault {
	readonly from: Milliseconds;
	readonly to: Milliseconds;
}

export class Surroundings {
	readonly #evidence: Evidence;
	readonly #healthInterval: Milliseconds;
	readonly #lives: readonly Milliseconds[];
	readonly #stops: readonly Milliseconds[];
	readonly #clock: readonly EventOf<"clock">[];
	readonly #created: ReadonlyMap<string, readonly EventOf<"created">[]>;
	readonly #health: ReadonlyMap<string, readonly EventOf<"health">[]>;
	readonly #presence: ReadonlyMap<string, readonly EventOf<"presence">[]>;
	readonly #faults: ReadonlyMap<string, readonly Fault[]>;
	readonly #deleted: ReadonlyMap<string, readonly Milliseconds[]>;

	constructor(evidence: Evidence) {
		this.#evidence = evidence;
		this.#healthInterval = evidence.scenario.healthInterval;
		this.#lives = evidence.of("started").map(({ at }) => at);
		this.#stops = evidence.of("stopping").map(({ at }) => at);
		this.#clock = evidence.of("clock");
		this.#created = byMechanism(evidence.of("created"));
		this.#health = byMechanism(evidence.of("health"));
		this.#presence = byMechanism(evidence.of("presence"));
		this.#faults = faultsOf(evidence);
		this.#deleted = deletionsOf(evidence);
	}

	/** Whether the mechanism said, lately and last of all, that nobody is at this address. */
	mayBeAbsent(mechanism: string, address: unknown, at: Milliseconds): boolean {
		const said = this.#presence.get(mechanism) ?? [];
		const reports = said.filter((one) => one.address === address && this.#mayPrecede(one.at, at));
		const renewals = this.#created.get(mechanism) ?? [];
		// While an instance is being replaced, what is said goes to the new one, and the old one serves.
		const heardSince = (since: Milliseconds) =>
			reports.some(
				(one) => one.available && one.at > since && !renewals.some((made) => made.at >= since && made.at <= one.at),
			);
		const isFresh = (since: Milliseconds) => at - since <= freshness && !heardSince(since);
		return reports.some((one) => !one.available && (isFresh(one.at) || this.#isSet(one.at, at)));
	}

	/** Whether the mechanism is unwell, was lately, or has not come up since the program started. */
	mayBeInactive(mechanism: string, at: Milliseconds): boolean {
		if (this.hasNotComeUp(mechanism, at)) {
			return true;
		}
		const last = (this.#health.get(mechanism) ?? []).findLast((one) => this.#mayPrecede(one.at, at));
		const wait = 2 * this.#healthInterval + answerLimit;
		return last !== undefined && (last.how !== undefined || at - last.at <= wait || this.#isSet(last.at, at));
	}

	/** Whether no instance of the mechanism has come up in time since the program started, or since it was deleted. */
	hasNotComeUp(mechanism: string, at: Milliseconds): boolean {
		const deleted = this.#deleted.get(mechanism)?.findLast((one) => one <= at) ?? 0;
		const created = (this.#created.get(mechanism) ?? []).filter((one) => !one.late && one.at >= deleted);
		return this.#startsBefore(at).some((started) => !created.some((one) => one.at >= started && one.at <= at));
	}

	/** Whether the mechanism failed so often, and so lately, that it may be resting. */
	mayRest(mechanism: string, at: Milliseconds): boolean {
		const faults = this.#faultsBefore(mechanism, at);
		return faults.length >= breakAfter && faults.some(({ to }) => to + longestRest >= at || this.#isSet(to, at));
	}

	/** Whether one call is to show if the mechanism is well again, and every other one has to wait for it. */
	mayBeOnTrial(mechanism: string, at: Milliseconds): boolean {
		return this.#faultsBefore(mechanism, at).length >= breakAfter;
	}

	/** Whether the program was told to stop, and had not been started again. */
	isStopping(at: Milliseconds): boolean {
		const [started = 0] = this.#startsBefore(at);
		return this.#stops.some((stop) => this.#mayPrecede(started, stop) && this.#mayPrecede(stop, at));
	}

	/** Faults of this life of the program; the breaker knows of no others. */
	#faultsBefore(mechanism: string, at: Milliseconds): readonly Fault[] {
		const [started = 0] = this.#startsBefore(at);
		const faults = this.#faults.get(mechanism) ?? [];
		return faults.filter(({ from }) => this.#mayPrecede(started, from) && this.#mayPrecede(from, at));
	}

	/** Whether the one may have come before the other, both ends included. */
	#mayPrecede(one: Milliseconds, other: Milliseconds): boolean {
		return this.#evidence.earliest(one) <= this.#evidence.latest(other);
	}

	/** The starts of which one may have been the last before this moment, in their order. */
	#startsBefore(at: Milliseconds): readonly Milliseconds[] {
		const isBefore = (start: Milliseconds) => this.#evidence.latest(start) < this.#evidence.earliest(at);
		const sure = this.#lives.findLastIndex((start) => start <= at && (start === at || isBefore(start)));
		return this.#lives.slice(Math.max(sure, 0)).filter((start) => this.#mayPrecede(start, at));
	}

	/** Whether the clock was set, or time stood still, in between: timers then say little about times. */
	#isSet(from: Milliseconds, to: Milliseconds): boolean {
		return this.#clock.some(({ at, by }) => Math.max(at, at - by) >= from && Math.min(at, at - by) <= to);
	}
}

function byMechanism<Event extends { readonly mechanism: string }>(
	events: readonly Event[],
): ReadonlyMap<string, readonly Event[]> {
	return Map.groupBy(events, ({ mechanism }) => mechanism);
}

/** Calls that a mechanism saw and did not do, with the time within which that showed. */
function faultsOf(evidence: Evidence): ReadonlyMap<string, readonly Fault[]> {
	const outcomes = new Map(
		evidence.deliveries
			.flatMap((delivery) => entriesOf(delivery, "outcome"))
			.map((entry) => [`${entry.attempt}#${entry.try}`, entry]),
	);
	const faulty = evidence.of("send").flatMap(({ mechanism, attempt, try: tries, at }) => {
		const outcome = outcomes.get(`${attempt}#${tries}`);
		const isFault = outcome === undefined || outcome.outcome === "failed" || outcome.outcome === "unknown";
		return isFault ? [{ mechanism, from: at, to: Math.min(outcome?.at ?? at + longestCall, at + longestCall) }] : [];
	});
	return byMechanism(faulty);
}

/** When each mechanism was deleted. One that is put back has to come up again. */
function deletionsOf(evidence: Evidence): ReadonlyMap<string, readonly Milliseconds[]> {
	const deletions = evidence
		.of("changed")
		.flatMap(({ changes, at }) =>
			changes.flatMap(({ database, key, value }) =>
				database === "mechanisms" && value === null ? [{ mechanism: key, at }] : [],
			),
		);
	const byName = Map.groupBy(deletions, ({ mechanism }) => mechanism);
	return new Map([...byName].map(([mechanism, made]) => [mechanism, made.map(({ at }) => at)]));
}
