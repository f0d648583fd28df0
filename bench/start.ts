/** How long the program takes to answer, and how much memory it holds when nothing happens. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../packages/posthaste/bin/posthaste.js", import.meta.url));

export interface StartFigures {
	/** From the start of the process to the first answer of /healthz, milliseconds; the median. */
	readonly start: number;
	/** Resident memory five seconds later, megabytes. */
	readonly idleMemory: number;
}

export async function measureStart(folder: string, runs = 5): Promise<StartFigures> {
	const times: number[] = [];
	let idleMemory = 0;
	for (let run = 0; run < runs; run++) {
		const last = run === runs - 1;
		const { time, memory } = await startOnce(folder, last ? 5000 : 0);
		times.push(time);
		idleMemory = memory;
	}
	times.sort((one, other) => one - other);
	return { start: Math.round(times[Math.floor(runs / 2)] ?? 0), idleMemory };
}

async function startOnce(folder: string, rest: number): Promise<{ time: number; memory: number }> {
	const start = performance.now();
	const args = [binary, "serve", "--listen", "127.0.0.1:0", "--data", folder, "--log-level", "error"];
	const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
	try {
		const [line] = await once(createInterface({ input: child.stdout }), "line");
		const url = /http:\S+/.exec(String(line))?.[0];
		await fetch(`${url}/healthz`);
		const time = performance.now() - start;
		await delay(rest);
		return { time, memory: await residentMemory(child.pid ?? 0) };
	} finally {
		child.kill("SIGTERM");
		await once(child, "exit");
	}
}

/** Linux tells it in /proc; elsewhere it is not measured. */
async function residentMemory(pid: number): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
	return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
}
