/** Attempts: serial and parallel, levels, time, retries, the second look. */
import { describe, expect, test } from "vitest";
import { type AttemptOptions, attempt, type MechanismResult, note } from "./manager.ts";
import { receiptLevels } from "./outcome.ts";
import { type PlayOptions, play } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";

const receipts = { receipts: "acknowledged", retraction: true } as const;
const mechanisms = {
	im2: { kind: "im", capabilities: receipts },
	email: { kind: "email" },
	pager: { kind: "pager", capabilities: receipts },
} as const;

/** A delivery by one attempt effect; what it hands back is noted as JSON. */
function tryAll(selectors: readonly string[], options: AttemptOptions, world: Partial<PlayOptions> = {}) {
	const manager = testManager(function* () {
		const { results } = yield* attempt(selectors, options);
		yield* note(JSON.stringify(results));
	});
	return play(manager, {}, { mechanisms, ...world });
}

/** The results that the manager was handed. */
function handed(delivery: ReturnType<typeof tryAll>): readonly MechanismResult[] | undefined {
	const noted = delivery.decisions.find((decision) => decision.type === "note");
	return noted === undefined ? undefined : (JSON.parse(noted.text) as MechanismResult[]);
}

describe("serial", () => {
	test("one mechanism at a time, in the order asked for", () => {
		const delivery = tryAll(["pager", "im2", "email"], {});
		expect(delivery.sending).toEqual(["pager"]);
		delivery.outcome("pager", "unavailable");
		expect(delivery.sending).toEqual(["im2"]);
		delivery.outcome("im2", "rejected");
		expect(delivery.sending).toEqual(["email"]);
		delivery.outcome("email", "accepted");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "accepted"]);
	});

	test("`within` counts for each mechanism in turn", () => {
		const delivery = tryAll(["im2", "pager"], { until: "delivered", within: 30_000 });
		delivery.outcome("im2", "accepted");
		delivery.pass(29_999);
		expect(delivery.attempted).toEqual(["im2"]);
		delivery.pass(1);
		expect(delivery.decisions).toContainEqual(expect.objectContaining({ type: "gave-up", mechanism: "im2" }));
		expect(delivery.last).toMatchObject({ type: "attempt", mechanism: "pager", deadline: delivery.now + 30_000 });
		delivery.outcome("pager", "accepted");
		delivery.pass("30s");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "exhausted"]);
		expect(handed(delivery)).toEqual([
			{ mechanism: "im2", outcome: "accepted" },
			{ mechanism: "pager", outcome: "accepted" },
		]);
	});

	test.each(["unavailable", "rejected"] as const)("%s goes on at once", (outcome) => {
		const delivery = tryAll(["im2", "pager"], { within: 600_000 });
		delivery.outcome("im2", outcome);
		expect(delivery.sending).toEqual(["pager"]);
		expect(delivery.now).toBe(delivery.message.acceptedAt);
	});

	test("a mechanism named twice, or by name and kind, is attempted once", () => {
		const delivery = tryAll(["im2", "im", "kind:im", "im2", "pager"], {});
		delivery.outcome("im2", "rejected");
		delivery.outcome("pager", "rejected");
		expect(delivery.attempted).toEqual(["im2", "pager"]);
	});

	test("a kind means the recipient's mechanisms of that kind, in the recipient's order", () => {
		const world = {
			mechanisms: { a: { kind: "im" }, b: { kind: "im" }, c: { kind: "im" }, d: { kind: "sms" } },
			table: ["d", "c", "a"],
		} as const;
		const delivery = tryAll(["im"], {}, world);
		delivery.outcome("c", "unavailable");
		delivery.outcome("a", "unavailable");
		expect(delivery.attempted).toEqual(["c", "a"]);
		expect(delivery.decisions.filter(({ type }) => type === "passed-over")).toEqual([]);
	});

	test("a table entry whose mechanism is gone does not take the word of a kind", () => {
		const delivery = tryAll(["im"], {}, { mechanisms: { im2: { kind: "im" } }, table: ["im", "im2"] });
		expect(delivery.planned.deliveryPolicy).toMatchObject([{ mechanism: "im2", kept: true }]);
		expect(delivery.decisions).toContainEqual({ type: "passed-over", mechanism: "im", reason: "no-such-mechanism" });
		expect(delivery.sending).toEqual(["im2"]);
	});
});

