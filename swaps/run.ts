/**
 * Swaps plugins under load: `npm run swaps -- --swaps 200 --seed 1`. With `--json` the figures come as
 * JSON. Ends with 1 when a rule was broken.
 */
import { parseArgs } from "node:util";
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

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)));
}
/** Violations that are printed whole; more of the same helps nobody. */
const shown = 5;

try {
	const report = await swapUnderLoad({
		...{ swaps, seed, rate, signal: interrupt.signal },
		pause: [200, 1500],
		warmUp: swaps > 20 ? 20_000 : 0,
		memoryAfter: swaps > 20 ? [20, swaps] : [],
		say: (line) => process.stderr.write(`${line}\n`),
	});
	const violations = violationsOf(report);
	process.stdout.write(
		`${values.json ? JSON.stringify({ seed, rate, ...rowsOf(report) }, undefined, "\t") : tableOf(report)}\n`,
	);
	for (const violation of violations.slice(0, shown)) {
		process.stderr.write(`\n${JSON.stringify(violation, undefined, "\t")}\n`);
	}
	if (violations.length > 0) {
		process.stderr.write(`\n${violations.length} violations; seed ${seed}\n`);
	}
	process.exitCode = violations.length > 0 ? 1 : 0;
} catch (error) {
	process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
	process.exitCode = interrupt.signal.aborted ? 130 : 1;
}
