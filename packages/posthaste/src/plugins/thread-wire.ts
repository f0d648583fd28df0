/** A plugin in a thread of its own. */
import { Worker } from "node:worker_threads";
import { readOutput } from "./output.ts";
import type { Program, Wire, WireListener } from "./wire.ts";

const runner = new URL("./runner/main.ts", import.meta.url);

/** The young generation counts too, so that the whole of the heap stays near the limit. */
const youngGeneration = 16;

export function openThread({ memory }: Program, module: string, listener: WireListener): Wire {
	const worker = new Worker(runner, {
		workerData: { module },
		resourceLimits: { maxOldGenerationSizeMb: memory, maxYoungGenerationSizeMb: youngGeneration },
		// A plugin is handed what it needs in its settings; the program's environment holds others' secrets.
		env: {},
		execArgv: [],
		stdout: true,
		stderr: true,
	});
	for (const stream of [worker.stdout, worker.stderr]) {
		readOutput(stream, (line) => listener.onOutput(line));
	}
	worker.on("message", (message) => listener.onMessage(message));
	worker.on("error", (error: Error & { code?: string }) => {
		listener.onEnd(
			error.code === "ERR_WORKER_OUT_OF_MEMORY"
				? `it used more than ${memory} MB of memory`
				: `it broke: ${error.message}`,
		);
	});
	worker.on("exit", (code) => listener.onEnd(`its thread ended with code ${code}`));
	return {
		send: (message) => worker.postMessage(message),
		kill: () => killed(worker),
	};
}

/** A thread that is told to end has this long to do so. */
const endLimit = 5000;

/** False when the thread goes on: V8 looks whether it should end between calls, and a few loops of built-in ones never let it. */
async function killed(worker: Worker): Promise<boolean> {
	let late: NodeJS.Timeout | undefined;
	const isLate = new Promise<boolean>((resolve) => {
		late = setTimeout(() => resolve(false), endLimit);
	});
	const isDead = await Promise.race([worker.terminate().then(() => true), isLate]);
	clearTimeout(late);
	if (!isDead) {
		// It must not keep the program from ending.
		worker.unref();
	}
	return isDead;
}
