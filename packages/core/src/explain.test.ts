import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compose } from "./compose.ts";
import type { ExplainedNode } from "./explanation.ts";
import { askSender, attempt, type Course, note, wait } from "./manager.ts";
import { choices, chooser, nodesOf, type PlayOptions, play, playAsExplained } from "./testing/index.ts";
import { testManager } from "./testing/test-manager.ts";

const noon = Date.UTC(2026, 0, 15, 12);
const mechanisms = {
	im2: { kind: "im", capabilities: { receipts: "acknowledged" } },
	email: { kind: "email" },
	pager: { kind: "pager" },
} as const;

function explain(deliver: () => Course, world: Partial<PlayOptions> = {}) {
	return play(testManager(deliver), {}, { mechanisms, ...world }).explanation;
}

/** The design's reference configuration. */
function* reference(): Course {
	yield* attempt(["im2"], { until: "delivered", within: 30_000 });
	const { answer } = yield* askSender("Send a page?", { within: 300_000, otherwise: "no" });
	if (answer === "yes") {
		yield* attempt(["pager"]);
	}
}

const end = (state: string, reason: string) => ({ node: "end", state, reason });

describe("the reference configuration", () => {
	/** From the question on; what is not known already may still be not known at the end. */
	const asked = (exhausted: string) => ({
		node: "ask",
		question: "Send a page?",
		within: 300_000,
		otherwise: "no",
		branches: [
			{
				on: ["yes"],
				then: {
					node: "attempt",
					mode: "serial",
					mechanisms: ["pager"],
					until: "accepted",
					within: 60_000,
					branches:
						exhausted === "unknown-outcome"
							? [
									{ on: ["pager=accepted"], then: end("reached", "accepted") },
									{
										on: ["pager=unavailable", "pager=rejected", "pager=failed", "pager=unknown"],
										then: end("unreached", "unknown-outcome"),
									},
								]
							: [
									{ on: ["pager=accepted"], then: end("reached", "accepted") },
									{
										on: ["pager=unavailable", "pager=rejected", "pager=failed"],
										then: end("unreached", "exhausted"),
									},
									{ on: ["pager=unknown"], then: end("unreached", "unknown-outcome") },
								],
				},
			},
			{ on: ["no"], then: end("unreached", "sender-declined") },
			{ on: ["no-answer"], then: end("unreached", "no-answer") },
		],
	});

	test("IM, not available: ask the sender, yes: the pager", () => {
		const { tree, cut } = explain(reference);
		expect(cut).toBe(false);
		expect(tree).toEqual({
			node: "attempt",
			mode: "serial",
			mechanisms: ["im2"],
			until: "delivered",
			within: 30_000,
			branches: [
				{ on: ["im2=delivered"], then: end("reached", "receipt") },
				{ on: ["im2=unavailable", "im2=rejected", "im2=failed", "im2=no-receipt"], then: asked("exhausted") },
				{ on: ["im2=unknown"], then: asked("unknown-outcome") },
			],
		});
	});

	test("with a standing answer nobody is asked", () => {
		const { tree } = explain(reference, { message: { prompts: "no" } });
		const [, missed] = (tree as Extract<ExplainedNode, { node: "attempt" }>).branches;
		expect(missed).toEqual({
			on: ["im2=unavailable", "im2=rejected", "im2=failed", "im2=unknown", "im2=no-receipt"],
			then: {
				node: "answered",
				question: "Send a page?",
				answer: "no",
				by: "standing-answer",
				then: end("unreached", "sender-declined"),
			},
		});
	});

	test("a mechanism that is off is passed over, with the reason", () => {
		const { tree } = explain(reference, { mechanisms: { ...mechanisms, im2: { kind: "im", inactive: true } } });
		expect(tree).toEqual({ node: "passed-over", mechanism: "im2", reason: "inactive", then: asked("exhausted") });
	});

	test("an unknown outcome is shown as the configuration handles it", () => {
		const { tree } = explain(reference, { unknown: "hold" });
		expect((tree as Extract<ExplainedNode, { node: "attempt" }>).branches).toContainEqual({
			on: ["im2=unknown"],
			then: end("held", "unknown-held"),
		});
	});

	test("a mechanism without receipts cannot bring one", () => {
		const { tree } = explain(reference, { mechanisms: { ...mechanisms, im2: { kind: "im" } } });
		const said = (tree as Extract<ExplainedNode, { node: "attempt" }>).branches.flatMap(({ on }) => on);
		expect(said).not.toContain("im2=delivered");
		expect(said).toContain("im2=no-receipt");
	});

	test("a message that would expire while the sender is asked", () => {
		const { tree } = explain(reference, { message: { expiresAt: noon + 100_000 } });
		const silent = [...nodesOf(tree)].flatMap((node) => (node.node === "ask" ? node.branches : []));
		expect(silent).toContainEqual({ on: ["no-answer"], then: end("expired", "message-expired") });
		expect(silent.map(({ on }) => on)).not.toContainEqual(["no", "no-answer"]);
	});

	test("a draft that is explained is a message like any other", () => {
		const draft = { to: ["jsmith"], from: "operations", body: "Hello", properties: { prompts: "yes" as const } };
		const { message } = compose(draft, { id: "m1", now: noon });
		expect(explain(reference, { message }).tree).toEqual(explain(reference, { message: { prompts: "yes" } }).tree);
	});
});

