/** Deliveries whose manager cannot take them up any more wait for a person, who can still end them. */
import type { ManagerPlugin } from "@posthaste/core";
import { afterEach, describe, expect, test } from "vitest";
import { asking, im, manager, openWith, reopenWith, replay } from "./test/patient-world.ts";
import type { World } from "./test/world.ts";

let world: World;
afterEach(() => world.close());

describe.each<[string, ManagerPlugin | undefined]>([
	["comes in another version", manager("2.0.0", im)],
	["is gone", undefined],
])("a manager plugin that %s", (_how, later) => {
	async function strand() {
		world = await openWith(manager("1.0.0", im));
		const message = await world.send();
		await world.pass("1m");
		expect(await world.delivery(message)).toMatchObject({ state: "waiting", manager: { version: "1.0.0" } });
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.pass("1h");
		return message;
	}

	test("leaves the delivery held, naming the version it began with", async () => {
		const message = await strand();
		const { state, reason, journal } = await world.delivery(message);
		expect({ state, reason }).toEqual({ state: "held", reason: "no-such-manager" });
		expect(journal.at(-1)).toMatchObject({ type: "held", detail: expect.stringContaining("patient 1.0.0") });
		expect(world.pager.sent).toHaveLength(0);
		const written = world.faults.batches.length;
		await world.pass("10h");
		expect(world.faults.batches).toHaveLength(written);
	});

	test("a person can end it", async () => {
		const message = await strand();
		const { id } = await world.delivery(message);
		await expect(world.posthaste.deliveries.resolve(id, "resend", "kim")).rejects.toMatchObject({
			code: "delivery-held",
			message: expect.stringContaining("is not there"),
		});
		const ended = await world.posthaste.deliveries.resolve(id, "end", "kim");
		expect(ended).toMatchObject({ state: "unreached", reason: "ended-by-person", settledAt: world.clock.now() });
		expect(ended.journal.slice(-2)).toMatchObject([{ type: "resolved", who: "kim" }, { type: "settled" }]);
		await expect(world.posthaste.deliveries.resolve(id, "end")).rejects.toMatchObject({ code: "not-held" });
	});

	test("its sender can cancel it", async () => {
		const message = await strand();
		const { deliveries } = await world.posthaste.messages.cancel(message.id, "mary");
		expect(deliveries).toMatchObject([{ state: "cancelled", reason: "cancelled" }]);
		await expect(world.posthaste.messages.cancel(message.id)).rejects.toMatchObject({ code: "already-final" });
	});

	test("what it has shown is taken back when its sender cancels it", async () => {
		const message = await strand();
		await world.posthaste.messages.cancel(message.id, "mary");
		await world.settle();
		expect(world.im.retracted).toEqual([`${message.id}.1.a1`]);
		expect((await world.story(message)).slice(-4)).toEqual(["cancelled", "retract", "cancelled", "retracted"]);
		expect((await world.delivery(message)).journal.at(-1)).toMatchObject({ mechanism: "im", done: true });
		const written = world.faults.batches.length;
		await world.pass("10h");
		expect(world.faults.batches).toHaveLength(written);
	});

	test("what comes while it is being taken back is kept", async () => {
		const message = await strand();
		const stop = world.posthaste.observe(({ state }) => {
			if (state === "cancelled") {
				stop();
				world.faults.failWrites(1);
			}
		});
		await world.posthaste.messages.cancel(message.id, "mary");
		const kept = world.im.receipt("read", `${message.id}.1.a1`);
		await world.pass("3s");
		await kept;
		const story = (await world.story(message)).slice(-5);
		expect(story.slice(0, 3)).toEqual(["cancelled", "retract", "cancelled"]);
		expect(story.slice(3).sort()).toEqual(["receipt", "retracted"]);
	});

	test("what it has shown is taken back when it is acknowledged elsewhere after the end", async () => {
		world = await openWith(manager("1.0.0", im));
		const message = await world.send();
		await world.pass("2h");
		expect(await world.delivery(message)).toMatchObject({ state: "reached" });
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.pager.receipt("acknowledged", `${message.id}.1.a2`);
		await world.settle();
		expect(world.im.retracted).toEqual([`${message.id}.1.a1`]);
		expect((await world.story(message)).slice(-4)).toEqual(["reached", "receipt", "retract", "retracted"]);
		await world.im.receipt("read", `${message.id}.1.a1`);
		await world.settle();
		expect(world.im.retracted).toHaveLength(1);
	});

	test("it expires when its message does, although nobody decides", async () => {
		world = await openWith(manager("1.0.0", im));
		const message = await world.send({ properties: { expires: "3h" } });
		await world.pass("1m");
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.pass("1h");
		expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "no-such-manager" });
		await world.pass("2h");
		const { settledAt, ...delivery } = await world.delivery(message);
		expect(delivery).toMatchObject({ state: "expired", reason: "message-expired" });
		expect((settledAt ?? 0) - message.acceptedAt).toBe(3 * 3_600_000);
	});

	test("a receipt that brings what was asked for ends it", async () => {
		const message = await strand();
		await world.im.receipt("read", `${message.id}.1.a1`);
		await world.settle();
		const delivery = await world.delivery(message);
		expect(delivery).toMatchObject({ state: "reached", reason: "receipt", settledAt: world.clock.now() });
		expect(delivery.journal.slice(-2)).toMatchObject([
			{ type: "receipt", level: "read" },
			{ type: "settled", state: "reached", mechanism: "im" },
		]);
	});

	test("a receipt that brings less is kept, and a reply too", async () => {
		const message = await strand();
		await world.im.receipt("delivered", `${message.id}.1.a1`);
		await world.im.reply("On it", `${message.id}.1.a1`);
		await world.settle();
		expect((await world.story(message)).slice(-3)).toEqual(["held", "receipt", "replied"]);
		expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "no-such-manager" });
		await world.posthaste.close();
		await reopenWith(world, manager("1.0.0", im));
		const { id } = await world.delivery(message);
		await world.posthaste.deliveries.resolve(id, "next");
		await world.settle();
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "accepted" });
		expect(world.pager.sent).toHaveLength(1);
	});

	test("a receipt that finds it waiting counts, although nobody can take it up", async () => {
		world = await openWith(manager("1.0.0", im));
		const message = await world.send();
		await world.pass("1m");
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.im.receipt("read", `${message.id}.1.a1`);
		await world.settle();
		expect((await world.story(message)).slice(-4)).toEqual(["stranded", "held", "receipt", "reached"]);
	});

	test("a receipt after the end raises it to reached, and leaves nothing else behind", async () => {
		world = await openWith(manager("1.0.0", im));
		world.pager.answers({ outcome: "rejected" });
		const message = await world.send();
		await world.pass("2h");
		expect(await world.delivery(message)).toMatchObject({ state: "unreached" });
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.im.receipt("delivered", `${message.id}.1.a1`);
		await world.im.receipt("read", `${message.id}.1.a1`);
		await world.im.receipt("read", `${message.id}.1.a9`);
		await world.settle();
		expect((await world.story(message)).slice(-4)).toEqual(["unreached", "receipt", "receipt", "reached"]);
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "late-receipt" });
		expect(world.logged).toContain("a receipt for an unknown attempt was dropped");
	});

	test("a question that was open when it stranded is withdrawn with its end", async () => {
		world = await openWith(asking);
		const message = await world.send();
		expect((await world.posthaste.prompts.list()).items).toHaveLength(1);
		await world.posthaste.close();
		await reopenWith(world, later);
		await world.pass("2h");
		expect(await world.delivery(message)).toMatchObject({ state: "held" });
		await world.posthaste.messages.cancel(message.id);
		expect((await world.posthaste.prompts.list()).items).toEqual([]);
		expect((await world.story(message)).slice(-3)).toEqual(["cancelled", "prompt-withdrawn", "cancelled"]);
	});
});

