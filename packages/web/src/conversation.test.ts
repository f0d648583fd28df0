import type { InboxMessage } from "@posthaste/mechanism-web/client";
import { describe, expect, test } from "vitest";
import { type ConversationEvent, came, converse, type Line, replyTarget } from "./conversation.ts";

function incoming(attempt: string, more: Partial<InboxMessage> = {}): InboxMessage {
	return {
		attempt,
		id: attempt,
		from: "ops",
		body: "Hello",
		format: "text",
		priority: "normal",
		sentAt: "2030-01-31T14:03:00.000Z",
		...more,
	};
}

function after(...events: readonly ConversationEvent[]): readonly Line[] {
	return events.reduce<readonly Line[]>(converse, []);
}

describe("the conversation", () => {
	test("shows a message once, however often it is told", () => {
		const lines = after({ type: "message", message: incoming("a1") }, { type: "message", message: incoming("a1") });
		expect(lines).toHaveLength(1);
	});

	test("knows from history how far a message came", () => {
		const lines = after({ type: "message", message: incoming("a1", { level: "read" }) });
		expect(lines[0]).toMatchObject({ level: "read" });
	});

	test("lets a message's level rise and never fall", () => {
		const message = { type: "message", message: incoming("a1") } as const;
		const lines = after(
			message,
			{ type: "level", attempt: "a1", level: "acknowledged" },
			{ type: "level", attempt: "a1", level: "read" },
		);
		expect(lines[0]).toMatchObject({ level: "acknowledged" });
		expect(after(message, { type: "message", message: incoming("a1", { level: "read" }) })[0]).toMatchObject({
			level: "read",
		});
	});

	test("marks what was taken back, and replies to the last that was not", () => {
		const lines = after(
			{ type: "message", message: incoming("a1") },
			{ type: "message", message: incoming("a2") },
			{ type: "retract", attempt: "a2" },
		);
		expect(lines.map((line) => line.line === "incoming" && line.retracted)).toEqual([false, true]);
		expect(replyTarget(lines)?.attempt).toBe("a1");
	});

	test("keeps replies in their place, each with a key of its own", () => {
		const lines = after(
			{ type: "message", message: incoming("a1") },
			{ type: "reply", attempt: "a1", body: "Coming", at: 1 },
			{ type: "reply", attempt: "a1", body: "Coming", at: 2 },
		);
		const keys = lines.flatMap((line) => (line.line === "reply" ? [line.key] : []));
		expect(new Set(keys).size).toBe(2);
		expect(lines.map(({ line }) => line)).toEqual(["incoming", "reply", "reply"]);
	});

	test("has nobody to reply to while nothing came", () => {
		expect(replyTarget([])).toBeUndefined();
	});
});

test("a level includes the ones before it", () => {
	expect(came("acknowledged", "read")).toBe(true);
	expect(came("delivered", "read")).toBe(false);
	expect(came(undefined, "delivered")).toBe(false);
});