describe("parallel attempts", () => {
	function* both(): Course {
		yield* attempt(["im2", "pager"], { mode: "parallel", until: "acknowledged", within: 120_000 });
		yield* note("Nobody acknowledged.");
	}

	test("each that can bring what was asked, and every combination in which none does", () => {
		const { tree } = explain(both);
		const { mechanisms: tried, branches, mode } = tree as Extract<ExplainedNode, { node: "attempt" }>;
		expect([mode, tried]).toEqual(["parallel", ["im2", "pager"]]);
		expect(branches[0]).toEqual({ on: ["im2=acknowledged"], then: end("reached", "acknowledged") });
		const missed = branches.slice(1).flatMap(({ on }) => on);
		expect(missed).toHaveLength(25);
		expect(new Set(missed).size).toBe(25);
		expect(missed).toContain("im2=no-receipt,pager=failed");
		const ends = [...nodesOf(tree)].flatMap((node) => (node.node === "end" ? [node.reason] : []));
		expect(new Set(ends)).toEqual(new Set(["acknowledged", "exhausted", "unknown-outcome"]));
	});

	test("too many combinations are cut, and it says so", () => {
		const many = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, { kind: "im" as const }]));
		const { tree, cut } = explain(
			function* () {
				yield* attempt(["im"], { mode: "parallel" });
			},
			{ mechanisms: many },
		);
		expect(cut).toBe(true);
		expect([...nodesOf(tree)].length).toBeLessThan(10);
	});

	test("one that waits for quiet hours is tried when they end", () => {
		const quiet = { from: "11:00", to: "12:30", then: "wait" } as const;
		const { tree } = explain(both, { table: [{ mechanism: "im2", quiet }, "pager"] });
		expect(tree).toMatchObject({
			node: "postponed",
			mechanism: "im2",
			until: noon + 1_800_000,
			then: { node: "attempt", mechanisms: ["pager"] },
		});
		const [, ...tried] = [...nodesOf(tree)].filter((node) => node.node === "attempt");
		expect(tried.length).toBeGreaterThan(0);
		expect(tried.every((node) => node.mechanisms.join() === "im2")).toBe(true);
	});
});