test.each<[string, ManagerPlugin, readonly string[]]>([
	["waits", manager("1.0.0", im), []],
	["waits for an answer", asking, ["prompt-withdrawn"]],
])("a delivery that %s and has expired before anybody found its manager gone just ends", async (_how, plugin, also) => {
	world = await openWith(plugin);
	const message = await world.send({ properties: { expires: "30m" } });
	await world.pass("1m");
	await world.posthaste.close();
	await world.pass("1h");
	await reopenWith(world, undefined);
	expect((await world.story(message)).slice(-2 - also.length)).toEqual(["time-passed", ...also, "expired"]);
	expect((await world.posthaste.prompts.list()).items).toEqual([]);
	expect((await replay(world, message, plugin)).state).toBe("expired");
});

test.each<[string, (message: { readonly id: string }) => Promise<unknown>]>([
	["a receipt that brings less", ({ id }) => world.im.receipt("delivered", `${id}.1.a1`)],
	["a reply", ({ id }) => world.im.reply("On it", `${id}.1.a1`)],
	["a person's decision", ({ id }) => world.posthaste.deliveries.resolve(`${id}.1`, "end")],
])("%s that comes after the message has expired finds a held delivery expired", async (_what, come) => {
	world = await openWith(manager("1.0.0", im));
	const message = await world.send({ properties: { expires: "3h" } });
	await world.pass("1m");
	await world.posthaste.close();
	await reopenWith(world, undefined);
	await world.pass("1h");
	await world.pass("118m");
	world.faults.failNext("claimDue");
	await world.pass("1m");
	expect(await world.delivery(message)).toMatchObject({ state: "held" });
	await come(message);
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "expired", reason: "message-expired" });
	expect((await replay(world, message, manager("1.0.0", im))).state).toBe("expired");
});