describe("parallel", () => {
	test("all at once, and the first that brings what was asked ends it", () => {
		const delivery = tryAll(["im2", "email", "pager"], { mode: "parallel", until: "delivered" });
		expect(delivery.sending).toEqual(["im2", "email", "pager"]);
		delivery.outcome("im2", "accepted");
		delivery.outcome("pager", "accepted", { level: "delivered" });
		expect([delivery.state, delivery.reason]).toEqual(["reached", "receipt"]);
		expect(delivery.last).toMatchObject({ type: "settled", mechanism: "pager" });
	});

	test("`within` counts once for all, and the manager hears of every result", () => {
		const delivery = tryAll(["im2", "email", "pager"], { mode: "parallel", until: "read", within: 60_000 });
		delivery.outcome("email", "rejected");
		delivery.pass("20s");
		delivery.outcome("im2", "accepted");
		delivery.outcome("pager", "accepted", { level: "delivered" });
		expect(delivery.due).toBe(delivery.message.acceptedAt + 60_000);
		delivery.pass("40s");
		expect(handed(delivery)).toEqual([
			{ mechanism: "im2", outcome: "accepted" },
			{ mechanism: "email", outcome: "rejected" },
			{ mechanism: "pager", outcome: "accepted", level: "delivered" },
		]);
	});

	test("it is routing while one is under way, and waiting once all only wait", () => {
		const delivery = tryAll(["im2", "pager"], { mode: "parallel", until: "read" });
		delivery.outcome("im2", "accepted");
		expect(delivery.state).toBe("routing");
		delivery.outcome("pager", "accepted");
		expect(delivery.state).toBe("waiting");
	});
});

describe("levels", () => {
	for (const [index, until] of receiptLevels.entries()) {
		for (const [given, level] of receiptLevels.entries()) {
			const verb = given >= index ? "ends" : "does not end";
			test(`${level} ${verb} an attempt until ${until}`, () => {
				const delivery = tryAll(["im2"], { until });
				delivery.outcome("im2", "accepted");
				expect(delivery.state).toBe("waiting");
				delivery.receipt("im2", level);
				expect(delivery.state).toBe(given >= index ? "reached" : "waiting");
			});
		}
	}

	test("a receipt that comes with the outcome, or overtakes it, counts", () => {
		const together = tryAll(["im2"], { until: "delivered" });
		together.outcome("im2", "accepted", { level: "delivered" });
		expect([together.state, together.reason]).toEqual(["reached", "receipt"]);
		const before = tryAll(["im2"], { until: "read" });
		before.receipt("im2", "delivered");
		before.receipt("im2", "read");
		expect([before.state, before.reason]).toEqual(["reached", "receipt"]);
	});

	test.each(["failed", "unknown", "unavailable"] as const)(
		"what a receipt has proved, the outcome %s does not take back",
		(outcome) => {
			const delivery = tryAll(["im2"], { until: "read", within: 60_000 });
			delivery.receipt("im2", "delivered");
			delivery.outcome("im2", outcome);
			expect(delivery.decisions.filter(({ type }) => type === "retry")).toEqual([]);
			expect(delivery.state).toBe("waiting");
			delivery.receipt("im2", "read");
			expect(delivery.state).toBe("reached");
		},
	);

	test("evidence only ever rises", () => {
		const delivery = tryAll(["im2"], { until: "acknowledged", within: 60_000 });
		delivery.outcome("im2", "accepted", { level: "read" });
		delivery.receipt("im2", "delivered");
		delivery.pass("60s");
		expect(handed(delivery)).toEqual([{ mechanism: "im2", outcome: "accepted", level: "read" }]);
	});
});

