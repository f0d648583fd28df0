/**
 * What a delivery takes although nobody can take it up, since its manager is not there. Without a manager it has no
 * course, so this is what needs none: evidence and replies, which must not be lost, its end by a person or by the time at
 * which it expires, what that means to calls nobody answers any more, and taking back what is needless then.
 */
import {
	type Decision,
	type DeliveryState,
	type Input,
	isFinal,
	type JournalEntry,
	type Message,
	type Milliseconds,
	type SettleReason,
	satisfies,
} from "@posthaste/core";
import type { StoredDelivery } from "../store/port.ts";
import { needlessAfter, type Retract } from "./needless.ts";
import type { Stranded } from "./residence.ts";
import { promptsAmong } from "./resident.ts";

type Outcome = Extract<Input, { type: "outcome" }>;
type Attempted = Extract<JournalEntry, { type: "attempt" }>;
type Ending = Pick<Extract<JournalEntry, { type: "settled" }>, "state" | "reason" | "attempt" | "mechanism">;

/** Said of a call whose answer nobody waits for any more. */
export const stoppedBefore = "the program stopped before the outcome was known";

/** Written although nothing follows from it. */
const kept: ReadonlySet<string> = new Set<Input["type"]>(["receipt", "replied", "retracted"]);

/** Whether an input is about something of this delivery's. A report about an attempt it never made is not. */
export function concerns({ journal }: StoredDelivery, input: Input): boolean {
	return (input.type !== "receipt" && input.type !== "replied") || attempted(journal, input.attempt) !== undefined;
}

/** The entries that follow from an input, and the state after them; undefined when it changes nothing. */
export function takeWithoutManager(stored: StoredDelivery, input: Input, at: Milliseconds): Stranded | undefined {
	const { row, journal } = stored;
	const ending = endingOf(stored, input, at);
	if (ending === undefined && !kept.has(input.type)) {
		return undefined;
	}
	const { open } = promptsAmong(journal);
	const withdrawn = ending !== undefined && !isFinal(row.state) ? open?.prompt : undefined;
	const followed: (Input | Decision)[] = [
		input,
		...(withdrawn === undefined ? [] : [{ type: "prompt-withdrawn", prompt: withdrawn } as const]),
		...needlessAfter(input, row.state, journal),
	];
	const state = ending?.state ?? row.state;
	if (ending !== undefined) {
		followed.push({ type: "settled", ...ending });
		followed.push(...outcomesOf(state, [...journal, ...numbered(followed, row.sequence, at)]));
	}
	const reason: SettleReason = "no-such-manager";
	const entries = numbered(followed, row.sequence, at);
	return {
		delivery: row.id,
		message: row.message,
		state,
		reason: ending?.reason ?? row.reason ?? reason,
		entries,
		isCalling: isFinal(state) && hasUnfinishedCall([...journal, ...entries]),
		settledAt: ending === undefined ? row.settledAt : at,
		closePrompt: withdrawn,
		expiresAt: stored.message.expiresAt,
	};
}

/**
 * What is left to do for a delivery that had ended when the program stopped, while mechanisms were being asked for
 * something: the outcomes of calls, and what is to be taken back and has not been. Undefined when nothing is.
 */
export function finishWithoutManager({ row, journal }: StoredDelivery, at: Milliseconds): Stranded | undefined {
	if (!hasUnfinishedCall(journal)) {
		return undefined;
	}
	const { id: delivery, message, state, reason = "no-such-manager", settledAt } = row;
	const entries = numbered(outcomesOf(state, journal), row.sequence, at);
	const isCalling = hasUnfinishedCall([...journal, ...entries]);
	const retracting = unansweredOf(journal);
	return { delivery, message, state, reason, entries, isCalling, settledAt, retracting };
}

function numbered(entries: readonly (Input | Decision)[], sequence: number, at: Milliseconds): JournalEntry[] {
	return entries.map((entry, index) => ({ ...entry, sequence: sequence + 1 + index, at }));
}

