import fc from "fast-check";
import { expect, test } from "vitest";
import { backoff } from "./backoff.ts";

const name = fc.string({ minLength: 1, maxLength: 60 });

test("a rest lies in the upper half of a span that doubles from one second to one minute", () => {
	fc.assert(
		fc.property(name, fc.integer({ min: 1, max: 100_000 }), (attempt, tries) => {
			const span = Math.min(60_000, 1000 * 2 ** Math.min(tries - 1, 20));
			const rest = backoff(attempt, tries);
			expect(rest).toBeGreaterThanOrEqual(span / 2);
			expect(rest).toBeLessThanOrEqual(span);
			expect(Number.isInteger(rest)).toBe(true);
		}),
	);
});

test("rests follow from the attempt alone, today as in the journals of yesterday", () => {
	expect([1, 2, 3].map((tries) => backoff("01890a5d-ac96-774b-bcce-b302099a8057.a1", tries))).toEqual([
		810, 1608, 3224,
	]);
});

test("no rest is shorter than the one before it while the span still grows", () => {
	fc.assert(
		fc.property(name, fc.integer({ min: 1, max: 5 }), (attempt, tries) => {
			expect(backoff(attempt, tries + 1)).toBeGreaterThanOrEqual(backoff(attempt, tries) - 1);
		}),
	);
});

test("deliveries that failed together do not come back together", () => {
	const rests = Array.from({ length: 2000 }, (_, index) => backoff(`01890a5d-ac96-774b-bcce-${index}.a1`, 7));
	const tenths = new Array<number>(10).fill(0);
	for (const rest of rests) {
		const tenth = Math.min(9, Math.floor((rest - 30_000) / 3000));
		tenths[tenth] = (tenths[tenth] ?? 0) + 1;
	}
	for (const count of tenths) {
		expect(count).toBeGreaterThan(100);
		expect(count).toBeLessThan(300);
	}
});
