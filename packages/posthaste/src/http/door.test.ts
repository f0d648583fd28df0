/** Messages that could not be on disk soon are sent away at the door, and those under way in a batch wait. */
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createMemoryPosthaste } from "./testing/memory-posthaste.ts";
import { head, stall, stallMany } from "./testing/stalled.ts";
import { draft, start, startListening } from "./testing/start.ts";

let delay = 0;
afterEach(() => {
	delay = 0;
});

const json = { "content-type": "application/json" };
const message = { to: ["jsmith"], from: "mary", body: "The build is broken" };

const batchHead = [
	"POST /v1/messages/batch",
	"Content-Type: application/x-ndjson",
	"Transfer-Encoding: chunked",
] as const;
const messageHead = ["POST /v1/messages", "Content-Type: application/json"] as const;
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
/** On a busy machine the door is shut now and then for want of time alone. */
const patient = { timeout: 15_000, interval: 100 };

async function post(url: string, body: object = message): Promise<number> {
	const answer = await fetch(`${url}/v1/messages`, { method: "POST", headers: json, body: JSON.stringify(body) });
	await answer.text();
	return answer.status;
}

describe("while what is written now would wait for longer than half a second", () => {
	test("a message is sent away with the time after which to come again, before its body is looked at", async () => {
		const { app } = await start({ writeDelay: () => delay });
		delay = 2300;
		const answer = await app.inject({ method: "POST", url: "/v1/messages", headers: json, payload: "{ not json" });
		expect(answer.statusCode).toBe(503);
		expect(answer.json()).toMatchObject({ code: "overloaded", status: 503 });
		expect(Number(answer.headers["retry-after"])).toBeGreaterThanOrEqual(3);
	});

	test("the time to stay away grows with those who were sent away, and has a limit", async () => {
		const { app } = await start({ writeDelay: () => delay });
		delay = 700;
		const seconds: number[] = [];
		for (let request = 0; request < 200; request++) {
			const { headers } = await app.inject({ method: "POST", url: "/v1/messages", headers: json, payload: message });
			seconds.push(Number(headers["retry-after"]));
		}
		expect(seconds[199]).toBeGreaterThan(seconds[0] ?? 0);
		expect(Math.max(...seconds)).toBeLessThanOrEqual(60);
	});

	test("everything else is answered, and so are messages once it is over", async () => {
		const { app } = await start({ writeDelay: () => delay });
		delay = 10_000;
		expect((await app.inject("/healthz")).statusCode).toBe(200);
		expect((await app.inject("/v1/messages")).statusCode).toBe(200);
		delay = 0;
		const answer = await app.inject({ method: "POST", url: "/v1/messages", headers: json, payload: message });
		expect(answer.statusCode).not.toBe(503);
	});

	test("a new batch is sent away, and one that is being read waits instead of being refused line by line", async () => {
		const { app } = await start({ writeDelay: () => delay });
		const batch = () =>
			app.inject({
				method: "POST",
				url: "/v1/messages/batch",
				headers: { "content-type": "application/x-ndjson" },
				payload: `${JSON.stringify(message)}\n`,
			});
		delay = 2300;
		expect((await batch()).statusCode).toBe(503);
		// It is let in, and then the writes begin to wait.
		delay = 0;
		const server = await startListening({ writeDelay: () => delay });
		const { posthaste } = server;
		const [waiting] = await stallMany(server, head(...batchHead), 1);
		delay = 2300;
		waiting?.socket.write(chunk(`${JSON.stringify(message)}\n`));
		// The door is looked at several times meanwhile.
		await new Promise((resolve) => setTimeout(resolve, 200));
		expect([waiting?.answer(), (await posthaste.messages.list()).items]).toEqual(["", []]);
		delay = 0;
		await expect.poll(() => waiting?.answer(), patient).toContain('"status":202');
	});
});