/** Once a delivery has ended, a call that nobody waits for is `unknown`, and to be taken back when that is needless. */
function outcomesOf(state: DeliveryState, journal: readonly JournalEntry[]): readonly (Input | Decision)[] {
	return callsWithoutOutcome(journal).flatMap(({ attempt, mechanism, try: tries }) => {
		const about = { attempt, mechanism, try: tries };
		const outcome: Outcome = { type: "outcome", ...about, outcome: "unknown", evidence: stoppedBefore };
		return [outcome, ...needlessAfter(outcome, state, journal)];
	});
}

function callsWithoutOutcome(journal: readonly JournalEntry[]): readonly Attempted[] {
	const calls = new Map<string, Attempted>();
	for (const entry of journal) {
		if (entry.type === "attempt") {
			calls.set(entry.attempt, entry);
		} else if (entry.type === "outcome" && calls.get(entry.attempt)?.try === entry.try) {
			calls.delete(entry.attempt);
		}
	}
	return [...calls.values()];
}

/** What was to be taken back, by mechanisms that have not answered whether they did. */
function unansweredOf(journal: readonly JournalEntry[]): readonly Retract[] {
	const retracted = new Set(journal.flatMap((entry) => (entry.type === "retracted" ? [entry.attempt] : [])));
	return journal.filter(
		(entry): entry is JournalEntry & Retract => entry.type === "retract" && !retracted.has(entry.attempt),
	);
}

/** Whether a mechanism was asked for something and has not answered, and nobody has said yet that it never will. */
export function hasUnfinishedCall(journal: readonly JournalEntry[]): boolean {
	const unfinished = new Set<string>();
	for (const entry of journal) {
		if (entry.type === "attempt") {
			unfinished.add(entry.attempt);
		} else if (entry.type === "outcome") {
			unfinished.delete(entry.attempt);
		} else if (entry.type === "retract") {
			unfinished.add(`taking back ${entry.attempt}`);
		} else if (entry.type === "retracted") {
			unfinished.delete(`taking back ${entry.attempt}`);
		} else if (entry.type === "stranded") {
			unfinished.clear();
		}
	}
	return unfinished.size > 0;
}

function endingOf({ row, message, journal }: StoredDelivery, input: Input, at: Milliseconds): Ending | undefined {
	if (input.type === "receipt") {
		const reached = reachedBy(input, attempted(journal, input.attempt), row.state);
		return reached ?? expiry(row.state, message, at);
	}
	if (row.state === "held" && input.type === "cancelled") {
		return { state: "cancelled", reason: "cancelled" };
	}
	const isEnded = row.state === "held" && input.type === "resolved" && input.resolution === "end";
	return expiry(row.state, message, at) ?? (isEnded ? { state: "unreached", reason: "ended-by-person" } : undefined);
}

/** Whatever comes in once the message has expired brings the end to light, unless it is another end itself. */
function expiry(state: DeliveryState, { expiresAt }: Message, at: Milliseconds): Ending | undefined {
	const isExpired = !isFinal(state) && at >= (expiresAt ?? Number.POSITIVE_INFINITY);
	return isExpired ? { state: "expired", reason: "message-expired" } : undefined;
}

/** A receipt that satisfies what its attempt asked for ends a held delivery, and raises one that had ended without it. */
function reachedBy(
	{ level }: Extract<Input, { type: "receipt" }>,
	attempt: Attempted | undefined,
	state: StoredDelivery["row"]["state"],
): Ending | undefined {
	if (attempt === undefined || !satisfies(level, attempt.until)) {
		return undefined;
	}
	const by = { state: "reached", attempt: attempt.attempt, mechanism: attempt.mechanism } as const;
	if (state === "held") {
		return { ...by, reason: level === "acknowledged" ? "acknowledged" : "receipt" };
	}
	return state === "unreached" || state === "expired" ? { ...by, reason: "late-receipt" } : undefined;
}

function attempted(journal: readonly JournalEntry[], attempt: string): Attempted | undefined {
	return journal.find((entry): entry is Attempted => entry.type === "attempt" && entry.attempt === attempt);
}
