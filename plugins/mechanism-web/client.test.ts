/** The browser's client: over connections in memory with a clock of the test's, then over real WebSockets. */
import { type TestHost, testHost } from "@posthaste/core/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { backoff } from "./backoff.ts";
import { InboxClient, type InboxClientOptions, type InboxMessage, socketUrl } from "./client.ts";
import { shownLimit } from "./protocol.ts";
import { attemptTo, FakeNetwork, RealServer, resume, signal, startWorld } from "./test-world.ts";

/** A page that shows what comes and says so. */
function page(options: Partial<InboxClientOptions> & Pick<InboxClientOptions, "url">) {
	const client = new InboxClient({ inbox: "john", leastPause: 10, longestPause: 100, ...options });
	const shown: InboxMessage[] = [];
	client.onMessage((message) => {
		shown.push(message);
		client.received(message.attempt);
	});
	return { client, shown };
}

describe("the client", () => {
	const closing: (() => unknown)[] = [];

	beforeEach(() => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
	});
	afterEach(async () => {
		await Promise.all(closing.splice(0).map((close) => close()));
		expect(vi.getTimerCount()).toBe(0);
		vi.useRealTimers();
	});

	/** Lets everything happen that needs no time to pass. */
	const turn = () => vi.advanceTimersByTimeAsync(0);

	async function opened(options: Partial<InboxClientOptions> = {}, on: TestHost = testHost()) {
		const network = new FakeNetwork();
		const world = await startWorld({}, on);
		network.host = world.host;
		const one = page({ url: "ws://test", WebSocket: network.WebSocket, random: () => 0, ...options });
		closing.push(() => {
			one.client.close();
			// Not awaited: a crashed one has calls of its host's under way for ever.
			void world.instance.close();
		});
		await turn();
		return { network, ...world, ...one };
	}

	it("repeats receipts and replies that the server took and had not confirmed when it crashed", async () => {
		const never = () => new Promise<void>(() => {});
		const first = await opened({}, { ...testHost(), reply: never });
		await first.instance.send(attemptTo("john", "a1"), signal());
		await turn();
		expect(first.client.unconfirmed).toBe(0);
		first.client.reply("a1", "On my way");
		await turn();
		first.network.cut();
		await turn();
		expect(first.client.state).toMatchObject({ state: "waiting", retryIn: 10 });
		first.client.read("a1");
		first.client.acknowledge("a1");
		first.client.received("a1");
		expect(first.client.unconfirmed).toBe(2);

		const settled = first.client.settled();
		const second = await resume(first);
		closing.push(() => second.instance.close());
		first.network.host = second.host;
		await vi.advanceTimersByTimeAsync(10);
		await settled;
		expect(second.host.receipts).toMatchObject([{ attempt: "a1", level: "acknowledged" }]);
		expect(second.host.replies).toEqual([{ attempt: "a1", body: "On my way" }]);
		expect(first.shown.map(({ attempt }) => attempt)).toEqual(["a1"]);
	});

	it("does not show a message again that the server has no receipt for yet", async () => {
		const { network, host, instance, client, shown } = await opened();
		const silent = new InboxClient({ url: "ws://test", inbox: "mary", WebSocket: network.WebSocket, random: () => 0 });
		closing.push(() => silent.close());
		const seen: string[] = [];
		silent.onMessage(({ attempt }) => seen.push(attempt));
		await turn();
		await instance.send(attemptTo("mary", "a1"), signal());
		await turn();
		network.cut();
		await vi.advanceTimersByTimeAsync(1000);
		expect([silent.state.state, client.state.state, seen, shown]).toEqual(["open", "open", ["a1"], []]);
		silent.received("a1");
		await turn();
		expect(host.receipts).toMatchObject([{ attempt: "a1", level: "delivered" }]);
	});

	it("shows nothing again when it has more on the screen than a hello may name", async () => {
		const { network, instance, client } = await opened();
		const silent = new InboxClient({ url: "ws://test", inbox: "mary", WebSocket: network.WebSocket, random: () => 0 });
		closing.push(() => silent.close());
		const seen = new Set<string>();
		let count = 0;
		silent.onMessage(({ attempt }) => {
			seen.add(attempt);
			count += 1;
		});
		await turn();
		for (let number = 0; number < shownLimit + 3; number += 1) {
			await instance.send(attemptTo("mary", `a${number}`), signal());
		}
		await turn();
		network.cut();
		await vi.advanceTimersByTimeAsync(1000);
		await instance.send(attemptTo("mary", "last"), signal());
		await turn();
		expect(client.state.state).toBe("open");
		expect([seen.has("last"), seen.size, count]).toEqual([true, shownLimit + 4, shownLimit + 4]);
	});

	it("gives up receipts of messages that the server has forgotten, and says so", async () => {
		const { client } = await opened();
		const errors: string[] = [];
		client.onError(({ code }) => errors.push(code));
		client.acknowledge("forgotten");
		client.reply("forgotten", "hello?");
		await client.settled();
		await turn();
		expect(errors).toEqual(["unknown-attempt", "unknown-attempt"]);
	});

	it("tells what other windows and the sender did to messages that it shows", async () => {
		const { network, instance, client } = await opened();
		const other = page({ url: "ws://test", WebSocket: network.WebSocket });
		closing.push(() => other.client.close());
		await turn();
		const told: unknown[] = [];
		client.onSeen((seen) => told.push(seen));
		client.onRetract((retracted) => told.push(retracted));
		await instance.send(attemptTo("john", "a1"), signal());
		await turn();
		other.client.acknowledge("a1");
		await turn();
		await instance.retract?.({ id: "a1", address: { inbox: "john" } }, signal());
		await turn();
		expect(told).toEqual([{ attempt: "a1", level: "acknowledged" }, { attempt: "a1" }]);
	});

	it("says its presence, also after connecting again", async () => {
		const { network, host, instance, client } = await opened();
		client.setPresence("away");
		await turn();
		network.cut();
		await vi.advanceTimersByTimeAsync(10);
		expect(host.presences.map(({ state }) => state)).toEqual(["available", "away", "unavailable", "away"]);
		expect(await instance.presence?.({ inbox: "john" }, signal())).toMatchObject({ state: "away" });
	});

	it("connects again when the server falls silent", async () => {
		const { network, host, client } = await opened();
		const states: string[] = [];
		client.onState(({ state }) => states.push(state));
		const send = vi.spyOn(network.WebSocket.prototype, "send");
		// Pings reach the client while the network works, so it is content.
		await vi.advanceTimersByTimeAsync(300_000);
		expect(states).toEqual([]);
		expect(send).toHaveBeenCalledTimes(10);
		network.host = testHost();
		network.host.webSocket("socket", () => {});
		network.silence();
		await vi.advanceTimersByTimeAsync(75_000);
		expect(states).toEqual(["waiting"]);
		// The server that now listens never welcomes anybody: that is silence too.
		await vi.advanceTimersByTimeAsync(10_020);
		expect(states).toEqual(["waiting", "connecting", "waiting", "connecting"]);
		network.host = host;
		await vi.advanceTimersByTimeAsync(20_000);
		expect(states.slice(4)).toEqual(["waiting", "connecting", "open"]);
	});

	it("waits longer after each failure and begins anew after a good connection", async () => {
		const { network, host, client } = await opened({ leastPause: 100, longestPause: 1000, random: () => 0.999_999 });
		const pauses: number[] = [];
		client.onState((state) => state.state === "waiting" && pauses.push(state.retryIn));
		await vi.advanceTimersByTimeAsync(60_000);
		network.host = undefined;
		network.cut();
		await vi.advanceTimersByTimeAsync(4000);
		expect(pauses).toEqual([200, 400, 800, 1000, 1000, 1000]);
		network.host = host;
		await vi.advanceTimersByTimeAsync(60_000);
		network.cut();
		await turn();
		expect(pauses.at(-1)).toBe(200);
	});

	it("stays closed, and lets those who wait for confirmations go", async () => {
		const { network, client } = await opened();
		network.host = undefined;
		network.cut();
		await turn();
		client.acknowledge("a1");
		const settled = client.settled();
		client.close();
		client.close();
		await settled;
		await vi.advanceTimersByTimeAsync(100_000);
		expect(client.state).toEqual({ state: "closed" });
	});

	it("refuses replies that no frame holds", async () => {
		const { client } = await opened();
		expect(() => client.reply("a1", "")).toThrow(RangeError);
		expect(() => client.reply("a1", "x".repeat(16_385))).toThrow(RangeError);
	});
});

