/** Listeners hear everything from the moment they ask, in order, and never slow the engine. */
import { beforeEach, describe, expect, test } from "vitest";
import type { MessageEvent } from "../posthaste.ts";
import { Events } from "./events.ts";

let events: Events;
beforeEach(() => {
	events = new Events();
});

const event = (message: string, sequence = 1): MessageEvent => ({
	message,
	delivery: `${message}.1`,
	state: "routing",
	entries: [{ type: "began", sequence, at: 0 }],
});

async function all(heard: AsyncIterable<MessageEvent>): Promise<readonly MessageEvent[]> {
	const list: MessageEvent[] = [];
	for await (const one of heard) {
		list.push(one);
	}
	return list;
}

test("listening begins with the call, not with the first read", async () => {
	const stop = new AbortController();
	const heard = events.listen(undefined, stop.signal);
	events.publish(event("m1"));
	events.publish(event("m2"));
	stop.abort();
	expect(await all(heard)).toEqual([event("m1"), event("m2")]);
});

test("a listener to one message hears nothing of the others", async () => {
	const stop = new AbortController();
	const heard = events.listen("m1", stop.signal);
	expect([events.heard("m1"), events.heard("m2")]).toEqual([true, false]);
	events.publish(event("m2"));
	events.publish(event("m1"));
	stop.abort();
	expect(await all(heard)).toEqual([event("m1")]);
});

test("a reader that waits is woken by an event, and by the end", async () => {
	const stop = new AbortController();
	const heard = events.listen(undefined, stop.signal);
	const next = heard.next();
	events.publish(event("m1"));
	expect(await next).toEqual({ done: false, value: event("m1") });
	const last = heard.next();
	stop.abort();
	expect(await last).toEqual({ done: true, value: undefined });
});

test("a signal that aborted before ends at once", async () => {
	expect(await all(events.listen(undefined, AbortSignal.abort()))).toEqual([]);
	expect(events.heard("m1")).toBe(false);
});

test("a slow listener keeps ten thousand events and loses later ones; others lose nothing", async () => {
	const stop = new AbortController();
	const slow = events.listen(undefined, stop.signal);
	let seen = 0;
	events.observe(() => {
		seen += 1;
	});
	for (let sequence = 1; sequence <= 10_050; sequence++) {
		events.publish(event("m1", sequence));
	}
	stop.abort();
	const kept = await all(slow);
	expect(kept).toHaveLength(10_000);
	expect(kept.at(-1)?.entries[0]?.sequence).toBe(10_000);
	expect(seen).toBe(10_050);
});

describe("nothing is kept for whoever stopped listening", () => {
	test("by the signal", () => {
		const stop = new AbortController();
		events.listen("m1", stop.signal);
		stop.abort();
		expect(events.heard("m1")).toBe(false);
	});

	test("by leaving the loop", async () => {
		const heard = events.listen("m1");
		events.publish(event("m1"));
		for await (const _one of heard) {
			break;
		}
		expect(events.heard("m1")).toBe(false);
	});

	test("by leaving before the first read", async () => {
		const heard = events.listen("m1");
		await heard.return?.();
		expect(events.heard("m1")).toBe(false);
	});

	test("by leaving while a read waits, which ends with it", async () => {
		const heard = events.listen("m1");
		await Promise.all([heard.next(), Promise.resolve(events.publish(event("m1")))]);
		const waiting = heard.next();
		await heard.return?.();
		expect(await waiting).toMatchObject({ done: true });
		expect(events.heard("m1")).toBe(false);
	});

	test("by stopping to observe", () => {
		const stop = events.observe(() => undefined);
		expect(events.heard("m1")).toBe(true);
		stop();
		expect(events.heard("m1")).toBe(false);
	});
});
