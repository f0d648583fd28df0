/** What instances say about themselves, about people being there, and which paths they serve. */
import type { Health, HostSocket, Presence } from "@posthaste/core";
import { beforeEach, describe, expect, test } from "vitest";
import { noon, openRig, type Rig } from "./test/rig.ts";

let rig: Rig;
beforeEach(() => {
	rig = openRig();
});

const never = () => new Promise<never>(() => undefined);

describe("health", () => {
	test("that an instance reports makes it inactive with the detail, and active again", async () => {
		await rig.follow({ line: {} });
		const { host } = rig.made[0] ?? expect.fail("no instance");
		host.health({ healthy: false, detail: "the server hung up" });
		expect(rig.activity()).toBe("inactive");
		expect(rig.mechanisms.standing("line").inactive).toEqual({ reason: "inactive", detail: "the server hung up" });
		host.health({ healthy: true });
		expect(rig.activity()).toBeUndefined();
		expect(rig.mechanisms.standing("line").inactive).toBeUndefined();
	});

	test("that an instance reports before it is up counts", async () => {
		rig.create = async ({ host }) => {
			host.health({ healthy: false, detail: "connecting" });
			return {};
		};
		await rig.follow({ line: {} });
		expect(rig.mechanisms.standing("line").inactive).toEqual({ reason: "inactive", detail: "connecting" });
	});

	test("that an instance being replaced reports says nothing about the new one", async () => {
		await rig.follow({ line: { n: 1 } });
		await rig.follow({ line: { n: 2 } });
		rig.made[0]?.host.health({ healthy: false });
		expect(rig.activity()).toBeUndefined();
	});

	test("is asked when an instance starts and every fifteen seconds", async () => {
		let health: Health = { healthy: false, detail: "no server yet" };
		rig.create = async () => ({ health: async () => health });
		await rig.follow({ line: {} });
		expect(rig.mechanisms.standing("line").inactive?.detail).toBe("no server yet");
		health = { healthy: true };
		await rig.pass(15_000);
		expect(rig.activity()).toBeUndefined();
		health = { healthy: false };
		await rig.pass(14_999);
		expect(rig.activity()).toBeUndefined();
		await rig.pass(1);
		expect(rig.activity()).toBe("inactive");
	});

	test.each<[string, () => Promise<Health>, string]>([
		[
			"throws",
			() => {
				throw new Error("line 5");
			},
			"line 5",
		],
		["rejects", () => Promise.reject(new Error("line 5")), "line 5"],
		["rejects with what no text can be made of", () => Promise.reject(Object.create(null)), "no words"],
		["says nothing", async () => undefined as unknown as Health, "did not say"],
	])("asked of a plugin that %s is no health", async (_how, health, detail) => {
		rig.create = async () => ({ health });
		await rig.follow({ line: {} });
		expect(rig.mechanisms.standing("line").inactive?.detail).toContain(detail);
	});

	test("that one instance never tells keeps nobody from asking the others, again and again", async () => {
		let asked = 0;
		rig.create = async ({ settings }) => ({
			health: () => {
				asked += (settings as { n: number }).n;
				return (settings as { n: number }).n === 0 ? never() : Promise.resolve({ healthy: true });
			},
		});
		void rig.follow({ line: { n: 0 }, other: { n: 1 } });
		await rig.pass(11_000);
		expect(rig.mechanisms.standing("line").inactive?.detail).toContain("10000 ms");
		const before = asked;
		await rig.pass(60_000);
		expect(asked).toBeGreaterThanOrEqual(before + 2);
		expect(rig.activity("other")).toBeUndefined();
	});

	test("is waited for a second when an instance starts, and the mechanism counts as well until it is known", async () => {
		const health = Promise.withResolvers<Health>();
		rig.create = async () => ({ health: () => health.promise });
		let followed = false;
		void rig.follow({ line: {} }).then(() => {
			followed = true;
		});
		await rig.pass(999);
		expect(followed).toBe(false);
		await rig.pass(1);
		expect(followed).toBe(true);
		expect(rig.activity()).toBeUndefined();
		expect(await rig.send()).toEqual({ outcome: "accepted" });
		health.resolve({ healthy: false, detail: "no server yet" });
		await rig.settle();
		expect(rig.mechanisms.standing("line").inactive).toEqual({ reason: "inactive", detail: "no server yet" });
	});

	test("that one instance tells slowly does not stretch the time after which the others are asked", async () => {
		const asked: number[] = [];
		rig.create = async ({ settings }) => ({
			health: () => {
				if ((settings as { n: number }).n === 0) {
					return never();
				}
				asked.push(rig.clock.now() - noon);
				return Promise.resolve({ healthy: true });
			},
		});
		void rig.follow({ line: { n: 0 }, other: { n: 1 } });
		await rig.pass(60_000);
		expect(asked).toEqual([0, 15_000, 30_000, 45_000, 60_000]);
	});

	test("is asked at the usual time although another mechanism hangs while it is being started again", async () => {
		let asked = 0;
		rig.create = async ({ settings }) => {
			if ((settings as { n: number }).n === 0) {
				return rig.made.length > 2 ? never() : Promise.reject(new Error("no route to host"));
			}
			return {
				health: async () => {
					asked += 1;
					return { healthy: true };
				},
			};
		};
		await rig.follow({ line: { n: 0 }, other: { n: 1 } });
		await rig.pass(60_000);
		expect(asked).toBe(5);
		// It hangs from the first look on until it is given up, and again from the next look on.
		expect(rig.made).toHaveLength(4);
	});

	test("is never asked of an instance that has not answered yet", async () => {
		rig = openRig({}, 1000);
		let asking = 0;
		let most = 0;
		rig.create = async () => ({
			health: async () => {
				asking += 1;
				most = Math.max(most, asking);
				await new Promise<void>((resolve) => rig.clock.timer(3500, resolve));
				asking -= 1;
				return { healthy: true };
			},
		});
		void rig.follow({ line: {} });
		await rig.pass(20_000);
		expect(most).toBe(1);
	});

	test("asked for by somebody is not the answer to an earlier question, which may be out of date", async () => {
		const answers: ((health: Health) => void)[] = [];
		rig.create = async () => ({ health: () => new Promise((resolve) => answers.push(resolve)) });
		void rig.follow({ line: {} });
		await rig.settle();
		answers[0]?.({ healthy: true });
		await rig.pass(15_000);
		const checked = rig.mechanisms.checkHealth();
		answers[1]?.({ healthy: true });
		await rig.settle();
		expect(rig.activity()).toBeUndefined();
		answers[2]?.({ healthy: false });
		await checked;
		expect(rig.activity()).toBe("inactive");
		expect(answers).toHaveLength(3);
	});

	test("of an instance that was let go is not asked", async () => {
		const asked: unknown[] = [];
		rig.create = async ({ settings }) => ({
			health: async () => {
				asked.push(settings);
				return { healthy: true };
			},
		});
		await rig.follow({ line: { n: 1 } });
		await rig.follow({ line: { n: 2 } });
		asked.length = 0;
		await rig.mechanisms.checkHealth();
		expect(asked).toEqual([{ n: 2 }]);
	});
});

