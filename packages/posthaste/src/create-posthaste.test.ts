/** Posthaste as a library: how it starts, how it ends, and what it answers without sending anything. */
import type { MechanismPlugin, SendResult } from "@posthaste/core";
import { scriptedMechanism, VirtualClock } from "@posthaste/core/testing";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createPosthaste } from "./create-posthaste.ts";
import { faultyStore } from "./engine/test/faulty-store.ts";
import { configuration, noon, openWorld, type World } from "./engine/test/world.ts";
import { openSqliteStore } from "./store/sqlite/index.ts";

const draft = { to: ["john"], from: "mary", body: "The build is broken" };

describe("a start that fails", () => {
	async function failing(prepare: (faults: ReturnType<typeof faultyStore>) => void, changed: object = {}) {
		const clock = new VirtualClock(noon);
		const faults = faultyStore(await openSqliteStore({ folder: ":memory:", thread: "inline" }));
		const im = scriptedMechanism({ id: "test-im" });
		const pager = scriptedMechanism({ id: "test-pager", kind: "pager" });
		prepare(faults);
		const plugins = [im.plugin, pager.plugin];
		const start = createPosthaste({ store: faults.store, clock, plugins, configuration, ...changed });
		const error: unknown = await start.catch((reason: unknown) => reason);
		const closed = await faults.store.countDeliveries().then(
			() => false,
			() => true,
		);
		return { error, open: im.open + pager.open, timer: clock.next, closed };
	}
	const nothingLeft = { open: 0, timer: undefined, closed: true };

	test("because the store does not answer leaves no mechanism running", async () => {
		const left = await failing((faults) => faults.failNext("releaseClaims"));
		expect(left).toMatchObject({ ...nothingLeft, error: { message: "releaseClaims failed" } });
	});

	test("because the databases cannot be read leaves nothing", async () => {
		const left = await failing((faults) => faults.failNext("readDatabases"));
		expect(left).toMatchObject({ ...nothingLeft, error: { message: "readDatabases failed" } });
	});

	test("because of its configuration leaves nothing", async () => {
		const left = await failing(() => undefined, {
			configuration: { ...configuration, selection: [{ manager: "nobody" }] },
		});
		expect(left).toMatchObject({ ...nothingLeft, error: { code: "unknown-manager" } });
	});

	test("because of two plugins with the same id leaves nothing", async () => {
		const { plugin } = scriptedMechanism({ id: "test-im" });
		const left = await failing(() => undefined, { plugins: [plugin, { ...plugin }] });
		expect(left).toMatchObject({ ...nothingLeft, error: expect.any(Error) });
	});
});

