/**
 * Kills the program at random moments: `npm run crash -- --kills 1000 --seed 1`. With `--json` the
 * figures come as JSON. Ends with 1 when a rule was broken.
 */
import { parseArgs } from "node:util";
import { runToEnd } from "./command.ts";
import { describeViolation, rowsOf, tableOf } from "./report.ts";
import { crash } from "./suite.ts";

const { values } = parseArgs({
	options: {
		kills: { type: "string", default: "1000" },
		seed: { type: "string", default: "1" },
		json: { type: "boolean", default: false },
	},
});
const kills = Number(values.kills);
const seed = Number(values.seed);
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(seed) || seed < 0) {
	process.stderr.write("--kills takes a whole number from 1, --seed one from 0\n");
	process.exit(2);
}

await runToEnd(async (signal, say) => {
	const report = await crash({ kills, seed, say, signal });
	return {
		figures: values.json ? JSON.stringify({ seed, ...rowsOf(report) }, undefined, "\t") : tableOf(report),
		violations: report.violations.map(describeViolation),
		again: `seed ${seed}, after ${report.kills} kills`,
	};
});
