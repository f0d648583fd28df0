/**
 * A million deliveries that wait for a receipt: what they cost, and how fast they wake: `node bench/waiting.ts`.
 * They are made through the library, like all others: accepted by a mechanism, and waiting for a
 * `delivered` that does not come. A tenth of them expire at one moment. `--deliveries N` makes fewer, and
 * with `--write` the table goes into docs/performance.md.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Attempt, type Draft, defineMechanism } from "@posthaste/core";
import { Type } from "typebox";
import { benchConfiguration, body } from "../packages/posthaste/src/bench/world.ts";
import { createPosthaste, type PosthasteCore } from "../packages/posthaste/src/create-posthaste.ts";
import { createHttpServer, listen } from "../packages/posthaste/src/http/server.ts";
import { createLog } from "../packages/posthaste/src/log.ts";
import { percentile } from "./open-loop.ts";
import { table, writeSection } from "./page.ts";

/** Accepts everything, and never says that anything was delivered. */
const silent = defineMechanism<unknown, { to: string }>({
	id: "bench-instant",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Accepts and falls silent",
	settings: Type.Object({}, { additionalProperties: false }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: { receipts: "delivered" },
	async create() {
		return {
			send: async (attempt: Attempt<{ to: string }>) =>
				({ outcome: "accepted", evidence: "250 ok", reference: `queued as ${attempt.id}` }) as const,
			close: async () => undefined,
		};
	},
});

const configuration = {
	...benchConfiguration,
	managers: {
		standard: {
			use: "sequence",
			configurations: [
				{ name: "fresh", when: 'message.category == "fresh"', settings: { steps: [{ attempt: ["im"] }] } },
				{ name: "waiting", settings: { steps: [{ attempt: ["im"], until: "delivered", within: "1d" }] } },
			],
		},
	},
};

const open = (data: string) => createPosthaste({ data, plugins: [silent], configuration });
const draft = (index: number, properties: NonNullable<Draft["properties"]> = {}) => ({
	to: [`user${index % 100}`],
	from: "bench",
	subject: "Build",
	body,
	properties,
});
const round = (value: number, digits = 0) => Math.round(value * 10 ** digits) / 10 ** digits;

// The program that is measured, as a process of its own ----------------------------------------------

interface Woken {
	readonly deliveries: number;
	/** From the moment at which they were due to the last one's decision on disk, in seconds. */
	readonly seconds: number;
	/** Fresh messages meanwhile: from handing in to the outcome on disk, in milliseconds. */
	readonly fresh: readonly number[];
}

/** Follows what wakes from a moment on, and sends a fresh message now and then. */
async function wake(posthaste: PosthasteCore, at: number, count: number): Promise<Woken> {
	const sent = new Map<string, number>();
	const fresh: number[] = [];
	let woken = 0;
	let last = at;
	posthaste.observe(({ message, state }) => {
		if (state === "expired") {
			woken += 1;
			last = Date.now();
		} else if (state === "reached") {
			fresh.push(performance.now() - (sent.get(message) ?? performance.now()));
			sent.delete(message);
		}
	});
	await sleep(Math.max(0, at - Date.now()));
	while (woken < count && Date.now() < at + 600_000) {
		const start = performance.now();
		const { id } = await posthaste.send(draft(woken, { category: "fresh" }));
		sent.set(id, start);
		await sleep(20);
	}
	return { deliveries: woken, seconds: (last - at) / 1000, fresh };
}

async function serve(data: string): Promise<void> {
	const posthaste = await open(data);
	const writeDelay = () => posthaste.gauges.writeDelay;
	const app = await createHttpServer({ posthaste, log: await createLog("error"), writeDelay });
	process.send?.(await listen(app, "127.0.0.1:0"));
	process.once("message", async ({ at, count }: { at: number; count: number }) => {
		process.send?.(await wake(posthaste, at, count));
		await app.close();
		await posthaste.close();
		process.disconnect();
	});
}

// The measurement -------------------------------------------------------------------------------

/** Hands messages in and waits until every one waits for its receipt. Answers messages a second. */
async function make(
	posthaste: PosthasteCore,
	count: number,
	properties: () => NonNullable<Draft["properties"]>,
): Promise<number> {
	const start = performance.now();
	for (let made = 0; made < count; ) {
		const some = Array.from({ length: Math.min(2000, count - made) }, (_, index) => draft(made + index, properties()));
		for (const accepted of await posthaste.sendMany(some)) {
			if (accepted instanceof Error) {
				throw accepted;
			}
		}
		made += some.length;
	}
	await posthaste.idle();
	return count / ((performance.now() - start) / 1000);
}

async function megabytes(folder: string): Promise<number> {
	const files = await readdir(folder);
	const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
	return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}

async function residentMemory({ pid }: ChildProcess): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
	return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024;
}

