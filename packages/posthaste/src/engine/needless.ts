/**
 * What of a delivery is to be taken back, worked out from its journal alone: what its course would decide, for one
 * whose manager is not there and that has no course. The same decisions in the same order, since a manager that comes
 * back is held to them.
 */
import {
	type Decision,
	type DeliveryState,
	type Input,
	type JournalEntry,
	type Level,
	satisfies,
} from "@posthaste/core";

export type Retract = Extract<Decision, { type: "retract" }>;
type Evidence = Extract<Input, { type: "receipt" | "outcome" }>;
type Outcome = Extract<JournalEntry, { type: "outcome" }>;

interface Shown {
	readonly attempt: string;
	readonly mechanism: string;
	level?: Level;
	/** Nobody can say whether its last try was shown. */
	isUnknown?: boolean;
	isRetracted?: boolean;
}

/** What an input to a delivery in this state makes needless that has been shown, or may have been. */
export function needlessAfter(
	input: Input,
	state: DeliveryState,
	journal: readonly JournalEntry[],
): readonly Retract[] {
	const attempts = attemptsOf(journal);
	return concerned(input, attempts, state)
		.filter(({ level, isUnknown, isRetracted }) => (level !== undefined || isUnknown) && !isRetracted)
		.map(({ attempt, mechanism }) => ({ type: "retract", attempt, mechanism }));
}

/** How the mechanism calls what an attempt has shown, when it said so. */
export function referenceOf(attempt: string, journal: readonly JournalEntry[]): string | undefined {
	const named = journal.findLast(
		(entry): entry is Outcome => entry.type === "outcome" && entry.attempt === attempt && entry.reference !== undefined,
	);
	return named?.reference;
}

function concerned(input: Input, attempts: ReadonlyMap<string, Shown>, state: DeliveryState): readonly Shown[] {
	if (input.type === "cancelled" && state === "held") {
		return [...attempts.values()];
	}
	return input.type === "receipt" || input.type === "outcome" ? besides(input, attempts, state) : [];
}

/** What is acknowledged is needless elsewhere; and what still comes after the message was cancelled is needless itself. */
function besides(input: Evidence, attempts: ReadonlyMap<string, Shown>, state: DeliveryState): readonly Shown[] {
	const own = attempts.get(input.attempt);
	if (own === undefined) {
		return [];
	}
	note(own, input);
	const others = [...attempts.values()].filter((other) => other !== own);
	const isElsewhere = state === "reached" && others.some((other) => other.level === "acknowledged");
	return [...(own.level === "acknowledged" ? others : []), ...(state === "cancelled" || isElsewhere ? [own] : [])];
}

function attemptsOf(journal: readonly JournalEntry[]): ReadonlyMap<string, Shown> {
	const attempts = new Map<string, Shown>();
	for (const entry of journal) {
		if (entry.type === "attempt" && !attempts.has(entry.attempt)) {
			const { attempt, mechanism } = entry;
			attempts.set(attempt, { attempt, mechanism });
		} else if (entry.type === "outcome" || entry.type === "receipt" || entry.type === "retract") {
			note(attempts.get(entry.attempt), entry);
		}
	}
	return attempts;
}

function note(shown: Shown | undefined, entry: Evidence | Extract<JournalEntry, { type: "retract" }>): void {
	if (shown === undefined) {
		return;
	}
	if (entry.type === "retract") {
		shown.isRetracted = true;
		return;
	}
	if (entry.type === "outcome") {
		shown.isUnknown = entry.outcome === "unknown";
		raise(shown, entry.outcome === "accepted" ? "accepted" : undefined);
	}
	raise(shown, entry.level);
}

function raise(shown: Shown, level: Level | undefined): void {
	if (level !== undefined && (shown.level === undefined || satisfies(level, shown.level))) {
		shown.level = level;
	}
}
