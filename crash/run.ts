/**
 * Kills the program at random moments: `npm run crash -- --kills 1000 --seed 1`. With `--json` the
 * figures come as JSON. Ends with 1 when a rule was broken.
 */
import { parseArgs } from "node:util";
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

const interrupt = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
	process.once(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)));
}
/** Violations that are printed whole; more of the same helps nobody. */
const shown = 5;

try {
	const say = (line: string) => process.stderr.write(`${line}\n`);
	const report = await crash({ kills, seed, say, signal: interrupt.signal });
	const { violations } = report;
	process.stdout.write(
		`${values.json ? JSON.stringify({ seed, ...rowsOf(report) }, undefined, "\t") : tableOf(report)}\n`,
	);
	for (const violation of violations.slice(0, shown)) {
		process.stderr.write(`\n${describeViolation(violation)}\n`);
	}
	if (violations.length > 0) {
		process.stderr.write(`\n${violations.length} violations; seed ${seed}, after ${report.kills} kills\n`);
	}
	process.exitCode = violations.length > 0 ? 1 : 0;
} catch (error) {
	const { aborted, reason } = interrupt.signal;
	process.stderr.write(`${aborted ? String(reason) : error instanceof Error ? error.stack : String(error)}\n`);
	process.exitCode = aborted ? 130 : 1;
}
