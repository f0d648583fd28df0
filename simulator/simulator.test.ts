/** The short form of the simulation, and that it would find what it is there to find. */
import { describe, expect, it } from "vitest";
import type { Rule } from "./audit/evidence.ts";
import { bugs } from "./bugs.ts";
import { describeFailure } from "./describe.ts";
import { generate } from "./generate.ts";
import { type Judged, judge } from "./judge.ts";
import { play } from "./play.ts";
import { shrink } from "./shrink.ts";
import type { Bug } from "./world.ts";

const small = { messages: 25 };

function failure(judged: Judged): string {
	return describeFailure(
		judged,
		`npm run simulate -- --from ${judged.scenario.seed} --seeds 1 --messages ${small.messages}`,
	);
}

describe("the simulation", () => {
	it("finds no rule broken in 150 seeds", { timeout: 60_000 }, async () => {
		let deliveries = 0;
		for (let seed = 1; seed <= 150; seed += 1) {
			const judged = await judge(generate(seed, small));
			deliveries += judged.disk.deliveries.size;
			expect(judged.violations, failure(judged)).toEqual([]);
		}
		expect(deliveries).toBeGreaterThan(1500);
	});

	it("finds no rule broken in the seeds that once broke one", async () => {
		for (const seed of [21, 97, 122, 146, 315, 409, 499, 809, 2356, 7267]) {
			const judged = await judge(generate(seed));
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
