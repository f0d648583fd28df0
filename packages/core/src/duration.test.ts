import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { durationOf, formatDuration, longestDuration, parseDuration } from "./duration.ts";

test("what is written is read back as it was", () => {
	fc.assert(
		fc.property(fc.integer({ min: 0, max: longestDuration }), (length) => {
			expect(parseDuration(formatDuration(length))).toBe(length);
		}),
	);
});

test("any sum of units is the sum of its parts, in whatever order", () => {
	const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
	const part = fc.tuple(fc.nat({ max: 500 }), fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])));
	fc.assert(
		fc.property(fc.array(part, { minLength: 1, maxLength: 6 }), (parts) => {
			const text = parts.map(([count, unit]) => `${count}${unit}`).join("");
			const sum = parts.reduce((total, [count, unit]) => total + count * units[unit], 0);
			expect(parseDuration(text)).toBe(Math.min(sum, longestDuration));
		}),
	);
});

describe("the shortest way to write it", () => {
	test.each([
		[0, "0s"],
		[1, "1ms"],
		[30_000, "30s"],
		[90_000, "1m30s"],
		[3_600_000, "1h"],
		[90_061_001, "1d1h1m1s1ms"],
		[-5, "0s"],
	])("%d is %s", (length, text) => {
		expect(formatDuration(length)).toBe(text);
	});
});

test("lengths are whole milliseconds, and at most a hundred years", () => {
	expect(parseDuration("0.4ms")).toBe(0);
	expect(parseDuration("1.5s")).toBe(1500);
	expect(parseDuration("0.1111s")).toBe(111);
	expect(parseDuration(`${"9".repeat(39)}d`)).toBe(longestDuration);
});

test.each(["", " ", "5", "s", "5 s", "-5s", "+5s", "5S", "5min", "5s ", "1e3s", ".5s", "5.s", "1m,5s", "५m", "5s\n"])(
	"%j is not a length of time",
	(text) => {
		expect(parseDuration(text)).toBeUndefined();
		expect(() => durationOf(text)).toThrow(RangeError);
	},
);
