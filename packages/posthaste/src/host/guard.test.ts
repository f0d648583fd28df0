/** What the guard promises of every call, whatever the plugin behind it does. */
import type { Attempt, MechanismInstance, SendResult } from "@posthaste/core";
import { testAttempt, VirtualClock } from "@posthaste/core/testing";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Guard, type GuardOptions, guardDefaults } from "./guard.ts";

const start = Date.UTC(2026, 2, 4, 12);
let clock: VirtualClock;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"] });
	clock = newClock();
});
afterEach(() => {
	vi.useRealTimers();
});

/** The breaker reads the system's clock, so that goes along. */
function newClock(): VirtualClock {
	return new VirtualClock(start, (now) => vi.setSystemTime(now));
}

async function settle(): Promise<void> {
	for (let turn = 0; turn < 3; turn++) {
		await new Promise((resolve) => setImmediate(resolve));
	}
}

const pass = (time: number) => clock.advance(time, settle);

type Send = MechanismInstance["send"];

function guarded(send: Send, options: Partial<GuardOptions> = {}, rest: Partial<MechanismInstance> = {}): Guard {
	return new Guard({ send, close: async () => undefined, ...rest }, clock, { ...guardDefaults, ...options });
}

/** An attempt that has `within` milliseconds from now. */
const attempt = (within = 60_000, changes: Partial<Attempt> = {}): Attempt =>
	testAttempt({ to: "john" }, { deadline: clock.now() + within, ...changes });

/** What a promise came to so far. */
function watch<Result>(promise: Promise<Result>): { result?: Result } {
	const seen: { result?: Result } = {};
	void promise.then((result) => {
		seen.result = result;
	});
	return seen;
}

const never = () => new Promise<never>(() => undefined);

describe("a call's time", () => {
	test("at the attempt's deadline the signal aborts; a second later the outcome is unknown", async () => {
		let signal: AbortSignal | undefined;
		const guard = guarded((_attempt, given) => {
			signal = given;
			return never();
		});
		const call = watch(guard.send(attempt(5000, { id: "m.1.a1" })));
		await pass(4999);
		expect(signal?.aborted).toBe(false);
		expect(guard.load).toBe(1);
		await pass(1);
		expect(signal?.reason).toMatchObject({ name: "TimeoutError" });
		await pass(999);
		expect(call).toEqual({});
		await pass(1);
		expect(call.result).toEqual({ outcome: "unknown", evidence: "no answer within 5000 ms" });
		expect(guard.load).toBe(0);
	});

	test("a deadline far away does not keep a call longer than the limit", async () => {
		const call = watch(guarded(never, { callLimit: 2000 }).send(attempt(3_600_000)));
		await pass(2999);
		expect(call).toEqual({});
		await pass(1);
		expect(call.result).toMatchObject({ outcome: "unknown", evidence: "no answer within 2000 ms" });
	});

	test("what the plugin knows when its signal aborts counts", async () => {
		const guard = guarded(
			(_attempt, signal) =>
				new Promise((resolve) => {
					signal.addEventListener("abort", () => resolve({ outcome: "failed", evidence: "still connecting" }));
				}),
		);
		const call = watch(guard.send(attempt(5000)));
		await pass(5000);
		expect(call.result).toEqual({ outcome: "failed", evidence: "still connecting" });
	});

	test("a plugin that throws what its signal aborted with left the outcome unknown", async () => {
		const guard = guarded(
			(_attempt, signal) =>
				new Promise((_resolve, reject) => {
					signal.addEventListener("abort", () => reject(signal.reason));
				}),
		);
		const call = watch(guard.send(attempt(5000)));
		await pass(5000);
		expect(call.result).toMatchObject({ outcome: "unknown" });
	});

	test.each([
		["an answer", (late: PromiseWithResolvers<SendResult>) => late.resolve({ outcome: "accepted" })],
		["a rejection", (late: PromiseWithResolvers<SendResult>) => late.reject(new Error("too late"))],
	])("%s that comes after the end changes nothing", async (_what, come) => {
		const late = Promise.withResolvers<SendResult>();
		const guard = guarded(() => late.promise);
		const call = watch(guard.send(attempt(5000)));
		await pass(6000);
		come(late);
		await settle();
		expect(call.result).toMatchObject({ outcome: "unknown" });
		expect(guard.load).toBe(0);
		expect(clock.next).toBeUndefined();
	});

	test("an answer in time leaves no timer behind", async () => {
		expect(await guarded(async () => ({ outcome: "accepted" })).send(attempt())).toEqual({ outcome: "accepted" });
		expect(clock.next).toBeUndefined();
	});
});

