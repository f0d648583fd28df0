/** Messages over HTTP: one a request, and in batches, until every one of them has come to its outcome. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";
import { draft } from "../packages/posthaste/src/bench/world.ts";

const server = fileURLToPath(new URL("server.ts", import.meta.url));

export interface HttpFigures {
	/** `POST /v1/messages`, messages a second, with the latency of the answer in milliseconds. */
	readonly single: { readonly perSecond: number; readonly p50: number; readonly p99: number };
	/** `POST /v1/messages/batch`, messages a second from the first byte to the last answer. */
	readonly batch: { readonly perSecond: number };
}

export async function measureHttp(folder: string, seconds: number): Promise<HttpFigures> {
	const child = spawn(process.execPath, [server, folder], { stdio: ["ignore", "pipe", "inherit"] });
	try {
		const [line] = await once(createInterface({ input: child.stdout }), "line");
		const url = String(line);
		await measureSingle(url, 1);
		const single = await measureSingle(url, seconds);
		return { single, batch: await measureBatch(url, seconds) };
	} finally {
		await end(child);
	}
}

async function measureSingle(url: string, seconds: number): Promise<HttpFigures["single"]> {
	const result = await autocannon({
		url: `${url}/v1/messages`,
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify(draft(1)),
		connections: 64,
		duration: seconds,
	});
	if (result.non2xx > 0 || result.errors > 0) {
		throw new Error(`${result.non2xx} requests were refused and ${result.errors} failed`);
	}
	const { p50, p99 } = result.latency;
	return { perSecond: Math.round(result["2xx"] / result.duration), p50, p99 };
}

async function measureBatch(url: string, seconds: number): Promise<HttpFigures["batch"]> {
	const size = 10_000;
	const body = Array.from({ length: size }, (_, index) => JSON.stringify(draft(index))).join("\n");
	const start = performance.now();
	let count = 0;
	while (performance.now() - start < seconds * 1000) {
		const answers = await Promise.all([post(url, body), post(url, body)]);
		count += answers.reduce((sum, accepted) => sum + accepted, 0);
	}
	return { perSecond: Math.round(count / ((performance.now() - start) / 1000)) };
}

async function post(url: string, body: string): Promise<number> {
	const headers = { "content-type": "application/x-ndjson" };
	const response = await fetch(`${url}/v1/messages/batch`, { method: "POST", headers, body });
	const lines = (await response.text()).trim().split("\n");
	const accepted = lines.filter((line) => line.includes('"status":202')).length;
	if (accepted !== lines.length) {
		throw new Error(`only ${accepted} of ${lines.length} lines were accepted`);
	}
	return accepted;
}

async function end(child: ChildProcess): Promise<void> {
	child.kill("SIGTERM");
	await once(child, "exit");
}
