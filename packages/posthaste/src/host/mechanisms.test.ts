/** Instances follow the database: what starts, what serves meanwhile, and what is let go when. */
import type { MechanismInstance, SendResult } from "@posthaste/core";
import { beforeEach, describe, expect, test } from "vitest";
import { type Made, openRig, type Rig } from "./test/rig.ts";

let rig: Rig;
beforeEach(() => {
	rig = openRig();
});

const never = () => new Promise<never>(() => undefined);
const settingsOf = (made: readonly Made[]) => made.map((one) => one.settings);

/** Instances made from now on do not come up. */
function refuse(why: string): () => Promise<Partial<MechanismInstance>> {
	return () => Promise.reject(new Error(why));
}

describe("new settings", () => {
	test("start the new instance before the old one is let go, and the old one serves until then", async () => {
		await rig.follow({ line: { n: 1 } });
		const up = Promise.withResolvers<Partial<MechanismInstance>>();
		rig.create = () => up.promise;
		const followed = rig.follow({ line: { n: 2 } });
		await rig.settle();
		expect(settingsOf(rig.made)).toEqual([{ n: 1 }, { n: 2 }]);
		expect(await rig.send()).toEqual({ outcome: "accepted" });
		expect(rig.made.map((one) => one.closed)).toEqual([0, 0]);
		up.resolve({});
		await followed;
		await rig.settle();
		expect(await rig.send()).toEqual({ outcome: "accepted" });
		expect(rig.made.map((one) => [one.sent.length, one.closed])).toEqual([
			[1, 1],
			[1, 0],
		]);
	});

	test("let the old instance end its calls first, and they end as they would have", async () => {
		await rig.follow({ line: { n: 1 } });
		const call = Promise.withResolvers<SendResult>();
		rig.answer = () => call.promise;
		const result = rig.send();
		await rig.follow({ line: { n: 2 } });
		await rig.pass(20_000);
		expect(rig.made[0]?.closed).toBe(0);
		call.resolve({ outcome: "accepted", evidence: "from the old one" });
		expect(await result).toMatchObject({ evidence: "from the old one" });
		await rig.pass(1000);
		expect(rig.made.map((one) => one.closed)).toEqual([1, 0]);
	});

	test("let a retraction under way end first too", async () => {
		const retracted = Promise.withResolvers<boolean>();
		rig.create = async () => ({ retract: () => retracted.promise });
		await rig.follow({ line: { n: 1 } });
		const result = rig.mechanisms.retract("line", { id: "m.1.a1", address: {} });
		await rig.follow({ line: { n: 2 } });
		await rig.pass(5000);
		expect(rig.made[0]?.closed).toBe(0);
		retracted.resolve(true);
		expect(await result).toBe(true);
		await rig.pass(1000);
		expect(rig.made[0]?.closed).toBe(1);
	});

	test("that do not come up leave the old instance serving, say why, and are tried again", async () => {
		await rig.follow({ line: { n: 1 } });
		rig.create = refuse("port 25 is taken");
		await rig.follow({ line: { n: 2 } });
		expect(rig.errors).toEqual(["port 25 is taken"]);
		expect(rig.activity()).toBeUndefined();
		expect(await rig.send()).toEqual({ outcome: "accepted" });
		expect(rig.made.map((one) => [one.sent.length, one.closed])).toEqual([
			[1, 0],
			[0, 0],
		]);

		rig.create = async () => ({});
		await rig.pass(15_000);
		await rig.send();
		expect(rig.made.map((one) => [one.settings, one.sent.length, one.closed])).toEqual([
			[{ n: 1 }, 1, 1],
			[{ n: 2 }, 0, 0],
			[{ n: 2 }, 1, 0],
		]);
	});

	test("that are taken back before they came up are not tried again", async () => {
		await rig.follow({ line: { n: 1 } });
		rig.create = refuse("port 25 is taken");
		await rig.follow({ line: { n: 2 } });
		await rig.follow({ line: { n: 1 } });
		await rig.pass(60_000);
		expect(settingsOf(rig.made)).toEqual([{ n: 1 }, { n: 2 }]);
		expect(rig.made[0]?.closed).toBe(0);
	});

	test("that come while others are being started follow them, and only the last ones count", async () => {
		let starting = 0;
		rig.create = async () => {
			starting += 1;
			expect(starting).toBe(1);
			await new Promise<void>((resolve) => rig.clock.timer(1000, resolve));
			starting -= 1;
			return {};
		};
		for (let n = 1; n <= 5; n++) {
			void rig.follow({ line: { n } });
			await rig.pass(100);
		}
		await rig.pass(10_000);
		expect(settingsOf(rig.made)).toEqual([{ n: 1 }, { n: 5 }]);
		expect(rig.made.map((one) => one.closed)).toEqual([1, 0]);
	});

	test("the operator's switch needs no new instance", async () => {
		await rig.follow({ line: { n: 1 } });
		await rig.follow({ line: { n: 1 } }, true);
		expect(rig.made).toHaveLength(1);
	});

	test("an instance whose calls do not end is let go after a minute all the same", async () => {
		rig = openRig({ callLimit: 3_600_000 });
		await rig.follow({ line: { n: 1 } });
		rig.answer = never;
		void rig.send();
		await rig.follow({ line: { n: 2 } });
		await rig.pass(59_000);
		expect(rig.made[0]?.closed).toBe(0);
		await rig.pass(2000);
		expect(rig.made[0]?.closed).toBe(1);
	});
});

