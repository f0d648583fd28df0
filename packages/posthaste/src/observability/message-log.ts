/**
 * A line for each thing that happens to a delivery, with the identifiers of its message, itself and the
 * attempt. What went wrong for good is a warning with its reason; all else is for who debugs. Texts that
 * people or servers wrote stay out: bodies, subjects, questions, replies, notes, evidence.
 */
import type { JournalEntry } from "@posthaste/core";
import type { Logger } from "pino";
import type { MessageEvent } from "../posthaste.ts";
import { outcomeClass } from "./outcome-class.ts";

type Level = "debug" | "warn";
interface Line {
	readonly level: Level;
	readonly fields: Readonly<Record<string, unknown>>;
	readonly text: string;
}

/** Logs what is observed. */
export function logMessages(log: Logger): (event: MessageEvent) => void {
	const isDebugging = log.isLevelEnabled("debug");
	return ({ message, delivery, entries }) => {
		for (const entry of entries) {
			if (isDebugging || entry.type === "settled" || entry.type === "held") {
				const line = lineOf(entry);
				line && log[line.level]({ message, delivery, ...line.fields }, line.text);
			}
		}
	};
}

/** Nothing for entries that say no more than the one beside them. */
function lineOf(entry: JournalEntry): Line | undefined {
	switch (entry.type) {
		case "began":
			return debug({}, "a delivery began");
		case "policies":
			return debug({ manager: entry.manager.name, configuration: entry.configuration.name }, "a manager took it");
		case "settled":
			return settled(entry);
		case "held":
			return { level: "warn", fields: { reason: entry.reason }, text: "a delivery waits for a person" };
		default:
			return attemptLine(entry) ?? promptLine(entry);
	}
}

function settled({ state, reason, attempt, mechanism }: Extract<JournalEntry, { type: "settled" }>): Line {
	const by = { ...(attempt !== undefined && { attempt }), ...(mechanism !== undefined && { mechanism }) };
	const fields = { state, reason, ...by };
	return state === "unreached"
		? { level: "warn", fields, text: "a delivery reached nobody" }
		: debug(fields, "a delivery came to its end");
}

function attemptLine(entry: JournalEntry): Line | undefined {
	switch (entry.type) {
		case "attempt": {
			const { attempt, mechanism, try: tries } = entry;
			return debug({ attempt, mechanism, try: tries }, "an attempt is made");
		}
		case "outcome": {
			const { attempt, mechanism, try: tries, outcome } = entry;
			return debug({ attempt, mechanism, try: tries, outcome, reason: outcomeClass(entry) }, "an attempt came to this");
		}
		case "receipt":
			return debug(pick(entry, "attempt", "mechanism", "level"), "a receipt came");
		case "retry":
			return debug(pick(entry, "attempt", "mechanism"), "an attempt is tried again later");
		case "gave-up":
			return debug(pick(entry, "attempt", "mechanism"), "an attempt ran out of time");
		case "replied":
			return debug(pick(entry, "attempt", "mechanism"), "the recipient replied");
		case "retracted":
			return debug(pick(entry, "attempt", "mechanism", "done"), "an attempt was to be taken back");
		case "passed-over":
		case "postponed":
			return debug(pick(entry, "mechanism", "reason"), `a mechanism was ${entry.type.replace("-", " ")}`);
		default:
			return undefined;
	}
}

function promptLine(entry: JournalEntry): Line | undefined {
	switch (entry.type) {
		case "prompt":
			return debug(pick(entry, "prompt"), "the sender is asked");
		case "prompt-closed":
			return debug(pick(entry, "prompt", "answer", "by"), "a question was answered");
		case "prompt-withdrawn":
			return debug(pick(entry, "prompt"), "a question was withdrawn");
		case "cancelled":
			return debug({}, "a delivery was cancelled");
		case "resolved":
			return debug(pick(entry, "resolution"), "a person decided");
		default:
			return undefined;
	}
}

function debug(fields: Line["fields"], text: string): Line {
	return { level: "debug", fields, text };
}

/** The members named, and none that an entry may get one day. */
function pick<Entry extends object, Key extends keyof Entry>(entry: Entry, ...keys: readonly Key[]): Line["fields"] {
	return Object.fromEntries(keys.map((key) => [key, entry[key]]));
}
