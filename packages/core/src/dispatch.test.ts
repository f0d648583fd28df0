/** The course of a delivery around its attempts: questions, receipts at any time, acknowledgements. */
import { describe, expect, test } from "vitest";
import { askSender, attempt, type Course, note, wait } from "./manager.ts";
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

describe("questions", () => {
	test("yes goes on, no ends, and the reason says which", () => {
		const yes = begin(reference);
		yes.outcome("im2", "unavailable");
		expect([yes.state, yes.question, yes.due]).toEqual(["waiting", "Send a page?", noon + 300_000]);
		yes.answer("yes");
		expect(yes.sending).toEqual(["pager"]);
		const no = begin(reference);
		no.outcome("im2", "unavailable");
		no.answer("no");
		expect([no.state, no.reason]).toEqual(["unreached", "sender-declined"]);
		expect(no.decisions).toContainEqual(expect.objectContaining({ type: "prompt-closed", answer: "no", by: "sender" }));
	});

	test("silence counts as `otherwise`, exactly when the time is over", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "unavailable");
		delivery.pass(299_999);
		expect(delivery.question).toBe("Send a page?");
		delivery.pass(1);
		expect([delivery.state, delivery.reason]).toEqual(["unreached", "no-answer"]);
		const otherwise = begin(function* () {
			const { answer, by } = yield* askSender("Go on?", { within: 1000, otherwise: "yes" });
			yield* note(`${answer} by ${by}`);
		});
		otherwise.pass("1s");
		expect(otherwise.decisions).toContainEqual({ type: "note", text: "yes by timeout" });
	});

	test.each([
		["yes", "routing", undefined],
		["no", "unreached", "sender-declined"],
	] as const)("the standing answer %s is taken without asking", (prompts, state, reason) => {
		const delivery = begin(reference, { message: { prompts } });
		delivery.outcome("im2", "unavailable");
		expect(delivery.decisions.map(({ type }) => type)).not.toContain("prompt");
		expect(delivery.decisions).toContainEqual(
			expect.objectContaining({ type: "prompt-closed", by: "standing-answer" }),
		);
		expect([delivery.state, delivery.reason]).toEqual([state, reason]);
	});

	test("an answer to a question that is no longer open changes nothing", () => {
		const delivery = begin(function* () {
			yield* askSender("One?", { within: 1000, otherwise: "yes" });
			yield* askSender("Two?", { within: 1000, otherwise: "yes" });
		});
		const [first] = delivery.decisions.flatMap((decision) => (decision.type === "prompt" ? [decision.prompt] : []));
		delivery.pass("1s");
		expect(delivery.question).toBe("Two?");
		const course = delivery.replayed();
		expect(course.handle({ type: "answered", prompt: first ?? "", answer: "no" }, delivery.now)).toEqual([]);
	});

	test("nor does one release a delivery that is held for want of its manager", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "unavailable");
		const [prompt = ""] = delivery.decisions.flatMap((one) => (one.type === "prompt" ? [one.prompt] : []));
		delivery.answer("yes");
		delivery.strand("no-such-manager", "manager plugin test 1.0.0 is not there");
		const course = delivery.replayed();
		expect(course.handle({ type: "answered", prompt, answer: "yes" }, delivery.now)).toEqual([]);
		expect(course.state).toBe("held");
	});

	test("an answer that its manager is back to take releases it", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "unavailable");
		delivery.strand("no-such-manager", "manager plugin test 1.0.0 is not there");
		expect(delivery.state).toBe("held");
		delivery.answer("yes");
		expect([delivery.state, delivery.sending]).toEqual(["routing", ["pager"]]);
	});

	test("a receipt that satisfies an earlier attempt withdraws the question, and nothing more is sent", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "accepted");
		delivery.pass("30s");
		expect(delivery.question).toBe("Send a page?");
		delivery.receipt("im2", "delivered");
		expect(delivery.decisions.map(({ type }) => type)).toContain("prompt-withdrawn");
		expect([delivery.state, delivery.reason, delivery.attempted]).toEqual(["reached", "receipt", ["im2"]]);
	});

	test("a receipt of a lower level leaves the question open", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2"], { until: "read", within: 1000 });
			yield* askSender("Send a page?");
		});
		delivery.outcome("im2", "accepted");
		delivery.pass("1s");
		delivery.receipt("im2", "delivered");
		expect(delivery.question).toBe("Send a page?");
	});
});

