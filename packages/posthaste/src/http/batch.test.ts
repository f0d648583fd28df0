import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import fc from "fast-check";
import type { FastifyReply, FastifyRequest } from "fastify";
import { describe, expect, it, onTestFinished } from "vitest";
import { Admission, Share, small } from "./admissions.ts";
import { requestLimit } from "./app.ts";
import { OpenBatch, receive } from "./batch-bounds.ts";
import { mapInOrder } from "./in-order.ts";
import { type Line, splitLines } from "./lines.ts";
import { head, stallMany } from "./testing/stalled.ts";
import { draft, start, startListening } from "./testing/start.ts";

const batch = {
	method: "POST",
	url: "/v1/messages/batch",
	headers: { "content-type": "application/x-ndjson" },
} as const;

type Answer = {
	line: number;
	status: number;
	id?: string;
	problem?: { code: string; detail: string; errors?: object[] };
};

function answersOf(text: string): Answer[] {
	return text
		.split("\n")
		.filter(Boolean)
		.map((line) => JSON.parse(line));
}

async function send(payload: string | Buffer, options = {}) {
	const started = await start(options);
	const answer = await started.app.inject({ ...batch, payload });
	return {
		...started,
		status: answer.statusCode,
		type: answer.headers["content-type"],
		answers: answersOf(answer.body),
	};
}

const good = JSON.stringify(draft);

