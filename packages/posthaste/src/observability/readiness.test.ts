/** `/readyz` says no when messages could not be accepted, and names the check; each check fails here once. */
import { scratchFolder } from "@posthaste/real-servers";
import { describe, expect, test } from "vitest";
import { openSqliteStore } from "../store/sqlite/index.ts";
import { ConfigurationState, loadCheck, mechanismsCheck, readinessOf } from "./readiness.ts";
import { openObserved } from "./testing/world.ts";
import { WriteCheck } from "./write-check.ts";

test("ready when every check is", async () => {
	const { posthaste } = await openObserved();
	expect(await posthaste.ready()).toEqual({
		ready: true,
		reasons: [],
		checks: {
			store: { ok: true },
			configuration: { ok: true },
			load: { ok: true },
			mechanisms: { ok: true },
			closing: { ok: true },
		},
	});
});

describe("the store", () => {
	test("that cannot write: it is tried, and well again with the next write that succeeds", async () => {
		const { posthaste, send, faults } = await openObserved();
		await send();
		await posthaste.idle();
		faults.failWrites(1);
		await expect(send()).rejects.toThrow();
		faults.failNext("pluginSet");
		expect(await posthaste.ready()).toMatchObject({
			ready: false,
			reasons: ["store: pluginSet failed"],
			checks: { store: { ok: false }, load: { ok: true } },
		});
		await send();
		expect((await posthaste.ready()).ready).toBe(true);
	});

	test("that cannot write is not well again with a transaction in which nothing was written", async () => {
		const { posthaste, send, faults, store } = await openObserved();
		const message = await send();
		await posthaste.idle();
		const [delivery] = await store.loadDeliveries([`${message}.1`]);
		const { row, journal } = delivery ?? expect.fail("it is not there");
		const check = new WriteCheck(faults.store);
		faults.failWrites(1);
		const { id, state, due } = row;
		const append = { delivery: id, entries: journal.slice(0, 1), state, due, claimedUntil: null };
		await expect(check.store.write({ accepts: [], appends: [append] })).rejects.toThrow();
		expect(await check.store.write({ accepts: [], appends: [append] })).toMatchObject({ appends: ["fenced"] });
		faults.failNext("pluginSet");
		expect(await check.check()).toEqual({ ok: false, detail: "pluginSet failed" });
	});

	test("that cannot be read", async () => {
		const { faults } = await openObserved();
		const check = new WriteCheck(faults.store);
		faults.failNext("nextDue");
		expect(await check.check()).toEqual({ ok: false, detail: "nextDue failed" });
	});

	test("that does not come back", async () => {
		const { faults } = await openObserved();
		const check = new WriteCheck(faults.store);
		const held = faults.holdNextDue();
		expect(await check.check()).toEqual({ ok: false, detail: "it has not written within 2000 ms" });
		held.release();
	});

	test("whose files were removed, while it takes writes as if nothing were", async () => {
		const folder = await scratchFolder();
		const store = await openSqliteStore({ folder: folder.path, thread: "inline" });
		const { posthaste, send } = await openObserved({ store });
		await send();
		expect((await posthaste.ready()).ready).toBe(true);
		await folder.remove();
		await send();
		expect(await posthaste.ready()).toMatchObject({
			ready: false,
			reasons: [expect.stringMatching(/^store: .*posthaste\.db is gone since Posthaste has opened it/)],
		});
	});

	test("is tried once, however many ask, and leaves nothing behind", async () => {
		const { faults, store } = await openObserved();
		const check = new WriteCheck(faults.store);
		const before = faults.changes.length;
		expect(await Promise.all([check.check(), check.check()])).toEqual([{ ok: true }, { ok: true }]);
		expect(faults.changes.slice(before)).toEqual(["pluginSet", "pluginDelete"]);
		expect(await store.pluginList(":readiness", "")).toEqual([]);
	});
});

test("too much that waits for the disk", async () => {
	const { posthaste, send, faults } = await openObserved({ pendingLimit: 1 });
	const held = faults.holdWrites();
	const sent = [send(), send(), send()];
	await Promise.allSettled([Promise.race([...sent, new Promise((resolve) => setImmediate(resolve))])]);
	const { ready, checks } = await posthaste.ready();
	expect(ready).toBe(false);
	expect(checks.load).toEqual({
		ok: false,
		detail: expect.stringMatching(/^\d+ writes wait for the disk; the limit is 1$/),
	});
	held.release();
	await Promise.allSettled(sent);
	expect((await posthaste.ready()).checks.load).toEqual({ ok: true });
	expect(loadCheck(100, 100)).toEqual({ ok: true });
});

test("closing", async () => {
	const { posthaste } = await openObserved();
	await posthaste.close();
	expect(await posthaste.ready()).toMatchObject({ ready: false, reasons: ["closing: Posthaste is shutting down"] });
});

describe("mechanisms", () => {
	test("one that is down is told and no hindrance; when none is left it is one", async () => {
		const { posthaste } = await openObserved();
		await posthaste.mechanisms.disable("im");
		expect(await posthaste.ready()).toMatchObject({
			ready: true,
			checks: { mechanisms: { ok: true, detail: "not active: im (disabled)" } },
		});
		await posthaste.mechanisms.disable("pager");
		expect(await posthaste.ready()).toMatchObject({
			ready: false,
			reasons: ["mechanisms: none is active: im (disabled), pager (disabled)"],
		});
		await posthaste.mechanisms.enable("im");
		expect((await posthaste.ready()).ready).toBe(true);
	});

	test("ten are named, the rest counted", () => {
		const record = { use: "x", settings: {}, disabled: true, managedBy: { by: "api" }, revision: 1 } as const;
		const records = Array.from({ length: 12 }, (_, index) => ({ ...record, name: `m${index}` }));
		const { ok, detail } = mechanismsCheck(records, () => ({}));
		expect(ok).toBe(false);
		expect(detail).toMatch(/^none is active: m0 \(disabled\), .*m9 \(disabled\) and 2 more$/);
	});
});

describe("the configuration", () => {
	test("nothing defined yet is no hindrance to defining something", async () => {
		const { posthaste } = await openObserved({ configuration: {} });
		expect(await posthaste.ready()).toMatchObject({
			ready: true,
			checks: {
				configuration: { ok: true, detail: "no manager is defined yet, so every message is refused" },
				mechanisms: { ok: true, detail: "no mechanism is defined yet" },
			},
		});
	});

	test("a file that was refused is told until one is applied", () => {
		const state = new ConfigurationState();
		const well = readinessOf({ configuration: { ok: true } });
		expect(state.show(well)).toEqual(well);
		state.refused(0);
		expect(state.show(well)).toMatchObject({
			ready: true,
			checks: { configuration: { ok: true, detail: expect.stringContaining("refused at 1970-01-01T00:00:00.000Z") } },
		});
		state.applied();
		expect(state.show(well)).toEqual(well);
	});
});
