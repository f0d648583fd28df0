/** How a delivery ends, or is held: expiry, cancelling, a person, a manager that fails, a restart. */
import { describe, expect, test } from "vitest";
import { NotDeterministicError } from "./dispatch.ts";
import { askSender, attempt, type Course, type Effect, type EffectResult, note, wait } from "./manager.ts";
import { type PlayOptions, play } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";

const noon = Date.UTC(2026, 0, 15, 12);
const receipts = { receipts: "acknowledged", retraction: true } as const;
const mechanisms = {
	im2: { kind: "im", capabilities: receipts },
	email: { kind: "email", capabilities: receipts },
	pager: { kind: "pager", capabilities: receipts },
} as const;

function begin(deliver: () => Course, world: Partial<PlayOptions> = {}) {
	return play(testManager(deliver), {}, { mechanisms, ...world });
}

/** IM, then a question, then the pager: the design's reference. */
function* reference(): Course {
	yield* attempt(["im2"], { until: "delivered", within: 30_000 });
	const { answer } = yield* askSender("Send a page?", { within: 300_000, otherwise: "no" });
	if (answer === "yes") {
		yield* attempt(["pager"]);
	}
}

/** What any mechanism brings, of several that are tried at once. */
function* together(): Course {
	yield* attempt(["im2", "pager", "email"], { mode: "parallel", until: "acknowledged", within: 60_000 });
}

describe("expiry", () => {
	const message = { expiresAt: noon + 10_000 };

	test("before the first attempt: nothing is attempted", () => {
		const delivery = begin(reference, { message, at: noon + 10_000 });
		expect(delivery.decisions.map(({ type }) => type)).toEqual(["policies", "settled"]);
		expect([delivery.state, delivery.reason, delivery.due]).toEqual(["expired", "message-expired", null]);
	});

	test("while a call is under way: its acceptance still counts, its failure does not matter", () => {
		const delivery = begin(
			function* () {
				yield* attempt(["im2"]);
			},
			{ message },
		);
		expect(delivery.due).toBe(noon + 10_000);
		delivery.pass("10s");
		expect(delivery.state).toBe("expired");
		delivery.outcome("im2", "accepted");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "late-receipt"]);
	});

	test.each(["unavailable", "failed", "unknown"] as const)(
		"an outcome %s that comes at that moment leads to no further attempt",
		(outcome) => {
			for (const unknown of ["resend", "next", "hold"] as const) {
				const delivery = begin(together, { message, unknown });
				delivery.sleep("10s");
				const decided = delivery.outcome("im2", outcome);
				expect(decided.map(({ type }) => type)).toEqual(["settled"]);
				expect([delivery.state, delivery.reason]).toEqual(["expired", "message-expired"]);
			}
		},
	);

	test("while a question is open: it is withdrawn", () => {
		const delivery = begin(reference, { message });
		delivery.outcome("im2", "unavailable");
		delivery.pass("10s");
		expect(delivery.decisions.slice(-2).map(({ type }) => type)).toEqual(["prompt-withdrawn", "settled"]);
		expect(delivery.state).toBe("expired");
	});

	test("an answer that comes at that moment is too late", () => {
		const delivery = begin(reference, { message });
		delivery.outcome("im2", "unavailable");
		delivery.sleep("10s");
		delivery.answer("yes");
		expect([delivery.state, delivery.attempted]).toEqual(["expired", ["im2"]]);
	});

	test("while it waits for time, for a receipt, or for a person", () => {
		const forTime = begin(
			function* () {
				yield* wait(60_000);
				yield* attempt(["im2"]);
			},
			{ message },
		);
		const forReceipt = begin(reference, { message });
		forReceipt.outcome("im2", "accepted");
		const forPerson = begin(reference, { message, unknown: "hold" });
		forPerson.outcome("im2", "unknown");
		for (const delivery of [forTime, forReceipt, forPerson]) {
			delivery.pass(9_999);
			expect(["waiting", "held"]).toContain(delivery.state);
			delivery.pass(1);
			expect([delivery.state, delivery.reason]).toEqual(["expired", "message-expired"]);
		}
		expect(forTime.attempted).toEqual([]);
	});

	test("a person's resend that comes at that moment is too late", () => {
		const delivery = begin(reference, { message, unknown: "hold" });
		delivery.outcome("im2", "unknown");
		delivery.sleep("10s");
		delivery.resolve("resend");
		expect(delivery.state).toBe("expired");
		expect(delivery.decisions.filter(({ type }) => type === "attempt")).toHaveLength(1);
	});
});

