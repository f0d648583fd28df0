/** What senders and windows can rely on, told frame by frame over connections in memory. */
import { type MechanismWorld, mechanismConformance, testHost } from "@posthaste/core/testing";
import { describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import { attemptTo, RawWindow, restart, signal, startWorld } from "./test-world.ts";

const world: MechanismWorld = {
	reachable: async () => ({
		settings: { heartbeat: "1s" },
		address: { inbox: "john" },
		ready: async (host) => {
			await RawWindow.open(host);
		},
	}),
	stop: async () => undefined,
};

mechanismConformance(plugin, world);

describe("sending to an open window", () => {
	it("hands the message over and answers accepted, with what the window needs to show it", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		const expiresAt = host.now() + 60_000;
		const sent = attemptTo("john", "a1", { subject: "Pump", format: "markdown", priority: "urgent", expiresAt });

		expect(await instance.send(sent, signal())).toEqual({ outcome: "accepted", evidence: "window connected" });
		expect(await window.next("message")).toEqual({
			type: "message",
			attempt: "a1",
			id: sent.message.id,
			from: "operations",
			subject: "Pump",
			body: "body of a1",
			format: "markdown",
			priority: "urgent",
			sentAt: new Date(sent.message.acceptedAt).toISOString(),
			expiresAt: new Date(expiresAt).toISOString(),
		});
	});

	it("keeps the message on disk before a window has it", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		const storedWhenShown = new Promise((resolve) => window.socket.onMessage(() => resolve(host.stored())));
		await instance.send(attemptTo("john", "a1"), signal());
		expect(await storedWhenShown).toHaveProperty("john/a1");
	});

	it("reaches every window of the inbox and no window of another", async () => {
		const { host, instance } = await startWorld();
		const [one, two, mary] = [
			await RawWindow.open(host),
			await RawWindow.open(host),
			await RawWindow.open(host, { inbox: "mary" }),
		];
		const { evidence } = await instance.send(attemptTo("john", "a1"), signal());
		expect(evidence).toBe("2 windows connected");
		expect((await one.next("message")).attempt).toBe("a1");
		expect((await two.next("message")).attempt).toBe("a1");
		await mary.nothingElse();
	});

	it("shows a resend once, also after a restart, and says how far it came", async () => {
		const first = await startWorld();
		const window = await RawWindow.open(first.host);
		await first.instance.send(attemptTo("john", "a1"), signal());
		await window.next("message");
		expect(await first.instance.send({ ...attemptTo("john", "a1"), try: 2 }, signal())).toMatchObject({
			outcome: "accepted",
		});
		window.say({ type: "read", attempt: "a1" });
		await window.next("confirmed");

		const second = await restart(first);
		const later = await RawWindow.open(second.host);
		expect(await second.instance.send({ ...attemptTo("john", "a1"), try: 3 }, signal())).toEqual({
			outcome: "accepted",
			evidence: "shown before",
			level: "read",
		});
		await later.nothingElse();
	});

	it("rejects what has expired and does not begin after the deadline", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		const expired = attemptTo("john", "a1", { expiresAt: host.now() });
		expect((await instance.send(expired, signal())).outcome).toBe("rejected");
		expect((await instance.send(attemptTo("john", "a2"), AbortSignal.abort())).outcome).toBe("failed");
		expect(host.stored()).toEqual({});
		await window.nothingElse();
	});

	it("does not know what came of a message that the disk refused", async () => {
		const host = testHost();
		const broken = { ...host, storage: { ...host.storage, set: () => Promise.reject(new Error("disk full")) } };
		const { instance } = await startWorld({}, broken);
		const window = await RawWindow.open(host);
		await expect(instance.send(attemptTo("john", "a1"), signal())).rejects.toThrow("disk full");
		await window.nothingElse();
	});
});

