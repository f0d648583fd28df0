/** Windows that misbehave or fall silent. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { windowLimit } from "./inbox.ts";
import plugin from "./plugin.ts";
import { frameLimit, replyLimit } from "./protocol.ts";
import { attemptTo, RawWindow, signal, startWorld } from "./test-world.ts";

describe("a window that falls silent", () => {
	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
	});
	afterEach(() => {
		vi.useRealTimers();
	});

	it("counts as gone when it does not answer a ping within the heartbeat", async () => {
		const { host, instance } = await startWorld({ heartbeat: "10s" });
		const window = await RawWindow.open(host);
		await vi.advanceTimersByTimeAsync(10_000);
		await window.next("ping");
		expect(window.socket.closed).toBeUndefined();
		await vi.advanceTimersByTimeAsync(9_999);
		expect(window.socket.closed).toBeUndefined();
		await vi.advanceTimersByTimeAsync(1);
		expect(window.socket.closed?.code).toBe(4000);
		expect(host.presences.map(({ state }) => state)).toEqual(["available", "unavailable"]);
		expect((await instance.send(attemptTo("john", "a1"), signal())).outcome).toBe("unavailable");
	});

	it("stays while it answers", async () => {
		const { host } = await startWorld({ heartbeat: "10s" });
		const window = await RawWindow.open(host);
		for (let round = 0; round < 10; round += 1) {
			await vi.advanceTimersByTimeAsync(10_000);
			await window.next("ping");
			window.say({ type: "pong" });
			await vi.advanceTimersByTimeAsync(0);
		}
		expect(window.socket.closed).toBeUndefined();
	});

	it("is told to go when it never says hello", async () => {
		const { host } = await startWorld({ heartbeat: "10s" });
		const window = new RawWindow(host);
		await vi.advanceTimersByTimeAsync(10_000);
		expect(window.socket.closed?.code).toBe(4001);
		expect(host.presences).toEqual([]);
	});

	it("leaves no timer behind when the mechanism closes", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		const silent = new RawWindow(host);
		expect(vi.getTimerCount()).toBe(2);
		await instance.close();
		expect(vi.getTimerCount()).toBe(0);
		expect([window.socket.closed?.code, silent.socket.closed?.code]).toEqual([1001, 1001]);
	});
});

describe("a window with much to show", () => {
	it("gets it in portions, each after it has read the one before, in order", async () => {
		const { host, instance } = await startWorld({ absent: "keep" });
		const body = "x".repeat(100_000);
		const ids = Array.from({ length: 20 }, (_, number) => `a${number}`);
		for (const id of ids) {
			await instance.send(attemptTo("john", id, { body }), signal());
		}
		const window = await RawWindow.open(host);
		await instance.send(attemptTo("john", "later", { body: "short" }), signal());
		expect(window.frames("message")).toHaveLength(6);
		expect(window.frames("ping")).toHaveLength(1);
		for (let round = 2; round <= 4; round += 1) {
			window.say({ type: "pong" });
			await new Promise((resolve) => setTimeout(resolve));
			expect(window.frames("message")).toHaveLength(Math.min(round * 6, 21));
		}
		expect(window.frames("message").map(({ attempt }) => attempt)).toEqual([...ids, "later"]);
	});
});

describe("frames that do not fit", () => {
	it.each([
		["no JSON", "{", "malformed"],
		["no object", "[1]", "malformed"],
		["no known type", '{"type":"toString"}', "malformed"],
		["a member missing", '{"type":"read"}', "malformed"],
		["a member too many", '{"type":"ping","body":"x"}', "malformed"],
		["a member of another type", '{"type":"read","attempt":7}', "malformed"],
		["an inbox that cannot be", '{"type":"hello","version":1,"inbox":"a/b"}', "malformed"],
		["a second hello", '{"type":"hello","version":1,"inbox":"mary"}', "hello-twice"],
		[
			"a reply too long",
			JSON.stringify({ type: "reply", attempt: "a", body: "x".repeat(replyLimit + 1) }),
			"malformed",
		],
	])("with %s are answered with an error, and the window stays", async (_, text, code) => {
		const { host } = await startWorld();
		const window = await RawWindow.open(host);
		window.socket.send(text);
		expect(await window.next("error")).toMatchObject({ code });
		await window.nothingElse();
	});

	it("end the connection when there are many of them", async () => {
		const { host } = await startWorld();
		const window = await RawWindow.open(host);
		for (let count = 0; count < 20; count += 1) {
			window.socket.send("nonsense");
		}
		await window.socket.ended;
		expect(window.socket.closed?.code).toBe(1008);
	});

	it("end the connection when they are too large", async () => {
		const { host } = await startWorld();
		const window = await RawWindow.open(host);
		window.socket.send(" ".repeat(frameLimit + 1));
		expect(await window.next("error")).toMatchObject({ code: "too-large" });
		await window.socket.ended;
		expect(window.socket.closed?.code).toBe(1009);
	});

	it("are refused before the hello, and a hello of another version ends the connection", async () => {
		const { host } = await startWorld();
		const window = new RawWindow(host);
		window.say({ type: "read", attempt: "a1" });
		expect(await window.next("error")).toMatchObject({ code: "hello-first" });
		window.say({ type: "hello", inbox: "john", version: 2 });
		expect(await window.next("error")).toMatchObject({ code: "version" });
		await window.socket.ended;
		expect(window.socket.closed?.code).toBe(4002);
	});
});

describe("limits", () => {
	it("opens no more than so many windows of one inbox", async () => {
		const { host } = await startWorld();
		for (let count = 0; count < windowLimit; count += 1) {
			await RawWindow.open(host);
		}
		const surplus = new RawWindow(host);
		surplus.say({ type: "hello", inbox: "john", version: 1 });
		await surplus.socket.ended;
		expect(surplus.socket.closed?.code).toBe(1013);
		await RawWindow.open(host, { inbox: "mary" });
	});

	it("lets inboxes leave the memory and finds their messages again", async () => {
		const { host, instance } = await startWorld({ absent: "keep" });
		for (let count = 0; count < 300; count += 1) {
			await instance.send(attemptTo(`inbox-${count}`, `a${count}`), signal());
		}
		expect((await instance.send({ ...attemptTo("inbox-0", "a0"), try: 2 }, signal())).evidence).toBe("kept before");
		const window = await RawWindow.open(host, { inbox: "inbox-1" });
		expect((await window.next("message")).attempt).toBe("a1");
	});

	it("refuses lengths of time that cannot be", async () => {
		await expect(startWorld({ heartbeat: "1ms" })).rejects.toThrow("heartbeat is 1ms");
		await expect(startWorld({ heartbeat: "60d" })).rejects.toThrow("heartbeat is 60d");
		expect(plugin.capabilities.receipts).toBe("acknowledged");
	});
});
