import type { JournalDocument } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { journalSentence } from "./sentences.ts";

const deadline = "2030-01-31T14:03:30.000Z";
const base = { sequence: 1, at: "2030-01-31T14:03:00.000Z" } as const;
const tried = { attempt: "m.1.a1", mechanism: "im2", try: 1 } as const;

function shown(entry: JournalDocument): string {
	return journalSentence(entry, "John Smith")
		.parts.map((part) => (typeof part === "string" ? part : `<${new Date(part.moment).toISOString()}>`))
		.join("");
}

describe("a journal's entry on the page", () => {
	test("says who it is about by name", () => {
		expect(shown({ ...base, type: "began" })).toContain("John Smith");
		expect(shown({ ...base, ...tried, type: "outcome", outcome: "unavailable" })).toContain("John Smith");
	});

	test("hands out its moments apart, so that the page shows them in the reader's time", () => {
		const entry: JournalDocument = { ...base, ...tried, type: "attempt", until: "delivered", deadline };
		const { parts } = journalSentence(entry, "John Smith");
		expect(parts).toContainEqual({ moment: Date.parse(deadline) });
		expect(parts.every((part) => typeof part !== "string" || !part.includes("\u0001"))).toBe(true);
	});

	test("hands out a question's words and its end", () => {
		const text = shown({
			...base,
			type: "prompt",
			prompt: "p",
			question: "Send a page?",
			until: deadline,
			otherwise: "no",
		});
		expect(text).toContain("Send a page?");
		expect(text).toContain(`<${deadline}>`);
		expect(text).toContain("no");
	});

	test("keeps the evidence out of the sentence", () => {
		const entry: JournalDocument = {
			...base,
			...tried,
			type: "outcome",
			outcome: "failed",
			evidence: "connect ECONNREFUSED 127.0.0.1:4444",
		};
		expect(journalSentence(entry, "John Smith").evidence).toBe("connect ECONNREFUSED 127.0.0.1:4444");
		expect(shown(entry)).not.toContain("ECONNREFUSED");
	});

	test("takes the detail of a held delivery as its evidence", () => {
		const entry: JournalDocument = { ...base, type: "held", reason: "manager-failed", detail: "it threw" };
		expect(journalSentence(entry, "John Smith")).toMatchObject({ evidence: "it threw", tone: "bad" });
		expect(shown(entry)).not.toContain("it threw");
	});

	test("has no evidence where there is none", () => {
		expect(journalSentence({ ...base, type: "time-passed" }, "John Smith")).not.toHaveProperty("evidence");
		expect(
			journalSentence({ ...base, ...tried, type: "receipt", level: "read", evidence: "" }, "J"),
		).not.toHaveProperty("evidence");
	});

	test("of a type that this page does not know yet shows its type", () => {
		const unknown = { ...base, type: "handed-over" } as unknown as JournalDocument;
		expect(shown(unknown)).toBe("handed-over");
	});
});
