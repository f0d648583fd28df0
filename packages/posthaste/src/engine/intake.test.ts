/** What is accepted, once, and what is refused. */
import type { Draft } from "@posthaste/core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openWorld, type World } from "./test/world.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld({ pendingLimit: 2 });
});
afterEach(() => world.close());

const draft: Draft = { to: ["john"], from: "mary", body: "The build is broken" };
const listed = async () => (await world.posthaste.messages.list()).items.map(({ message }) => message.id);

describe("an idempotency key", () => {
	const send = (given: Draft = draft, key = "k1") => world.posthaste.send(given, { idempotencyKey: key });

	test("gets the same answer for the same request, which is sent once", async () => {
		const first = await send();
		await world.settle();
		const again = await send();
		expect(again).toEqual({ ...first, repeated: true });
		await world.pass("1m");
		expect(world.im.sent).toHaveLength(1);
		expect(await listed()).toEqual([first.id]);
	});

	test("does so when the requests come at once", async () => {
		await world.close();
		world = await openWorld();
		const answers = await Promise.all([send(), send(), send(), send()]);
		expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
		expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
		await world.pass("1m");
		expect(world.im.sent).toHaveLength(1);
		expect(world.posthaste.gauges.resident).toBe(0);
	});

	test("is refused for another request, also when both come at once", async () => {
		const other = { ...draft, body: "The build is fine" };
		const results = await Promise.allSettled([send(), send(other)]);
		expect(results).toMatchObject([
			{ status: "fulfilled", value: { repeated: false } },
			{ status: "rejected", reason: { code: "idempotency-conflict" } },
		]);
		await expect(send(other)).rejects.toMatchObject({ code: "idempotency-conflict" });
		await world.settle();
		expect(await listed()).toHaveLength(1);
		expect(world.im.sent.map(({ message }) => message.body)).toEqual([draft.body]);
	});

	test("knows a request however its keys are ordered, and tells apart what is in another order in a list", async () => {
		const first = await send({ ...draft, properties: { priority: "high", own: { a: 1, b: [1, { c: 2, d: 3 }] } } });
		const again = await send({
			properties: { own: { b: [1, { d: 3, c: 2 }], a: 1 }, priority: "high" },
			body: draft.body,
			from: draft.from,
			to: draft.to,
		});
		expect(again).toMatchObject({ id: first.id, repeated: true });
		const other = { ...draft, properties: { priority: "high", own: { a: 1, b: [{ c: 2, d: 3 }, 1] } } } as const;
		await expect(send(other)).rejects.toMatchObject({ code: "idempotency-conflict" });
	});

	test("stays with the message over a restart", async () => {
		const first = await send();
		await world.settle();
		await world.posthaste.crash();
		await world.reopen();
		expect(await send()).toEqual({ ...first, repeated: true });
		await world.pass("1m");
		expect(world.im.sent).toHaveLength(1);
	});

	test("of a request that was not accepted is free", async () => {
		world.faults.failWrites(1);
		await expect(send()).rejects.toMatchObject({ code: "overloaded" });
		expect(await send({ ...draft, body: "The build is fine" })).toMatchObject({ repeated: false });
		await world.pass("1s");
	});
});

describe("an unknown recipient", () => {
	test("among several: nothing is accepted, and the complaint names the place", async () => {
		await expect(world.send({ to: ["john", "nobody", "ann"] })).rejects.toMatchObject({
			code: "unknown-recipient",
			complaints: [{ field: "to[1]" }],
		});
		await world.pass("1m");
		expect(await listed()).toEqual([]);
		expect(world.im.sent).toHaveLength(0);
	});

	test("does not touch the other messages of many", async () => {
		const bad = { ...draft, to: ["nobody"] };
		const broken = { ...draft, bodi: "x" } as unknown as Draft;
		const results = await world.posthaste.sendMany([draft, bad, broken, null as unknown as Draft, draft]);
		expect(results).toMatchObject([
			{ repeated: false },
			{ code: "unknown-recipient" },
			{ code: "unknown-key", complaints: [{ field: "bodi" }] },
			{ code: "invalid-request" },
			{ repeated: false },
		]);
		await world.settle();
		expect(await listed()).toHaveLength(2);
		expect(world.im.sent).toHaveLength(2);
	});
});

describe("limits", () => {
	test("more unwritten items than the limit: messages are refused until the disk has caught up", async () => {
		const held = world.faults.holdWrites();
		const accepted = [world.posthaste.send(draft), world.posthaste.send(draft)];
		await world.settle();
		await expect(world.posthaste.send(draft)).rejects.toMatchObject({ code: "overloaded" });
		held.release();
		await Promise.all(accepted);
		await world.settle();
		expect(await world.posthaste.send(draft)).toMatchObject({ repeated: false });
		expect(await listed()).toHaveLength(3);
	});

	test("after closing began nothing is taken, and what is under way is finished", async () => {
		const held = world.faults.holdWrites();
		const accepted = world.posthaste.send(draft);
		await world.settle();
		const closed = world.posthaste.close();
		await expect(world.posthaste.send(draft)).rejects.toMatchObject({ code: "closing" });
		const many = await world.posthaste.sendMany([draft]);
		expect(many).toMatchObject([{ code: "closing" }]);
		held.release();
		const { id } = await accepted;
		await closed;
		await world.reopen();
		expect(await listed()).toEqual([id]);
	});
});
