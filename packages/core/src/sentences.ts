/**
 * The journal in words: one sentence for each entry, the same in the web application, on the command
 * line and wherever else a timeline is shown.
 */
import type { JournalEntry, Resolution } from "./journal.ts";
import type { Milliseconds } from "./model.ts";
import type { DeliveryState, Level, ReceiptLevel } from "./outcome.ts";
import { policyReasons, postponeReasons, selectionReasons, settleReasons } from "./reasons.ts";
import type { JournalDocument } from "./wire.ts";

/** What an entry means for the person who waits: it went well, badly, goes on, or is only a fact. */
export type Tone = "good" | "bad" | "waiting" | "neutral";

export interface Sentence {
	/** Begins with a capital letter, or with a key or name as it is written, and has no full stop at its end. */
	readonly text: string;
	readonly tone: Tone;
}

/** How to call what an entry only names by its key. Everything left out has a plain default. */
export interface SentenceNames {
	/** The recipient's name, "the recipient" when left out. */
	readonly recipient?: string;
	/** The sender's name, "the sender" when left out. */
	readonly sender?: string;
	/** A mechanism's title; its key when left out. */
	readonly mechanism?: (key: string) => string;
	/** How to write a moment; `HH:MM:SS UTC` when left out. */
	readonly time?: (moment: Milliseconds) => string;
}

/** An entry as inside the program or as on the wire. */
type Entry = JournalEntry | JournalDocument;
type Of<Type extends Entry["type"]> = Extract<Entry, { readonly type: Type }>;

interface Words {
	readonly recipient: string;
	/** The same at the beginning of a sentence. */
	readonly Recipient: string;
	readonly sender: string;
	readonly Sender: string;
	readonly mechanism: (key: string) => string;
	readonly time: (moment: Milliseconds | string) => string;
}

/** Says what one entry of a journal tells, for people. */
export function sentenceOf(entry: Entry, names: SentenceNames = {}): Sentence {
	return describe(entry, wordsOf(names));
}

function wordsOf(names: SentenceNames): Words {
	const time = names.time ?? timeOfDay;
	return {
		recipient: names.recipient ?? "the recipient",
		Recipient: names.recipient ?? "The recipient",
		sender: names.sender ?? "the sender",
		Sender: names.sender ?? "The sender",
		mechanism: names.mechanism ?? ((key) => key),
		time: (moment) => time(typeof moment === "number" ? moment : Date.parse(moment)),
	};
}

function timeOfDay(moment: Milliseconds): string {
	return `${new Date(moment).toISOString().slice(11, 19)} UTC`;
}

/** Mechanisms, questions and ends each have more to say; the plain entries are said here. */
function describe(entry: Entry, words: Words): Sentence {
	switch (entry.type) {
		case "began":
			return { text: `The delivery to ${words.recipient} begins`, tone: "neutral" };
		case "policies":
			return policies(entry, words);
		case "time-passed":
			return { text: "Time passed", tone: "neutral" };
		case "consult":
			return { text: "Asking the manager what to do next", tone: "neutral" };
		case "effect":
			return {
				text: entry.effect === null ? "The manager has nothing left to try" : wanted(entry.effect),
				tone: "neutral",
			};
		case "stranded":
			return { text: `It cannot go on: ${entry.detail}`, tone: "bad" };
		case "wait":
			return { text: `Waiting until ${words.time(entry.until)}`, tone: "waiting" };
		case "note":
			return { text: entry.text, tone: "neutral" };
		case "cancelled":
			return { text: `${entry.who ?? "Somebody"} cancelled the message`, tone: "bad" };
		case "held":
			return {
				text: withEvidence(`A person has to decide: ${settleReasons[entry.reason]}`, entry.detail),
				tone: "bad",
			};
		case "resolved":
			return { text: `${entry.who ?? "A person"} decided ${resolutions[entry.resolution]}`, tone: "neutral" };
		case "settled":
			return settled(entry, words);
		case "replied":
			return {
				text: `${words.Recipient} wrote back through ${words.mechanism(entry.mechanism)}: ${entry.body}`,
				tone: "good",
			};
		case "answered":
		case "prompt":
		case "prompt-closed":
		case "prompt-withdrawn":
			return question(entry, words);
		default:
			return atMechanism(entry, words);
	}
}

/** What a manager that runs elsewhere said it wants. What then happens has entries of its own. */
function wanted(effect: NonNullable<Of<"effect">["effect"]>): string {
	switch (effect.effect) {
		case "attempt":
			return `The manager wants ${joined(effect.mechanisms)} tried`;
		case "ask":
			return "The manager wants the sender asked";
		case "wait":
			return "The manager wants to wait";
		case "note":
			return "The manager wants something noted";
		default:
			return never(effect);
	}
}

const resolutions: Readonly<Record<Resolution, string>> = {
	resend: "to try the same again",
	next: "to go on with what comes next",
	end: "to end the delivery",
};

function policies(entry: Of<"policies">, words: Words): Sentence {
	const { name, reason } = entry.manager;
	const kept = entry.deliveryPolicy.filter((row) => row.kept).map((row) => words.mechanism(row.mechanism));
	const taken = `The manager ${name} takes it (${selectionReasons[reason]})`;
	const may = kept.length === 0 ? "no mechanism may be used" : `it may use ${joined(kept)}`;
	return {
		text: `${taken}, by its configuration ${entry.configuration.name}: ${may}`,
		tone: kept.length === 0 ? "bad" : "neutral",
	};
}

