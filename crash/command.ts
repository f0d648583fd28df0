/**
 * What the commands of long runs have in common: they can be interrupted, print their figures and the
 * first violations, and end with 1 when a rule was broken.
 */

export interface Ended {
	/** As they are printed. */
	readonly figures: string;
	/** Each as it is printed. */
	readonly violations: readonly string[];
	/** How to come to the same again: `seed 1`. */
	readonly again: string;
}

/** Violations that are printed; more of the same helps nobody. */
const shown = 5;

/** Runs until the end or the first SIGINT or SIGTERM, and sets the exit code: 0, 1, or 130 when interrupted. */
export async function runToEnd(run: (signal: AbortSignal, say: (line: string) => void) => Promise<Ended>) {
	const interrupt = new AbortController();
	for (const signal of ["SIGINT", "SIGTERM"] as const) {
		process.once(signal, () => interrupt.abort(new Error(`stopped by ${signal}`)));
	}
	const say = (line: string) => process.stderr.write(`${line}\n`);
	try {
		const { figures, violations, again } = await run(interrupt.signal, say);
		process.stdout.write(`${figures}\n`);
		for (const violation of violations.slice(0, shown)) {
			say(`\n${violation}`);
		}
		if (violations.length > 0) {
			say(`\n${violations.length} violations; ${again}`);
		}
		process.exitCode = violations.length > 0 ? 1 : 0;
	} catch (error) {
		const { aborted, reason } = interrupt.signal;
		say(aborted ? String(reason) : error instanceof Error ? (error.stack ?? error.message) : String(error));
		process.exitCode = aborted ? 130 : 1;
	}
}
