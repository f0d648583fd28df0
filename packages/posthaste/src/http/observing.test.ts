/** What is told of requests: to metrics by route and code, to the log by identifier, to traces by message. */
import { pino } from "pino";
import { expect, it } from "vitest";
import type { RequestObserver } from "./observing.ts";
import { draft, start } from "./testing/start.ts";

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

async function observed() {
	const answered: string[] = [];
	const refused: string[] = [];
	const traced: string[][] = [];
	const observer: RequestObserver = {
		answered: ({ method, route, status, seconds }) => {
			expect(seconds).toBeGreaterThanOrEqual(0);
			answered.push(`${method} ${route} ${status}`);
		},
		refused: (code) => void refused.push(code),
		traced: (...given) => void traced.push(given),
	};
	return { ...(await start({ observer })), answered, refused, traced };
}

it("names requests by their route's pattern, and where nothing is by none", async () => {
	const { app, answered } = await observed();
	await app.inject("/v1/users/jsmith");
	await app.inject("/v1/users/nobody");
	await app.inject({ method: "PATCH", url: "/nowhere" });
	expect(answered).toEqual(["GET /v1/users/:name 200", "GET /v1/users/:name 404", "PATCH undefined 404"]);
});

it("tells nothing of an event stream, which lasts as long as somebody listens", async () => {
	const { app, answered, posthaste } = await observed();
	const { id } = await posthaste.send(draft);
	await posthaste.messages.cancel(id);
	const events = await app.inject(`/v1/messages/${id}/events`);
	expect([events.statusCode, events.body]).toEqual([200, expect.stringContaining("event: end")]);
	await app.inject("/v1/messages/none/events");
	expect(answered).toEqual(["GET /v1/messages/:id/events 404"]);
});

it("counts what is refused by its code, each line of a batch too", async () => {
	const { app, refused, posthaste } = await observed();
	await app.inject({ method: "POST", url: "/v1/messages", payload: { ...draft, to: ["nobody"] } });
	await app.inject({
		method: "POST",
		url: "/v1/messages",
		payload: "{",
		headers: { "content-type": "application/json" },
	});
	const headers = { "content-type": "application/x-ndjson" };
	const lines = [draft, { ...draft, to: ["nobody"] }, { ...draft, colour: "red" }].map((line) => JSON.stringify(line));
	await app.inject({ method: "POST", url: "/v1/messages/batch", payload: lines.join("\n"), headers });
	expect(refused.sort()).toEqual(["invalid-json", "unknown-key", "unknown-recipient", "unknown-recipient"]);
	posthaste.failure = new Error("the disk is gone");
	refused.length = 0;
	await app.inject({ method: "POST", url: "/v1/messages/batch", payload: `${lines[0]}\n${lines[0]}\n`, headers });
	expect(refused).toEqual(["internal", "internal"]);
});

it("tells in which trace a message was sent, once", async () => {
	const { app, traced } = await observed();
	const headers = { traceparent, "idempotency-key": "k" };
	const first = await app.inject({ method: "POST", url: "/v1/messages", payload: draft, headers });
	await app.inject({ method: "POST", url: "/v1/messages", payload: draft, headers });
	await app.inject({ method: "POST", url: "/v1/messages", payload: draft });
	await app.inject({
		method: "POST",
		url: "/v1/messages",
		payload: { ...draft, to: ["nobody"] },
		headers: { traceparent },
	});
	expect(traced).toEqual([[first.json().id, traceparent]]);
});

it("logs requests at level debug, with the message they were about and not with their path", async () => {
	const lines: Record<string, unknown>[] = [];
	const log = pino({ level: "debug" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
	const { app } = await start({ log });
	const { id } = (await app.inject({ method: "POST", url: "/v1/messages", payload: draft })).json();
	await app.inject(`/v1/messages/${id}`);
	await app.inject("/v1/users/jsmith");
	expect(lines.filter(({ msg }) => msg === "a request was answered")).toMatchObject([
		{ method: "POST", route: "/v1/messages", status: 202, message: id, request: expect.any(String) },
		{ method: "GET", route: "/v1/messages/:id", status: 200, message: id },
		{ method: "GET", route: "/v1/users/:name", status: 200 },
	]);
	expect(JSON.stringify(lines)).not.toContain("jsmith");
	expect(lines.at(-1)).not.toHaveProperty("message");
});
