/**
 * Every measurement, one after the other in one run, as a table in Markdown: `npm run bench`.
 * With `--write` the table goes into docs/performance.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchFigures, measure } from "../packages/posthaste/src/bench.ts";
import { type HttpFigures, measureHttp } from "./http.ts";
import { writeSection } from "./page.ts";
import { measureStart, type StartFigures } from "./start.ts";

const { values } = parseArgs({
	options: { seconds: { type: "string", default: "10" }, write: { type: "boolean", default: false } },
});

function table(library: BenchFigures, http: HttpFigures, start: StartFigures): string {
	const { idle, stall } = library;
	const rows = [
		["disk: 4 KiB fdatasync, one after the other", `${library.syncsPerSecond} a second`, ""],
		["accepted on disk → outcome on disk, library, 2,000 in flight", `${library.messagesPerSecond} a second`, "30,000"],
		["the same, one at a time", `p50 ${idle.p50} ms, p99 ${idle.p99} ms`, "2 ms"],
		["event loop delay under that load", `p50 ${stall.p50} ms, p99 ${stall.p99} ms`, "p99 20 ms"],
		[
			"`POST /v1/messages`, 64 connections",
			`${http.single.perSecond} a second; p50 ${http.single.p50} ms, p99 ${http.single.p99} ms`,
			"5,000",
		],
		["`POST /v1/messages/batch`, 10,000 lines a request", `${http.batch.perSecond} a second`, "20,000"],
		["policy decisions on one core", `${library.decisionsPerSecond} a second`, "500,000"],
		["start to the first answer", `${start.start} ms`, "1 s"],
		["resident memory, idle", `${start.idleMemory} MB`, "150 MB"],
	];
	const head = `Measured on ${library.machine}, ${Math.round(totalmem() / 2 ** 30)} GiB, load generator and store on the same cores, ${new Date().toISOString().slice(0, 10)}.`;
	return `${head}\n\n| what | measured | aim |\n|---|---|---|\n${rows.map((row) => `| ${row.join(" | ")} |\n`).join("")}`;
}

const seconds = Number(values.seconds);
const folder = await mkdtemp("./posthaste-bench-");
try {
	const library = await measure(seconds);
	const http = await measureHttp(join(folder, "http"), seconds);
	const start = await measureStart(join(folder, "start"));
	const figures = table(library, http, start);
	process.stdout.write(figures);
	if (values.write) {
		await writeSection("figures", figures);
	}
} finally {
	await rm(folder, { recursive: true, force: true });
}
