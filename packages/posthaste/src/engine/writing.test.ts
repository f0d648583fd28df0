/** Nothing is carried out before it is on disk, and nothing is lost because the disk was away for a while. */
import { type ConsultedManifest, consultedManager, type SendResult } from "@posthaste/core";
import { testManager } from "@posthaste/core/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configuration, openWorld, type World } from "./test/world.ts";

let world: World;
beforeEach(async () => {
	world = await openWorld();
});
afterEach(() => world.close());

const draft = { to: ["john"], from: "mary", body: "The build is broken" };

describe("a store that cannot write for a while", () => {
	test("takes no message: the sender hears so, and nothing is sent, then or later", async () => {
		world.faults.failWrites(1);
		await expect(world.send()).rejects.toMatchObject({ code: "overloaded" });
		await world.pass("1m");
		expect(world.im.sent).toHaveLength(0);
		expect((await world.posthaste.messages.list()).items).toEqual([]);
		expect(world.posthaste.gauges).toMatchObject({ resident: 0, pendingWrites: 0 });
		await world.send();
		expect(world.im.sent).toHaveLength(1);
	});

	test("keeps nothing of the messages that it refused, and tries nothing of theirs again", async () => {
		const drafts = Array.from({ length: 20 }, () => ({ ...draft, to: ["john", "ann"] }));
		world.faults.failWrites(Number.POSITIVE_INFINITY);
		const results = await world.posthaste.sendMany(drafts);
		expect(results.every((result) => result instanceof Error)).toBe(true);
		const tried = world.faults.batches.length;
		expect(world.posthaste.gauges.resident).toBe(0);
		await world.pass("10s");
		expect(world.faults.batches).toHaveLength(tried);
		expect(world.logged).toEqual([]);
		world.faults.failWrites(0);
		const message = await world.send();
		expect(await world.story(message)).toEqual(["began", "policies", "attempt im", "im accepted", "reached"]);
	});

	test("takes up a message that is on disk although the answer was an error, once its claim lapses, and only once", async () => {
		world.faults.loseAnswers(1);
		await expect(world.send()).rejects.toMatchObject({ code: "overloaded" });
		await world.pass("9m");
		expect(world.im.sent).toHaveLength(0);
		await world.pass("12m");
		const [stored] = (await world.posthaste.messages.list()).items;
		expect(await world.story(stored?.message ?? expect.fail("it is not there"))).toEqual([
			...["began", "policies", "attempt im", "im unknown", "attempt pager"],
			...["pager accepted", "reached"],
		]);
		expect([world.im.sent.length, world.pager.sent.length]).toEqual([0, 1]);
		expect(world.posthaste.gauges.resident).toBe(0);
	});

	test("holds up a delivery's next attempt until its intent is written, and loses nothing", async () => {
		world.im.answers(() => {
			world.faults.failWrites(3);
			return { outcome: "unavailable" };
		});
		const message = await world.send();
		expect(await world.story(message)).toEqual(["began", "policies", "attempt im"]);
		await world.pass("2s");
		expect(world.pager.sent).toHaveLength(0);
		expect(world.logged).toContain("a journal could not be written; it is tried again");
		await world.pass("1s");
		const { journal, state } = await world.delivery(message);
		expect(state).toBe("reached");
		expect(journal.map((entry) => entry.sequence)).toEqual(journal.map((_, index) => index + 1));
		expect(await world.story(message)).toEqual([
			...["began", "policies", "attempt im", "im unavailable", "attempt pager"],
			...["pager accepted", "reached"],
		]);
		expect([world.im.sent.length, world.pager.sent.length]).toEqual([1, 1]);
	});

	test("is told of a retried append what its entries say, and not what came since", async () => {
		const call = Promise.withResolvers<SendResult>();
		world.im.answers(() => call.promise);
		const message = await world.send();
		world.faults.failWrites(1);
		call.resolve({ outcome: "unavailable" });
		await world.settle();
		const cancelled = world.posthaste.messages.cancel(message.id);
		await world.settle();
		const shown: unknown[] = [];
		const off = world.posthaste.observe(({ state, entries }) => shown.push([state, entries.at(-1)?.type]));
		await world.pass("1s");
		off();
		// The next attempt's intent is on disk before it is cancelled, so it has an outcome as well: it was not sent.
		expect(shown).toEqual([
			["routing", "attempt"],
			["cancelled", "settled"],
			["cancelled", "outcome"],
		]);
		expect((await cancelled).deliveries).toMatchObject([{ state: "cancelled" }]);
		const tries = world.faults.batches.flatMap(({ appends }) =>
			appends.filter(({ entries }) => entries.at(0)?.type === "outcome"),
		);
		expect(tries[1]).toMatchObject({ state: "routing", settledAt: undefined });
		expect(world.pager.sent).toHaveLength(0);
	});

	test("is told once, however many deliveries are under way and however long it takes", async () => {
		const trouble = "a journal could not be written; it is tried again";
		for (const expected of [[trouble], [trouble, trouble]]) {
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const messages = [await world.send(), await world.send({ to: ["ann"] })];
			world.faults.failWrites(Number.POSITIVE_INFINITY);
			call.resolve({ outcome: "accepted" });
			await world.pass("10s");
			expect(world.logged).toEqual(expected);
			world.faults.failWrites(0);
			await world.pass("1s");
			for (const message of messages) {
				expect(await world.delivery(message)).toMatchObject({ state: "reached" });
			}
		}
	});

	test("loses no receipt that comes meanwhile: it counts, and is confirmed only once it is on disk", async () => {
		const call = Promise.withResolvers<SendResult>();
		world.im.answers(() => call.promise);
		const message = await world.send({ properties: { category: "read" } });
		world.faults.failWrites(2);
		call.resolve({ outcome: "accepted" });
		await world.settle();
		let confirmed = false;
		void world.im.receipt("read").then(() => {
			confirmed = true;
		});
		await world.pass("1s");
		expect(confirmed).toBe(false);
		await world.pass("1s");
		expect(confirmed).toBe(true);
		expect(await world.story(message)).toEqual([
			...["began", "policies", "attempt im", "im accepted"],
			...["receipt", "reached"],
		]);
	});

	test("is not called idle, though nothing is being written at the moment", async () => {
		world.im.answers(() => {
			world.faults.failWrites(1);
			return { outcome: "accepted" };
		});
		await world.send();
		let idle = false;
		const waiting = world.posthaste.idle().then(() => {
			idle = true;
		});
		await world.settle();
		expect(idle).toBe(false);
		await world.pass("1s");
		await waiting;
	});
});

