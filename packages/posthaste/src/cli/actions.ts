/** What is common to all commands' actions. */
import type { ExitCode } from "./exit-codes.ts";

/** Ends the process with the code that an action answers, once everything it wrote is out. */
export function action<Args extends readonly unknown[]>(
	run: (...args: Args) => Promise<ExitCode | undefined> | Promise<void>,
): (...args: Args) => Promise<void> {
	return async (...args) => {
		const code = await run(...args);
		if (typeof code === "number") {
			process.exitCode = code;
		}
	};
}
