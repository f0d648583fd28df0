/** (k) What was accepted goes on after the program ended in the middle, wherever that was. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld();
});
afterEach(() => world.close());

test("a restart while waiting for a receipt: the receipt still counts", async () => {
	const message = await world.send();
	await world.pass("10s");
	await world.restart();
	expect(await world.delivery(message)).toMatchObject({ state: "waiting" });
	await world.im.receipt("delivered");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "receipt" });
	expect(world.im.sent).toHaveLength(1);
});

test("a restart while waiting for a receipt: its time still runs out, at the moment it would have", async () => {
	const message = await world.send();
	await world.pass("10s");
	await world.restart();
	await world.pass("19s");
	expect(await world.story(message)).toEqual(["attempt im2", "im2 accepted"]);
	await world.pass("1s");
	expect(await world.story(message)).toContain("gave-up im2");
});

test("a restart while waiting for an answer: the question is asked once and can still be answered", async () => {
	world.im.answers({ outcome: "unavailable" });
	const message = await world.send();
	await world.restart();
	const { items } = await world.posthaste.prompts.list();
	expect(items).toHaveLength(1);
	await world.posthaste.prompts.answer(items[0]?.id ?? "", "yes");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	expect((await world.story(message)).filter((line) => line.startsWith("asked"))).toHaveLength(1);
});

test("a restart while waiting for time: a failed attempt is tried again when its rest is over", async () => {
	world.im.answers({ outcome: "failed", evidence: "connection refused" });
	const message = await world.send();
	expect(await world.story(message)).toEqual(["attempt im2", "im2 failed", "retry im2"]);
	await world.restart();
	world.im.answers({ outcome: "accepted" });
	await world.pass("2s");
	expect(await world.story(message)).toEqual([
		"attempt im2",
		"im2 failed",
		"retry im2",
		"attempt im2 again",
		"im2 accepted",
	]);
	expect(world.im.sent.map((attempt) => attempt.id)).toEqual([`${message.id}.1.a1`, `${message.id}.1.a1`]);
});

test("a restart in the middle of a call: its outcome is unknown, and it is sent again under the same identifier", async () => {
	world.im.answers(() => new Promise(() => undefined));
	const message = await world.send();
	expect(await world.story(message)).toEqual(["attempt im2"]);
	await world.restart();
	world.im.answers({ outcome: "accepted" });
	await world.pass("2s");
	expect(await world.story(message)).toEqual([
		"attempt im2",
		"im2 unknown",
		"retry im2",
		"attempt im2 again",
		"im2 accepted",
	]);
	expect(new Set(world.im.sent.map((attempt) => attempt.id)).size).toBe(1);
	expect(world.im.sent.map((attempt) => attempt.try)).toEqual([1, 2]);
});

test("a delivery keeps the configuration it began with across a restart", async () => {
	world.im.answers({ outcome: "unavailable" });
	const message = await world.send();
	await world.posthaste.managers.put("standard", {
		use: "sequence",
		configurations: [{ name: "only-mail", settings: { steps: [{ attempt: ["email"] }] } }],
	});
	await world.restart();
	const { items } = await world.posthaste.prompts.list();
	await world.posthaste.prompts.answer(items[0]?.id ?? "", "yes");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached", configuration: { name: "normal" } });
	expect(world.pager.sent).toHaveLength(1);
	expect(world.email.sent).toHaveLength(0);
});

test("a message that expired while the program was down ends expired, and nothing is sent", async () => {
	const message = await world.send({ properties: { expires: "20s" } });
	await world.posthaste.crash();
	await world.clock.advance(60_000, async () => undefined);
	await world.reopen();
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "expired" });
	expect(world.pager.sent).toHaveLength(0);
});
