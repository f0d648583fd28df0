/** Messages from acceptance on disk to their outcome on disk, through the library. */
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { createPosthaste, type PosthasteCore } from "../create-posthaste.ts";
import { benchConfiguration, draft, instant } from "./world.ts";

export interface Throughput {
	readonly messagesPerSecond: number;
	/** Event loop delay while under load, milliseconds. */
	readonly stall: { readonly p50: number; readonly p99: number; readonly max: number };
	/** One message at a time: acceptance on disk to outcome on disk, milliseconds. */
	readonly idle: { readonly p50: number; readonly p99: number };
	/** Resident memory after the load, megabytes. */
	readonly memory: number;
}

/** @param inFlight messages whose outcome is awaited at the same time */
export async function measureThroughput(folder: string, seconds: number, inFlight = 2000): Promise<Throughput> {
	const data = await mkdtemp(join(folder, "throughput-"));
	const posthaste = await createPosthaste({ data, plugins: [instant], configuration: benchConfiguration });
	try {
		const settled = followSettled(posthaste);
		await flood(posthaste, settled, 1, inFlight);
		const idle = await measureIdle(posthaste, settled);
		const delay = monitorEventLoopDelay({ resolution: 1 });
		delay.enable();
		const messagesPerSecond = await flood(posthaste, settled, seconds, inFlight);
		delay.disable();
		const stall = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
		return { messagesPerSecond, stall, idle, memory: Math.round(process.memoryUsage().rss / 1e6) };
	} finally {
		await posthaste.close();
		await rm(data, { recursive: true, force: true });
	}
}

interface Settled {
	/** Resolves when the message's only delivery has come to its outcome on disk. */
	wait(message: string): Promise<void>;
}

function followSettled(posthaste: PosthasteCore): Settled {
	const waiting = new Map<string, () => void>();
	const early = new Set<string>();
	posthaste.observe(({ message, state }) => {
		if (state === "reached") {
			const resolve = waiting.get(message);
			waiting.delete(message);
			resolve === undefined ? early.add(message) : resolve();
		}
	});
	return {
		wait: (message) =>
			early.delete(message) ? Promise.resolve() : new Promise((resolve) => waiting.set(message, resolve)),
	};
}

async function flood(posthaste: PosthasteCore, settled: Settled, seconds: number, inFlight: number): Promise<number> {
	const start = performance.now();
	const end = start + seconds * 1000;
	let count = 0;
	const client = async () => {
		while (performance.now() < end) {
			const { id } = await posthaste.send(draft(count));
			await settled.wait(id);
			count += 1;
		}
	};
	await Promise.all(Array.from({ length: inFlight }, client));
	return Math.round(count / ((performance.now() - start) / 1000));
}

async function measureIdle(posthaste: PosthasteCore, settled: Settled): Promise<Throughput["idle"]> {
	const times: number[] = [];
	for (let index = 0; index < 300; index++) {
		const start = performance.now();
		const { id } = await posthaste.send(draft(index));
		await settled.wait(id);
		times.push(performance.now() - start);
	}
	times.sort((one, other) => one - other);
	const at = (share: number) => round(times[Math.floor(times.length * share)] ?? 0);
	return { p50: at(0.5), p99: at(0.99) };
}

function ms(nanoseconds: number): number {
	return round(nanoseconds / 1e6);
}

function round(value: number): number {
	return Math.round(value * 100) / 100;
}
