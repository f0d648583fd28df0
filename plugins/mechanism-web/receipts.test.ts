/** Receipts, replies, retraction and presence, frame by frame over connections in memory. */
import { testHost } from "@posthaste/core/testing";
import { describe, expect, it } from "vitest";
import { attemptTo, RawWindow, restart, signal, startWorld, type World } from "./test-world.ts";

/** A world with one window that shows message a1. */
async function showing(world?: World): Promise<World & { window: RawWindow }> {
	const { host, instance } = world ?? (await startWorld());
	const window = await RawWindow.open(host);
	await instance.send(attemptTo("john", "a1"), signal());
	await window.next("message");
	return { host, instance, window };
}

describe("receipts", () => {
	it("reach the host and are confirmed, each level once", async () => {
		const { host, window } = await showing();
		window.say({ type: "received", attempt: "a1" });
		expect(await window.next("confirmed")).toMatchObject({ attempt: "a1", level: "delivered" });
		window.say({ type: "received", attempt: "a1" });
		window.say({ type: "read", attempt: "a1" });
		window.say({ type: "acknowledge", attempt: "a1" });
		expect([await window.next("confirmed"), await window.next("confirmed"), await window.next("confirmed")]).toEqual(
			["delivered", "read", "acknowledged"].map((level) => ({ type: "confirmed", attempt: "a1", level })),
		);
		expect(host.receipts.map(({ attempt, level }) => [attempt, level])).toEqual([
			["a1", "delivered"],
			["a1", "read"],
			["a1", "acknowledged"],
		]);
	});

	it("are confirmed only when the host has them on disk", async () => {
		const base = testHost();
		const onDisk = Promise.withResolvers<void>();
		const host = { ...base, receipt: () => onDisk.promise };
		const { window } = await showing(await startWorld({}, host));
		window.say({ type: "read", attempt: "a1" });
		await window.nothingElse();
		onDisk.resolve();
		expect(await window.next("confirmed")).toMatchObject({ level: "read" });
	});

	it("that the host could not write end the connection, so that the window repeats them", async () => {
		const base = testHost();
		let broken = true;
		const receipt: typeof base.receipt = (given) =>
			broken ? Promise.reject(new Error("disk full")) : base.receipt(given);
		const { host, window } = await showing(await startWorld({}, { ...base, receipt }));
		window.say({ type: "acknowledge", attempt: "a1" });
		await window.socket.ended;
		expect(window.socket.closed?.code).toBe(1011);
		expect(window.frames("confirmed")).toEqual([]);

		broken = false;
		const again = await RawWindow.open(host, { shown: ["a1"] });
		again.say({ type: "acknowledge", attempt: "a1" });
		await again.next("confirmed");
		expect(base.receipts).toMatchObject([{ attempt: "a1", level: "acknowledged" }]);
	});

	it("are taken from a window that showed the message before a restart, and after it expired", async () => {
		const first = await startWorld();
		const window = await RawWindow.open(first.host);
		await first.instance.send(attemptTo("john", "a1", { expiresAt: first.host.now() + 1000 }), signal());
		await window.next("message");
		const second = await restart(first);
		second.host.advance(5000);
		const again = await RawWindow.open(second.host, { shown: ["a1"] });
		again.say({ type: "acknowledge", attempt: "a1" });
		await again.next("confirmed");
		expect(second.host.receipts).toMatchObject([{ attempt: "a1", level: "acknowledged" }]);
	});

	it("of one window are told to the others, and forwarded once", async () => {
		const { host, window } = await showing();
		const other = await RawWindow.open(host);
		await other.next("message");
		window.say({ type: "acknowledge", attempt: "a1" });
		other.say({ type: "acknowledge", attempt: "a1" });
		await window.next("confirmed");
		expect(await other.next("seen")).toMatchObject({ attempt: "a1", level: "acknowledged" });
		await other.next("confirmed");
		expect(host.receipts).toHaveLength(1);
	});

	it("are told to a window that was away meanwhile", async () => {
		const { host, window } = await showing();
		window.say({ type: "read", attempt: "a1" });
		await window.next("confirmed");
		const back = await RawWindow.open(host, { shown: ["a1"] });
		expect(await back.next("seen")).toMatchObject({ attempt: "a1", level: "read" });
	});

	it("for attempts that the inbox does not have change nothing", async () => {
		const { host, window } = await showing();
		const mary = await RawWindow.open(host, { inbox: "mary" });
		mary.say({ type: "acknowledge", attempt: "a1" });
		expect(await mary.next("error")).toMatchObject({ code: "unknown-attempt", attempt: "a1" });
		window.say({ type: "reply", attempt: "a7", body: "hello?" });
		expect(await window.next("error")).toMatchObject({ code: "unknown-attempt", attempt: "a7" });
		expect(host.receipts).toEqual([]);
		expect(host.replies).toEqual([]);
	});
});