describe("cancelling", () => {
	test("ends it, withdraws the question and takes back what was shown", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "accepted");
		delivery.pass("30s");
		delivery.cancel();
		expect(delivery.decisions.slice(-3).map(({ type }) => type)).toEqual(["prompt-withdrawn", "retract", "settled"]);
		expect([delivery.state, delivery.reason, delivery.due]).toEqual(["cancelled", "cancelled", null]);
		delivery.pass("1d");
		expect(delivery.attempted).toEqual(["im2"]);
	});

	test("takes back what a call that was under way shows afterwards, and stays cancelled", () => {
		const delivery = begin(together);
		delivery.cancel();
		expect(delivery.outcome("im2", "accepted")).toMatchObject([{ type: "retract", mechanism: "im2" }]);
		expect(delivery.outcome("pager", "unavailable")).toEqual([]);
		expect(delivery.state).toBe("cancelled");
	});
});

describe("a person decides", () => {
	const world = { unknown: "hold" } as const;

	test("an unknown outcome is held, and nothing happens by itself", () => {
		const delivery = begin(reference, world);
		delivery.outcome("im2", "unknown");
		expect([delivery.state, delivery.reason, delivery.due]).toEqual(["held", "unknown-held", null]);
		delivery.pass("1d");
		expect(delivery.state).toBe("held");
	});

	test("to send again: with the same identifier and the whole of its time", () => {
		const delivery = begin(reference, world);
		delivery.outcome("im2", "unknown");
		delivery.pass("2h");
		expect(delivery.resolve("resend")).toMatchObject([
			{ type: "attempt", mechanism: "im2", try: 2, deadline: noon + 7_200_000 + 30_000 },
		]);
		expect([delivery.state, delivery.reason]).toEqual(["routing", undefined]);
		delivery.outcome("im2", "accepted");
		delivery.pass("30s");
		expect(delivery.question).toBe("Send a page?");
	});

	test("to go on: with what the manager would do next", () => {
		const delivery = begin(reference, world);
		delivery.outcome("im2", "unknown");
		delivery.resolve("next");
		expect([delivery.state, delivery.question]).toEqual(["waiting", "Send a page?"]);
	});

	test("to end it", () => {
		const delivery = begin(reference, world);
		delivery.outcome("im2", "unknown");
		delivery.resolve("end");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "ended-by-person"]);
	});

	test("about the attempt that is held now, not about one decided before", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2", "pager"]);
		}, world);
		delivery.outcome("im2", "unknown");
		delivery.resolve("next");
		delivery.outcome("pager", "unknown");
		expect(delivery.resolve("resend")).toMatchObject([{ type: "attempt", mechanism: "pager", try: 2 }]);
	});

	test("about every attempt whose outcome is unknown", () => {
		const delivery = begin(together, world);
		delivery.outcome("im2", "unknown");
		delivery.outcome("pager", "unknown");
		delivery.outcome("email", "rejected");
		expect(delivery.resolve("resend")).toMatchObject([
			{ type: "attempt", mechanism: "im2", try: 2 },
			{ type: "attempt", mechanism: "pager", try: 2 },
		]);
	});

	test("unless evidence comes first", () => {
		const delivery = begin(reference, world);
		delivery.outcome("im2", "unknown");
		delivery.receipt("im2", "delivered");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "receipt"]);
		expect(delivery.resolve("end")).toEqual([]);
	});

	test("what a receipt proved meanwhile is not sent again", () => {
		const delivery = begin(together, world);
		delivery.outcome("im2", "unknown");
		delivery.receipt("im2", "delivered");
		expect(delivery.state).toBe("held");
		expect(delivery.resolve("resend")).toEqual([]);
	});

	test("a decision about a delivery that is not held changes nothing", () => {
		const delivery = begin(reference);
		expect(delivery.resolve("end")).toEqual([]);
		expect(delivery.state).toBe("routing");
	});
});

