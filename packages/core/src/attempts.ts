/**
 * The attempts of one delivery, and the group of them that an attempt effect of the manager makes:
 * one after the other in serial mode, all at once in parallel mode.
 */
import type { Effect, MechanismResult } from "./manager.ts";
import type { Milliseconds } from "./model.ts";
import type { Level, Outcome, ReceiptLevel } from "./outcome.ts";
import type { PolicyReason } from "./reasons.ts";

export type AttemptEffect = Extract<Effect, { effect: "attempt" }>;

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
	retracted?: boolean;
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

export function startGroup(effect: AttemptEffect, candidates: readonly string[]): AttemptGroup {
	return { effect, queue: [...candidates], active: [], postponed: [], passedOver: new Map() };
}

/** Whether the group has nothing left that could still bring what was asked. */
export function isSpent(group: AttemptGroup): boolean {
	return (
		group.queue.length === 0 &&
		group.postponed.length === 0 &&
		group.active.every((attempt) => attempt.phase === "over")
	);
}

/** What the manager is told when a group is spent. */
export function resultsOf(group: AttemptGroup): readonly MechanismResult[] {
	const passedOver = [...group.passedOver].map(([mechanism, reason]) => ({ mechanism, passedOver: reason }));
	return [...passedOver, ...group.active.map(resultOf)];
}

function resultOf({ mechanism, outcome, level }: TrackedAttempt): MechanismResult {
	return {
		mechanism,
		...(outcome !== undefined && { outcome }),
		...(level !== undefined && level !== "accepted" && { level: level satisfies ReceiptLevel }),
	};
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
