/** One short measurement of one checkout, for compare.ts: `node bench/slice.ts CHECKOUT SECONDS`. Prints JSON. */
import { mkdtemp, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [checkout = ".", seconds = "2"] = process.argv.slice(2);

/** The checkout's own code is measured, with its own load. */
async function from<Module>(path: string): Promise<Module> {
	return (await import(pathToFileURL(resolve(checkout, path)).href)) as Module;
}

const { measureThroughput } = await from<typeof import("../packages/posthaste/src/bench/throughput.ts")>(
	"packages/posthaste/src/bench/throughput.ts",
);
const { measureDecisions } = await from<typeof import("../packages/posthaste/src/bench/decisions.ts")>(
	"packages/posthaste/src/bench/decisions.ts",
);
const { measureHttp } = await from<typeof import("./http.ts")>("bench/http.ts");
const { measureStart } = await from<typeof import("./start.ts")>("bench/start.ts");

const folder = await mkdtemp("./posthaste-bench-");
try {
	const library = await measureThroughput(folder, Number(seconds));
	const http = await measureHttp(join(folder, "http"), Number(seconds));
	const { decisionsPerSecond } = await measureDecisions(1);
	const { start, idleMemory } = await measureStart(join(folder, "start"), 3);
	const figures = {
		library: library.messagesPerSecond,
		single: http.single.perSecond,
		batch: http.batch.perSecond,
		decisions: decisionsPerSecond,
		start,
		idleMemory,
	};
	process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
	await rm(folder, { recursive: true, force: true });
}