describe("a mechanism that does not come up", () => {
	test("is inactive with the reason, and is tried again at the health interval", async () => {
		rig.create = refuse("no route to host");
		await rig.follow({ line: { n: 1 } });
		expect(rig.activity()).toBe("inactive");
		expect(rig.mechanisms.standing("line")).toMatchObject({
			inactive: { reason: "inactive", detail: "no route to host" },
		});
		expect(await rig.send()).toMatchObject({ outcome: "failed", evidence: "the mechanism is not running" });
		rig.create = async () => ({});
		await rig.pass(14_999);
		expect(rig.activity()).toBe("inactive");
		await rig.pass(1);
		expect(rig.activity()).toBeUndefined();
		expect(rig.mechanisms.standing("line")).toEqual({ breaker: "closed", inFlight: 0 });
	});

	test("does not hold up the others, and one that never answers is given up after thirty seconds", async () => {
		rig.create = ({ settings }) => ((settings as { n: number }).n === 1 ? never() : Promise.resolve({}));
		let followed = false;
		void rig.follow({ line: { n: 1 }, other: { n: 2 } }).then(() => {
			followed = true;
		});
		await rig.settle();
		expect(rig.activity("other")).toBeUndefined();
		await rig.pass(31_000);
		expect(followed).toBe(true);
		expect(rig.mechanisms.standing("line").inactive?.detail).toContain("30000 ms");
	});

	test("an instance that comes up after it was given up is closed", async () => {
		const late = Promise.withResolvers<Partial<MechanismInstance>>();
		rig.create = () => late.promise;
		void rig.follow({ line: { n: 1 } });
		await rig.pass(31_000);
		rig.create = async () => ({});
		await rig.pass(15_000);
		late.resolve({});
		await rig.settle();
		expect(rig.made.map((one) => one.closed)).toEqual([1, 0]);
		expect(rig.activity()).toBeUndefined();
	});

	test("leaves the one before serving and says why, until one comes up", async () => {
		await rig.follow({ line: { n: 1 } });
		rig.create = refuse("no route to host");
		await rig.follow({ line: { n: 2 } });
		expect(rig.activity()).toBeUndefined();
		expect(rig.mechanisms.standing("line").notReplaced).toBe("no route to host");
		rig.create = async () => ({});
		await rig.pass(15_000);
		expect(rig.mechanisms.standing("line")).not.toHaveProperty("notReplaced");
		// The second one never came up, so there is nothing of it to close.
		expect(rig.made.map((one) => one.closed)).toEqual([1, 0, 0]);
	});

	test("is forgotten once it is removed", async () => {
		rig.create = refuse("no route to host");
		await rig.follow({ line: { n: 1 } });
		await rig.follow({});
		expect(rig.mechanisms.standing("line").inactive?.detail).not.toContain("no route to host");
		rig.create = async () => ({});
		await rig.pass(60_000);
		expect(rig.made).toHaveLength(1);
		expect(rig.activity()).toBe("inactive");
	});

	test("is not started again for each of many changes that come meanwhile", async () => {
		rig.create = async () => {
			await new Promise<void>((resolve) => rig.clock.timer(1000, resolve));
			throw new Error("no route to host");
		};
		for (let change = 0; change < 20; change++) {
			void rig.follow({ line: { n: 1 } });
			await rig.settle();
		}
		await rig.pass(10_000);
		expect(rig.made).toHaveLength(2);
	});

	test("and is corrected does not fall back to its earlier settings", async () => {
		rig.create = refuse("no route to host");
		await rig.follow({ line: { n: 1 } });
		rig.create = async () => {
			await new Promise<void>((resolve) => rig.clock.timer(20_000, resolve));
			return {};
		};
		void rig.follow({ line: { n: 2 } });
		// The look at the mechanisms' health comes while the corrected one is being started.
		await rig.pass(120_000);
		expect(settingsOf(rig.made)).toEqual([{ n: 1 }, { n: 2 }]);
		expect(rig.made[1]?.closed).toBe(0);
	});

	test("says so also when what it threw has no words, and does not keep the others from it", async () => {
		rig.create = ({ settings }) =>
			(settings as { n: number }).n === 1 ? Promise.reject(Object.create(null)) : Promise.resolve({});
		await rig.follow({ line: { n: 1 }, other: { n: 2 } });
		expect(rig.mechanisms.standing("line").inactive?.detail).toBe("what was thrown has no words");
		expect(rig.activity("other")).toBeUndefined();
	});

	test("for want of its plugin says so", async () => {
		const { mechanisms } = rig;
		await mechanisms.follow([
			{ name: "fax", use: "fax", settings: {}, disabled: false, managedBy: { by: "api" }, revision: 1 },
		]);
		expect(mechanisms.standing("fax").inactive?.detail).toContain('"fax"');
	});
});

