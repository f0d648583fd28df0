/** What a journal's entries say about its attempts: where each stands, and what may become of it next. */
import type { JournalEntry, Milliseconds } from "@posthaste/core";
import { type EntryOf, isEnough, type Rule } from "./evidence.ts";
import type { AuditedStep, Row } from "./policy.ts";

/** Where a journal and the configuration's steps part. */
export class Parted extends Error {
	readonly rule: Rule;

	constructor(rule: Rule, text: string) {
		super(text);
		this.rule = rule;
	}
}

export interface Attempt {
	readonly id: string;
	readonly mechanism: string;
	readonly until: string;
	tries: number;
	deadline: Milliseconds;
	/** `sending` until its outcome; then it waits for something, or is over. */
	phase: "sending" | "resting" | "waiting" | "undecided" | "over";
	restsUntil: Milliseconds;
	level: string | undefined;
	/** What its last try came to. */
	outcome: string | undefined;
}

/** The attempts of one step. */
export interface Group {
	readonly on: "attempts";
	readonly step: Extract<AuditedStep, { do: "attempt" }>;
	/** Mechanisms that have not had their turn. */
	readonly queue: string[];
	readonly postponed: Map<string, Milliseconds>;
	/** By mechanism. */
	readonly attempts: Map<string, Attempt>;
}

/** The rest that an outcome may bring its attempt before another try: from when to when it may end. */
export interface Rest {
	readonly attempt: Attempt;
	readonly soonest: Milliseconds;
	readonly latest: Milliseconds;
	/** Another try no sooner than this would come too late. */
	readonly end: Milliseconds;
}

/** Half of the rest is fixed and the other half spread out; a mechanism may ask for more. */
function restAfter(attempt: Attempt, { at, try: tries, retryAfter = 0 }: EntryOf<"outcome">, end: Milliseconds): Rest {
	const longest = Math.min(60_000, 1000 * 2 ** Math.min(tries - 1, 16));
	return { attempt, soonest: at + Math.max(longest / 2, retryAfter), latest: at + Math.max(longest, retryAfter), end };
}

/** What of a group is not over yet. */
export function leftOf(group: Group): readonly string[] {
	return [...group.queue, ...group.postponed.keys(), ...busyIn(group)];
}

function busyIn(group: Group): readonly string[] {
	return [...group.attempts.values()].filter(({ phase }) => phase !== "over").map(({ id }) => id);
}

/** Takes a mechanism out of the queue, or from among the postponed whose time has come. */
export function takeUp(group: Group, mechanism: string, at: Milliseconds): void {
	const postponed = group.postponed.get(mechanism);
	if (postponed !== undefined) {
		if (at < postponed) {
			throw new Parted("order", `${mechanism} was postponed for ${postponed - at} ms more`);
		}
		group.postponed.delete(mechanism);
		return;
	}
	if (group.queue[0] !== mechanism) {
		throw new Parted("order", `${mechanism} came although it is the turn of ${group.queue[0]}`);
	}
	const busy = [...busyIn(group), ...group.postponed.keys()];
	if (group.step.mode === "serial" && busy.length > 0) {
		throw new Parted("order", `${mechanism} came before ${busy.join(", ")} was over`);
	}
	group.queue.shift();
}

/** An attempt of the group that may be tried again now; undefined when the mechanism has had none, or it is over. */
export function again(
	group: Group,
	mechanism: string,
	at: Milliseconds,
	input: JournalEntry | undefined,
): Attempt | undefined {
	const attempt = group.attempts.get(mechanism);
	if (attempt === undefined || attempt.phase === "over") {
		return undefined;
	}
	const resolved = input?.type === "resolved" && input.resolution === "resend";
	const rested = attempt.phase === "resting" && at >= attempt.restsUntil;
	if (!rested && !(attempt.phase === "undecided" && resolved)) {
		throw new Parted("repeat", `${attempt.id} is ${attempt.phase} and came again`);
	}
	return attempt;
}

/** Every attempt of one delivery. */
export class Attempts {
	readonly #all = new Map<string, Attempt>();
	readonly #unknown: Row["unknown"];
	readonly #expiresAt: Milliseconds;

	constructor(unknown: Row["unknown"], expiresAt: Milliseconds) {
		this.#unknown = unknown;
		this.#expiresAt = expiresAt;
	}

	get(id: string): Attempt {
		const attempt = this.#all.get(id);
		if (attempt === undefined) {
			throw new Parted("order", `there is no attempt ${id}`);
		}
		return attempt;
	}