describe("a plugin that misbehaves", () => {
	const plugins: Readonly<Record<string, Send>> = {
		"throws at once": () => {
			throw new Error("line 5");
		},
		rejects: () => Promise.reject(new Error("line 5")),
		"rejects with no error": () => Promise.reject("line 5"),
		"throws what no text can be made of": () => {
			throw Object.create(null);
		},
		"rejects with what no text can be made of": () => Promise.reject(Object.create(null)),
		"rejects with an error whose message is no text": () =>
			Promise.reject(Object.assign(new Error(), { message: Object.create(null) })),
		"rejects with an error whose message is a number": () => Promise.reject(Object.assign(new Error(), { message: 5 })),
		"answers nothing": async () => undefined as unknown as SendResult,
		"answers no promise": () => undefined as unknown as Promise<SendResult>,
		"answers what cannot be looked at": async () =>
			new Proxy({} as SendResult, {
				get(_target, name) {
					if (name === "outcome") {
						throw new Error("line 5");
					}
					return undefined;
				},
			}),
		"answers an outcome that there is not": async () => ({ outcome: "sent" }) as unknown as SendResult,
	};

	test.each(Object.entries(plugins))(
		"that %s leaves the outcome unknown, and it counts against it",
		async (_how, send) => {
			const guard = guarded(send, { breakAfter: 2 });
			for (let call = 0; call < 2; call++) {
				expect(await guard.send(attempt())).toMatchObject({ outcome: "unknown", evidence: expect.any(String) });
			}
			expect(guard.breaker).toBe("open");
			expect(guard.load).toBe(0);
			expect(clock.next).toBeUndefined();
		},
	);

	test("is taken at its word as far as what it says can be written down and read again", async () => {
		const said = { outcome: "failed", evidence: "451", reference: "r1", retryAfter: 0, level: "read" };
		const answers = (changes: object) => guarded(async () => ({ ...said, ...changes }) as SendResult).send(attempt());
		expect(await answers({})).toEqual(said);
		const strange = { evidence: 10n, reference: {}, level: "seen", type: "cancelled", own: new Map() };
		expect(await answers(strange)).toEqual({ outcome: "failed", retryAfter: 0 });
		for (const retryAfter of [Number.POSITIVE_INFINITY, Number.NaN, -1, "5", 5n, null]) {
			expect(await answers({ retryAfter })).not.toHaveProperty("retryAfter");
		}
	});

	test("evidence never holds the message's body, whatever an error quotes", async () => {
		const body = "The code of the safe is 4711";
		const guard = guarded(async ({ message }) => {
			throw new Error(`550 cannot take <${message.body}>`);
		});
		const result = await guard.send({ ...attempt(), message: { ...attempt().message, body } });
		expect(result.outcome).toBe("unknown");
		expect(result.evidence).not.toContain("4711");
		const other = await guarded(() => Promise.reject(new Error("550 no"))).send(attempt());
		expect(other.evidence).toContain("550 no");
	});
});

describe("the limit of calls at once", () => {
	test("is never passed, and every call gets its turn once", async () => {
		const calls = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 1, maxLength: 15 });
		await fc.assert(
			fc.asyncProperty(fc.integer({ min: 1, max: 4 }), calls, async (concurrency, durations) => {
				clock = newClock();
				let most = 0;
				let now = 0;
				const sent: string[] = [];
				const send: Send = async ({ id }) => {
					sent.push(id);
					now += 1;
					most = Math.max(most, now);
					await new Promise<void>((resolve) => clock.timer(durations[Number(id)] ?? 0, resolve));
					now -= 1;
					return { outcome: "accepted" };
				};
				const guard = guarded(send, { concurrency, patience: 3_600_000 });
				const results = durations.map((_, id) => guard.send(attempt(3_600_000, { id: String(id) })));
				expect(guard.load).toBe(durations.length);
				await pass(100_000);
				expect(await Promise.all(results)).toEqual(durations.map(() => ({ outcome: "accepted" })));
				expect([...sent].sort()).toEqual(durations.map((_, id) => String(id)).sort());
				expect(most).toBe(Math.min(concurrency, durations.length));
			}),
			{ numRuns: 25 },
		);
	});

	test("a call whose time ran out while it waited is not made, and that says nothing against the mechanism", async () => {
		const sent: string[] = [];
		const slow: Send = ({ id }) => {
			sent.push(id);
			return new Promise((resolve) => clock.timer(3000, () => resolve({ outcome: "accepted" })));
		};
		const guard = guarded(slow, { concurrency: 1, breakAfter: 1 });
		const first = watch(guard.send(attempt(60_000, { id: "first" })));
		const second = watch(guard.send(attempt(2000, { id: "second" })));
		await pass(3000);
		expect(first.result).toEqual({ outcome: "accepted" });
		expect(second.result).toEqual({ outcome: "failed", evidence: expect.stringContaining("not sent") });
		expect(sent).toEqual(["first"]);
		expect(guard.breaker).toBe("closed");
	});
});