describe("a mechanism that takes long to come up for the first time", () => {
	let up: PromiseWithResolvers<Partial<MechanismInstance>>;
	let followed: boolean;
	beforeEach(() => {
		up = Promise.withResolvers();
		followed = false;
		rig.create = () => up.promise;
		void rig.follow({ line: { n: 1 } }).then(() => {
			followed = true;
		});
	});

	test("is waited for three seconds", async () => {
		await rig.pass(2999);
		expect(followed).toBe(false);
		await rig.pass(1);
		expect(followed).toBe(true);
		up.resolve({});
		await rig.settle();
		expect(await rig.send()).toEqual({ outcome: "accepted" });
	});

	test("is not passed over meanwhile: what it is handed was not sent, and can be tried again", async () => {
		await rig.settle();
		expect(rig.activity()).toBeUndefined();
		expect(rig.mechanisms.standing("line").inactive).toEqual({
			reason: "inactive",
			detail: "it is being started",
		});
		expect(await rig.send()).toEqual({ outcome: "failed", evidence: "not sent: the mechanism is being started" });
	});

	test("is inactive as soon as it is known that it does not, also while it is started again", async () => {
		await rig.pass(5000);
		up.reject(new Error("no route to host"));
		await rig.settle();
		expect(rig.activity()).toBe("inactive");
		rig.create = never;
		await rig.pass(10_000);
		expect(rig.made).toHaveLength(2);
		expect(rig.activity()).toBe("inactive");
		expect(await rig.send()).toMatchObject({ evidence: "the mechanism is not running" });
	});

	test("keeps nobody from closing, and is closed when it comes up after all", async () => {
		await rig.settle();
		let closed = false;
		void rig.mechanisms.close().then(() => {
			closed = true;
		});
		await rig.pass(10_000);
		expect(closed).toBe(true);
		up.resolve({});
		await rig.settle();
		expect(rig.made.map((one) => one.closed)).toEqual([1]);
	});
});

describe("a mechanism that is removed", () => {
	test("takes nothing more, ends its calls, and is closed once", async () => {
		await rig.follow({ line: { n: 1 } });
		const call = Promise.withResolvers<SendResult>();
		rig.answer = () => call.promise;
		const result = rig.send();
		await rig.follow({});
		expect(rig.activity()).toBe("inactive");
		expect(await rig.send()).toEqual({ outcome: "failed", evidence: "the mechanism is not running" });
		expect(rig.made[0]?.closed).toBe(0);
		call.resolve({ outcome: "accepted" });
		expect(await result).toEqual({ outcome: "accepted" });
		await rig.pass(60_000);
		expect(rig.made.map((one) => one.closed)).toEqual([1]);
	});
});

describe("closing", () => {
	test("closes every instance once, those being replaced included, and leaves no timer", async () => {
		await rig.follow({ line: { n: 1 }, other: { n: 3 } });
		rig.answer = never;
		void rig.send();
		await rig.follow({ line: { n: 2 }, other: { n: 3 } });
		await rig.settle();
		await rig.mechanisms.close();
		expect(rig.made.map((one) => one.closed)).toEqual([1, 1, 1]);
		await rig.pass(120_000);
		expect(rig.made.map((one) => one.closed)).toEqual([1, 1, 1]);
		expect(rig.clock.next).toBeUndefined();
	});

	test("closes an instance that is being started, and starts nothing any more", async () => {
		const up = Promise.withResolvers<Partial<MechanismInstance>>();
		rig.create = () => up.promise;
		void rig.follow({ line: { n: 1 } });
		await rig.settle();
		const closed = rig.mechanisms.close();
		void rig.follow({ line: { n: 2 } });
		up.resolve({});
		await closed;
		await rig.mechanisms.checkHealth();
		expect(rig.made.map((one) => one.closed)).toEqual([1]);
	});

	test.each<[string, () => Promise<void>]>([
		[
			"throws",
			() => {
				throw new Error("stuck");
			},
		],
		["rejects", () => Promise.reject(new Error("stuck"))],
		["rejects with what has no words", () => Promise.reject(Object.create(null))],
		["never ends", never],
	])("an instance whose close %s keeps nobody from closing", async (_how, close) => {
		rig.create = async ({ settings }) => ((settings as { n: number }).n === 1 ? { close } : {});
		await rig.follow({ line: { n: 1 }, other: { n: 2 } });
		let closed = false;
		void rig.mechanisms.close().then(() => {
			closed = true;
		});
		await rig.pass(11_000);
		expect(closed).toBe(true);
		expect(rig.made[1]?.closed).toBe(1);
		expect(rig.errors).toHaveLength(1);
	});

	test("an old instance that does not close cleanly is reported, and the new one serves", async () => {
		rig.create = async ({ settings }) => ({
			...((settings as { n: number }).n === 1 && {
				close: () => {
					throw new Error("stuck");
				},
			}),
		});
		await rig.follow({ line: { n: 1 } });
		await rig.follow({ line: { n: 2 } });
		await rig.settle();
		expect(rig.errors).toEqual(["stuck"]);
		expect(await rig.send()).toEqual({ outcome: "accepted" });
	});
});
