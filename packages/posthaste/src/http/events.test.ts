import { once } from "node:events";
import { describe, expect, it } from "vitest";
import type { MessageEvent } from "../posthaste.ts";
import { nextEvent, readEvents } from "./testing/read-events.ts";
import { draft, type Listening, startListening } from "./testing/start.ts";

const began = { type: "began" };
const attempt = { type: "attempt", attempt: "a1", mechanism: "im2", try: 1, until: "accepted", deadline: 0 };

async function follow(options: Parameters<typeof startListening>[0] = {}) {
	const started = await startListening(options);
	const { id } = await started.posthaste.send({ ...draft, to: ["jsmith", "jdoe"] });
	const { messages } = started.posthaste.memory;
	return { ...started, id, messages, one: `${id}.1`, other: `${id}.2` };
}

async function open({ url, id }: { url: string; id: string }, headers: Record<string, string> = {}) {
	const response = await fetch(`${url}/v1/messages/${id}/events`, { headers });
	return { response, events: readEvents(response) };
}

/** Waits until somebody listens to the message, or nobody does any more. */
async function listeners({ posthaste }: Listening, count: number): Promise<void> {
	await expect.poll(() => posthaste.memory.messages.listeners).toBe(count);
}

describe("GET /v1/messages/{id}/events", () => {
	it("sends the message, each new entry once, and the end", async () => {
		const started = await follow();
		const { messages, id, one, other } = started;
		messages.advance(one, [began], "routing");
		const { response, events } = await open(started);
		expect(response.headers.get("content-type")).toContain("text/event-stream");
		const first = await nextEvent(events);
		expect(first).toMatchObject({
			event: "message",
			id: "1",
			json: { id, deliveries: [{ journal: [{ sequence: 1 }] }, {}] },
		});
		await listeners(started, 1);
		messages.advance(one, [attempt], "waiting");
		expect(await nextEvent(events)).toMatchObject({
			event: "entries",
			id: "2",
			json: {
				message: id,
				delivery: one,
				state: "waiting",
				entries: [{ sequence: 2, type: "attempt", deadline: "1970-01-01T00:00:00.000Z" }],
			},
		});
		messages.advance(one, [{ type: "settled", state: "reached", reason: "accepted" }], "reached", {
			reason: "accepted",
		});
		expect(await nextEvent(events)).toMatchObject({ id: "3", json: { state: "reached", reason: "accepted" } });
		messages.advance(other, [began], "unreached");
		expect(await nextEvent(events)).toMatchObject({ id: "4", json: { delivery: other } });
		expect(await nextEvent(events)).toMatchObject({ event: "end", id: "end", json: { message: id } });
		expect((await events.next()).done).toBe(true);
		await listeners(started, 0);
	});

	it("is complete although events were missed", async () => {
		const started = await follow();
		const { messages, one, other } = started;
		const { events } = await open(started);
		await nextEvent(events);
		await listeners(started, 1);
		messages.advance(one, [began, attempt], "routing", { silently: true });
		messages.advance(other, [began], "routing", { silently: true });
		messages.advance(one, [began], "waiting");
		const sequences = async () => {
			const { json } = await nextEvent(events);
			const { delivery, entries } = json as MessageEvent;
			return [delivery, entries.map(({ sequence }) => sequence)];
		};
		expect(await sequences()).toEqual([one, [1, 2, 3]]);
		expect(await sequences()).toEqual([other, [1]]);
		messages.advance(other, [began, began], "reached", { silently: true });
		messages.advance(one, [began], "reached");
		expect(await sequences()).toEqual([one, [4]]);
		expect(await sequences()).toEqual([other, [2, 3]]);
		expect((await nextEvent(events)).event).toBe("end");
	});

	it("of a message that is over has the message and the end", async () => {
		const started = await follow();
		await started.posthaste.messages.cancel(started.id);
		const { events } = await open(started);
		expect((await nextEvent(events)).event).toBe("message");
		expect((await nextEvent(events)).event).toBe("end");
	});

	it("begins with the message for a client that comes again, and is over for one that has the end", async () => {
		const started = await follow();
		const { events } = await open(started, { "last-event-id": "7" });
		expect((await nextEvent(events)).event).toBe("message");
		await events.return();
		expect((await open(started, { "last-event-id": "end" })).response.status).toBe(204);
	});

	it("is a problem for a message that is not there", async () => {
		const started = await follow();
		const { response } = await open({ url: started.url, id: "none" });
		expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([404, "not-found"]);
	});

	it("lets go of everything when the client goes", async () => {
		const started = await follow();
		const { events } = await open(started);
		await nextEvent(events);
		await listeners(started, 1);
		await events.return();
		await listeners(started, 0);
	});

	it("says when following failed, and ends", async () => {
		const started = await follow();
		const failing = { ...started.posthaste.messages, events: () => Promise.reject(new Error("secret")) };
		Object.assign(started.posthaste.messages, {
			events: async function* () {
				yield* (await failing.events()) as never[];
			},
		});
		const { events } = await open(started);
		await nextEvent(events);
		expect(await nextEvent(events)).toMatchObject({ event: "problem", json: { code: "internal", status: 500 } });
		expect((await events.next()).done).toBe(true);
		expect(started.logged).toMatchObject([{ err: { message: "secret" } }]);
	});

	it("is kept open by comments", async () => {
		const started = await follow({ heartbeat: 5 });
		const { response } = await open(started);
		let text = "";
		for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
			text += piece;
			if (/(\n:\n\n.*){3}/s.test(text)) {
				break;
			}
		}
		expect(text).toMatch(/^retry: 2000\n\nevent: message\n/);
	});

	it("answers HEAD at once", async () => {
		const started = await follow();
		for (const path of [`messages/${started.id}/events`, "events"]) {
			const response = await fetch(`${started.url}/v1/${path}`, { method: "HEAD" });
			expect([response.status, await response.text()]).toEqual([200, ""]);
			expect(response.headers.get("content-type")).toContain("text/event-stream");
		}
		await listeners(started, 0);
	});
});