describe("retracting", () => {
	const about = { id: "m.1.a1", address: { to: "john" } };
	const send: Send = async () => ({ outcome: "accepted" });

	test("answers what the plugin answers, and no where it cannot", async () => {
		expect(await guarded(send, {}, { retract: async () => true }).retract(about)).toBe(true);
		expect(await guarded(send).retract(about)).toBe(false);
	});

	test("anything but a yes is a no", async () => {
		const retract = (async () => 1n) as unknown as NonNullable<MechanismInstance["retract"]>;
		expect(await guarded(send, {}, { retract }).retract(about)).toBe(false);
	});

	test("a plugin that throws has retracted nothing", async () => {
		const throwing = () => {
			throw new Error("no");
		};
		expect(await guarded(send, {}, { retract: throwing }).retract(about)).toBe(false);
		expect(await guarded(send, {}, { retract: () => Promise.reject(new Error("no")) }).retract(about)).toBe(false);
	});

	test("ends after the call limit, and counts as load until then", async () => {
		const guard = guarded(send, { callLimit: 2000 }, { retract: never });
		const call = watch(guard.retract(about));
		await pass(2999);
		expect(guard.load).toBe(1);
		await pass(1);
		expect(call.result).toBe(false);
		expect(guard.load).toBe(0);
	});

	/** Retractions that end when the test says so. */
	function pending() {
		const begun: ((done: boolean) => void)[] = [];
		const retract = () => new Promise<boolean>((resolve) => begun.push(resolve));
		return { begun, retract };
	}

	test("is done for few at once, in order, and the others have their turn afterwards", async () => {
		const { begun, retract } = pending();
		const guard = guarded(send, { concurrency: 8 }, { retract });
		const calls = [1, 2, 3, 4, 5].map(() => watch(guard.retract(about)));
		await settle();
		expect(begun).toHaveLength(2);
		for (let next = 0; next < 5; next++) {
			begun[next]?.(true);
			await settle();
		}
		expect(calls.map(({ result }) => result)).toEqual([true, true, true, true, true]);
		expect(clock.next).toBeUndefined();
	});

	test("that hangs leaves the sends going, and sends that hang leave it going", async () => {
		const hanging = guarded(send, { concurrency: 1 }, { retract: never });
		void hanging.retract(about);
		void hanging.retract(about);
		expect(await hanging.send(attempt())).toEqual({ outcome: "accepted" });
		const stuck = guarded(never, { concurrency: 1 }, { retract: async () => true });
		void stuck.send(attempt());
		expect(await stuck.retract(about)).toBe(true);
	});

	test("for many at once holds nobody without bound: those beyond have retracted nothing, at once", async () => {
		const { begun, retract } = pending();
		const guard = guarded(send, { concurrency: 4, ahead: 10 }, { retract });
		const calls = Array.from({ length: 100 }, () => watch(guard.retract(about)));
		await settle();
		expect(guard.load).toBe(11);
		expect(calls.filter(({ result }) => result === false)).toHaveLength(89);
		expect(begun).toHaveLength(1);
	});

	test("whose turn does not come in time has retracted nothing, and is not made late", async () => {
		const { begun, retract } = pending();
		const guard = guarded(send, { concurrency: 1, callLimit: 2000 }, { retract });
		const first = watch(guard.retract(about));
		const second = watch(guard.retract(about));
		await pass(2000);
		expect([first, second]).toEqual([{}, { result: false }]);
		begun[0]?.(true);
		await pass(2000);
		expect(first.result).toBe(true);
		expect(begun).toHaveLength(1);
		expect(guard.load).toBe(0);
	});

	test("is not tried while the breaker rests the mechanism, also not by those who waited", async () => {
		const { begun, retract } = pending();
		const guard = guarded(async () => ({ outcome: "failed" }), { concurrency: 1, breakAfter: 1 }, { retract });
		const first = watch(guard.retract(about));
		const waiting = watch(guard.retract(about));
		await guard.send(attempt());
		expect(guard.breaker).toBe("open");
		expect(await guard.retract(about)).toBe(false);
		begun[0]?.(true);
		await settle();
		expect([first.result, waiting.result]).toEqual([true, false]);
		await pass(5000);
		void guard.retract(about);
		expect(begun).toHaveLength(2);
	});
});