describe("bounds", () => {
	const cases: Readonly<Record<string, () => Course>> = {
		"attempts the same for ever": function* () {
			for (;;) {
				yield* attempt(["im2"], { until: "read", within: 60_000 });
			}
		},
		"waits for ever": function* () {
			for (;;) {
				yield* wait(60_000);
			}
		},
		"asks until somebody says yes": function* () {
			for (let answer = "no"; answer === "no"; ) {
				({ answer } = yield* askSender("Now?"));
			}
		},
		"notes for ever": function* () {
			for (;;) {
				yield* note("again");
			}
		},
		"goes another way for every result": function* () {
			for (;;) {
				const { results } = yield* attempt(["im2", "pager"], { mode: "parallel", until: "read" });
				yield* note(JSON.stringify(results));
			}
		},
		"goes another way for every answer": function* () {
			for (let depth = 0; ; depth++) {
				const { answer } = yield* askSender(`Question ${depth}?`);
				yield* note(answer);
			}
		},
	};

	test.each(Object.entries(cases))("a manager that %s is cut, and it says so", (_, deliver) => {
		const { tree, cut } = explain(deliver);
		const nodes = [...nodesOf(tree)];
		expect(cut).toBe(true);
		expect(nodes.some(({ node }) => node === "cut")).toBe(true);
		expect(nodes.length).toBeLessThan(5000);
		expect(JSON.stringify(tree).length).toBeLessThan(5_000_000);
	});

	test("a long escalation is told to its end", () => {
		const { tree, cut } = explain(function* () {
			for (let round = 0; round < 10; round++) {
				yield* attempt(["im2", "pager"], { until: "delivered", within: 60_000 });
				yield* wait(300_000);
			}
		});
		expect(cut).toBe(false);
		const attempts = [...nodesOf(tree)].filter(({ node }) => node === "attempt");
		expect(attempts.length).toBeGreaterThanOrEqual(20);
	});

	test("an attempt retried for days takes no longer to explain", () => {
		const { tree, cut } = explain(function* () {
			yield* attempt(["im2"], { within: 30 * 86_400_000 });
			yield* note("A month later.");
		});
		expect(cut).toBe(false);
		expect([...nodesOf(tree)].some((node) => node.node === "note")).toBe(true);
	});
});

test("a manager that remembers an answer is explained as it then goes", () => {
	function* remembering(): Course {
		const { answer } = yield* askSender("Is it urgent?");
		yield* attempt(["im2"]);
		yield* attempt(["email"]);
		if (answer === "yes") {
			yield* attempt(["pager"]);
		}
	}
	fc.assert(
		fc.property(choices, (chosen) => {
			playAsExplained(play(testManager(remembering), {}, { mechanisms }), chooser(chosen));
		}),
	);
	const { tree } = explain(remembering);
	const [yes, no] = (tree as Extract<ExplainedNode, { node: "ask" }>).branches;
	const uses = (node: ExplainedNode | undefined) =>
		node !== undefined && [...nodesOf(node)].some((one) => one.node === "attempt" && one.mechanisms.includes("pager"));
	expect([yes?.on, uses(yes?.then)]).toEqual([["yes"], true]);
	expect([no?.on, uses(no?.then)]).toEqual([["no", "no-answer"], false]);
});

test("a manager that goes by the results it is handed is explained as it then goes", () => {
	/** Its way depends on results of long ago, on levels and on how it was passed over. */
	function* careful(): Course {
		const first = yield* attempt(["im2", "email"], { until: "read", within: 20_000 });
		yield* wait(5_000);
		const second = yield* attempt(["pager", "sms"], { mode: "parallel", until: "delivered", within: 20_000 });
		if (second.results.some(({ outcome }) => outcome === "rejected")) {
			yield* note("Somebody refused.");
		}
		if (first.results.some(({ outcome }) => outcome === "unavailable")) {
			yield* askSender("Try the rest?", { otherwise: "yes" });
			yield* attempt(["email"], { within: 10_000 });
		} else if (first.results.every(({ passedOver }) => passedOver !== undefined)) {
			yield* note("There was nothing to try.");
		}
	}
	const worlds = fc.record({
		off: fc.subarray(["im2", "email", "pager", "sms"]),
		expires: fc.option(fc.integer({ min: 1, max: 120_000 })),
		unknown: fc.constantFrom("resend" as const, "next" as const, "hold" as const),
	});
	const ends = new Map<string, number>();
	fc.assert(
		fc.property(worlds, choices, ({ off, expires, unknown }, chosen) => {
			const capabilities = { receipts: "delivered" } as const;
			const delivery = play(
				testManager(careful),
				{},
				{
					mechanisms: {
						im2: { kind: "im", capabilities, inactive: off.includes("im2") },
						email: { kind: "email", inactive: off.includes("email") },
						pager: { kind: "pager", capabilities, inactive: off.includes("pager") },
						sms: { kind: "sms", inactive: off.includes("sms") },
					},
					message: expires === null ? {} : { expiresAt: noon + expires },
					unknown,
				},
			);
			const last = playAsExplained(delivery, chooser(chosen)).at(-1) ?? "";
			ends.set(last, (ends.get(last) ?? 0) + 1);
		}),
		{ numRuns: 300 },
	);
	expect(ends.get("end") ?? 0).toBeGreaterThan(200);
});