function joined(names: readonly string[]): string {
	return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const ends: Readonly<Record<DeliveryState, { readonly word: string; readonly tone: Tone }>> = {
	routing: { word: "Being routed", tone: "neutral" },
	waiting: { word: "Waiting", tone: "waiting" },
	held: { word: "Held", tone: "bad" },
	reached: { word: "Reached", tone: "good" },
	unreached: { word: "Not reached", tone: "bad" },
	expired: { word: "Expired", tone: "bad" },
	cancelled: { word: "Cancelled", tone: "bad" },
};

function settled(entry: Of<"settled">, words: Words): Sentence {
	const { word, tone } = ends[entry.state];
	const via = entry.mechanism === undefined ? "" : ` through ${words.mechanism(entry.mechanism)}`;
	return { text: `${word}${via}: ${settleReasons[entry.reason]}`, tone };
}

function question(entry: Of<"answered" | "prompt" | "prompt-closed" | "prompt-withdrawn">, words: Words): Sentence {
	switch (entry.type) {
		case "prompt": {
			const otherwise = `no answer by ${words.time(entry.until)} counts as ${entry.otherwise}`;
			return { text: `Asking ${words.sender}: “${entry.question}” (${otherwise})`, tone: "waiting" };
		}
		case "answered":
			return { text: `${entry.who ?? words.Sender} answered ${entry.answer}`, tone: "neutral" };
		case "prompt-withdrawn":
			return { text: "The question is withdrawn", tone: "neutral" };
		case "prompt-closed":
			return { text: closed(entry, words), tone: "neutral" };
		default:
			return never(entry);
	}
}

function closed(entry: Of<"prompt-closed">, words: Words): string {
	const asked = `“${entry.question}”`;
	switch (entry.by) {
		case "sender":
			return `${asked} is settled: ${entry.answer}`;
		case "standing-answer":
			return `${words.Sender} had answered ${asked} beforehand: ${entry.answer}`;
		case "timeout":
			return `Nobody answered ${asked} in time, which counts as ${entry.answer}`;
		default:
			return never(entry.by);
	}
}

type AtMechanism = Of<
	"attempt" | "outcome" | "receipt" | "passed-over" | "postponed" | "retry" | "gave-up" | "retract" | "retracted"
>;

function atMechanism(entry: AtMechanism, words: Words): Sentence {
	const name = words.mechanism(entry.mechanism);
	switch (entry.type) {
		case "attempt":
			return { text: `Trying ${name}${attempting(entry, words)}`, tone: "waiting" };
		case "outcome":
			return outcome(entry, words);
		case "receipt":
			return { text: withEvidence(received(entry.level, name, words), entry.evidence), tone: "good" };
		case "passed-over":
			return { text: `Passing over ${name}: ${policyReasons[entry.reason]}`, tone: "neutral" };
		case "postponed": {
			const why = postponeReasons[entry.reason];
			return { text: `Waiting until ${words.time(entry.until)} to try ${name}: ${why}`, tone: "waiting" };
		}
		case "retry":
			return { text: `The next try of ${name} is at ${words.time(entry.retryAt)}`, tone: "waiting" };
		case "gave-up":
			return { text: `${missing[entry.until]} through ${name} in time`, tone: "bad" };
		case "retract":
			return { text: `Taking it back from ${name}`, tone: "neutral" };
		case "retracted": {
			const text = entry.done ? `Taken back from ${name}` : `It could not be taken back from ${name}`;
			return { text: withEvidence(text, entry.evidence), tone: "neutral" };
		}
		default:
			return never(entry);
	}
}

const goals: Readonly<Record<Level, string>> = {
	accepted: "",
	delivered: " until it is delivered",
	read: " until it is read",
	acknowledged: " until it is acknowledged",
};

const missing: Readonly<Record<Level, string>> = {
	accepted: "It was not accepted",
	delivered: "It was not delivered",
	read: "It was not read",
	acknowledged: "It was not acknowledged",
};

function attempting(entry: Of<"attempt">, words: Words): string {
	const again = entry.try > 1 ? ` again (try ${entry.try})` : "";
	const goal = goals[entry.until];
	return goal === "" ? again : `${again}${goal}, at most until ${words.time(entry.deadline)}`;
}

function received(level: ReceiptLevel, name: string, words: Words): string {
	switch (level) {
		case "delivered":
			return `Delivered through ${name}`;
		case "read":
			return `${words.Recipient} read it on ${name}`;
		case "acknowledged":
			return `${words.Recipient} acknowledged it on ${name}`;
		default:
			return never(level);
	}
}

function outcome(entry: Of<"outcome">, words: Words): Sentence {
	const name = words.mechanism(entry.mechanism);
	const say = (text: string, tone: Tone) => ({ text: withEvidence(text, entry.evidence), tone });
	switch (entry.outcome) {
		case "accepted":
			return entry.level === undefined
				? say(`Accepted by ${name}`, "neutral")
				: say(received(entry.level, name, words), "good");
		case "unavailable":
			return say(`${words.Recipient} is not available on ${name}`, "bad");
		case "rejected":
			return say(`Refused by ${name}`, "bad");
		case "failed":
			return say(`Failed at ${name}`, "bad");
		case "unknown":
			return say(`Nobody can say whether ${name} took it`, "bad");
		default:
			return never(entry.outcome);
	}
}

function withEvidence(text: string, evidence: string | undefined): string {
	return evidence === undefined || evidence === "" ? text : `${text} (${evidence})`;
}

/** Keeps the cases complete: a type added to the journal does not compile until it has its words here. */
function never(unexpected: never): never {
	throw new TypeError(`There are no words for ${JSON.stringify(unexpected)}`);
}