describe("POST /v1/messages/batch", () => {
	it("answers each line in order, its number and its fate", async () => {
		const lines = [
			good,
			'{"to": [}',
			JSON.stringify({ ...draft, to: ["nobody"] }),
			JSON.stringify({ ...draft, x: 1 }),
			good,
		];
		const { status, type, answers, posthaste } = await send(lines.join("\n"));
		expect([status, type]).toEqual([200, "application/x-ndjson"]);
		expect(answers).toMatchObject([
			{ line: 1, status: 202, id: expect.any(String) },
			{ line: 2, status: 400, problem: { code: "invalid-json", errors: [{ line: 2, column: 9 }] } },
			{ line: 3, status: 422, problem: { code: "unknown-recipient" } },
			{ line: 4, status: 400, problem: { code: "unknown-key", errors: [{ field: "x" }] } },
			{ line: 5, status: 202, id: expect.any(String) },
		]);
		expect(await posthaste.messages.get(answers[4]?.id ?? "")).toMatchObject({ message: { body: "Disk full" } });
	});

	it("passes over blank lines, takes carriage returns, and needs no end of the last line", async () => {
		const { answers } = await send(`\r\n${good}\r\n  \n\n${good}`);
		expect(answers.map(({ line, status }) => [line, status])).toEqual([
			[2, 202],
			[5, 202],
		]);
		expect((await send("")).answers).toEqual([]);
	});

	it("refuses a line beyond the limit and goes on", async () => {
		const long = JSON.stringify({ ...draft, body: "x".repeat(requestLimit) });
		const { answers } = await send(`${good}\n${long}\n${good}`);
		expect(answers).toMatchObject([
			{ status: 202 },
			{ line: 2, status: 413, problem: { code: "too-large" } },
			{ status: 202 },
		]);
	});

	it("refuses bytes that are not UTF-8 in their line alone", async () => {
		const { answers } = await send(Buffer.concat([Buffer.from('"'), Buffer.from([0xc3]), Buffer.from(`"\n${good}\n`)]));
		expect(answers).toMatchObject([{ problem: { code: "invalid-json" } }, { status: 202 }]);
	});

	it("gives every line an answer when handing over fails, and logs what was nobody's fault", async () => {
		const { app, posthaste, logged } = await start();
		posthaste.failure = new Error("secret");
		const answer = await app.inject({ ...batch, payload: `${good}\n{}\n${good}\n` });
		expect(answersOf(answer.body).map(({ problem }) => problem?.code)).toEqual([
			"internal",
			"no-recipients",
			"internal",
		]);
		expect(answer.body).not.toContain("secret");
		expect(logged).toHaveLength(1);
	});

	it.each([
		["application/json", 415],
		[undefined, 400],
	])("takes lines only: %s", async (type, status) => {
		const { app } = await start();
		const headers = type === undefined ? {} : { "content-type": type };
		const answer = await app.inject({ ...batch, headers, ...(type && { payload: good }) });
		expect(answer.statusCode).toBe(status);
	});

	it("refuses an Idempotency-Key, which could not hold for each line", async () => {
		const { app } = await start();
		const answer = await app.inject({ ...batch, headers: { ...batch.headers, "idempotency-key": "k" }, payload: good });
		expect(answer.json()).toMatchObject({
			code: "invalid-request",
			detail: expect.stringContaining("Idempotency-Key"),
		});
	});

	it("answers lines while the request goes on", async () => {
		const { port } = await startListening();
		const sending = httpRequest({ host: "127.0.0.1", port, method: "POST", path: batch.url, headers: batch.headers });
		sending.write(`${good}\n`);
		const answers = await new Promise<AsyncIterator<string>>((resolve, reject) => {
			sending.on("error", reject);
			sending.on("response", (response) => resolve(response.setEncoding("utf8")[Symbol.asyncIterator]()));
		});
		expect(answersOf((await answers.next()).value)).toMatchObject([{ line: 1, status: 202 }]);
		sending.write(`${good.slice(0, 10)}`);
		sending.write(`${good.slice(10)}\n`);
		expect(answersOf((await answers.next()).value)).toMatchObject([{ line: 2, status: 202 }]);
		sending.end();
		expect((await answers.next()).done).toBe(true);
	});

	it("keeps what it accepted when the client goes away, and serves on", async () => {
		const { port, url, posthaste } = await startListening();
		const sending = httpRequest({ host: "127.0.0.1", port, method: "POST", path: batch.url, headers: batch.headers });
		sending.on("error", () => {});
		sending.write(`${good}\n{"to":`);
		await expect.poll(async () => (await posthaste.messages.list()).items.length).toBe(1);
		sending.destroy();
		expect((await fetch(`${url}/healthz`)).status).toBe(200);
	});

	it("takes in no more than it can hand over", async () => {
		const { port, posthaste } = await startListening();
		let handedOver = 0;
		let letGo = () => {};
		const held = new Promise<void>((resolve) => {
			letGo = resolve;
		});
		const { sendMany } = posthaste;
		Object.assign(posthaste, {
			sendMany: async (drafts: Parameters<typeof sendMany>[0]) => {
				handedOver += drafts.length;
				await held;
				return sendMany(drafts);
			},
		});
		const total = 200_000;
		let taken = 0;
		const lines = Readable.from(
			(function* () {
				for (; taken < total; taken += 100) {
					yield `${good}\n`.repeat(100);
				}
			})(),
		);
		const sending = httpRequest({ host: "127.0.0.1", port, method: "POST", path: batch.url, headers: batch.headers });
		const answered = new Promise<number>((resolve, reject) => {
			sending.on("error", reject);
			sending.on("response", async (response) => {
				let count = 0;
				for await (const piece of response.setEncoding("utf8")) {
					count += piece.split("\n").length - 1;
				}
				resolve(count);
			});
		});
		lines.pipe(sending);
		let before = -1;
		const standsStill = () => {
			const stands = handedOver > 0 && before === taken;
			before = taken;
			return stands;
		};
		// The kernel takes what fits into its buffers; then nothing moves until something is handed over.
		await expect.poll(standsStill, { interval: 200, timeout: 10_000 }).toBe(true);
		expect(taken).toBeLessThan(total);
		expect(handedOver).toBeLessThan(20_000);
		letGo();
		expect(await answered).toBe(total);
	});
});

