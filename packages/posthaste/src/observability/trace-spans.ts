/**
 * The spans of a delivery, made of its journal once it has ended. Everything about them follows from
 * the journal: a trace is named after its message, a span after its delivery or attempt. So a delivery
 * that waits for days, through restarts, costs nothing meanwhile and has one trace in the end.
 */
import { createHash } from "node:crypto";
import type { JournalEntry, Message, Milliseconds } from "@posthaste/core";
import { outcomeClass } from "./outcome-class.ts";

/** Attempts that get spans of their own; a delivery that tries for days is cut there, and says so. */
const attemptLimit = 200;
/** Events of one span; the specification's default (OTEL_SPAN_EVENT_COUNT_LIMIT). */
const eventLimit = 128;

export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanEvent {
	readonly name: string;
	readonly at: Milliseconds;
	readonly attributes: Attributes;
}

export interface PlannedSpan {
	readonly name: string;
	/** 16 hexadecimal digits. */
	readonly id: string;
	readonly start: Milliseconds;
	readonly end: Milliseconds;
	readonly attributes: Attributes;
	readonly events: readonly SpanEvent[];
	/** What went wrong; undefined when nothing did. */
	readonly error?: string;
}

export interface PlannedTrace {
	readonly delivery: PlannedSpan;
	readonly attempts: readonly PlannedSpan[];
}

/** 32 hexadecimal digits: a message's identifier is a UUID, which has as many. */
export function traceIdOf(message: string): string {
	const digits = message.replaceAll("-", "").toLowerCase();
	return /^[0-9a-f]{32}$/.test(digits) && !/^0+$/.test(digits) ? digits : hashed(message, 32);
}

/** The same for every run of the program. */
function spanIdOf(what: string): string {
	return hashed(what, 16);
}

function hashed(text: string, digits: number): string {
	return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

export interface Ended {
	readonly message: Message;
	readonly delivery: string;
	readonly journal: readonly JournalEntry[];
	/** Sequence of the entry that settled it. */
	readonly sequence: number;
}

type Settled = Extract<JournalEntry, { type: "settled" }>;
type AttemptEntry = Extract<JournalEntry, { type: "attempt" }>;
type OutcomeEntry = Extract<JournalEntry, { type: "outcome" }>;

/** Undefined when the journal has no such end any more. */
export function traceOf(ended: Ended): PlannedTrace | undefined {
	const journal = ended.journal.filter(({ sequence }) => sequence <= ended.sequence);
	const settled = journal.at(-1);
	if (settled?.type !== "settled") {
		return undefined;
	}
	const earlier = journal.slice(0, -1).some(({ type }) => type === "settled");
	return earlier
		? { delivery: lateSpan(ended, settled), attempts: [] }
		: { delivery: deliverySpan(ended, journal, settled), attempts: attemptSpans(journal, settled) };
}

/** A receipt that came after the end and changed it. Its delivery's span left long ago. */
function lateSpan({ message, delivery }: Ended, settled: Settled): PlannedSpan {
	return {
		name: "late receipt",
		id: spanIdOf(`${delivery}@${settled.sequence}`),
		start: settled.at,
		end: settled.at,
		attributes: { ...identifiers(message, delivery), ...endOf(settled) },
		events: [],
	};
}

function deliverySpan({ message, delivery }: Ended, journal: readonly JournalEntry[], settled: Settled): PlannedSpan {
	const policies = journal.find((entry) => entry.type === "policies");
	const attempts = journal.filter(({ type }) => type === "attempt").length;
	const events = journal.flatMap((entry) => eventOf(entry) ?? []);
	return {
		name: "deliver",
		id: spanIdOf(delivery),
		start: message.acceptedAt,
		end: settled.at,
		attributes: {
			...identifiers(message, delivery),
			"posthaste.priority": message.priority,
			...(policies && {
				"posthaste.manager": policies.manager.name,
				"posthaste.manager.plugin": `${policies.manager.plugin}@${policies.manager.version}`,
				"posthaste.configuration": policies.configuration.name,
			}),
			"posthaste.attempts": attempts,
			...endOf(settled),
		},
		events: events.slice(-eventLimit),
		...((settled.state === "unreached" || settled.state === "expired") && { error: settled.reason }),
	};
}

function identifiers(message: Message, delivery: string): Attributes {
	return { "posthaste.message.id": message.id, "posthaste.delivery.id": delivery };
}

function endOf({ state, reason, mechanism }: Settled): Attributes {
	return {
		"posthaste.state": state,
		"posthaste.reason": reason,
		...(mechanism !== undefined && { "posthaste.mechanism": mechanism }),
	};
}

/** One span for each try. A try without an outcome ends with its delivery. */
function attemptSpans(journal: readonly JournalEntry[], settled: Settled): readonly PlannedSpan[] {
	const outcomes = new Map<string, OutcomeEntry>();
	for (const entry of journal) {
		if (entry.type === "outcome") {
			outcomes.set(`${entry.attempt}#${entry.try}`, entry);
		}
	}
	return journal
		.filter((entry) => entry.type === "attempt")
		.slice(0, attemptLimit)
		.map((entry) => attemptSpan(entry, outcomes.get(`${entry.attempt}#${entry.try}`), settled));
}

function attemptSpan(entry: AttemptEntry, outcome: OutcomeEntry | undefined, settled: Settled): PlannedSpan {
	const { attempt, mechanism, try: tries, until } = entry;
	const failed = outcome !== undefined && outcome.outcome !== "accepted" && outcome.outcome !== "unavailable";
	return {
		name: `attempt ${mechanism}`,
		id: spanIdOf(`${attempt}#${tries}`),
		start: entry.at,
		end: Math.max(entry.at, (outcome ?? settled).at),
		attributes: {
			"posthaste.attempt.id": attempt,
			"posthaste.mechanism": mechanism,
			"posthaste.try": tries,
			"posthaste.until": until,
			"posthaste.outcome": outcome?.outcome ?? "none",
			...(outcome && { "posthaste.outcome.reason": outcomeClass(outcome) }),
		},
		events: [],
		...(failed && { error: outcome.outcome }),
	};
}

/** What happened besides attempts, in words and identifiers: no question, answerer, reply, note or evidence. */
function eventOf(entry: JournalEntry): SpanEvent | undefined {
	const attributes = eventAttributes(entry);
	return attributes && { name: entry.type, at: entry.at, attributes };
}

function eventAttributes(entry: JournalEntry): Attributes | undefined {
	switch (entry.type) {
		case "receipt":
			return named(entry, "attempt", "mechanism", "level");
		case "passed-over":
		case "postponed":
			return named(entry, "mechanism", "reason");
		case "retry":
		case "gave-up":
		case "retract":
		case "replied":
			return named(entry, "attempt", "mechanism");
		case "retracted":
			return named(entry, "attempt", "mechanism", "done");
		case "prompt":
		case "prompt-withdrawn":
			return named(entry, "prompt");
		case "prompt-closed":
			return named(entry, "prompt", "answer", "by");
		case "held":
			return named(entry, "reason");
		case "resolved":
			return named(entry, "resolution");
		case "cancelled":
		case "wait":
			return {};
		default:
			return undefined;
	}
}

function named<Entry extends object>(entry: Entry, ...keys: readonly (keyof Entry & string)[]): Attributes {
	const pairs = keys.map((key) => [`posthaste.${key}`, entry[key] as string | boolean] as const);
	return Object.fromEntries(pairs);
}
