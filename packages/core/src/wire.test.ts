import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { attempt } from "./manager.ts";
import { play } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";
import { toWire } from "./wire.ts";

const noon = Date.UTC(2026, 0, 15, 12);
const text = "2026-01-15T12:00:00.000Z";

describe("moments are RFC 3339 text", () => {
	test.each(["at", "until", "deadline", "postponedUntil", "askedAt", "acceptedAt", "settledAt", "due", "expiresAt"])(
		"%s",
		(key) => {
			expect(toWire({ [key]: noon })).toEqual({ [key]: text });
			expect(toWire({ deep: [{ [key]: noon }] })).toEqual({ deep: [{ [key]: text }] });
		},
	);

	test("lengths, counts and levels stay what they are", () => {
		const value = { within: noon, duration: 5, retryAfter: 1000, try: 2, sequence: 7, until: "read", due: null };
		expect(toWire(value)).toEqual(value);
	});
});

test.each(["properties", "settings", "address"])("what stands in %s is not ours, and passes as it is", (key) => {
	const foreign = { [key]: { at: noon, until: 5, deep: { due: 1, list: [{ at: 2 }] } } };
	expect(toWire(foreign)).toEqual(foreign);
});

test("everything without a moment passes as it is, and nothing is changed in place", () => {
	fc.assert(
		fc.property(fc.jsonValue(), (value) => {
			const before = JSON.stringify(value);
			expect(toWire({ properties: value })).toEqual({ properties: value });
			toWire(value);
			expect(JSON.stringify(value)).toBe(before);
		}),
	);
});

test("a whole journal and its explanation can be written", () => {
	const delivery = play(
		testManager(function* () {
			yield* attempt(["im"], { until: "read", within: 1000 });
		}),
		{},
		{ mechanisms: { im: { kind: "im" } } },
	);
	delivery.outcome("im", "accepted");
	delivery.pass("1s");
	const journal = toWire(delivery.journal);
	expect(journal.find((entry) => entry.type === "attempt")).toMatchObject({
		at: text,
		until: "read",
		deadline: "2026-01-15T12:00:01.000Z",
	});
	expect(JSON.parse(JSON.stringify(journal))).toEqual(journal);
	expect(toWire(delivery.explanation).tree).toMatchObject({ node: "attempt", within: 1000 });
});
