/** Messages that could not be on disk soon are sent away at the door, and those under way in a batch wait. */
import { afterEach, describe, expect, test } from "vitest";
import { start } from "./testing/start.ts";

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