describe("sending while nobody is there", () => {
	it("answers unavailable and keeps nothing, unless told to keep", async () => {
		const { host, instance } = await startWorld();
		expect(await instance.send(attemptTo("john", "a1"), signal())).toEqual({
			outcome: "unavailable",
			evidence: "no window connected",
		});
		expect(host.stored()).toEqual({});
		await (await RawWindow.open(host)).nothingElse();
	});

	it("keeps a message whose last window leaves while it is put on disk", async () => {
		const host = testHost();
		let leave = () => {};
		const set = async (key: string, value: unknown) => {
			leave();
			await host.storage.set(key, value);
		};
		const { instance } = await startWorld({}, { ...host, storage: { ...host.storage, set } });
		const window = await RawWindow.open(host);
		leave = () => window.socket.close();
		expect(await instance.send(attemptTo("john", "a1"), signal())).toEqual({
			outcome: "accepted",
			evidence: "no window connected; kept until one is",
		});
		const next = await RawWindow.open(host);
		expect((await next.next("message")).attempt).toBe("a1");
	});

	it("with keep, accepts and shows in order to the next window, also of the next run", async () => {
		const first = await startWorld({ absent: "keep" });
		for (const id of ["a9", "a2", "a5"]) {
			expect((await first.instance.send(attemptTo("john", id), signal())).outcome).toBe("accepted");
		}
		const second = await restart(first, { absent: "keep" });
		const window = await RawWindow.open(second.host);
		expect([await window.next("message"), await window.next("message"), await window.next("message")]).toMatchObject([
			{ attempt: "a9" },
			{ attempt: "a2" },
			{ attempt: "a5" },
		]);
	});

	it("drops what expired or was kept too long, and shows the rest", async () => {
		const { host, instance } = await startWorld({ absent: "keep", keepFor: "1h" });
		await instance.send(attemptTo("john", "old"), signal());
		host.advance(3_000_000);
		await instance.send(attemptTo("john", "expires", { expiresAt: host.now() + 1000 }), signal());
		await instance.send(attemptTo("john", "stays"), signal());
		host.advance(1_000_000);
		const window = await RawWindow.open(host);
		expect((await window.next("message")).attempt).toBe("stays");
		await window.nothingElse();
	});

	it("keeps no more than the limit, and has room again once messages were shown", async () => {
		const { host, instance } = await startWorld({ absent: "keep", maxKept: 2 });
		const outcomes = [];
		for (const id of ["a1", "a2", "a3"]) {
			outcomes.push((await instance.send(attemptTo("john", id), signal())).outcome);
		}
		expect(outcomes).toEqual(["accepted", "accepted", "unavailable"]);
		const window = await RawWindow.open(host);
		await window.next("message");
		window.say({ type: "received", attempt: "a1" });
		await window.next("message");
		await window.next("confirmed");
		expect((await instance.send(attemptTo("john", "a3"), signal())).outcome).toBe("accepted");
	});

	it("forgets shown messages beyond the limit, oldest first", async () => {
		const { host, instance } = await startWorld({ maxKept: 2 });
		const window = await RawWindow.open(host);
		for (const id of ["a1", "a2", "a3", "a4"]) {
			await instance.send(attemptTo("john", id), signal());
			await window.next("message");
			window.say({ type: "received", attempt: id });
			await window.next("confirmed");
		}
		await instance.send(attemptTo("john", "a5"), signal());
		expect(Object.keys(host.stored())).toEqual(["john/a3", "john/a4", "john/a5"]);
	});
});

describe("a message until it is shown", () => {
	it("is shown again to the next window when no window confirmed it, in this run and the next", async () => {
		const first = await startWorld();
		const lost = await RawWindow.open(first.host);
		await first.instance.send(attemptTo("john", "a1"), signal());
		await lost.next("message");
		lost.socket.close();

		const again = await RawWindow.open(first.host);
		expect((await again.next("message")).attempt).toBe("a1");

		const second = await restart(first);
		const third = await RawWindow.open(second.host);
		expect((await third.next("message")).attempt).toBe("a1");
		third.say({ type: "received", attempt: "a1" });
		await third.next("confirmed");

		const fourth = await RawWindow.open(second.host);
		await fourth.nothingElse();
	});

	it("is not sent again to a window that says it shows it", async () => {
		const { host, instance } = await startWorld({ absent: "keep" });
		await instance.send(attemptTo("john", "a1"), signal());
		await instance.send(attemptTo("john", "a2"), signal());
		const window = await RawWindow.open(host, { shown: ["a1", "never-heard-of"] });
		expect((await window.next("message")).attempt).toBe("a2");
		await window.nothingElse();
	});

	it("comes as history to a page that asks, until it is acknowledged", async () => {
		const { host, instance } = await startWorld();
		const window = await RawWindow.open(host);
		for (const id of ["a1", "a2"]) {
			await instance.send(attemptTo("john", id), signal());
			await window.next("message");
			window.say({ type: "read", attempt: id });
			await window.next("confirmed");
		}
		window.say({ type: "acknowledge", attempt: "a1" });
		await window.next("confirmed");
		const loadedAgain = await RawWindow.open(host, { history: true });
		expect(await loadedAgain.next("message")).toMatchObject({ attempt: "a2", body: "body of a2", level: "read" });
		await loadedAgain.nothingElse();
		expect(JSON.stringify(host.stored())).not.toContain("body of a1");
	});

	it("kept by an instance with other settings reaches the window that opens on its successor", async () => {
		const old = await startWorld();
		const window = await RawWindow.open(old.host);
		const successor = await startWorld({}, { ...testHost(), storage: old.host.storage });
		await successor.instance.send(attemptTo("john", "to-nobody"), signal());
		await old.instance.send(attemptTo("john", "a1"), signal());
		await window.next("message");
		await old.instance.close();
		const reopened = await RawWindow.open(successor.host);
		expect((await reopened.next("message")).attempt).toBe("a1");
	});
});
