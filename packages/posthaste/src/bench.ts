/** `posthaste bench`: what this machine and its disk can do, measured in this process. */
import { mkdtemp, rm } from "node:fs/promises";
import { cpus } from "node:os";
import { measureDecisions } from "./bench/decisions.ts";
import { measureDisk } from "./bench/disk.ts";
import { measureThroughput, type Throughput } from "./bench/throughput.ts";

export interface BenchOptions {
	/** Seconds for each measurement. */
	readonly seconds: number;
	readonly json: boolean;
}

export interface BenchFigures extends Throughput {
	readonly machine: string;
	readonly syncsPerSecond: number;
	readonly decisionsPerSecond: number;
}

export async function measure(seconds: number): Promise<BenchFigures> {
	// Beside the data of a server that would run here; a memory file system would flatter the disk.
	const folder = await mkdtemp("./posthaste-bench-");
	try {
		const { syncsPerSecond } = await measureDisk(folder, Math.min(seconds, 2));
		const { decisionsPerSecond } = await measureDecisions(Math.min(seconds, 3));
		const throughput = await measureThroughput(folder, seconds);
		const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? "unknown processor"}, Node ${process.versions.node}`;
		return { machine, syncsPerSecond, decisionsPerSecond, ...throughput };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}

export async function runBench({ seconds, json }: BenchOptions): Promise<void> {
	const figures = await measure(seconds);
	process.stdout.write(json ? `${JSON.stringify(figures, undefined, 2)}\n` : table(figures));
}

function table(figures: BenchFigures): string {
	const { idle, stall } = figures;
	const rows = [
		["disk: fdatasync of 4 KiB", `${figures.syncsPerSecond} a second`],
		["policy decisions, one core", `${figures.decisionsPerSecond} a second`],
		["accepted on disk to outcome on disk, 2,000 in flight", `${figures.messagesPerSecond} a second`],
		["event loop delay meanwhile", `p50 ${stall.p50} ms, p99 ${stall.p99} ms, max ${stall.max} ms`],
		["the same for one message at a time", `p50 ${idle.p50} ms, p99 ${idle.p99} ms`],
		["resident memory after the load", `${figures.memory} MB`],
	] as const;
	const width = Math.max(...rows.map(([name]) => name.length));
	return `${figures.machine}\n${rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join("")}`;
}