	/** One that brought what it asked for. */
	get reached(): Attempt | undefined {
		return [...this.#all.values()].find(({ level, until }) => isEnough(level, until));
	}

	/** Whether none was made. */
	get isNone(): boolean {
		return this.#all.size === 0;
	}

	/** Whether nobody can say of one of them that it came to something, or that it did not. */
	get isUnknown(): boolean {
		return [...this.#all.values()].some(({ outcome, level }) => outcome === "unknown" && level === undefined);
	}

	first(entry: EntryOf<"attempt">, { step, attempts }: Group): void {
		if (entry.try !== 1 || this.#all.has(entry.attempt)) {
			throw new Parted("repeat", `${entry.attempt} began with try ${entry.try}`);
		}
		if (entry.until !== step.until || entry.deadline !== entry.at + step.within) {
			throw new Parted("order", `${entry.attempt} asks for ${entry.until} within ${entry.deadline - entry.at} ms`);
		}
		const { attempt: id, mechanism, until, deadline } = entry;
		const made: Attempt = {
			...{ id, mechanism, until, deadline },
			...{ tries: 1, phase: "sending", restsUntil: 0, level: undefined, outcome: undefined },
		};
		attempts.set(mechanism, made);
		this.#all.set(id, made);
	}

	next(entry: EntryOf<"attempt">, attempt: Attempt): void {
		if (attempt.id !== entry.attempt || entry.try !== attempt.tries + 1) {
			throw new Parted(
				"repeat",
				`try ${attempt.tries} of ${attempt.id} was followed by try ${entry.try} of ${entry.attempt}`,
			);
		}
		this.#mustHaveTime(entry, attempt);
		Object.assign(attempt, { phase: "sending", tries: entry.try });
	}

	/** All tries share the time of the first. */
	#mustHaveTime({ attempt: id, at, deadline }: EntryOf<"attempt">, attempt: Attempt): void {
		if (deadline !== attempt.deadline) {
			throw new Parted("order", `${id} has ${deadline - attempt.deadline} ms more than its time`);
		}
		if (at >= deadline) {
			throw new Parted("order", `${id} came again ${at - deadline} ms after its time was over`);
		}
	}

	/** Answers the rest before another try, when there may be one. */
	outcome(entry: EntryOf<"outcome">, isFinal: boolean): Rest | undefined {
		const attempt = this.get(entry.attempt);
		const isDue = attempt.phase === "sending" && attempt.tries === entry.try;
		if (isFinal || isDue) {
			attempt.outcome = entry.outcome;
			this.#raise(attempt, entry.outcome === "accepted" ? "accepted" : undefined);
			this.#raise(attempt, entry.level);
		}
		return isFinal || !isDue ? undefined : this.#after(attempt, entry);
	}

	#after(attempt: Attempt, entry: EntryOf<"outcome">): Rest | undefined {
		attempt.phase = "over";
		if (attempt.level !== undefined) {
			attempt.phase = "waiting";
		} else if (entry.outcome === "failed" || (entry.outcome === "unknown" && this.#unknown === "resend")) {
			return restAfter(attempt, entry, Math.min(attempt.deadline, this.#expiresAt));
		} else if (entry.outcome === "unknown" && this.#unknown === "hold") {
			attempt.phase = "undecided";
		}
		return undefined;
	}

	receipt({ attempt: id, level }: EntryOf<"receipt">): void {
		const attempt = this.#all.get(id);
		if (attempt !== undefined) {
			this.#raise(attempt, level);
			if (attempt.phase === "resting" || attempt.phase === "undecided") {
				attempt.phase = "waiting";
			}
		}
	}

	/** A person decides: on to the next, or sent again with the whole of its time before it once more. */
	resolved({ resolution, at }: EntryOf<"resolved">, within: Milliseconds): void {
		for (const attempt of this.#all.values()) {
			if (resolution === "next" && attempt.phase === "undecided") {
				attempt.phase = "over";
			} else if (resolution === "resend" && attempt.phase === "undecided") {
				attempt.deadline = at + within;
			}
		}
	}

	gaveUp({ attempt: id, at }: EntryOf<"gave-up">): void {
		const attempt = this.get(id);
		if (at < attempt.deadline || (attempt.phase !== "waiting" && attempt.phase !== "resting")) {
			throw new Parted("order", `${id} is ${attempt.phase} and was given up ${attempt.deadline - at} ms early`);
		}
		attempt.phase = "over";
	}

	#raise(attempt: Attempt, level: string | undefined): void {
		if (level !== undefined && (attempt.level === undefined || isEnough(level, attempt.level))) {
			attempt.level = level;
		}
	}
}
