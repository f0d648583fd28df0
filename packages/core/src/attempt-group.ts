/**
 * One attempt, and the group of them that an attempt effect of the manager makes: one after the other
 * in serial mode, all at once in parallel mode.
 */
import type { PolicyEntry } from "./flow.ts";
import type { Input } from "./journal.ts";
import type { Effect, MechanismResult } from "./manager.ts";
import type { Milliseconds } from "./model.ts";
import { type Level, type Outcome, type ReceiptLevel, satisfies } from "./outcome.ts";
import type { PolicyReason } from "./reasons.ts";
import { namesMechanism } from "./selector.ts";

export type AttemptEffect = Extract<Effect, { effect: "attempt" }>;
export type OutcomeInput = Extract<Input, { type: "outcome" }>;

/**
 * - `sending`: its intent is written, its outcome is not.
 * - `resting`: it failed, and is tried again at `retryAt`.
 * - `accepted`: it waits for a receipt until its deadline.
 * - `undecided`: its outcome is unknown, and a person decides what to do about it.
 * - `over`: nothing more is done about it. A receipt may still raise it.
 */
export type AttemptPhase = "sending" | "resting" | "accepted" | "undecided" | "over";

export interface TrackedAttempt {
	readonly id: string;
	readonly mechanism: string;
	readonly until: Level;
	deadline: Milliseconds;
	phase: AttemptPhase;
	try: number;
	retryAt: Milliseconds;
	outcome?: Outcome;
	/** The best evidence so far. */
	level?: Level;
	reference?: string;
	/** It is to be taken back, or was. */
	retracted?: boolean;
	/** The mechanism has answered whether it took it back. */
	retractionAnswered?: boolean;
}

/** One attempt effect under way. */
export interface AttemptGroup {
	readonly effect: AttemptEffect;
	/** Mechanisms not looked at yet, in order. */
	readonly queue: string[];
	readonly active: TrackedAttempt[];
	/** Kept, but held back until a moment. */
	readonly postponed: { readonly mechanism: string; readonly until: Milliseconds }[];
	readonly passedOver: Map<string, PolicyReason>;
}

// One attempt ------------------------------------------------------------------------------------

export function recordOutcome(attempt: TrackedAttempt, input: OutcomeInput): void {
	attempt.outcome = input.outcome;
	if (input.reference !== undefined) {
		attempt.reference = input.reference;
	}
	if (input.outcome === "accepted") {
		raise(attempt, "accepted");
	}
	if (input.level !== undefined) {
		raise(attempt, input.level);
	}
}

/** Evidence only ever rises. */
export function raise(attempt: TrackedAttempt, level: Level): void {
	if (attempt.level === undefined || satisfies(level, attempt.level)) {
		attempt.level = level;
	}
}

/** Whether the evidence so far is what the manager asked for. */
export function isSatisfied({ level, until }: TrackedAttempt): boolean {
	return level !== undefined && satisfies(level, until);
}

function resultOf({ mechanism, outcome, level }: TrackedAttempt): MechanismResult {
	return {
		mechanism,
		...(outcome !== undefined && { outcome }),
		...(level !== undefined && level !== "accepted" && { level: level satisfies ReceiptLevel }),
	};
}

// A group ----------------------------------------------------------------------------------------

export function startGroup(effect: AttemptEffect, routingPolicy: readonly PolicyEntry[]): AttemptGroup {
	const queue = candidates(effect.mechanisms, routingPolicy);
	return { effect, queue, active: [], postponed: [], passedOver: new Map() };
}

/** The mechanisms that selectors mean, in the selectors' order and within a kind in the recipient's. */
function candidates(selectors: readonly string[], routingPolicy: readonly PolicyEntry[]): string[] {
	const found: string[] = [];
	for (const selector of selectors) {
		const isName = routingPolicy.some((entry) => entry.mechanism === selector && entry.reason !== "no-such-mechanism");
		const exists = () => isName;
		for (const { mechanism: name, kind, reason } of routingPolicy) {
			// A kind means the recipient's own mechanisms; a name is worth a word even when they lack it.
			const meant =
				name === selector || (reason !== "not-in-table" && namesMechanism(selector, { name, kind }, exists));
			if (meant && !found.includes(name)) {
				found.push(name);
			}
		}
	}
	return found;
}

/** Whether a mechanism is being called. */
export function isSending(group: AttemptGroup): boolean {
	return group.active.some((attempt) => attempt.phase === "sending");
}

/** Whether a mechanism that was begun with may still bring what was asked. */
export function isBusy(group: AttemptGroup): boolean {
	return group.postponed.length > 0 || group.active.some((attempt) => attempt.phase !== "over");
}

/** Whether the group has nothing left that could still bring what was asked. */
export function isSpent(group: AttemptGroup): boolean {
	return group.queue.length === 0 && !isBusy(group);
}

/** What the manager is told when a group is spent. */
export function resultsOf(group: AttemptGroup): readonly MechanismResult[] {
	const passedOver = [...group.passedOver].map(([mechanism, reason]) => ({ mechanism, passedOver: reason }));
	return [...passedOver, ...group.active.map(resultOf)];
}

/** When something of the group is due by itself; undefined when only the outside can move it. */
export function groupDue(group: AttemptGroup): Milliseconds | undefined {
	let due = Number.POSITIVE_INFINITY;
	for (const attempt of group.active) {
		if (attempt.phase === "resting") {
			due = Math.min(due, attempt.retryAt);
		} else if (attempt.phase === "accepted") {
			due = Math.min(due, attempt.deadline);
		}
	}
	for (const { until } of group.postponed) {
		due = Math.min(due, until);
	}
	return due === Number.POSITIVE_INFINITY ? undefined : due;
}
