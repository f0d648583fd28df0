/**
 * Measures the SQLite store alone, beside the disk's own rate of fdatasync:
 *
 *   node bench/store.ts [--seconds 5] [--in-flight 2000] [--folder DIRECTORY] [--thread worker|inline]
 *
 * A message here is one accept, one append of four entries (began … intent) and one of two (outcome,
 * settled), each waiting for the one before; its body has 200 bytes, an entry about 300.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import type { JournalEntry, Message } from "@posthaste/core";
import { MessageIds } from "../packages/posthaste/src/engine/ids.ts";
import { openSqliteStore, type SqliteStore } from "../packages/posthaste/src/store/sqlite/index.ts";
import { quantile } from "./quantile.ts";

const ids = new MessageIds();

const { values } = parseArgs({
	options: {
		seconds: { type: "string", default: "5" },
		"in-flight": { type: "string", default: "2000" },
		folder: { type: "string", default: tmpdir() },
		thread: { type: "string", default: "worker" },
	},
});
const seconds = Number(values.seconds);
const inFlight = Number(values["in-flight"]);
const thread = values.thread === "inline" ? "inline" : "worker";
const body = "The backup of host db-17 has not finished by 06:00. ".repeat(4).slice(0, 200);

interface Row {
	readonly what: string;
	readonly value: string;
}

function spread(samples: readonly number[]): string {
	return `p50 ${quantile(samples, 0.5).toFixed(2)} ms, p99 ${quantile(samples, 0.99).toFixed(2)} ms`;
}

/** Overwrites of one 4 KiB block, each synced: what the disk can do at best. */
function measureDisk(folder: string): Row {
	const file = openSync(join(folder, "disk"), "w");
	const block = Buffer.alloc(4096, 1);
	const times: number[] = [];
	const end = performance.now() + 2000;
	while (performance.now() < end) {
		const start = performance.now();
		writeSync(file, block, 0, block.length, 0);
		fdatasyncSync(file);
		times.push(performance.now() - start);
	}
	closeSync(file);
	return { what: "disk: fdatasync of 4 KiB", value: `${(times.length / 2).toFixed(0)}/s, ${spread(times)}` };
}

function draftMessage(number: number): Message {
	const now = Date.now();
	return {
		id: ids.next(Date.now()),
		to: [`user-${number % 5000}`],
		from: `service-${number % 200}`,
		body,
		format: "text",
		priority: "normal",
		confidential: false,
		prompts: "ask",
		properties: { host: "db-17" },
		acceptedAt: now,
	};
}

function intent(at: number): JournalEntry[] {
	const mechanism = "im2";
	const attempt = "019a0000-0000-7000-8000-000000000000.1.a1";
	return [
		{ type: "began", sequence: 1, at },
		{
			type: "policies",
			sequence: 2,
			at,
			manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "default" },
			configuration: { name: "normal", revision: 3, unknown: "resend", settings: { steps: [{ attempt: ["im2"] }] } },
			recipient: { id: "user-1", name: "John Smith", timezone: "America/New_York" },
			routingPolicy: [
				{ mechanism, kept: true },
				{ mechanism: "email", kept: true },
				{ mechanism: "pager", kept: false, reason: "inactive" },
			],
			deliveryPolicy: [
				{ mechanism, kept: true },
				{ mechanism: "email", kept: false, reason: "not-in-configuration" },
			],
		},
		{ type: "attempt", sequence: 3, at, attempt, mechanism, try: 1, until: "accepted", deadline: at + 30_000 },
	];
}

function outcome(at: number): JournalEntry[] {
	const mechanism = "im2";
	const attempt = "019a0000-0000-7000-8000-000000000000.1.a1";
	const evidence = "250 2.0.0 Ok: queued as 4F1B2C3D5E; the server at 127.0.0.1 took the message over";
	return [
		{ type: "outcome", sequence: 4, at, attempt, mechanism, try: 1, outcome: "accepted", evidence },
		{ type: "settled", sequence: 5, at, state: "reached", reason: "accepted", attempt, mechanism },
	];
}

async function oneMessage(store: SqliteStore, number: number): Promise<void> {
	const message = draftMessage(number);
	const at = message.acceptedAt;
	const delivery = `${message.id}.1`;
	await store.write({ accepts: [{ message, recipients: message.to, claimedUntil: at + 30_000 }], appends: [] });
	await store.write({
		accepts: [],
		appends: [{ delivery, entries: intent(at), state: "routing", due: at + 30_000, claimedUntil: at + 30_000 }],
	});
	await store.write({
		accepts: [],
		appends: [
			{
				delivery,
				entries: outcome(at),
				state: "reached",
				reason: "accepted",
				due: null,
				claimedUntil: null,
				settledAt: at,
			},
		],
	});
}

