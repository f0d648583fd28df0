/**
 * Swaps plugins under load: `npm run swaps -- --swaps 200 --seed 1`. With `--json` the figures come as
 * JSON. Ends with 1 when a rule was broken.
 */
import { parseArgs } from "node:util";
import { runToEnd } from "../crash/command.ts";
import { rowsOf, tableOf, violationsOf } from "./report.ts";
import { swapUnderLoad } from "./suite.ts";

const { values } = parseArgs({
	options: {
		swaps: { type: "string", default: "200" },
		seed: { type: "string", default: "1" },
		rate: { type: "string", default: "120" },
		json: { type: "boolean", default: false },
	},
});
const [swaps, seed, rate] = [Number(values.swaps), Number(values.seed), Number(values.rate)];
if (!Number.isInteger(swaps) || swaps < 1 || !Number.isInteger(seed) || seed < 0 || !(rate > 0)) {
	process.stderr.write("--swaps takes a whole number from 1, --seed one from 0, --rate messages a second\n");
	process.exit(2);
}

await runToEnd(async (signal, say) => {
	const report = await swapUnderLoad({
		...{ swaps, seed, rate, signal, say },
		pause: [200, 1500],
		warmUp: swaps > 20 ? 20_000 : 0,
		memoryAfter: swaps > 20 ? [20, swaps] : [],
	});
	return {
		figures: values.json ? JSON.stringify({ seed, rate, ...rowsOf(report) }, undefined, "\t") : tableOf(report),
		violations: violationsOf(report).map((violation) => JSON.stringify(violation, undefined, "\t")),
		again: `seed ${seed}`,
	};
});
