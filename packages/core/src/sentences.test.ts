import { describe, expect, test } from "vitest";
import type { Decision, Input, JournalEntry } from "./journal.ts";
import { sentenceOf } from "./sentences.ts";
import { toWire } from "./wire.ts";

const noon = Date.UTC(2026, 2, 4, 12, 0, 0);
const attempt = { attempt: "m.1.a1", mechanism: "im2" } as const;
const prompt = { prompt: "m.1.p1", question: "Send a page?" } as const;

/** One example of each type, with the sentence that people read. The record's keys keep the list complete. */
const examples: {
	[Type in (Input | Decision)["type"]]: [Extract<Input | Decision, { type: Type }>, string, string][];
} = {
	began: [[{ type: "began" }, "The delivery to John begins", "neutral"]],
	policies: [
		[
			{
				type: "policies",
				manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "default" },
				configuration: { name: "normal", revision: 3, unknown: "resend", settings: {} },
				recipient: { id: "john", name: "John", timezone: "UTC" },
				routingPolicy: [{ mechanism: "im2", kept: true }],
				deliveryPolicy: [
					{ mechanism: "im2", kept: true },
					{ mechanism: "pager", kept: true },
					{ mechanism: "email", kept: false, reason: "not-in-configuration" },
				],
			},
			"The manager standard takes it (it is the default manager), by its configuration normal: it may use im2 and pager",
			"neutral",
		],
		[
			{
				type: "policies",
				manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "named-by-sender" },
				configuration: { name: "normal", revision: 3, unknown: "resend", settings: {} },
				recipient: { id: "john", name: "John", timezone: "UTC" },
				routingPolicy: [],
				deliveryPolicy: [],
			},
			"The manager standard takes it (the sender named it), by its configuration normal: no mechanism may be used",
			"bad",
		],
	],
	attempt: [
		[{ type: "attempt", ...attempt, try: 1, until: "accepted", deadline: noon }, "Trying im2", "waiting"],
		[
			{ type: "attempt", ...attempt, try: 2, until: "read", deadline: noon },
			"Trying im2 again (try 2) until it is read, at most until 12:00:00 UTC",
			"waiting",
		],
	],
	replied: [[{ type: "replied", ...attempt, body: "On my way" }, "John wrote back through im2: On my way", "good"]],
	outcome: [
		[{ type: "outcome", ...attempt, try: 1, outcome: "accepted" }, "Accepted by im2", "neutral"],
		[
			{ type: "outcome", ...attempt, try: 1, outcome: "accepted", level: "delivered", evidence: "250 ok" },
			"Delivered through im2 (250 ok)",
			"good",
		],
		[{ type: "outcome", ...attempt, try: 1, outcome: "unavailable" }, "John is not available on im2", "bad"],
		[{ type: "outcome", ...attempt, try: 1, outcome: "rejected", evidence: "550" }, "Refused by im2 (550)", "bad"],
		[{ type: "outcome", ...attempt, try: 1, outcome: "failed", evidence: "" }, "Failed at im2", "bad"],
		[{ type: "outcome", ...attempt, try: 1, outcome: "unknown" }, "Nobody can say whether im2 took it", "bad"],
	],
	receipt: [
		[{ type: "receipt", ...attempt, level: "delivered" }, "Delivered through im2", "good"],
		[{ type: "receipt", ...attempt, level: "read" }, "John read it on im2", "good"],
		[{ type: "receipt", ...attempt, level: "acknowledged" }, "John acknowledged it on im2", "good"],
	],
	answered: [
		[{ type: "answered", prompt: prompt.prompt, answer: "yes" }, "The sender answered yes", "neutral"],
		[{ type: "answered", prompt: prompt.prompt, answer: "no", who: "jdoe" }, "jdoe answered no", "neutral"],
	],
	"time-passed": [[{ type: "time-passed" }, "Time passed", "neutral"]],
	consult: [[{ type: "consult" }, "Asking the manager what to do next", "neutral"]],
	effect: [
		[
			{
				type: "effect",
				effect: { effect: "attempt", mechanisms: ["im2", "pager"], mode: "serial", until: "accepted", within: 1000 },
			},
			"The manager wants im2 and pager tried",
			"neutral",
		],
		[
			{ type: "effect", effect: { effect: "ask", question: "Page?", within: 1000, otherwise: "no" } },
			"The manager wants the sender asked",
			"neutral",
		],
		[{ type: "effect", effect: { effect: "wait", duration: 1000 } }, "The manager wants to wait", "neutral"],
		[{ type: "effect", effect: { effect: "note", text: "x" } }, "The manager wants something noted", "neutral"],
		[{ type: "effect", effect: null }, "The manager has nothing left to try", "neutral"],
	],
	stranded: [
		[
			{ type: "stranded", reason: "no-such-manager", detail: "manager plugin escalate 1.2.0 is not there" },
			"It cannot go on: manager plugin escalate 1.2.0 is not there",
			"bad",
		],
	],
	cancelled: [[{ type: "cancelled", who: "jdoe" }, "jdoe cancelled the message", "bad"]],
	resolved: [[{ type: "resolved", resolution: "next" }, "A person decided to go on with what comes next", "neutral"]],
	retracted: [
		[{ type: "retracted", ...attempt, done: true }, "Taken back from im2", "neutral"],
		[{ type: "retracted", ...attempt, done: false }, "It could not be taken back from im2", "neutral"],
	],
	"passed-over": [
		[
			{ type: "passed-over", mechanism: "im2", reason: "inactive" },
			"Passing over im2: it is not active now",
			"neutral",
		],
	],
	postponed: [
		[
			{ type: "postponed", mechanism: "im2", until: noon, reason: "quiet-hours" },
			"Waiting until 12:00:00 UTC to try im2: the recipient's quiet hours have to end first",
			"waiting",
		],
	],
	// A retry's own `at` is both the entry's moment and the next try's: the last one written counts.
	retry: [[{ type: "retry", ...attempt, retryAt: noon }, "The next try of im2 is at 12:00:00 UTC", "waiting"]],
	"gave-up": [[{ type: "gave-up", ...attempt, until: "delivered" }, "It was not delivered through im2 in time", "bad"]],
	prompt: [
		[
			{ type: "prompt", ...prompt, until: noon, otherwise: "no" },
			"Asking the sender: “Send a page?” (no answer by 12:00:00 UTC counts as no)",
			"waiting",
		],
	],
	"prompt-closed": [
		[{ type: "prompt-closed", ...prompt, answer: "yes", by: "sender" }, "“Send a page?” is settled: yes", "neutral"],
		[
			{ type: "prompt-closed", ...prompt, answer: "yes", by: "standing-answer" },
			"The sender had answered “Send a page?” beforehand: yes",
			"neutral",
		],
		[
			{ type: "prompt-closed", ...prompt, answer: "no", by: "timeout" },
			"Nobody answered “Send a page?” in time, which counts as no",
			"neutral",
		],
	],
	"prompt-withdrawn": [[{ type: "prompt-withdrawn", prompt: prompt.prompt }, "The question is withdrawn", "neutral"]],
	wait: [[{ type: "wait", until: noon }, "Waiting until 12:00:00 UTC", "waiting"]],
	note: [[{ type: "note", text: "the duty officer is on leave" }, "the duty officer is on leave", "neutral"]],
	retract: [[{ type: "retract", ...attempt }, "Taking it back from im2", "neutral"]],
	held: [
		[
			{ type: "held", reason: "manager-failed", detail: "TypeError" },
			"A person has to decide: the delivery manager failed or was not deterministic (TypeError)",
			"bad",
		],
	],
	settled: [
		[
			{ type: "settled", state: "reached", reason: "receipt", mechanism: "im2" },
			"Reached through im2: a receipt of the level asked for came",
			"good",
		],
		[{ type: "settled", state: "unreached", reason: "sender-declined" }, "Not reached: the sender answered no", "bad"],
		[{ type: "settled", state: "expired", reason: "message-expired" }, "Expired: the message expired", "bad"],
	],
};

const cases = Object.values(examples)
	.flat()
	.map(([entry, text, tone]) => ({
		entry: { sequence: 1, at: noon, ...entry } as JournalEntry,
		text,
		tone,
	}));

describe("sentenceOf", () => {
	test.each(cases)("says “$text”", ({ entry, text, tone }) => {
		expect(sentenceOf(entry, { recipient: "John" })).toEqual({ text, tone });
	});

	test.each(cases)("says the same of an entry from the wire: “$text”", ({ entry, text, tone }) => {
		expect(sentenceOf(toWire(entry), { recipient: "John" })).toEqual({ text, tone });
	});

	test("uses the names it is given", () => {
		const names = { recipient: "John Smith", mechanism: () => "the pager", time: () => "noon" };
		expect(
			sentenceOf({ sequence: 1, at: noon, type: "outcome", ...attempt, try: 1, outcome: "unavailable" }, names).text,
		).toBe("John Smith is not available on the pager");
		expect(sentenceOf({ sequence: 1, at: noon, type: "wait", until: noon }, names).text).toBe("Waiting until noon");
	});
});