async function start(data: string): Promise<{ readonly child: ChildProcess; readonly time: number }> {
	const begun = performance.now();
	const child = spawn(process.execPath, [fileURLToPath(import.meta.url), "--serve", data], {
		stdio: ["ignore", "inherit", "inherit", "ipc"],
	});
	const [url] = await once(child, "message");
	await (await fetch(`${url}/healthz`)).text();
	return { child, time: performance.now() - begun };
}

async function measure(folder: string, deliveries: number) {
	const sleepers = Math.round(deliveries / 10);
	const data = join(folder, "waiting");
	const posthaste = await open(data);
	const rate = await make(posthaste, deliveries - sleepers, () => ({}));
	// Time to make the others, to start anew, and to look at the memory at rest.
	const at = Date.now() + Math.round((sleepers / rate) * 2000) + 45_000;
	await make(posthaste, sleepers, () => ({ expires: new Date(at).toISOString() }));
	await posthaste.close();
	const size = await megabytes(data);
	const empty = await start(join(folder, "empty"));
	await sleep(5000);
	const emptyMemory = await residentMemory(empty.child);
	empty.child.kill("SIGKILL");
	await once(empty.child, "exit");
	const { child, time } = await start(data);
	await sleep(5000);
	const memory = await residentMemory(child);
	const late = Date.now() > at;
	child.send({ at, count: sleepers });
	const [woken] = (await once(child, "message")) as [Woken];
	const peak = await residentMemory(child);
	await once(child, "exit");
	return { rate, size, emptyMemory, emptyTime: empty.time, time, memory, late, woken, peak, sleepers };
}

const { values } = parseArgs({
	options: {
		deliveries: { type: "string", default: "1000000" },
		serve: { type: "string" },
		write: { type: "boolean", default: false },
	},
});
if (values.serve !== undefined) {
	await serve(values.serve);
} else {
	const deliveries = Number(values.deliveries);
	const folder = await mkdtemp("./posthaste-bench-");
	try {
		const found = await measure(folder, deliveries);
		const { woken, sleepers } = found;
		const text = table([
			["deliveries that wait for a receipt", deliveries.toLocaleString("en")],
			["made through the library, with all their entries", `${round(found.rate)} a second`],
			["database", `${round(found.size)} MB, ${round((found.size * 1e6) / deliveries)} bytes a delivery`],
			["start to the first answer", `${round(found.time)} ms; with an empty database ${round(found.emptyTime)} ms`],
			["resident memory, idle", `${round(found.memory)} MB; with an empty database ${round(found.emptyMemory)} MB`],
			[
				`${sleepers.toLocaleString("en")} of them due at one moment, until each has its next decision on disk`,
				`${round(woken.seconds, 1)} s, ${round(woken.deliveries / woken.seconds)} a second${found.late ? " (they were due before the program was up)" : ""}`,
			],
			["deliveries that did not wake", String(sleepers - woken.deliveries)],
			[
				"a fresh message meanwhile, until its outcome is on disk",
				`p50 ${percentile(woken.fresh, 0.5)} ms, p99 ${percentile(woken.fresh, 0.99)} ms`,
			],
			["resident memory after that", `${round(found.peak)} MB`],
			["load of the machine at the end", loadavg()[0]?.toFixed(1) ?? ""],
		]);
		process.stdout.write(text);
		if (values.write) {
			await writeSection("waiting", text);
		}
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