describe("retries", () => {
	test("a failure is tried again with the same identifier until its time is over, each rest longer", () => {
		const delivery = tryAll(["im2", "pager"], { within: 60_000 });
		while (delivery.sending.includes("im2")) {
			delivery.outcome("im2", "failed");
			if (delivery.due !== null) {
				delivery.wake();
			}
		}
		const tries = delivery.journal.filter((entry) => entry.type === "attempt" && entry.mechanism === "im2");
		expect(new Set(tries.map((entry) => (entry.type === "attempt" ? entry.attempt : ""))).size).toBe(1);
		expect(tries.map((entry) => (entry.type === "attempt" ? entry.try : 0))).toEqual(
			tries.map((_, index) => index + 1),
		);
		expect(tries.length).toBeGreaterThanOrEqual(6);
		const last = tries.at(-1)?.at ?? 0;
		expect(last).toBeLessThan(delivery.message.acceptedAt + 60_000);
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("the other side's wish to be left alone is kept", () => {
		const delivery = tryAll(["im2"], { within: 60_000 });
		delivery.outcome("im2", "failed", { retryAfter: 45_000 });
		expect(delivery.due).toBe(delivery.now + 45_000);
		delivery.wake();
		delivery.outcome("im2", "failed", { retryAfter: 45_000 });
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "exhausted"]);
	});

	test("nothing is tried again that would come after the message expires", () => {
		const message = { expiresAt: Date.UTC(2026, 0, 15, 12) + 10_000 };
		const delivery = tryAll(["im2", "pager"], { within: 60_000 }, { message });
		delivery.outcome("im2", "failed", { retryAfter: 10_000 });
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("a try that could not be made in time is given up, not made late", () => {
		const delivery = tryAll(["im2", "pager"], { within: 60_000 });
		delivery.outcome("im2", "failed");
		delivery.sleep("1h");
		delivery.wake();
		expect(delivery.decisions).toContainEqual(expect.objectContaining({ type: "gave-up", mechanism: "im2" }));
		expect(delivery.attempted).toEqual(["im2", "pager"]);
		expect(delivery.last).toMatchObject({ type: "attempt", mechanism: "pager", try: 1 });
	});

	test("an outcome of an earlier try, or of no attempt at all, changes nothing", () => {
		const delivery = tryAll(["im2"], { within: 60_000 });
		delivery.outcome("im2", "failed");
		delivery.wake();
		const { journal } = delivery;
		const course = delivery.replayed();
		const [first] = journal.flatMap((entry) => (entry.type === "attempt" ? [entry.attempt] : []));
		const late = { type: "outcome", mechanism: "im2", try: 1, outcome: "rejected" } as const;
		expect(course.handle({ ...late, attempt: first ?? "" }, delivery.now)).toEqual([]);
		expect(course.handle({ ...late, attempt: "nobody's" }, delivery.now)).toEqual([]);
		expect(course.state).toBe("routing");
	});
});

describe("the second look", () => {
	test("a mechanism that went inactive since is passed over, and the journal says so", () => {
		const delivery = tryAll(["im2", "pager", "email"], {});
		delivery.setActive("pager", false);
		delivery.outcome("im2", "unavailable");
		expect(delivery.decisions).toContainEqual({ type: "passed-over", mechanism: "pager", reason: "inactive" });
		expect(delivery.sending).toEqual(["email"]);
		delivery.outcome("email", "rejected");
		expect(handed(delivery)).toContainEqual({ mechanism: "pager", passedOver: "inactive" });
	});

	test("a mechanism that came back is used", () => {
		const delivery = tryAll(
			["im2", "pager"],
			{},
			{ mechanisms: { ...mechanisms, pager: { kind: "pager", inactive: true } } },
		);
		expect(delivery.planned.routingPolicy).toContainEqual(
			expect.objectContaining({ mechanism: "pager", kept: false, reason: "inactive" }),
		);
		delivery.setActive("pager", true);
		delivery.outcome("im2", "unavailable");
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("it is taken before each retry too", () => {
		const delivery = tryAll(["im2", "pager"], { within: 60_000 });
		delivery.outcome("im2", "failed");
		delivery.setActive("im2", false);
		delivery.wake();
		expect(delivery.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "inactive" });
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("a recipient known to be absent is passed over, though the policies keep the mechanism", () => {
		const delivery = tryAll(["im2", "pager"], {}, { mechanisms: { ...mechanisms, im2: { kind: "im", absent: true } } });
		expect(delivery.planned.deliveryPolicy).toContainEqual(expect.objectContaining({ mechanism: "im2", kept: true }));
		expect(delivery.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "absent" });
	});

	test("nothing is attempted that the configuration does not allow, whatever the manager asks for", () => {
		const manager = testManager(
			function* () {
				yield* attempt(["email", "pager", "kind:email"], { mode: "parallel" });
			},
			["pager"],
		);
		const delivery = play(manager, {}, { mechanisms });
		expect(delivery.decisions).toContainEqual({
			type: "passed-over",
			mechanism: "email",
			reason: "not-in-configuration",
		});
		expect(delivery.attempted).toEqual(["pager"]);
	});
});

describe("quiet hours that are waited for", () => {
	const noon = Date.UTC(2026, 0, 15, 12);
	const wait = { from: "11:00", to: "13:00", then: "wait" } as const;
	const table = [{ mechanism: "im2", quiet: wait }, "pager"];

	test("serial: the attempt is held back to the end of the quiet hours, and the next one behind it", () => {
		const delivery = tryAll(["im2", "pager"], { within: 60_000 }, { table });
		expect(delivery.last).toEqual({
			type: "postponed",
			mechanism: "im2",
			until: noon + 3_600_000,
			reason: "quiet-hours",
		});
		expect([delivery.state, delivery.due]).toEqual(["waiting", noon + 3_600_000]);
		delivery.pass("1h");
		expect(delivery.sending).toEqual(["im2"]);
		expect(delivery.last).toMatchObject({ deadline: noon + 3_660_000 });
		delivery.outcome("im2", "unavailable");
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("parallel: the others are not held back, and one of them can end it", () => {
		const delivery = tryAll(["im2", "pager"], { mode: "parallel" }, { table });
		expect(delivery.sending).toEqual(["pager"]);
		delivery.outcome("pager", "rejected");
		expect(delivery.state).toBe("waiting");
		delivery.pass("1h");
		expect(delivery.sending).toEqual(["im2"]);
		const other = tryAll(["im2", "pager"], { mode: "parallel" }, { table });
		other.outcome("pager", "accepted");
		expect([other.state, other.attempted]).toEqual(["reached", ["pager"]]);
	});

	test("the mechanism is looked at once more when they end", () => {
		const delivery = tryAll(["im2", "pager"], {}, { table });
		delivery.setActive("im2", false);
		delivery.pass("1h");
		expect(delivery.decisions).toContainEqual({ type: "passed-over", mechanism: "im2", reason: "inactive" });
		expect(delivery.sending).toEqual(["pager"]);
	});

	test("a retry that falls into them waits, and has its whole time afterwards", () => {
		const late = [{ mechanism: "im2", quiet: { from: "12:01", to: "13:00", then: "wait" } as const }];
		const delivery = tryAll(["im2"], { within: 120_000 }, { table: late });
		delivery.outcome("im2", "failed", { retryAfter: 60_000 });
		delivery.wake();
		expect(delivery.last).toMatchObject({ type: "postponed", until: noon + 3_600_000 });
		delivery.wake();
		expect(delivery.last).toMatchObject({ type: "attempt", try: 2, deadline: noon + 3_600_000 + 120_000 });
	});

	test("a message that expires meanwhile is not sent", () => {
		const delivery = tryAll(["im2"], {}, { table, message: { expiresAt: noon + 60_000 } });
		delivery.pass("2h");
		expect([delivery.state, delivery.attempted]).toEqual(["expired", []]);
	});
});

describe("an unknown outcome", () => {
	test("`resend` tries again with the same identifier while there is time", () => {
		const delivery = tryAll(["im2", "pager"], { within: 30_000 }, { unknown: "resend" });
		delivery.outcome("im2", "unknown");
		delivery.wake();
		const attempts = delivery.decisions.filter((decision) => decision.type === "attempt");
		expect(attempts.map((one) => [one.attempt, one.try])).toEqual([
			[attempts[0]?.attempt, 1],
			[attempts[0]?.attempt, 2],
		]);
	});

	test("`resend` stops at a receipt that proves the arrival", () => {
		const delivery = tryAll(["im2"], { until: "read", within: 30_000 }, { unknown: "resend" });
		delivery.outcome("im2", "unknown");
		delivery.receipt("im2", "delivered");
		expect(delivery.due).toBe(delivery.now + 30_000);
		delivery.pass("30s");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "exhausted"]);
	});

	test("`next` goes on at once, and the end says what is not known", () => {
		const delivery = tryAll(["im2", "pager"], {}, { unknown: "next" });
		delivery.outcome("im2", "unknown");
		expect(delivery.sending).toEqual(["pager"]);
		delivery.outcome("pager", "unavailable");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "unknown-outcome"]);
	});
});
