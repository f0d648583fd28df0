import { describe, expect, test } from "vitest";
import { compose, exceeds } from "./compose.ts";
import { longestDuration } from "./duration.ts";
import { PosthasteError } from "./errors.ts";
import type { Draft, DraftProperties } from "./model.ts";
import { bodyLimit } from "./schema.ts";

const now = Date.UTC(2026, 0, 15, 12);
const draft: Draft = { to: ["jsmith"], from: "operations", body: "The pump in hall 3 has stopped." };

function composed(changes: Partial<Draft> = {}) {
	return compose({ ...draft, ...changes }, { id: "m1", now }).message;
}

function refusal(changes: Partial<Draft>) {
	try {
		composed(changes);
	} catch (error) {
		if (error instanceof PosthasteError) {
			return { code: error.code, status: error.status, field: error.complaints[0]?.field };
		}
		throw error;
	}
	return undefined;
}

const withProperties = (properties: DraftProperties) => refusal({ properties });

test("what the sender leaves out has its default, and nothing is made up", () => {
	expect(composed()).toEqual({
		id: "m1",
		to: ["jsmith"],
		from: "operations",
		body: "The pump in hall 3 has stopped.",
		format: "text",
		priority: "normal",
		confidential: false,
		prompts: "ask",
		properties: {},
		acceptedAt: now,
	});
});

test("what the sender says is kept, their own properties apart from the known ones", () => {
	const message = composed({
		subject: "Pump",
		format: "markdown",
		manager: "standard",
		properties: {
			priority: "urgent",
			expires: "10m",
			category: "plant",
			confidential: true,
			prompts: "yes",
			hall: 3,
			tags: ["pump"],
		},
	});
	expect(message).toMatchObject({
		subject: "Pump",
		format: "markdown",
		manager: "standard",
		priority: "urgent",
		category: "plant",
		confidential: true,
		prompts: "yes",
		expiresAt: now + 600_000,
		properties: { hall: 3, tags: ["pump"] },
	});
	expect(Object.keys(message.properties)).toEqual(["hall", "tags"]);
});

test("a recipient named twice gets one delivery, in the order of the first mention", () => {
	expect(composed({ to: ["b", "a", "b", "c", "a"] }).to).toEqual(["b", "a", "c"]);
});

describe("refusals name the field", () => {
	test("nobody to send to", () => {
		expect(refusal({ to: [] })).toEqual({ code: "no-recipients", status: 400, field: "to" });
	});

	test.each(["", " ", "\n\t\r\n", "\u00a0\u2003"])("an empty body: %j", (body) => {
		expect(refusal({ body })).toEqual({ code: "empty-body", status: 400, field: "body" });
	});

	test("a body over the limit, counted in bytes of UTF-8 and not in characters", () => {
		expect(refusal({ body: "a".repeat(bodyLimit) })).toBeUndefined();
		expect(refusal({ body: "a".repeat(bodyLimit + 1) })).toEqual({ code: "too-large", status: 413, field: "body" });
		expect(refusal({ body: "é".repeat(bodyLimit / 2) })).toBeUndefined();
		expect(refusal({ body: "é".repeat(bodyLimit / 2 + 1) })?.code).toBe("too-large");
		expect(refusal({ body: "🚨".repeat(bodyLimit / 4) })).toBeUndefined();
		expect(refusal({ body: "🚨".repeat(bodyLimit / 4 + 1) })?.code).toBe("too-large");
	});

	test.each(["", "soon", "10", "m", "10 m", "-5m", "1h,5m", "tomorrow", "2026-01-16", "2026-01-16T12:00", "12:00Z"])(
		"an expiry that is neither a length of time nor a moment: %j",
		(expires) => {
			expect(withProperties({ expires })).toEqual({
				code: "invalid-request",
				status: 400,
				field: "properties.expires",
			});
		},
	);

	test.each([
		"2026-02-30T00:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-02-01T24:30:00Z",
		"2026-02-01T10:00:00+25:00",
		"2026-02-01T10:61:00Z",
	])("a moment that does not exist: %s", (expires) => {
		expect(withProperties({ expires })?.code).toBe("invalid-request");
	});

	test.each(["0s", "0ms", "0h0m", "2026-01-15T12:00:00Z", "2026-01-15T11:59:59.999Z", "1999-12-31T00:00:00Z"])(
		"an expiry that is not later than now: %s",
		(expires) => {
			expect(withProperties({ expires })).toEqual({
				code: "already-expired",
				status: 400,
				field: "properties.expires",
			});
		},
	);
});

test.each([
	["10m", now + 600_000],
	["1h30m", now + 5_400_000],
	["1ms", now + 1],
	["1.5d", now + 129_600_000],
	["2026-01-15T12:00:00.001Z", now + 1],
	["2026-01-15t13:00:00z", now + 3_600_000],
	["2026-01-15T13:00:00+01:00", undefined],
	["2026-01-15T07:30:00-05:00", now + 1_800_000],
	["2026-01-15T12:30Z", now + 1_800_000],
	["2026-12-31T23:59:60Z", Date.UTC(2026, 11, 31, 23, 59, 59)],
] as const)("the expiry %s is a moment", (expires, moment) => {
	if (moment === undefined) {
		expect(withProperties({ expires })?.code).toBe("already-expired");
	} else {
		expect(composed({ properties: { expires } }).expiresAt).toBe(moment);
	}
});

test("an expiry beyond all measure is far away, and can still be written as a moment", () => {
	const { expiresAt } = composed({ properties: { expires: "99999999999999999999d" } });
	expect(expiresAt).toBe(now + longestDuration);
	expect(new Date(expiresAt ?? Number.NaN).toISOString()).toMatch(/^2126-/);
});

test("bytes are counted where characters do not settle it", () => {
	expect(exceeds("aaa", 3)).toBe(false);
	expect(exceeds("aaaa", 3)).toBe(true);
	expect(exceeds("é", 1)).toBe(true);
	expect(exceeds("é", 2)).toBe(false);
	expect(exceeds("\ud83d", 2)).toBe(true);
});
