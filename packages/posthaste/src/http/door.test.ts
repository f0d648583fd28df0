/** Messages that could not be on disk soon are sent away at the door, and those under way in a batch wait. */
import { once } from "node:events";
import { Agent, type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { afterEach, describe, expect, onTestFinished, test } from "vitest";
import { createMemoryPosthaste } from "./testing/memory-posthaste.ts";
import { start, startListening } from "./testing/start.ts";

let delay = 0;
afterEach(() => {
	delay = 0;
});

const json = { "content-type": "application/json" };
const message = { to: ["jsmith"], from: "mary", body: "The build is broken" };

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
		let asked = 0;
		delay = 0;
		const { app: other } = await start({ writeDelay: () => (asked++ === 0 ? 0 : delay) });
		delay = 2300;
		const answer = other.inject({
			method: "POST",
			url: "/v1/messages/batch",
			headers: { "content-type": "application/x-ndjson" },
			payload: `${JSON.stringify(message)}\n`,
		});
		while (asked < 3) {
			await new Promise((resolve) => setImmediate(resolve));
		}
		delay = 0;
		expect((await answer).body).not.toContain("overloaded");
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
		let asked = 0;
		let answer = () => {};
		const answering = new Promise<void>((resolve) => {
			answer = resolve;
		});
		const send: typeof memory.send = async (...rest) => {
			asked += 1;
			await answering;
			return memory.send(...rest);
		};
		const { url } = await startListening({ posthaste: { ...memory, send } });
		const agent = new Agent({ keepAlive: true });
		onTestFinished(() => agent.destroy());
		const post = async () => {
			const asking = request(`${url}/v1/messages`, { method: "POST", headers: json, agent });
			asking.end(JSON.stringify(message));
			const [response] = (await once(asking, "response")) as [IncomingMessage];
			response.resume();
			return response;
		};
		const first = Array.from({ length: 1000 }, post);
		while (asked < 1000) {
			await new Promise((resolve) => setImmediate(resolve));
		}
		const { statusCode, headers } = await post();
		expect({ statusCode, connection: headers.connection }).toEqual({ statusCode: 503, connection: "close" });
		expect(Number(headers["retry-after"])).toBeGreaterThanOrEqual(1);
		answer();
		expect(new Set((await Promise.all(first)).map((each) => each.statusCode))).toEqual(new Set([202]));
		expect((await post()).statusCode).toBe(202);
	});
});