describe("a mechanism that says what no journal can hold", () => {
	test("is taken at the rest of its word, and its delivery goes on", async () => {
		world.im.answers({ outcome: "accepted", evidence: 10n as unknown as string });
		const message = await world.send();
		expect(await world.story(message)).toEqual(["began", "policies", "attempt im", "im accepted", "reached"]);
		expect(world.logged).toEqual([]);
	});

	test("asks in vain for a rest without an end, and a restart goes on as if it had not asked", async () => {
		world.im.answers({ outcome: "failed", retryAfter: Number.POSITIVE_INFINITY });
		const message = await world.send({ properties: { category: "read" } });
		const before = await world.story(message);
		expect(before.at(-1)).toBe("retry");
		await world.posthaste.close();
		world.im.answers({ outcome: "accepted" });
		await world.reopen();
		await world.pass("5s");
		expect(await world.story(message)).toEqual([...before, "time-passed", "attempt im", "im accepted"]);
		expect(world.logged).toEqual([]);
	});
});

describe("between an intent and its call", () => {
	test("a message that expires is not sent", async () => {
		const held = world.faults.holdWrites();
		const accepted = world.posthaste.send({ ...draft, properties: { expires: "10s" } });
		await world.pass("10s");
		held.release();
		const message = await accepted;
		await world.settle();
		expect(world.im.sent).toHaveLength(0);
		const { state, journal } = await world.delivery(message);
		expect(state).toBe("expired");
		expect(journal).toContainEqual(
			expect.objectContaining({ outcome: "failed", evidence: "not sent: the message had expired" }),
		);
	});

	test("a cancellation prevents the send", async () => {
		let held = { release() {} };
		world.im.answers(() => {
			held = world.faults.holdWrites();
			return { outcome: "unavailable" };
		});
		const message = await world.send();
		const cancelled = world.posthaste.messages.cancel(message.id, "mary");
		await world.settle();
		held.release();
		expect((await cancelled).deliveries).toMatchObject([{ state: "cancelled", reason: "cancelled" }]);
		await world.pass("10m");
		expect(world.pager.sent).toHaveLength(0);
		expect((await world.delivery(message)).journal).toContainEqual(
			expect.objectContaining({ mechanism: "pager", evidence: "not sent: the delivery had ended" }),
		);
	});

	test("a retraction that follows from a cancellation is written before it is made", async () => {
		const message = await world.send({ properties: { category: "read" } });
		world.faults.failWrites(1);
		const cancelled = world.posthaste.messages.cancel(message.id);
		await world.settle();
		expect(world.im.retracted).toEqual([]);
		await world.pass("1s");
		await cancelled;
		expect(world.im.retracted).toEqual([`${message.id}.1.a1`]);
	});
});

test("a call that a receipt has overtaken gets its outcome too when the program dies", async () => {
	world.im.answers(() => Promise.withResolvers<SendResult>().promise);
	const message = await world.send({ properties: { category: "read" } });
	await world.im.receipt("read");
	await world.settle();
	expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "receipt" });
	await world.posthaste.crash();
	await world.reopen();
	const { state, journal } = await world.delivery(message);
	expect(state).toBe("reached");
	expect(journal.at(-1)).toMatchObject({ type: "outcome", outcome: "unknown" });
	expect(world.im.sent).toHaveLength(1);
});