describe("GET /v1/events", () => {
	it("sends what happens to any message", async () => {
		const started = await follow();
		const events = readEvents(await fetch(`${started.url}/v1/events`));
		const first = nextEvent(events);
		await listeners(started, 1);
		started.messages.advance(started.other, [began], "routing");
		expect(await first).toMatchObject({
			event: "entries",
			json: { delivery: started.other, entries: [{ sequence: 1 }] },
		});
		await events.return();
		await listeners(started, 0);
	});
});

describe("closing the server", () => {
	it("ends streams, without the end of a message that goes on", async () => {
		const started = await follow();
		const all = readEvents(await fetch(`${started.url}/v1/events`));
		const { events } = await open(started);
		await nextEvent(events);
		await listeners(started, 2);
		await started.app.close();
		expect((await events.next()).done).toBe(true);
		expect((await all.next()).done).toBe(true);
		expect(started.posthaste.memory.messages.listeners).toBe(0);
	});

	it("sends away requests on connections that are open, and finishes those under way", async () => {
		const started = await follow();
		const { posthaste, app, port } = started;
		const { get } = posthaste.messages;
		let finish = () => {};
		const asked = new Promise<void>((resolve) => {
			Object.assign(posthaste.messages, {
				get: async (id: string) => {
					resolve();
					await new Promise<void>((done) => {
						finish = done;
					});
					return get(id);
				},
			});
		});
		const { connect } = await import("node:net");
		const socket = connect(port, "127.0.0.1").setEncoding("utf8");
		let text = "";
		socket.on("data", (piece) => {
			text += piece;
		});
		const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
		socket.write(request(`/v1/messages/${started.id}`));
		await asked;
		const closed = app.close();
		await expect.poll(() => app.server.listening).toBe(false);
		socket.write(request("/v1/messages"));
		finish();
		await once(socket, "close");
		await closed;
		const [first = "", second = ""] = text.split(/(?=HTTP\/1\.1 )/);
		expect(first).toMatch(/^HTTP\/1\.1 200 /);
		// Node may close the connection after the answer under way, which sends the second away as well.
		if (second !== "") {
			expect(second).toMatch(/^HTTP\/1\.1 503 .*"code":"closing"/s);
		}
	});
});