describe("presence", () => {
	const john = { to: "john" };
	const absent = (address: object = john) => rig.mechanisms.absent("line", address, rig.clock.now());

	test("says that somebody is absent for sixty seconds, and nothing afterwards", async () => {
		await rig.follow({ line: {} });
		expect(absent()).toBe(false);
		rig.made[0]?.host.presence({ address: john, state: "unavailable" });
		expect(absent()).toBe(true);
		expect(absent({ to: "ann" })).toBe(false);
		await rig.pass(60_000);
		expect(absent()).toBe(true);
		await rig.pass(1);
		expect(absent()).toBe(false);
	});

	test.each(["available", "away", "unknown"] as const)(
		"%s is no absence, and takes back an earlier one",
		async (state) => {
			await rig.follow({ line: {} });
			rig.made[0]?.host.presence({ address: john, state: "unavailable" });
			rig.made[0]?.host.presence({ address: john, state });
			expect(absent()).toBe(false);
		},
	);

	test("is what the instance answers now, or else what it last said", async () => {
		let asked: () => Promise<Presence> = async () => ({ state: "away", at: noon + 1 });
		rig.create = async () => ({ presence: () => asked() });
		await rig.follow({ line: {} });
		rig.made[0]?.host.presence({ address: john, state: "available" });
		expect(await rig.mechanisms.presence("line", john)).toEqual({ state: "away", at: noon + 1 });
		const said = { state: "available", at: noon };
		asked = () => Promise.reject(new Error("line 5"));
		expect(await rig.mechanisms.presence("line", john)).toEqual(said);
		asked = () => {
			throw new Error("line 5");
		};
		expect(await rig.mechanisms.presence("line", john)).toEqual(said);
		asked = never;
		const slow = rig.mechanisms.presence("line", john);
		await rig.pass(11_000);
		expect(await slow).toEqual(said);
		expect(await rig.mechanisms.presence("nothing", john)).toBeUndefined();
	});
});

describe("WebSocket paths", () => {
	const socket: HostSocket = { send() {}, close() {}, onMessage() {}, onClose() {} };
	/** Who took a connection. */
	let taken: unknown[];
	const connect = (path: string) =>
		rig.webSockets.handle("line", path, socket, new URL(`http://127.0.0.1/mechanisms/line/${path}`));

	beforeEach(() => {
		taken = [];
		rig.create = async ({ host, settings }) => {
			const { path, fails } = settings as { path: string; fails?: boolean };
			host.webSocket(path, (_socket, { url }) => taken.push([settings, url.pathname]));
			if (fails === true) {
				throw new Error("no");
			}
			return {};
		};
	});

	test("lead to the mechanism that serves them, with or without a slash before, and nowhere else", async () => {
		await rig.follow({ line: { path: "/inbox" } });
		expect(connect("inbox")).toBe(true);
		expect(taken).toEqual([[{ path: "/inbox" }, "/mechanisms/line/inbox"]]);
		expect(connect("outbox")).toBe(false);
		expect(rig.webSockets.handle("other", "inbox", socket, new URL("http://127.0.0.1/"))).toBe(false);
	});

	test("lead to the new instance after a change, and those that only the old one served are gone", async () => {
		await rig.follow({ line: { path: "inbox", n: 1 } });
		await rig.follow({ line: { path: "inbox", n: 2 } });
		connect("inbox");
		expect(taken).toMatchObject([[{ n: 2 }, expect.anything()]]);
		await rig.follow({ line: { path: "elsewhere" } });
		expect(connect("inbox")).toBe(false);
	});

	test("stay with the old instance when the new one does not come up", async () => {
		await rig.follow({ line: { path: "inbox" } });
		await rig.follow({ line: { path: "inbox", fails: true } });
		connect("inbox");
		expect(taken).toMatchObject([[{ path: "inbox" }, expect.anything()]]);
		expect(taken).not.toMatchObject([[{ fails: true }, expect.anything()]]);
	});

	test("go with the mechanism", async () => {
		await rig.follow({ line: { path: "inbox" } });
		await rig.follow({});
		expect(connect("inbox")).toBe(false);
	});
});