describe("receipts at any time", () => {
	test("while waiting for time to pass", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2"], { until: "read", within: 1000 });
			yield* wait(3_600_000);
			yield* attempt(["pager"]);
		});
		delivery.outcome("im2", "accepted");
		delivery.pass("10m");
		expect([delivery.state, delivery.due]).toEqual(["waiting", noon + 3_601_000]);
		delivery.receipt("im2", "read");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "receipt"]);
	});

	test("while another mechanism is being tried", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2", "pager"], { until: "delivered", within: 1000 });
		});
		delivery.outcome("im2", "accepted");
		delivery.pass("1s");
		expect(delivery.sending).toEqual(["pager"]);
		delivery.receipt("im2", "delivered");
		expect(delivery.last).toMatchObject({ type: "settled", state: "reached", mechanism: "im2" });
	});

	test.each(["unreached", "expired"] as const)("after the end, it raises %s to reached", (state) => {
		const message = state === "expired" ? { expiresAt: noon + 1000 } : {};
		const delivery = begin(
			function* () {
				yield* attempt(["im2"], { until: "delivered", within: 1000 });
			},
			{ message },
		);
		delivery.outcome("im2", "accepted");
		delivery.pass("1s");
		expect(delivery.state).toBe(state);
		delivery.receipt("im2", "read");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "late-receipt"]);
		expect(delivery.due).toBeNull();
	});

	test("a receipt that would not have satisfied its attempt raises nothing after the end", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2"], { until: "read", within: 1000 });
		});
		delivery.outcome("im2", "accepted");
		delivery.pass("1s");
		expect(delivery.receipt("im2", "delivered")).toEqual([]);
		expect(delivery.state).toBe("unreached");
	});

	test("a reached delivery stays reached, whatever comes", () => {
		const delivery = begin(reference);
		delivery.outcome("im2", "accepted", { level: "delivered" });
		delivery.receipt("im2", "delivered");
		delivery.receipt("im2", "acknowledged");
		delivery.cancel();
		delivery.resolve("end");
		delivery.pass("1d");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "receipt"]);
		expect(delivery.decisions.filter(({ type }) => type === "settled")).toHaveLength(1);
	});
});

describe("an acknowledgement", () => {
	test("ends the delivery even when more or less was asked, and takes the others back", () => {
		const delivery = begin(together);
		delivery.outcome("im2", "accepted");
		delivery.outcome("pager", "unknown");
		delivery.outcome("email", "rejected");
		delivery.receipt("im2", "acknowledged");
		expect([delivery.state, delivery.reason]).toEqual(["reached", "acknowledged"]);
		const retracted = delivery.decisions.filter((decision) => decision.type === "retract");
		expect(retracted.map(({ mechanism }) => mechanism)).toEqual(["pager"]);
	});

	test("takes back what a call that was under way shows afterwards", () => {
		const delivery = begin(together);
		delivery.outcome("im2", "accepted");
		delivery.receipt("im2", "acknowledged");
		expect(delivery.outcome("pager", "accepted")).toMatchObject([{ type: "retract", mechanism: "pager" }]);
		expect(delivery.outcome("email", "rejected")).toEqual([]);
	});

	test("that comes after the end does so too", () => {
		const delivery = begin(function* () {
			yield* attempt(["im2", "pager"], { mode: "parallel", until: "delivered" });
		});
		delivery.outcome("im2", "accepted", { level: "delivered" });
		expect(delivery.reason).toBe("receipt");
		delivery.receipt("im2", "acknowledged");
		expect(delivery.outcome("pager", "accepted")).toMatchObject([{ type: "retract", mechanism: "pager" }]);
	});

	test("never takes back the attempt that was acknowledged, not even at a second receipt", () => {
		const delivery = begin(together);
		delivery.outcome("im2", "accepted");
		delivery.receipt("im2", "acknowledged");
		delivery.receipt("im2", "acknowledged");
		delivery.receipt("im2", "read");
		const retracted = delivery.decisions.flatMap((decision) =>
			decision.type === "retract" ? [decision.mechanism] : [],
		);
		expect(retracted).not.toContain("im2");
	});

	test("takes nothing back twice", () => {
		const delivery = begin(together);
		delivery.outcome("pager", "accepted");
		delivery.receipt("im2", "acknowledged");
		delivery.receipt("email", "acknowledged");
		delivery.receipt("pager", "delivered");
		const retracted = delivery.decisions.flatMap((decision) =>
			decision.type === "retract" ? [decision.mechanism] : [],
		);
		expect(retracted.filter((mechanism) => mechanism === "pager")).toHaveLength(1);
	});
});