describe("replies", () => {
	it("reach the host, once for each identifier, also when repeated after a restart", async () => {
		const first = await showing();
		const reply = { type: "reply", attempt: "a1", body: "On my way", id: "r1" } as const;
		first.window.say(reply);
		first.window.say(reply);
		expect(await first.window.next("replied")).toMatchObject({ attempt: "a1", id: "r1" });
		await first.window.next("replied");
		expect(first.host.replies).toEqual([{ attempt: "a1", body: "On my way" }]);

		const second = await restart(first);
		const window = await RawWindow.open(second.host, { shown: ["a1"] });
		window.say(reply);
		await window.next("replied");
		window.say({ type: "reply", attempt: "a1", body: "There" });
		await window.next("replied");
		expect(second.host.replies).toEqual([{ attempt: "a1", body: "There" }]);
	});
});

describe("retraction", () => {
	it("takes back from windows, open now and later, without claiming that nobody read it", async () => {
		const { host, instance, window } = await showing();
		expect(await instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal())).toBe(false);
		expect((await window.next("retract")).attempt).toBe("a1");
		const back = await RawWindow.open(host, { shown: ["a1"] });
		expect((await back.next("retract")).attempt).toBe("a1");
		await (await RawWindow.open(host, { history: true })).nothingElse();
	});

	it("of a message that no window was handed is certain, and holds after a restart", async () => {
		const first = await startWorld({ absent: "keep" });
		await first.instance.send(attemptTo("john", "a1"), signal());
		expect(await first.instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal())).toBe(true);
		const second = await restart(first, { absent: "keep" });
		await (await RawWindow.open(second.host)).nothingElse();
		expect(JSON.stringify(second.host.stored())).not.toContain("body of a1");
		expect((await second.instance.send({ ...attemptTo("john", "a1"), try: 2 }, signal())).outcome).toBe("rejected");
	});

	it("of a kept message is not certain any more once a window was handed it", async () => {
		const { host, instance } = await startWorld({ absent: "keep" });
		await instance.send(attemptTo("john", "a1"), signal());
		const window = await RawWindow.open(host);
		await window.next("message");
		expect(await instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal())).toBe(false);
		await window.next("retract");
	});

	it("reaches a window that shows a message which expired meanwhile", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		await instance.send(attemptTo("john", "a1", { expiresAt: host.now() + 1000 }), signal());
		await window.next("message");
		host.advance(2000);
		await RawWindow.open(host);
		await instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal());
		expect((await window.next("retract")).attempt).toBe("a1");
		const back = await RawWindow.open(host, { shown: ["a1"] });
		expect((await back.next("retract")).attempt).toBe("a1");
	});

	it("of an unknown message claims nothing", async () => {
		const { instance } = await startWorld();
		expect(await instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal())).toBe(false);
	});
});

describe("presence", () => {
	it("follows the windows and is told to the host when it changes", async () => {
		const { host, instance } = await startWorld();
		const state = async () => (await instance.presence?.({ inbox: "john" }, signal()))?.state;
		expect(await state()).toBe("unavailable");

		const away = await RawWindow.open(host, { state: "away" });
		expect(await state()).toBe("away");
		const here = await RawWindow.open(host);
		expect(await state()).toBe("available");
		here.say({ type: "presence", state: "away" });
		await here.nothingElse();
		expect(await state()).toBe("away");
		away.say({ type: "presence", state: "available" });
		await away.nothingElse();
		away.socket.close();
		here.socket.close();
		await host.until(() => host.presences.length === 6);
		expect(host.presences.map((told) => told.state)).toEqual([
			"away",
			"available",
			"away",
			"available",
			"away",
			"unavailable",
		]);
		expect(host.presences[0]?.address).toEqual({ inbox: "john" });
		expect(await state()).toBe("unavailable");
	});

	it("is as old as the last word of a window", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		const opened = host.now();
		host.advance(5000);
		expect(await instance.presence?.({ inbox: "john" }, signal())).toEqual({ state: "available", at: opened });
		await window.nothingElse();
		expect(await instance.presence?.({ inbox: "john" }, signal())).toEqual({ state: "available", at: opened + 5000 });
	});
});