/** What the main thread spends on the messages themselves, with no store: subtracted below. */
function fixtureCost(): number {
	const start = process.threadCpuUsage();
	for (let number = 0; number < 50_000; number += 1) {
		const message = draftMessage(number);
		intent(message.acceptedAt);
		outcome(message.acceptedAt);
	}
	const { user, system } = process.threadCpuUsage(start);
	return (user + system) / 50_000;
}

async function measureFlow(store: SqliteStore): Promise<readonly Row[]> {
	const fixture = fixtureCost();
	const stall = monitorEventLoopDelay({ resolution: 1 });
	const durations: number[] = [];
	const end = performance.now() + seconds * 1000;
	let number = 0;
	const commits = store.commits;
	const cpu = process.threadCpuUsage();
	const all = process.cpuUsage();
	stall.enable();
	const begin = performance.now();
	async function lane(): Promise<void> {
		while (performance.now() < end) {
			const start = performance.now();
			number += 1;
			await oneMessage(store, number);
			durations.push(performance.now() - start);
		}
	}
	await Promise.all(Array.from({ length: inFlight }, lane));
	const took = (performance.now() - begin) / 1000;
	stall.disable();
	const { user, system } = process.threadCpuUsage(cpu);
	const cost = (user + system) / number - fixture;
	const whole = process.cpuUsage(all);
	const threads = (whole.user + whole.system) / number - fixture;
	return [
		{ what: `messages, ${inFlight} in flight`, value: `${(number / took).toFixed(0)}/s, ${spread(durations)}` },
		{ what: "commits", value: `${((store.commits - commits) / took).toFixed(0)}/s` },
		{
			what: "main thread for a message",
			value: `${cost.toFixed(1)} µs (its making, ${fixture.toFixed(1)} µs, left out)`,
		},
		{ what: "all threads for a message", value: `${threads.toFixed(1)} µs of processor time` },
		{
			what: "event loop's delay",
			value: `p99 ${(stall.percentile(99) / 1e6).toFixed(1)} ms, max ${(stall.max / 1e6).toFixed(1)} ms`,
		},
	];
}

async function measureIdle(store: SqliteStore): Promise<Row> {
	const durations: number[] = [];
	for (let number = 0; number < 500; number += 1) {
		const start = performance.now();
		await oneMessage(store, number);
		durations.push(performance.now() - start);
	}
	return { what: "one message at a time, 3 commits", value: spread(durations) };
}

/** Reads while the writer is kept busy. */
async function measureReads(store: SqliteStore): Promise<readonly Row[]> {
	const end = performance.now() + 2000;
	let number = 0;
	async function lane(): Promise<void> {
		while (performance.now() < end) {
			number += 1;
			await oneMessage(store, number);
		}
	}
	const known = (await store.listMessages({ limit: 1000 })).items.map(({ message }) => `${message.id}.1`);
	const load = Promise.all(Array.from({ length: inFlight }, lane));
	const keyed: number[] = [];
	const lists: number[] = [];
	while (performance.now() < end) {
		const start = performance.now();
		await store.loadDeliveries([known[keyed.length % known.length] as string]);
		const middle = performance.now();
		await store.listMessages({ recipient: `user-${keyed.length % 5000}`, limit: 20 });
		keyed.push(middle - start);
		lists.push(performance.now() - middle);
	}
	await load;
	return [
		{ what: "load one delivery, under that load", value: spread(keyed) },
		{ what: "list 20 messages, under that load", value: spread(lists) },
	];
}

const folder = mkdtempSync(join(values.folder, "posthaste-bench-"));
try {
	const rows: Row[] = [measureDisk(folder)];
	const opening = performance.now();
	const store = await openSqliteStore({ folder: join(folder, "data"), thread });
	rows.push({ what: "open", value: `${(performance.now() - opening).toFixed(0)} ms` });
	rows.push(await measureIdle(store));
	rows.push(...(await measureFlow(store)), ...(await measureReads(store)));
	await store.close();
	const [cpu] = cpus();
	console.log(`${cpu?.model ?? "?"}, ${cpus().length} cores, Node ${process.version}, ${thread}\n`);
	for (const { what, value } of rows) {
		console.log(`${what.padEnd(36)}${value}`);
	}
} finally {
	rmSync(folder, { recursive: true, force: true });
}