describe("a manager that is no good costs its own delivery a person's decision, and no more", () => {
	const wrong = (effect: unknown) => () =>
		(function* (): Generator<Effect, void, EffectResult> {
			yield effect as Effect;
		})();
	const attemptWith = (changes: object) =>
		wrong({ effect: "attempt", mechanisms: ["im2"], mode: "serial", until: "accepted", within: 1000, ...changes });

	test.each<[string, () => Course]>([
		[
			"throws at once",
			() => {
				throw new Error("at once");
			},
		],
		[
			"throws what no text can be made of",
			() => {
				throw Object.create(null);
			},
		],
		[
			"throws later",
			function* () {
				yield* note("so far so good");
				throw new Error("later");
			},
		],
		[
			"goes in circles",
			function* () {
				for (;;) {
					yield* note("again");
				}
			},
		],
		[
			"attempts nothing for ever",
			function* () {
				for (;;) {
					yield* attempt([]);
				}
			},
		],
		["yields nothing", wrong(undefined)],
		["yields no effect", wrong({ effect: "handOver" })],
		["attempts without a list", attemptWith({ mechanisms: "im2" })],
		["attempts what is no name", attemptWith({ mechanisms: [1] })],
		["attempts in no mode", attemptWith({ mode: "both" })],
		["attempts until no level", attemptWith({ until: "seen" })],
		["attempts within no time", attemptWith({ within: Number.NaN })],
		["attempts within less than no time", attemptWith({ within: -1 })],
		["asks nothing", wrong({ effect: "ask", within: 1, otherwise: "no" })],
		["asks without an `otherwise`", wrong({ effect: "ask", question: "?", within: 1 })],
		["asks for ever", wrong({ effect: "ask", question: "?", within: Number.POSITIVE_INFINITY, otherwise: "no" })],
		["waits for ever", wrong({ effect: "wait", duration: Number.POSITIVE_INFINITY })],
		["waits for a text", wrong({ effect: "wait", duration: "1m" })],
		["notes nothing", wrong({ effect: "note" })],
	])("it %s", (_, deliver) => {
		const delivery = begin(deliver);
		expect([delivery.state, delivery.reason]).toEqual(["held", "manager-failed"]);
		expect(delivery.decisions.filter(({ type }) => type === "held")).toHaveLength(1);
		delivery.resolve("end");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "ended-by-person"]);
	});

	test("ten thousand effects are not too many, and one more is", () => {
		const notes = (count: number) =>
			begin(function* () {
				for (let index = 0; index < count; index++) {
					yield* note("again");
				}
			});
		expect(notes(10_000).state).toBe("unreached");
		expect(notes(10_001).state).toBe("held");
	});

	test("fractions of a millisecond are no reason to fail", () => {
		const delivery = begin(function* () {
			yield* wait(1000 / 3);
		});
		expect(delivery.due).toBe(noon + 333);
	});

	test("an attempt that was shown before still ends it when its receipt comes", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2"], { until: "read", within: 1000 });
			throw new Error("no idea what next");
		});
		delivery.outcome("im2", "accepted");
		delivery.pass("1s");
		expect(delivery.state).toBe("held");
		delivery.receipt("im2", "read");
		expect(delivery.state).toBe("reached");
	});
});

describe("why nothing was reached", () => {
	test("no mechanism was left: nothing was attempted at all", () => {
		const delivery = begin(together, { table: [] });
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "no-mechanism"]);
	});

	test("an unknown outcome that a receipt cleared up is no longer unknown", () => {
		const delivery = begin(
			function* () {
				yield* attempt(["im2"], { until: "read", within: 1000 });
			},
			{ unknown: "next" },
		);
		delivery.receipt("im2", "delivered");
		delivery.outcome("im2", "unknown");
		delivery.pass("1s");
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "exhausted"]);
	});

	test("an attempt after a no is what counts", () => {
		const delivery = begin(function* () {
			yield* askSender("Send a page?");
			yield* attempt(["email"]);
		});
		delivery.answer("no");
		delivery.outcome("email", "rejected");
		expect(delivery.reason).toBe("exhausted");
	});
});

describe("replay", () => {
	test("second looks are answered from the journal, not from the world of today", () => {
		const delivery = begin(together);
		delivery.outcome("im2", "failed");
		delivery.setActive("im2", false);
		delivery.setActive("pager", false);
		expect(delivery.replayed().sending.map(({ mechanism }) => mechanism)).toEqual(["pager", "email"]);
	});

	test("from then on the world of today counts again", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "unavailable");
		const prompt = delivery.decisions.flatMap((decision) => (decision.type === "prompt" ? [decision.prompt] : []));
		delivery.setActive("pager", false);
		const course = delivery.replayed();
		const decided = course.handle({ type: "answered", prompt: prompt[0] ?? "", answer: "yes" }, delivery.now);
		expect(decided).toContainEqual({ type: "passed-over", mechanism: "pager", reason: "inactive" });
	});

	test("a manager that decides otherwise the second time is found out", () => {
		let runs = 0;
		const delivery = begin(function* () {
			runs += 1;
			yield* attempt([runs === 1 ? "im2" : "pager"]);
		});
		expect(() => delivery.replayed()).toThrow(NotDeterministicError);
	});

	test("a manager whose wording changed is not", () => {
		let runs = 0;
		const delivery = begin(function* () {
			runs += 1;
			yield* note(`run ${runs}`);
			yield* attempt(["im2"]);
		});
		expect(delivery.replayed().state).toBe("routing");
	});
});
