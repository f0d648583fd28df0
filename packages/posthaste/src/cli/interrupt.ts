/** Ctrl-C: the first one ends what runs in order, the second ends the process at once. */
import { exitCodes } from "./exit-codes.ts";
import { interruption } from "./failure.ts";
import { writeError } from "./terminal.ts";

const signals = ["SIGINT", "SIGTERM"] as const;

/**
 * Runs work that ends early with the signal, as an interruption with `hint`.
 * `interrupt` is for a Ctrl-C that arrives as a key, as it does at a question.
 */
export async function interruptible<Result>(
	hint: string | undefined,
	work: (signal: AbortSignal, interrupt: () => void) => Promise<Result>,
): Promise<Result> {
	const controller = new AbortController();
	const interrupt = () => {
		if (controller.signal.aborted) {
			process.exit(exitCodes.interrupted.code);
		}
		controller.abort();
	};
	for (const signal of signals) {
		process.on(signal, interrupt);
	}
	try {
		return await work(controller.signal, interrupt);
	} catch (error) {
		throw controller.signal.aborted ? interruption(hint) : error;
	} finally {
		for (const signal of signals) {
			process.off(signal, interrupt);
		}
	}
}

export interface Running {
	readonly url: string;
	close(): Promise<void>;
}

/** Starts a server, says where it is, and runs it until a signal asks it to close. */
export async function runUntilSignal(start: () => Promise<Running>, announce: (url: string) => void): Promise<void> {
	const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
	let times = 0;
	const onSignal = () => {
		times += 1;
		if (times > 1) {
			process.exit(exitCodes.interrupted.code);
		}
		writeError("Closing; once more ends it at once.\n");
		ask();
	};
	for (const signal of signals) {
		process.on(signal, onSignal);
	}
	const running = await start();
	announce(running.url);
	await asked;
	await running.close();
}