describe("over real WebSockets", () => {
	it("a message, its receipts and a reply pass, also when the server is killed in between", async () => {
		const server = await RealServer.listen();
		const first = await startWorld({}, server.host());
		const { client, shown } = page({ url: socketUrl(`http://127.0.0.1:${server.port}`, "web") });
		await vi.waitFor(() => expect(client.state.state).toBe("open"));
		const long = "ü\u0000\ud83d".repeat(60_000);
		expect((await first.instance.send(attemptTo("john", "a1", { body: long }), signal())).outcome).toBe("accepted");
		await first.host.until(() => first.host.receipts.length === 1);
		expect(shown[0]?.body === long).toBe(true);

		const { port } = server;
		await server.kill();
		client.acknowledge("a1");
		client.reply("a1", "x".repeat(16_384));
		const revived = await RealServer.listen(port);
		const second = await startWorld({}, revived.host(testHost({ stored: first.host.stored() })));
		await client.settled();
		expect(second.host.receipts).toMatchObject([{ attempt: "a1", level: "acknowledged" }]);
		expect(second.host.replies[0]?.body).toHaveLength(16_384);
		expect(shown).toHaveLength(1);

		client.close();
		await second.host.until(() => second.host.presences.at(-1)?.state === "unavailable");
		await Promise.all([first.instance.close(), second.instance.close()]);
		await revived.kill();
	});

	it("a message sent while the client connects again is kept and shown", async () => {
		const server = await RealServer.listen();
		const { host, instance } = await startWorld({ absent: "keep" }, server.host());
		await instance.send(attemptTo("john", "a1"), signal());
		const { client, shown } = page({ url: socketUrl(`http://127.0.0.1:${server.port}`, "web") });
		await host.until(() => host.receipts.length === 1);
		server.cut();
		await host.until(() => host.presences.at(-1)?.state === "unavailable");
		await instance.send(attemptTo("john", "a2"), signal());
		await host.until(() => host.receipts.length === 2);
		expect(shown.map(({ attempt }) => attempt)).toEqual(["a1", "a2"]);
		client.close();
		await instance.close();
		await server.kill();
	});
});

describe("details", () => {
	it("a socket's address follows from the program's", () => {
		expect(socketUrl("http://127.0.0.1:7678", "im2")).toBe("ws://127.0.0.1:7678/mechanisms/im2/socket");
		expect(socketUrl("https://example.com/app?x=1", "im2")).toBe("wss://example.com/mechanisms/im2/socket");
	});

	it("a pause lies between its bounds however many failures came before", () => {
		fc.assert(
			fc.property(
				fc.nat(),
				fc.integer({ min: 0, max: 5000 }),
				fc.nat(60_000),
				fc.noShrink(fc.double({ min: 0, max: 0.999, noNaN: true })),
				(failures, least, more, random) => {
					const pause = backoff(failures, { least, most: least + more, random: () => random });
					expect(pause).toBeGreaterThanOrEqual(least);
					expect(pause).toBeLessThanOrEqual(least + more);
				},
			),
		);
	});
});