describe("of many clients", () => {
	test("those who ask for nothing keep nobody out", async () => {
		const { port, url } = await startListening();
		const silent = Array.from({ length: 1100 }, () => connect({ port, host: "127.0.0.1" }));
		onTestFinished(() => silent.forEach((socket) => void socket.destroy()));
		await Promise.all(silent.map((socket) => once(socket, "connect")));
		const answer = await fetch(`${url}/v1/messages`, { method: "POST", headers: json, body: JSON.stringify(message) });
		expect(answer.status).toBe(202);
	});

	test("a thousand may ask at the same time, and further ones are sent away until these are answered", async () => {
		const memory = await createMemoryPosthaste();
		let answer = () => {};
		const answering = new Promise<void>((resolve) => {
			answer = resolve;
		});
		const send: typeof memory.send = async (...rest) => {
			await answering;
			return memory.send(...rest);
		};
		const server = await startListening({ posthaste: { ...memory, send } });
		const { url } = server;
		const body = JSON.stringify(message);
		const clients = await stallMany(server, `${head(...messageHead, `Content-Length: ${body.length}`)}${body}`, 1000);
		const { status, headers } = await fetch(`${url}/v1/messages`, { method: "POST", headers: json, body });
		expect({ status, connection: headers.get("connection") }).toEqual({ status: 503, connection: "close" });
		expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
		answer();
		const accepted = () => clients.filter((client) => client.answer().startsWith("HTTP/1.1 202"));
		await expect.poll(() => accepted().length, patient).toBe(1000);
		await expect.poll(() => post(url), patient).toBe(202);
	});
});

describe("of clients that stop sending", () => {
	test.each([
		["forty batches of which one newline has come", 40, `${head(...batchHead)}${chunk("\n")}`],
		["messages that were announced as large", 140, head(...messageHead, "Content-Length: 2097152")],
	])("%s keep nobody else out", async (_who, count, said) => {
		const server = await startListening();
		const { url } = server;
		await stallMany(server, said, count);
		await expect.poll(() => post(url), patient).toBe(202);
	});

	test("a message in chunks takes no more room than its chunks", async () => {
		const memory = await createMemoryPosthaste();
		const send = () => new Promise<never>(() => undefined);
		const server = await startListening({ posthaste: { ...memory, send } });
		const { app } = server;
		const said = `${head(...messageHead, "Transfer-Encoding: chunked")}${chunk(JSON.stringify(draft))}0\r\n\r\n`;
		expect(await stallMany(server, said, 300)).toHaveLength(300);
		app.server.closeAllConnections();
	});

	test("an ordinary one is told so and let go, while a batch may take its time", async () => {
		const server = await startListening({ requestPatience: 300 });
		const { port } = server;
		const [batch] = await stallMany(server, head(...batchHead), 1);
		const slow = await stall(port, head("PUT /v1/users/ann", "Content-Type: application/json", "Content-Length: 100"));
		expect(await slow.closed).toMatch(/^HTTP\/1.1 400 .*"The request did not arrive in time"/s);
		batch?.socket.write(chunk(`${JSON.stringify(draft)}\n`));
		await expect.poll(() => batch?.answer(), patient).toContain('"status":202');
	});

	test("bodies that fill the memory of their sort are cut off, and messages come in meanwhile", async () => {
		const { port, url } = await startListening();
		const begun = head("POST /v1/explain", "Content-Type: application/json", "Transfer-Encoding: chunked");
		const large = Buffer.from(`${begun}${chunk(" ".repeat(2_000_000))}`);
		const clients = await Promise.all(Array.from({ length: 40 }, () => stall(port, large)));
		const refused = () => clients.filter(({ answer }) => /^HTTP\/1.1 503 .*as large as they may be/s.test(answer()));
		await expect.poll(() => refused().length, patient).toBeGreaterThanOrEqual(6);
		await expect.poll(() => post(url), patient).toBe(202);
		expect(refused().length).toBeLessThan(15);
	});

	test("two configurations are taken at a time, whatever waits, and the next ones when these are over", async () => {
		const server = await startListening({ writeDelay: () => 10_000, requestPatience: 1000 });
		const { url } = server;
		const put = head("PUT /v1/configuration?dryRun=true", "Content-Type: application/json", "Content-Length: 31000000");
		await stallMany(server, put, 2);
		const ask = () => fetch(`${url}/v1/configuration?dryRun=true`, { method: "PUT", headers: json, body: "{}" });
		const refused = await ask();
		expect([refused.status, ((await refused.json()) as { detail: string }).detail]).toEqual([
			503,
			expect.stringContaining("2 configurations"),
		]);
		await expect.poll(async () => (await ask()).status, patient).toBe(200);
	});
});