const stalled = `${head("POST /v1/messages/batch", "Content-Type: application/x-ndjson", "Transfer-Encoding: chunked")}`;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe("a batch that stands still", () => {
	it("is ended with a last answer that says so, and keeps what was accepted", async () => {
		const server = await startListening({ batchPatience: 300 });
		const { posthaste } = server;
		const [client] = await stallMany(server, stalled, 1);
		client?.socket.write(chunk(`${good}\n${good}`));
		await expect.poll(() => client?.answer().endsWith("\r\n0\r\n\r\n"), { timeout: 10_000 }).toBe(true);
		const answers = answersOf(
			(client?.answer() ?? "")
				.split("\r\n")
				.filter((line) => line.startsWith("{"))
				.join(""),
		);
		expect(answers).toMatchObject([
			{ line: 1, status: 202 },
			{
				line: 2,
				status: 400,
				problem: { code: "invalid-request", detail: expect.stringContaining("nothing of it came") },
			},
		]);
		expect((await posthaste.messages.list()).items).toHaveLength(1);
	});

	it("is let go when it is its client that takes no answers", async () => {
		const { app, port } = await startListening({ batchPatience: 500 });
		const connected = once(app.server, "connection");
		const client = connect({ port, host: "127.0.0.1" });
		onTestFinished(() => void client.destroy());
		const [taken] = (await connected) as [Socket];
		// The answers name the key more than once, and without a listener nothing is read of them.
		const line = `{"${"x".repeat(1000)}":1}\n`;
		client.write(`${stalled}${chunk(line.repeat(5000))}`);
		await once(taken, "close");
		expect(taken.bytesWritten).toBeGreaterThan(0);
	});

	it("is ended in the same way when all batches together have no more room", async () => {
		const share = new Share(3 * small);
		const admissions = [1, 2].map(
			() => new Admission(share, { headers: {} } as FastifyRequest, {} as FastifyReply, true),
		);
		const begin = async (admission: Admission | undefined) => {
			const pieces = [`${good}\n`, "x".repeat(small), "x".repeat(small), `\n${good}\n`].map((text) =>
				Buffer.from(text),
			);
			const batch = new OpenBatch(admission, requestLimit);
			const lines: Line[] = [];
			for await (const group of splitLines(receive(Readable.from(pieces), batch, 10_000), requestLimit)) {
				lines.push(...group);
			}
			return lines.map(({ number, problem }) => [number, problem?.code]);
		};
		expect(await begin(admissions[0])).toEqual([
			[1, undefined],
			[2, "overloaded"],
		]);
		admissions[1]?.end();
		expect(await begin(admissions[0])).toEqual([
			[1, undefined],
			[2, undefined],
			[3, undefined],
		]);
	});
});

describe("splitLines", () => {
	it("cuts however the bytes come", async () => {
		const line = fc.string({ unit: fc.constantFrom("a", "é", " ", "\r", "𝄞"), maxLength: 12 });
		const pieces = fc.array(fc.nat(7), { maxLength: 30 });
		await fc.assert(
			fc.asyncProperty(fc.array(line), pieces, async (lines, sizes) => {
				const bytes = Buffer.from(lines.join("\n"));
				const read = [];
				for await (const group of splitLines(Readable.from(cut(bytes, sizes)), 1000)) {
					read.push(...group.map(({ number, bytes }) => [number, bytes?.toString()]));
				}
				const expected = lines.map((text, index) => [index + 1, text.replace(/\r$/, "")] as const);
				expect(read).toEqual(expected.filter(([, text]) => text.trim() !== "" || /[^ \t]/.test(text)));
			}),
		);
	});

	it("keeps no more of a line than the limit", async () => {
		const bytes = Buffer.from(`ab\n${"x".repeat(11)}\ncd\n${"y".repeat(10)}`);
		const read = [];
		for await (const group of splitLines(Readable.from(cut(bytes, [1, 2, 3])), 10)) {
			read.push(...group.map(({ number, bytes }) => [number, bytes?.toString()]));
		}
		expect(read).toEqual([
			[1, "ab"],
			[2, undefined],
			[3, "cd"],
			[4, "y".repeat(10)],
		]);
	});
});

function* cut(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
	let from = 0;
	for (const size of sizes) {
		yield bytes.subarray(from, from + size);
		from += size;
	}
	yield bytes.subarray(from);
}

describe("mapInOrder", () => {
	it("yields results in order, with a bound on what is under way", async () => {
		const delays = fc.array(fc.nat(3), { maxLength: 40 });
		await fc.assert(
			fc.asyncProperty(delays, fc.integer({ min: 1, max: 5 }), async (ticks, limit) => {
				let underWay = 0;
				let most = 0;
				async function* source() {
					yield* ticks.entries();
				}
				const results = [];
				for await (const result of mapInOrder(source(), work, limit)) {
					results.push(result);
				}
				async function work([index, wait]: [number, number]) {
					most = Math.max(most, ++underWay);
					for (let tick = 0; tick < wait; tick++) {
						await new Promise(setImmediate);
					}
					underWay -= 1;
					return index;
				}
				expect(results).toEqual(ticks.map((_, index) => index));
				expect(most).toBeLessThanOrEqual(limit);
			}),
			{ numRuns: 50 },
		);
	});

	it("passes a failure of the source on, and closes it", async () => {
		let closed = false;
		async function* source() {
			try {
				yield 1;
				throw new Error("lost");
			} finally {
				closed = true;
			}
		}
		const results: number[] = [];
		const all = async () => {
			for await (const result of mapInOrder(source(), async (item) => item, 4)) {
				results.push(result);
			}
		};
		await expect(all()).rejects.toThrow("lost");
		expect([results, closed]).toEqual([[1], true]);
	});
});

it("takes random bytes for lines without failing", async () => {
	const { status } = await send(randomBytes(200_000));
	expect(status).toBe(200);
});
