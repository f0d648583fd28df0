/** A short run of the swaps suite; `npm run swaps` makes a long one. */
import { describe, expect, test } from "vitest";
import { violationsOf } from "./report.ts";
import { swapUnderLoad } from "./suite.ts";

describe("plugins swapped while messages flow", () => {
	test("nothing is lost, doubled or outside policy, and what is swapped in is used", { timeout: 180_000 }, async () => {
		const report = await swapUnderLoad({ swaps: 12, seed: 4, rate: 40, pause: [50, 400], warmUp: 0, memoryAfter: [] });
		expect(violationsOf(report).slice(0, 3)).toEqual([]);
		expect(report.swaps).toHaveLength(12);
		expect(report.audit.deliveries).toBeGreaterThan(100);
		expect(report.audit.receipts).toBeGreaterThan(0);
		expect(report.audit.straddled).toBeGreaterThan(0);
		expect(report.audit.comparedWithForce).toBeGreaterThan(100);
	});
});
