/** Calls that were under way when a delivery lost its manager: each comes to an outcome, and what is needless is taken back. */
import { attempt, type ManagerPlugin, type SendResult } from "@posthaste/core";
import { afterEach, expect, test } from "vitest";
import { im, manager, openWith, reopenWith, replay } from "./test/patient-world.ts";
import type { World } from "./test/world.ts";

let world: World;
afterEach(() => world.close());

/** A delivery is cancelled while its manager is away, and the program dies before its mechanism was asked to take it back. */
async function dieTakingBack() {
	world = await openWith(manager("1.0.0", im));
	const message = await world.send();
	await world.pass("1m");
	await world.posthaste.close();
	await reopenWith(world, undefined);
	await world.pass("1h");
	world.posthaste.observe(({ state }) => state === "cancelled" && world.faults.failWrites(1e9));
	await world.posthaste.messages.cancel(message.id);
	await world.settle();
	expect((await world.story(message)).slice(-3)).toEqual(["cancelled", "retract", "cancelled"]);
	await world.posthaste.crash();
	return message;
}

test.each([
	["the manager is back", manager("1.0.0", im)],
	["the manager is not", undefined],
])("what was to be taken back when the program died is taken back after its start, if %s", async (_whether, plugin) => {
	const message = await dieTakingBack();
	await reopenWith(world, plugin);
	await world.settle();
	expect(world.im.retracted).toHaveLength(2);
	expect((await world.story(message)).slice(-2)).toEqual(["cancelled", "retracted"]);
	const written = world.faults.batches.length;
	await world.pass("10h");
	expect(world.faults.batches).toHaveLength(written);
});

/** The program dies in a call, and the manager is away when it starts again. */
async function dieCalling(properties: { readonly expires?: string } = {}) {
	world = await openWith(manager("1.0.0", im));
	world.im.answers(() => Promise.withResolvers<SendResult>().promise);
	const message = await world.send({ properties });
	await world.posthaste.crash();
	await reopenWith(world, undefined);
	await world.settle();
	expect((await world.story(message)).slice(-3)).toEqual(["attempt im", "stranded", "held"]);
	return message;
}

test.each<[string, (message: { readonly id: string }) => Promise<unknown>, string]>([
	["is cancelled", ({ id }) => world.posthaste.messages.cancel(id), "cancelled"],
	["expires", () => world.pass("1h"), "expired"],
	["is ended", ({ id }) => world.posthaste.deliveries.resolve(`${id}.1`, "end"), "unreached"],
])("a call that nobody waits for is unknown once a delivery %s without its manager", async (_how, end, state) => {
	const message = await dieCalling({ expires: "1h" });
	await end(message);
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state });
	const { journal } = await world.delivery(message);
	const after = journal.slice(journal.findIndex(({ type }) => type === "settled"));
	expect(after[1]).toMatchObject({ type: "outcome", attempt: `${message.id}.1.a1`, try: 1, outcome: "unknown" });
	const isTakenBack = state === "cancelled";
	expect(after.slice(2).map(({ type }) => type)).toEqual(isTakenBack ? ["retract", "retracted"] : []);
	expect(world.im.retracted).toHaveLength(isTakenBack ? 1 : 0);
	await world.posthaste.close();
	await reopenWith(world, manager("1.0.0", im));
	await world.im.receipt("read", `${message.id}.1.a1`);
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: isTakenBack ? "cancelled" : "reached" });
});

test("a call whose delivery had ended comes to an outcome, although the manager is away", async () => {
	world = await openWith(manager("1.0.0", im));
	world.im.answers(() => Promise.withResolvers<SendResult>().promise);
	const message = await world.send();
	await world.posthaste.messages.cancel(message.id);
	await world.posthaste.crash();
	await reopenWith(world, undefined);
	await world.settle();
	expect((await world.story(message)).slice(-4)).toEqual(["cancelled", "im unknown", "retract", "retracted"]);
	expect(world.im.retracted).toEqual([`${message.id}.1.a1`]);
});

test("a call whose delivery had ended, and that leaves nothing to take back, is looked at no more once it has its outcome", async () => {
	world = await openWith(manager("1.0.0", im));
	world.im.answers(async () => {
		await world.im.receipt("read");
		return Promise.withResolvers<SendResult>().promise;
	});
	const message = await world.send();
	expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	await world.posthaste.crash();
	await reopenWith(world, undefined);
	await world.settle();
	expect((await world.story(message)).slice(-2)).toEqual(["reached", "im unknown"]);
	await world.pass("1m");
	expect(await world.faults.store.claimDue(world.clock.now() + 3_600_000, 1, 1)).toEqual([]);
});

test("what a person had to decide beside a call still expires in time, although the manager is away", async () => {
	const both: ManagerPlugin = {
		...manager("1.0.0", im),
		*deliver() {
			yield* attempt(["im", "pager"], { until: "read", within: 3_600_000, mode: "parallel" });
		},
	};
	world = await openWith(both, "hold");
	world.im.answers(() => Promise.withResolvers<SendResult>().promise);
	world.pager.answers({ outcome: "unknown" });
	const message = await world.send({ properties: { expires: "15m" } });
	expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "unknown-held" });
	await world.posthaste.crash();
	await reopenWith(world, undefined);
	await world.pass("14m");
	expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "unknown-held" });
	await world.pass("1m");
	expect((await world.story(message)).slice(-5)).toEqual(["held", "stranded", "time-passed", "expired", "im unknown"]);
	expect((await replay(world, message, both)).state).toBe("expired");
});

test("inputs that come together for a delivery without its manager are taken one after the other", async () => {
	const message = await dieCalling();
	const done = await Promise.allSettled([
		world.im.receipt("delivered", `${message.id}.1.a1`),
		world.im.reply("On it", `${message.id}.1.a1`),
		world.posthaste.messages.cancel(message.id),
		world.posthaste.deliveries.resolve(`${message.id}.1`, "end"),
	]);
	await world.settle();
	expect(done.map(({ status }) => status)).toEqual(Array.from(done, () => "fulfilled"));
	expect(done[3]).toMatchObject({ value: { state: "cancelled" } });
	const story = await world.story(message);
	expect(story.slice(story.indexOf("held"))).toEqual([
		"held",
		"receipt",
		"replied",
		"cancelled",
		"retract",
		"cancelled",
		"im unknown",
		"retracted",
	]);
});

test("what became of a call that was under way when the manager went is asked once the manager is back", async () => {
	world = await openWith(manager("1.0.0", im), "hold");
	world.im.answers(() => Promise.withResolvers<SendResult>().promise);
	const message = await world.send();
	await world.posthaste.crash();
	await reopenWith(world, undefined);
	await world.pass("1m");
	expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "no-such-manager" });
	await world.posthaste.close();
	await reopenWith(world, manager("1.0.0", im));
	const { id } = await world.delivery(message);
	const asked = await world.posthaste.deliveries.resolve(id, "resend");
	expect(asked).toMatchObject({ state: "held", reason: "unknown-held" });
	expect(world.im.sent).toHaveLength(1);
	world.im.answers({ outcome: "accepted", level: "read" });
	await world.posthaste.deliveries.resolve(id, "resend");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	expect(world.im.sent).toHaveLength(2);
});
