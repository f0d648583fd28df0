/**
 * What becomes of messages when more of them come than can be carried: `node bench/overload.ts`. The
 * server's capacity is measured first; then, for two minutes, three times as many requests come in an
 * open loop. With `--write` the table goes into docs/performance.md.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { draft } from "../packages/posthaste/src/bench/world.ts";
import { type Answers, Load, percentile } from "./open-loop.ts";
import { table, writeSection } from "./page.ts";

const { values } = parseArgs({
	options: {
		seconds: { type: "string", default: "120" },
		times: { type: "string", default: "3" },
		connections: { type: "string", default: "4000" },
		write: { type: "boolean", default: false },
	},
});
const server = fileURLToPath(new URL("server.ts", import.meta.url));

interface Standing {
	readonly deliveries: Readonly<Record<string, number>>;
	/** Of the event loop: p50, p99 and the longest, in milliseconds. */
	readonly delay: readonly number[];
}

async function ask(child: ChildProcess): Promise<Standing> {
	child.send("how do you stand?");
	const [standing] = await once(child, "message");
	return standing as Standing;
}

/** Resident memory of a process in megabytes, where Linux tells it. */
async function residentMemory(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

/** Takes the memory every second until told to stop. */
function watchMemory(pid: number): () => readonly number[] {
	const samples: number[] = [];
	const timer = setInterval(async () => samples.push(await residentMemory(pid)), 1000);
	return () => {
		clearInterval(timer);
		return samples;
	};
}

/** Megabytes a minute: the line of least squares through the second half, when what grows at first has grown. */
function slope(samples: readonly number[]): number {
	const half = samples.slice(Math.floor(samples.length / 2));
	const meanX = (half.length - 1) / 2;
	const meanY = half.reduce((sum, value) => sum + value, 0) / half.length;
	const above = half.reduce((sum, value, x) => sum + (x - meanX) * (value - meanY), 0);
	const below = half.reduce((sum, _, x) => sum + (x - meanX) ** 2, 0);
	return below === 0 ? 0 : (above / below) * 60;
}

const final = new Set(["reached", "unreached", "expired", "cancelled"]);

/** Waits until no delivery is open. Answers how many there are and how long it took, in seconds. */
async function drained(
	child: ChildProcess,
): Promise<{ readonly all: number; readonly open: number; readonly seconds: number }> {
	const start = performance.now();
	for (;;) {
		const { deliveries } = await ask(child);
		const all = Object.values(deliveries).reduce((sum, count) => sum + count, 0);
		const open = Object.entries(deliveries).reduce((sum, [state, count]) => sum + (final.has(state) ? 0 : count), 0);
		const seconds = (performance.now() - start) / 1000;
		if (open === 0 || seconds > 60) {
			return { all, open, seconds };
		}
		await new Promise((resolve) => setTimeout(resolve, 100));
	}
}

const times = (answers: readonly number[]) =>
	`p50 ${percentile(answers, 0.5)} ms, p99 ${percentile(answers, 0.99)} ms, p99.9 ${percentile(answers, 0.999)} ms`;
const share = (part: number, whole: number) => `${Math.round((part / Math.max(1, whole)) * 1000) / 10} %`;

function rowsOf(capacity: Answers, load: Answers, delay: readonly number[], memory: readonly number[]) {
	const perSecond = capacity.accepted.length / capacity.seconds;
	const acceptedPerSecond = load.accepted.length / load.seconds;
	const statuses = [...load.byStatus].filter(([status]) => status !== 202);
	const others = statuses.map(([status, count]) => `${status}: ${share(count, load.asked)}`).join(", ");
	return [
		[
			"capacity: 64 clients, each waiting for its answer",
			`${Math.round(perSecond)} a second; ${times(capacity.accepted)}`,
		],
		[
			"then asked for, open loop",
			`${Math.round(load.asked / load.seconds)} a second for ${Math.round(load.seconds)} s`,
		],
		["accepted", `${Math.round(acceptedPerSecond)} a second, ${share(acceptedPerSecond, perSecond)} of capacity`],
		["latency of what was accepted", times(load.accepted)],
		["refused", `${others || "none"}; ${times(load.refused)}`],
		["`Retry-After`", `p50 ${percentile(load.retryAfter, 0.5)} s, p99 ${percentile(load.retryAfter, 0.99)} s`],
		["lateness of the generator itself, which the latencies include", times(load.late)],
		["not sent, since the generator had no connection left", share(load.unsent, load.asked)],
		["connections broken", String(load.broken)],
		["connections at once, at the most", String(load.connections)],
		[
			"event loop delay",
			`p50 ${delay
				.map((value) => Math.round(value * 10) / 10)
				.join(" ms, p99 ")
				.replace(/, p99 ([^,]*)$/, ", longest $1")} ms`,
		],
		[
			"resident memory",
			`${Math.round(memory[0] ?? 0)} MB at first, ${Math.round(Math.max(...memory))} MB at the most, ${Math.round(slope(memory) * 10) / 10} MB a minute in the second half`,
		],
	] as const;
}

const folder = await mkdtemp("./posthaste-bench-");
const child = spawn(process.execPath, [server, join(folder, "overload")], {
	stdio: ["ignore", "pipe", "inherit", "ipc"],
});
try {
	const [line] = await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), "line");
	const load = new Load(`${line}/v1/messages`, JSON.stringify(draft(1)), Number(values.connections));
	const warm = await load.closed(64, 3);
	const capacity = await load.closed(64, 10);
	await load.connect();
	await ask(child);
	const endMemory = watchMemory(child.pid ?? 0);
	const rate = (capacity.accepted.length / capacity.seconds) * Number(values.times);
	const answers = await load.open(rate, Number(values.seconds));
	const { delay } = await ask(child);
	const memory = endMemory();
	const end = await drained(child);
	const accepted = warm.accepted.length + capacity.accepted.length + answers.accepted.length;
	const text = table([
		...rowsOf(capacity, answers, delay, memory),
		["accepted and lost", String(accepted - end.all)],
		["deliveries that had not come to their end", `${end.open} after ${Math.round(end.seconds * 10) / 10} s`],
		["load of the machine at the end, generator included", loadavg()[0]?.toFixed(1) ?? ""],
	]);
	process.stdout.write(text);
	if (values.write) {
		await writeSection("overload", text);
	}
} finally {
	child.kill("SIGTERM");
	await once(child, "exit");
	await rm(folder, { recursive: true, force: true });
}
