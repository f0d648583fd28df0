/**
 * What was shown is taken back when the message was cancelled, or acknowledged elsewhere, and never otherwise; and
 * what the journal says was taken back, the mechanism was really asked to.
 */
import type { JournalEntry, Milliseconds, User } from "@posthaste/core";
import { type AuditedDelivery, type EntryOf, entriesOf, isEnough, type Violation } from "./evidence.ts";
import type { Grounds } from "./passed-over.ts";

/** The call follows once the decision is on disk, unless the program dies before. */
const patience: Milliseconds = 15 * 60_000;
/** A retraction that gets no turn within this time is not made. */
const longestWait: Milliseconds = 30_000;
/** One that has its turn ends within this time. */
const longestTurn: Milliseconds = 31_000;

export function auditRetractions(grounds: Grounds): readonly Violation[] {
	const { evidence } = grounds;
	const asked = new Map(evidence.of("retract").map(({ attempt, at }) => [attempt, at]));
	const found = evidence.deliveries.flatMap((delivery) => {
		const decided = entriesOf(delivery, "retract");
		for (const { attempt } of decided) {
			asked.delete(attempt);
		}
		const texts = [
			...new Retractions(delivery).wrong(),
			...decided.flatMap((entry) => notAsked(entry, delivery, grounds)),
		];
		return texts.map((text): Violation => ({ rule: "truth", delivery: delivery.row.id, text }));
	});
	const invented = [...asked.keys()].map((attempt): Violation => {
		const delivery = attempt.slice(0, attempt.lastIndexOf("."));
		return { rule: "truth", delivery, text: `${attempt} was taken back, and no journal says so` };
	});
	return [...found, ...invented];
}

interface Shown {
	level: string | undefined;
	/** Nobody can say whether its last try was shown. */
	isUnknown: boolean;
	isRetracted: boolean;
}

/** One delivery's attempts, and what its journal says was taken back. */
class Retractions {
	readonly #attempts = new Map<string, Shown>();
	readonly #wrong: string[] = [];
	#isCancelled = false;
	#isOver = false;

	constructor({ journal }: AuditedDelivery) {
		for (const entry of journal) {
			this.#take(entry);
		}
	}

	/** At the end nothing may stand that should have been taken back. */
	wrong(): readonly string[] {
		const left = [...this.#attempts].filter(([id, one]) => !one.isRetracted && this.#isNeedless(id));
		return [...this.#wrong, ...left.map(([id]) => `${id} was not taken back`)];
	}

	#take(entry: JournalEntry): void {
		if (entry.type === "attempt" && entry.try === 1) {
			this.#attempts.set(entry.attempt, { level: undefined, isUnknown: false, isRetracted: false });
		} else if (entry.type === "outcome") {
			this.#onOutcome(entry);
		} else if (entry.type === "receipt") {
			this.#raise(entry.attempt, entry.level);
		} else if (entry.type === "settled") {
			this.#isOver = true;
		} else if (entry.type === "cancelled") {
			// One that comes while the end is being written changes nothing any more.
			this.#isCancelled ||= !this.#isOver;
		} else if (entry.type === "retract") {
			this.#onRetract(entry);
		}
	}

	#onOutcome({ attempt, outcome, level }: EntryOf<"outcome">): void {
		const shown = this.#attempts.get(attempt);
		if (shown !== undefined) {
			shown.isUnknown = outcome === "unknown";
			this.#raise(attempt, outcome === "accepted" ? "accepted" : undefined);
			this.#raise(attempt, level);
		}
	}

	#raise(attempt: string, level: string | undefined): void {
		const shown = this.#attempts.get(attempt);
		if (shown !== undefined && level !== undefined && (shown.level === undefined || isEnough(level, shown.level))) {
			shown.level = level;
		}
	}

	#onRetract({ attempt }: EntryOf<"retract">): void {
		const shown = this.#attempts.get(attempt);
		if (shown === undefined || shown.isRetracted || !this.#isNeedless(attempt)) {
			this.#wrong.push(`${attempt} was taken back, and nothing calls for it`);
		} else {
			shown.isRetracted = true;
		}
	}

	/** It was shown, or may have been, and the message is cancelled or acknowledged elsewhere. */
	#isNeedless(id: string): boolean {
		const shown = this.#attempts.get(id);
		const elsewhere = [...this.#attempts].some(([other, { level }]) => other !== id && level === "acknowledged");
		return (shown?.level !== undefined || shown?.isUnknown === true) && (this.#isCancelled || elsewhere);
	}
}

/** A mechanism that can take back was asked to, unless the program died, or it was out of reach, or others had every turn. */
function notAsked(entry: EntryOf<"retract">, delivery: AuditedDelivery, grounds: Grounds): string[] {
	const { evidence } = grounds;
	const { attempt, mechanism, at } = entry;
	const able = evidence.scenario.mechanisms.find(({ name }) => name === mechanism)?.capabilities.retraction === true;
	const asked = evidence
		.of("retract")
		.some((one) => one.attempt === attempt && evidence.earliest(at) <= evidence.latest(one.at));
	const excused = asked || evidence.diedWithin(at, at + patience) || isOutOfReach(entry, delivery, grounds);
	const waited = isCrowded(entry, delivery, grounds);
	return able && !excused && !waited ? [`${attempt} was to be taken back, and ${mechanism} was not asked to`] : [];
}

/** A quarter as many retractions have a turn at the same time as there may be calls: whether as many others hung just then. */
function isCrowded(
	{ attempt, mechanism, at }: EntryOf<"retract">,
	delivery: AuditedDelivery,
	{ evidence }: Grounds,
): boolean {
	const answered = entriesOf(delivery, "retracted").find((one) => one.attempt === attempt)?.at ?? at;
	const [from, to] = [evidence.earliest(at) - longestTurn, evidence.latest(answered)];
	const others = evidence.of("retract").filter((one) => one.mechanism === mechanism && one.at >= from && one.at <= to);
	const waitedLong = answered - at >= longestWait || evidence.wasSetBack(at, answered);
	return waitedLong && others.length >= Math.ceil(evidence.scenario.concurrency / 4);
}

/** The recipient or the mechanism was gone, or the mechanism rested. */
function isOutOfReach(
	{ mechanism, at }: EntryOf<"retract">,
	{ row }: AuditedDelivery,
	{ history, surroundings }: Grounds,
): boolean {
	const has = (user: User | undefined) => user?.mechanisms.some((entry) => entry.mechanism === mechanism) === true;
	return (
		surroundings.hasNotComeUp(mechanism, at) ||
		surroundings.mayRest(mechanism, at) ||
		surroundings.mayRest(mechanism, at + longestTurn) ||
		!history.at<User>(`users/${row.recipient}`, at).every((user) => has(user))
	);
}
