/** When a mechanism is rested, for how long, and what brings it back. */
import type { Attempt, Outcome, SendResult } from "@posthaste/core";
import { testAttempt, VirtualClock } from "@posthaste/core/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Guard, guardDefaults } from "./guard.ts";

let clock: VirtualClock;
let answer: () => SendResult | Promise<SendResult>;
let sent: Attempt[];
let guard: Guard;

beforeEach(() => {
	vi.useFakeTimers({ toFake: ["Date"] });
	clock = new VirtualClock(Date.UTC(2026, 2, 4, 12), (now) => vi.setSystemTime(now));
	sent = [];
	const send = async (given: Attempt) => {
		sent.push(given);
		return answer();
	};
	guard = new Guard({ send, close: async () => undefined }, clock, guardDefaults);
});
afterEach(() => {
	vi.useRealTimers();
});

async function settle(): Promise<void> {
	for (let turn = 0; turn < 3; turn++) {
		await new Promise((resolve) => setImmediate(resolve));
	}
}

const pass = (time: number) => clock.advance(time, settle);
const call = (within = 600_000) => guard.send(testAttempt({ to: "john" }, { deadline: clock.now() + within }));

async function calls(outcome: Outcome, times: number): Promise<void> {
	answer = () => ({ outcome });
	for (let time = 0; time < times; time++) {
		await call();
	}
}

/** How long the breaker keeps saying that it is open, from now on, in seconds. */
async function restInSeconds(): Promise<number> {
	let seconds = 0;
	while (guard.isOpen(clock.now()) && seconds < 1000) {
		await pass(1000);
		seconds += 1;
	}
	return seconds;
}

describe("opening", () => {
	test.each(["failed", "unknown"] as const)("five calls in a row that are %s open it; four do not", async (outcome) => {
		await calls(outcome, 4);
		expect(guard.breaker).toBe("closed");
		await calls(outcome, 1);
		expect(guard.breaker).toBe("open");
	});

	test.each(["accepted", "rejected", "unavailable"] as const)(
		"%s never counts against it, and ends a row",
		async (outcome) => {
			await calls(outcome, 20);
			await calls("failed", 4);
			await calls(outcome, 1);
			await calls("failed", 4);
			expect(guard.breaker).toBe("closed");
			expect(guard.isOpen(clock.now())).toBe(false);
		},
	);

	test("while it is open nothing reaches the plugin, and calls fail at once", async () => {
		await calls("failed", 5);
		expect(await call()).toEqual({ outcome: "failed", evidence: "the circuit breaker is open" });
		expect(sent).toHaveLength(5);
	});

	test("it says that it is open until the moment its rest is over, and lets a call through then", async () => {
		await calls("failed", 5);
		await pass(4999);
		expect(guard.isOpen(clock.now())).toBe(true);
		expect(await call()).toMatchObject({ evidence: "the circuit breaker is open" });
		await pass(1);
		expect(guard.isOpen(clock.now())).toBe(false);
		await calls("accepted", 1);
		expect(sent).toHaveLength(6);
	});
});

describe("the trial after a rest", () => {
	test.each(["accepted", "rejected", "unavailable"] as const)("that is %s closes it", async (outcome) => {
		await calls("failed", 5);
		await pass(5000);
		await calls(outcome, 1);
		expect(guard.breaker).toBe("closed");
		await calls("failed", 4);
		expect(guard.breaker).toBe("closed");
	});

	test("that fails rests it twice as long each time, up to a minute; once well, it begins at five seconds again", async () => {
		await calls("failed", 5);
		const rests: number[] = [];
		for (let trial = 0; trial < 6; trial++) {
			rests.push(await restInSeconds());
			await calls("unknown", 1);
		}
		expect(rests).toEqual([5, 10, 20, 40, 60, 60]);
		await restInSeconds();
		await calls("accepted", 1);
		await calls("failed", 5);
		expect(await restInSeconds()).toBe(5);
	});

	test.each([
		["accepted", 7, "accepted"],
		["failed", 6, "failed"],
	] as const)(
		"is a single call: others wait for it, and it being %s decides about them",
		async (outcome, made, other) => {
			await calls("failed", 5);
			await pass(5000);
			const trial = Promise.withResolvers<SendResult>();
			answer = () => trial.promise;
			const both = [call(), call()];
			await settle();
			expect(guard.breaker).toBe("half-open");
			expect(sent).toHaveLength(6);
			trial.resolve({ outcome });
			const results = await Promise.all(both);
			expect(results.map((result) => result.outcome)).toEqual([outcome, other]);
			expect(sent).toHaveLength(made);
		},
	);

	test("is not an attempt whose time was over before: that is not made and decides nothing", async () => {
		await calls("failed", 5);
		await pass(5000);
		expect(await call(0)).toMatchObject({ outcome: "failed", evidence: expect.stringContaining("not sent") });
		expect(guard.breaker).toBe("open");
		expect(guard.isOpen(clock.now())).toBe(false);
		await calls("accepted", 1);
		expect(guard.breaker).toBe("closed");
	});

	test("counts nothing against it that was too late once the trial had ended", async () => {
		const send = async (given: Attempt) => {
			sent.push(given);
			return answer();
		};
		guard = new Guard({ send, close: async () => undefined }, clock, { ...guardDefaults, breakAfter: 1 });
		await calls("failed", 1);
		await pass(5000);
		answer = () => new Promise((resolve) => clock.timer(3000, () => resolve({ outcome: "accepted" })));
		const both = [call(), call(2000)];
		await pass(3000);
		expect(await Promise.all(both)).toMatchObject([
			{ outcome: "accepted" },
			{ outcome: "failed", evidence: expect.stringContaining("not sent") },
		]);
		expect(sent).toHaveLength(2);
		expect(guard.breaker).toBe("closed");
	});
});
