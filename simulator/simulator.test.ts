/** The short form of the simulation, and that it would find what it is there to find. */

import { policyReasons } from "@posthaste/core";
import { describe, expect, it } from "vitest";
import type { Rule } from "./audit/evidence.ts";
import { bugs } from "./bugs.ts";
import { Coverage } from "./coverage.ts";
import { describeFailure } from "./describe.ts";
import { generate } from "./generate.ts";
import { generateBasics } from "./generate-basics.ts";
import { type Judged, judge } from "./judge.ts";
import { play } from "./play.ts";
import { shrink } from "./shrink.ts";
import type { Bug } from "./world.ts";

const small = { messages: 25 };

/** What has to occur, since a fault that never comes shows nothing. */
const occurring = [
	...["consult", "effect", "stranded as no-such-manager", "stranded as manager-failed", "consulted in vain"],
	...["held as no-such-manager", "held as manager-failed", "held as unknown-held"],
	...["distant-sequence 1.0.0", "distant-sequence 2.0.0"],
	...["receipt after stranded", "replied after stranded", "answered after stranded", "cancelled after stranded"],
	...["attempt after stranded", "effect after stranded", "resolved after stranded"],
	...["reached after stranded", "unreached after stranded", "cancelled after stranded", "expired after stranded"],
	...["plugin removed", "mechanisms written", "mechanisms deleted", "doubled"],
	...["jump", "stall", "clock set back"],
	...Object.keys(policyReasons).map((reason) =>
		reason === "absent" || reason === "no-such-mechanism" ? `passed-over as ${reason}` : `dropped as ${reason}`,
	),
	...["refused as idempotency-conflict", "settled as late-receipt"],
];

function failure(judged: Judged): string {
	return describeFailure(
		judged,
		`npm run simulate -- --from ${judged.scenario.seed} --seeds 1 --messages ${small.messages}`,
	);
}

describe("the simulation", () => {
	it("finds no rule broken in 150 seeds, in which everything that can happen does", { timeout: 120_000 }, async () => {
		let deliveries = 0;
		const coverage = new Coverage();
		for (let seed = 1; seed <= 150; seed += 1) {
			const judged = await judge(generate(seed, small));
			deliveries += judged.disk.deliveries.size;
			coverage.add(judged);
			expect(judged.violations, failure(judged)).toEqual([]);
		}
		expect(deliveries).toBeGreaterThan(1500);
		expect(coverage.missing(occurring), String(coverage)).toEqual([]);
		expect(coverage.get("passed-over as absent")).toBeGreaterThan(50);
	});

	// They broke one when scenarios had no swaps yet and each try of an attempt met the fate of the first. Their basics are
	// still what they were then; how calls of mechanisms go is not.
	it("finds no rule broken in the seeds that once broke one, with swaps and without", { timeout: 60_000 }, async () => {
		const seeds = [21, 97, 122, 146, 315, 409, 499, 809, 2356, 7267];
		for (const scenario of seeds.flatMap((seed) => [generateBasics(seed), generate(seed)])) {
			const judged = await judge(scenario);
			const { seed } = scenario;
			expect(judged.violations, describeFailure(judged, `npm run simulate -- --from ${seed} --seeds 1`)).toEqual([]);
		}
	});

	it("goes the same way for the same seed, and another way for another", async () => {
		for (const seed of [3, 17, 59, 119]) {
			const [one, other] = [await play(generate(seed, small)), await play(generate(seed, small))];
			expect(other.hash).toBe(one.hash);
		}
		expect((await play(generate(3, small))).hash).not.toBe((await play(generate(4, small))).hash);
	});
});

describe("a deliberate bug", () => {
	for (const [name, { bug, breaks }] of Object.entries(bugs)) {
		it(`is caught: ${name}`, { timeout: 60_000 }, async () => {
			const failing = await firstFailing(bug, breaks);
			expect((await judge(failing.scenario)).violations).toEqual([]);
		});
	}

	it("is shrunk to a few steps that still show it", { timeout: 60_000 }, async () => {
		const { bug, breaks } = bugs["ask twice"];
		const failing = await firstFailing(bug, breaks);
		const shrunk = await shrink(failing, bug);
		expect(shrunk.violations[0]?.rule).toBe(failing.violations[0]?.rule);
		expect(shrunk.scenario.steps.length).toBeLessThanOrEqual(2);
		expect(describeFailure(shrunk, "npm run simulate")).toContain("no question is skipped or asked twice");
	});
});

/** The first of 300 seeds in which a bug breaks one of these rules. */
async function firstFailing(bug: Bug, breaks: readonly Rule[]): Promise<Judged> {
	for (let seed = 1; seed <= 300; seed += 1) {
		const judged = await judge(generate(seed, small), bug);
		if (judged.violations.some(({ rule }) => breaks.includes(rule))) {
			return judged;
		}
	}
	throw new Error("300 seeds did not show it");
}
