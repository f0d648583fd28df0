/** A short run of the crash suite; `npm run crash` makes a long one. */
import { describe, expect, test } from "vitest";
import { mayStartPostfix } from "./mail.ts";
import { mayPageThroughHylaFax } from "./pages.ts";
import { describeViolation } from "./report.ts";
import { crash } from "./suite.ts";

const isReal = mayStartPostfix() && mayPageThroughHylaFax();
const servers = isReal ? "Postfix and HylaFAX" : "servers in this process where Postfix or HylaFAX cannot be started";

describe(`the program killed at random moments, with ${servers}`, () => {
	test("nothing accepted is lost, and nothing is claimed that is not so", { timeout: 180_000 }, async () => {
		const report = await crash({ kills: 8, seed: 1 });
		expect(report.violations.slice(0, 3).map(describeViolation)).toEqual([]);
		expect(report.kills).toBe(8);
		expect(report.figures.messages).toBeGreaterThan(20);
		expect(report.kept).toBe(report.figures.messages);
		expect(report.figures.arrivalsBy.email).toBeGreaterThan(0);
		expect(report.figures.arrivalsBy.pager).toBeGreaterThan(0);
	});
});
