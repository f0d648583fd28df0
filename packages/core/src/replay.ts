/** Replaying a journal: the same inputs have to bring the decisions that it holds. */
import type { Look } from "./attempts.ts";
import { type Decision, type Input, isInput, type JournalEntry } from "./journal.ts";

/** A replay did not bring the decisions that the journal holds. */
export class NotDeterministicError extends Error {
	constructor(delivery: string, expected: string, found: string) {
		super(`delivery ${delivery}: the journal has ${expected}, the manager decided ${found}`);
		this.name = "NotDeterministicError";
	}
}

/** An input of a journal, and the entries up to the next one: what followed from it. */
export interface Round {
	readonly input: Extract<JournalEntry, Input>;
	readonly recorded: readonly JournalEntry[];
}

/**
 * A journal, input by input.
 * @throws NotDeterministicError when it does not begin with an input
 */
export function* roundsOf(delivery: string, journal: readonly JournalEntry[]): Generator<Round, void, void> {
	let index = 0;
	while (index < journal.length) {
		const input = journal[index];
		if (input === undefined || !isInput(input)) {
			throw new NotDeterministicError(delivery, "a decision without an input", "nothing");
		}
		const end = nextInput(journal, index + 1);
		yield { input, recorded: journal.slice(index + 1, end) };
		index = end;
	}
}

function nextInput(journal: readonly JournalEntry[], from: number): number {
	let index = from;
	for (let entry = journal[index]; entry !== undefined && !isInput(entry); entry = journal[index]) {
		index += 1;
	}
	return index;
}

/** Answers second looks with what the journal says came of them. */
export function lookFrom(recorded: readonly JournalEntry[]): Look {
	const looks = recorded.filter(
		(entry) => entry.type === "passed-over" || entry.type === "postponed" || entry.type === "attempt",
	);
	return (mechanism) => {
		const next = looks.shift();
		if (next?.type === "passed-over" && next.mechanism === mechanism) {
			return { mechanism, kept: false, reason: next.reason };
		}
		if (next?.type === "postponed" && next.mechanism === mechanism) {
			return { mechanism, kept: true, postponedUntil: next.until, postponeReason: next.reason };
		}
		return { mechanism, kept: true };
	};
}

/** @throws NotDeterministicError when what was decided now is not what the journal holds */
export function compare(delivery: string, recorded: readonly JournalEntry[], decided: readonly Decision[]): void {
	for (let index = 0; index < Math.max(recorded.length, decided.length); index++) {
		const expected = outline(recorded[index]);
		const found = outline(decided[index]);
		if (expected !== found) {
			throw new NotDeterministicError(delivery, expected, found);
		}
	}
}

/** What of an entry has to be the same in a replay: its type and what it is about, not its wording. */
function outline(entry: Input | Decision | undefined): string {
	if (entry === undefined) {
		return "nothing";
	}
	const about =
		"mechanism" in entry ? entry.mechanism : "prompt" in entry ? entry.prompt : "state" in entry ? entry.state : "";
	return `${entry.type} ${about ?? ""}`.trim();
}