describe("with a world", () => {
	let world: World;
	afterEach(() => world.close());

	describe("closing", () => {
		test("waits for calls under way, and their outcomes are on disk", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const message = await world.send();
			let closed = false;
			const closing = world.posthaste.close().then(() => {
				closed = true;
			});
			await world.settle();
			expect(closed).toBe(false);
			expect(world.im.open).toBe(1);
			call.resolve({ outcome: "accepted", evidence: "250 ok" });
			await closing;
			expect([world.im.open, world.pager.open]).toEqual([0, 0]);
			await world.reopen();
			await world.pass("1h");
			expect(await world.story(message)).toEqual(["began", "policies", "attempt im", "im accepted", "reached"]);
			expect(world.im.sent).toHaveLength(1);
		});

		test("waits for an outcome that could not be written at first", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const message = await world.send();
			const closing = world.posthaste.close();
			world.faults.failWrites(2);
			call.resolve({ outcome: "accepted" });
			await world.pass("2s");
			await closing;
			await world.reopen();
			expect(await world.delivery(message)).toMatchObject({ state: "reached" });
			expect(world.im.sent).toHaveLength(1);
		});

		test("makes no further attempt: what was left to do is done after the next start", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const message = await world.send();
			const closing = world.posthaste.close();
			call.resolve({ outcome: "unavailable" });
			await closing;
			expect(world.pager.sent).toHaveLength(0);
			await world.reopen();
			await world.pass("10s");
			expect(world.pager.sent).toHaveLength(1);
			expect(await world.delivery(message)).toMatchObject({ state: "reached" });
		});

		test("waits for a call without keeping a processor busy", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			await world.send();
			const closing = world.posthaste.close();
			const before = performance.eventLoopUtilization();
			await new Promise((resolve) => setTimeout(resolve, 500));
			expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.7);
			call.resolve({ outcome: "unavailable" });
			await closing;
			await world.reopen();
		});

		test("leaves a call behind that does not end; the next start calls it unknown and sends again", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const message = await world.send();
			vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: world.clock.now() });
			const closing = world.posthaste.close();
			vi.advanceTimersByTime(10_000);
			await closing;
			vi.useFakeTimers({ toFake: ["Date"], now: world.clock.now() });
			const logged = world.logged.length;
			call.resolve({ outcome: "accepted", evidence: "too late for anybody to write it" });
			await world.pass("10s");
			expect(world.logged).toHaveLength(logged);
			world.im.answers({ outcome: "accepted" });
			await world.reopen();
			await world.pass("10s");
			expect((await world.story(message)).slice(3)).toEqual([
				...["im unknown", "retry", "time-passed", "attempt im", "im accepted", "reached"],
			]);
			expect(new Set(world.im.sent.map(({ id }) => id)).size).toBe(1);
		});
	});

	test("after a crash nothing is tried again", async () => {
		world = await openWorld();
		world.im.answers(() => {
			world.faults.failWrites(1000);
			return { outcome: "accepted" };
		});
		await world.send();
		await world.posthaste.crash();
		const batches = world.faults.batches.length;
		await world.pass("1m");
		expect(world.faults.batches).toHaveLength(batches);
		await world.reopen();
	});

	test("what mechanisms report while they come up reaches deliveries of an earlier run", async () => {
		world = await openWorld();
		const message = await world.send({ properties: { category: "read" } });
		await world.posthaste.close();
		const { plugin } = world.im;
		await world.reopen({
			plugins: [
				{
					...plugin,
					create(settings, host) {
						void host.receipt({ attempt: `${message.id}.1.a1`, level: "read" });
						return plugin.create(settings, host);
					},
				},
				world.pager.plugin,
			],
		});
		expect(await world.delivery(message)).toMatchObject({ state: "reached", reason: "receipt" });
	});

	describe("a mechanism that takes its time", () => {
		const never = () => new Promise<never>(() => undefined);

		/** The plugin of IM, whose instances are made like this. */
		function imThat(create: MechanismPlugin["create"]) {
			return { plugins: [{ ...world.im.plugin, create }, world.pager.plugin] };
		}

		/** IM with a server that takes the connection and never says how it is. */
		function silent() {
			return imThat(async (settings, host) => ({ ...(await world.im.plugin.create(settings, host)), health: never }));
		}

		test("to say how it is holds up neither the start nor what an earlier run left to other mechanisms", async () => {
			world = await openWorld();
			const call = Promise.withResolvers<SendResult>();
			world.im.answers(() => call.promise);
			const message = await world.send();
			const closing = world.posthaste.close();
			call.resolve({ outcome: "unavailable" });
			await closing;
			const opened = world.reopen(silent());
			await world.pass("1s");
			await opened;
			expect(world.pager.sent).toHaveLength(1);
			expect(await world.delivery(message)).toMatchObject({ state: "reached" });
			await world.pass("10s");
			const { items } = await world.posthaste.mechanisms.list();
			expect(items).toMatchObject([
				{ name: "im", active: false },
				{ name: "pager", active: true },
			]);
		});

		test("to say how it is holds up no change of the mechanisms", async () => {
			world = await openWorld();
			await world.posthaste.close();
			const opened = world.reopen(silent());
			await world.pass("1s");
			await opened;
			const put = world.posthaste.mechanisms.put("other", { use: "test-im" });
			await world.pass("1s");
			expect(await put).toMatchObject({ name: "other", active: true });
		});

		test("to come up leaves nobody unreached who has only this one", async () => {
			world = await openWorld();
			await world.posthaste.close();
			const opened = world.reopen(
				imThat(async (settings, host) => {
					await new Promise<void>((resolve) => world.clock.timer(20_000, resolve));
					return world.im.plugin.create(settings, host);
				}),
			);
			await world.pass("3s");
			await opened;
			const message = await world.send({ to: ["ann"] });
			expect(world.im.sent).toHaveLength(0);
			// It comes up 17 seconds later; how long it rests before the try after that depends on the message's id.
			await world.pass("1m");
			expect(await world.delivery(message)).toMatchObject({ state: "reached" });
			expect(world.im.sent).toHaveLength(1);
		});
	});

	test("explaining sends nothing and writes nothing", async () => {
		world = await openWorld();
		const before = { batches: world.faults.batches.length, changes: world.faults.changes.length };
		const { at, deliveries } = await world.posthaste.explain({ ...draft, to: ["john", "ann"] });
		expect(at).toBe(noon);
		expect(deliveries).toHaveLength(2);
		await expect(world.posthaste.explain({ ...draft, to: ["nobody"] })).rejects.toMatchObject({
			code: "unknown-recipient",
		});
		await world.pass("10m");
		expect({ batches: world.faults.batches.length, changes: world.faults.changes.length }).toEqual(before);
		expect([...world.im.sent, ...world.pager.sent]).toEqual([]);
		expect((await world.posthaste.messages.list()).items).toEqual([]);
	});

	test("users whom nothing can reach now are told with the reasons, page by page", async () => {
		world = await openWorld();
		expect(await world.posthaste.unreachable()).toEqual({ items: [] });
		world.im.health(false);
		await world.posthaste.users.put("bob", {
			name: "Bob",
			mechanisms: [
				{ mechanism: "im", address: { to: "bob" } },
				{ mechanism: "pager", address: { to: "1" }, quiet: { from: "11:00", to: "13:00" } },
			],
		});
		await world.posthaste.users.put("cat", { name: "Cat", mechanisms: [] });
		const ann = { user: "ann", reasons: [{ mechanism: "im", reason: "inactive" }] };
		const bob = {
			user: "bob",
			reasons: [
				{ mechanism: "im", reason: "inactive" },
				{ mechanism: "pager", reason: "quiet-hours" },
			],
		};
		expect(await world.posthaste.unreachable()).toEqual({ items: [ann, bob, { user: "cat", reasons: [] }] });
		const first = await world.posthaste.unreachable({ limit: 2 });
		expect(first.items).toEqual([ann, bob]);
		const second = await world.posthaste.unreachable({ limit: 2, cursor: first.next ?? "" });
		expect(second).toEqual({ items: [{ user: "cat", reasons: [] }] });
		world.im.health(true);
		expect((await world.posthaste.unreachable()).items).toMatchObject([{ user: "cat" }]);
	});

	test("messages are forgotten after the time they are kept, and those that have not ended are not", async () => {
		world = await openWorld({ keep: 2 * 3_600_000 });
		const reached = await world.send();
		world.im.answers({ outcome: "unknown" });
		await world.posthaste.configuration.apply({
			...configuration,
			managers: {
				standard: {
					use: "sequence",
					configurations: [{ name: "held", unknown: "hold", settings: { steps: [{ attempt: ["im"] }] } }],
				},
			},
		});
		const held = await world.send();
		expect(await world.delivery(held)).toMatchObject({ state: "held" });
		const listed = async () => (await world.posthaste.messages.list()).items.map(({ message }) => message.id);
		await world.pass("2h");
		expect(await listed()).toEqual([held.id, reached.id]);
		await world.pass("1h");
		expect(await listed()).toEqual([held.id]);
		expect(await world.posthaste.messages.get(reached.id)).toBeUndefined();
		await world.pass("24h");
		expect(await listed()).toEqual([held.id]);
	});

	test("forgetting goes on after a time when the store could not", async () => {
		world = await openWorld({ keep: 3_600_000 });
		await world.send();
		await world.pass("1h");
		world.faults.failNext("retain");
		await world.pass("1h");
		expect(world.logged).toEqual(["old messages could not be forgotten"]);
		expect((await world.posthaste.messages.list()).items).toHaveLength(1);
		await world.pass("1h");
		expect((await world.posthaste.messages.list()).items).toEqual([]);
	});
});