test("a question that was open when it stranded is withdrawn with its end, with the manager back as well", async () => {
	world = await openWith(asking);
	const message = await world.send();
	await world.posthaste.close();
	await reopenWith(world, undefined);
	await world.pass("2h");
	await world.posthaste.close();
	await reopenWith(world, asking);
	const { id } = await world.delivery(message);
	await world.posthaste.deliveries.resolve(id, "end");
	expect((await world.posthaste.prompts.list()).items).toEqual([]);
	expect((await world.story(message)).slice(-3)).toEqual(["resolved", "prompt-withdrawn", "unreached"]);
});

test("an answer that nobody can go on with is refused, and its question stays open", async () => {
	world = await openWith(asking);
	const message = await world.send();
	const [prompt] = (await world.posthaste.prompts.list()).items;
	await world.posthaste.close();
	await reopenWith(world, undefined);
	for (const answer of ["yes", "no"] as const) {
		await expect(world.posthaste.prompts.answer(prompt?.id ?? "", answer)).rejects.toMatchObject({
			code: "delivery-held",
			message: expect.stringContaining("patient 1.0.0 is not there"),
		});
	}
	expect((await world.posthaste.prompts.list()).items).toEqual([prompt]);
	await world.posthaste.close();
	await reopenWith(world, asking);
	await world.posthaste.prompts.answer(prompt?.id ?? "", "yes");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	await expect(world.posthaste.prompts.answer(prompt?.id ?? "", "yes")).rejects.toMatchObject({
		code: "already-answered",
	});
});

test("an answer lets a delivery go on whose manager is back", async () => {
	world = await openWith(asking);
	const message = await world.send();
	const [prompt] = (await world.posthaste.prompts.list()).items;
	await world.posthaste.close();
	await reopenWith(world, undefined);
	await world.im.receipt("delivered", `${message.id}.1.a1`);
	await world.pass("1s");
	await world.posthaste.close();
	await reopenWith(world, asking);
	await world.posthaste.prompts.answer(prompt?.id ?? "", "yes");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	expect(world.pager.sent).toHaveLength(1);
});

test("a new version of a manager takes new messages", async () => {
	world = await openWith(manager("1.0.0", im));
	await world.posthaste.close();
	await reopenWith(world, manager("2.0.0", im));
	expect(await world.delivery(await world.send())).toMatchObject({ state: "waiting", manager: { version: "2.0.0" } });
});

test("a manager that decides otherwise after a restart leaves the delivery held, and a person can end it", async () => {
	world = await openWith(manager("1.0.0", im));
	const message = await world.send();
	await world.pass("1m");
	await world.posthaste.close();
	await reopenWith(
		world,
		manager("1.0.0", () => "pager"),
	);
	await world.pass("1h");
	const { id, state, reason, journal } = await world.delivery(message);
	expect({ state, reason }).toEqual({ state: "held", reason: "manager-failed" });
	expect(journal.at(-1)).toMatchObject({ type: "held", detail: expect.stringContaining("attempt pager") });
	expect(world.pager.sent).toHaveLength(0);
	expect(await world.posthaste.deliveries.resolve(id, "end")).toMatchObject({ state: "unreached" });
});

test("a held delivery's end is written even if the store cannot write at first", async () => {
	world = await openWith(manager("1.0.0", im));
	const message = await world.send();
	await world.pass("1m");
	await world.posthaste.close();
	await reopenWith(world, undefined);
	await world.pass("59m");
	world.faults.failWrites(1);
	await world.pass("1s");
	expect(await world.delivery(message)).toMatchObject({ state: "waiting" });
	await world.pass("1s");
	expect(await world.delivery(message)).toMatchObject({ state: "held" });
	world.faults.failWrites(1);
	const cancelled = world.posthaste.messages.cancel(message.id);
	await world.settle();
	await world.pass("1s");
	expect((await cancelled).deliveries).toMatchObject([{ state: "cancelled" }]);
});