test("what was to be taken back when the program died is taken back after the restart", async () => {
	const message = await world.send({ properties: { category: "read" } });
	world.posthaste.observe(({ state }) => state === "cancelled" && world.faults.failWrites(1e9));
	await world.posthaste.messages.cancel(message.id);
	await world.settle();
	expect((await world.story(message)).slice(-3)).toEqual(["cancelled", "retract", "cancelled"]);
	await world.posthaste.crash();
	await world.reopen();
	const attempt = `${message.id}.1.a1`;
	expect(world.im.retracted).toEqual([attempt, attempt]);
	expect((await world.delivery(message)).journal.at(-1)).toMatchObject({ type: "retracted", done: true });
	const written = world.faults.batches.length;
	await world.pass("1h");
	expect(world.faults.batches).toHaveLength(written);
});

describe("a delivery that another process goes on with", () => {
	test("is dropped quietly when an append is fenced, and what the other wrote stands", async () => {
		const call = Promise.withResolvers<SendResult>();
		world.im.answers(() => call.promise);
		const message = await world.send();
		const { id, journal } = await world.delivery(message);
		const at = world.clock.now();
		await world.faults.store.write({
			accepts: [],
			appends: [
				{
					delivery: id,
					entries: [
						{ type: "cancelled", who: "elsewhere", sequence: journal.length + 1, at },
						{ type: "settled", state: "cancelled", reason: "cancelled", sequence: journal.length + 2, at },
					],
					state: "cancelled",
					reason: "cancelled",
					due: null,
					claimedUntil: null,
					settledAt: at,
				},
			],
		});
		call.resolve({ outcome: "unavailable" });
		await world.settle();
		expect(world.posthaste.gauges).toMatchObject({ resident: 0, calls: 0, pendingWrites: 0 });
		expect(await world.story(message)).toEqual(["began", "policies", "attempt im", "cancelled", "cancelled"]);
		await world.pass("1h");
		expect(world.pager.sent).toHaveLength(0);
		expect(world.logged).toEqual([]);
	});
});

describe("time", () => {
	test("that comes while due deliveries are being claimed is not missed", async () => {
		await world.send({ properties: { category: "read" } });
		await world.pass("59s");
		const held = world.faults.holdNextDue();
		await world.pass("1s");
		// Claiming waits for an answer that was read before the next delivery was written.
		world.im.answers({ outcome: "failed" });
		const message = await world.send({ to: ["ann"] });
		await world.pass("3s");
		expect(world.im.sent).toHaveLength(2);
		world.im.answers({ outcome: "accepted" });
		held.release();
		await world.pass("1s");
		expect(world.im.sent).toHaveLength(3);
		expect(await world.delivery(message)).toMatchObject({ state: "reached" });
	});

	test("wakes each waiting delivery at its own moment, whichever began last", async () => {
		const first = await world.send({ properties: { category: "read" } });
		await world.pass("10s");
		const second = await world.send({ properties: { category: "read" } });
		await world.pass("50s");
		expect([await world.delivery(first), await world.delivery(second)]).toMatchObject([
			{ state: "unreached", settledAt: first.acceptedAt + 60_000 },
			{ state: "waiting" },
		]);
		await world.pass("10s");
		expect(await world.delivery(second)).toMatchObject({ settledAt: second.acceptedAt + 60_000 });
	});

	test("goes on after due deliveries could not be claimed", async () => {
		const message = await world.send({ properties: { category: "read" } });
		await world.pass("59s");
		for (let time = 0; time < 5; time++) {
			world.faults.failNext("claimDue");
			await world.pass("1s");
		}
		expect(world.logged).toEqual(["due deliveries could not be claimed"]);
		expect(await world.delivery(message)).toMatchObject({ state: "waiting" });
		await world.pass("1s");
		expect(await world.delivery(message)).toMatchObject({ state: "unreached", reason: "exhausted" });
	});

	test("comes back to a delivery that could not be read when it was due", async () => {
		const message = await world.send({ properties: { category: "read" } });
		await world.pass("59s");
		world.faults.failNext("loadDeliveries");
		await world.pass("1s");
		expect(world.logged).toEqual(["a delivery could not be read"]);
		await world.pass("2s");
		expect(await world.delivery(message)).toMatchObject({ state: "unreached" });
	});
});

test("a manager that runs elsewhere and is not there strands its delivery, which is written once", async () => {
	const { deliver: _, type: __, ...manifest } = testManager(function* () {});
	const elsewhere = consultedManager({ ...manifest, id: "elsewhere" } as ConsultedManifest);
	await world.posthaste.close();
	const managers = { standard: { use: "elsewhere", configurations: [{ name: "only", settings: {} }] } };
	await world.reopen({
		plugins: [world.im.plugin, world.pager.plugin, elsewhere],
		configuration: { ...configuration, managers },
	});
	const before = world.faults.batches.length;
	const message = await world.send();
	const appends = world.faults.batches.slice(before).flatMap((batch) => batch.appends);
	expect(appends.map(({ entries }) => entries.map(({ type }) => type))).toEqual([
		["began", "policies", "consult", "stranded", "held"],
	]);
	expect(await world.delivery(message)).toMatchObject({ state: "held", reason: "no-such-manager" });
	expect(world.posthaste.gauges.resident).toBe(0);
});
