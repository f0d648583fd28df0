/**
 * The promise of `explain`: what it says beforehand is what then happens. Random configurations, users,
 * mechanisms and messages are explained, and then played with random results along the tree.
 *
 * What is left out on purpose, since nobody can know it beforehand: mechanisms that come and go
 * meanwhile, receipts that come after their attempt was given up, and how long a try or the sender
 * takes. Tries here fail at once, and `within` is short enough that the tree follows every one of them.
 */
import type { DeliveryEntry, ExplainedNode, Message } from "@posthaste/core";
import {
	choices,
	chooser,
	type PlayedMechanism,
	type PlayOptions,
	play,
	playAsExplained,
} from "@posthaste/core/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import plugin from "./plugin.ts";

type Step = Parameters<typeof plugin.allows>[0]["steps"][number];

const noon = Date.UTC(2026, 0, 15, 12);
const names = ["im", "im2", "email", "pager", "sms"] as const;
const selectors = [...names, ...names, "kind:im", "kind:pager", "chat", "nowhere"];
const withins = ["0s", "1s", "20s", "45s", "1m", "3m"];

const attempt: fc.Arbitrary<Step> = fc.record(
	{
		attempt: fc.uniqueArray(fc.constantFrom(...selectors), { minLength: 1, maxLength: 3 }),
		mode: fc.constantFrom("serial", "parallel"),
		until: fc.constantFrom("accepted", "delivered", "read", "acknowledged"),
		within: fc.constantFrom(...withins),
	},
	{ requiredKeys: ["attempt"] },
);

const step: fc.Arbitrary<Step> = fc.oneof(
	{ weight: 5, arbitrary: attempt },
	{
		weight: 2,
		arbitrary: fc.record({
			ask: fc.constantFrom("Send a page?", "Wake {recipient.name}?"),
			within: fc.constantFrom("30s", "2m", "10m"),
			otherwise: fc.constantFrom("yes", "no"),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ wait: fc.constantFrom("0s", "10s", "90s", "5m") }) },
	{ weight: 1, arbitrary: fc.record({ note: fc.constantFrom("Now the pager.", "Nothing left.") }) },
);

const settings = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }) });

/** Once in so many times, so that most deliveries have something left to attempt. */
const seldom = <T>(arbitrary: fc.Arbitrary<T>, times = 5) =>
	fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const mechanism = (kind: PlayedMechanism["kind"]): fc.Arbitrary<PlayedMechanism> =>
	fc
		.tuple(
			fc.constantFrom({}, { receipts: "delivered" } as const, { receipts: "acknowledged" } as const),
			seldom(fc.constant({ inactive: "breaker-open" } as const), 8),
			seldom(fc.constant({ absent: true }), 8),
			seldom(fc.constant({ sizeLimit: 5 }), 12),
			fc.boolean(),
		)
		.map(([receipts, inactive, absent, sizeLimit, encryption]) => ({
			kind,
			capabilities: { ...receipts, ...sizeLimit, encryption },
			...inactive,
			...absent,
		}));

const quiet = fc.record(
	{
		from: fc.constantFrom("11:00", "12:00", "12:01", "12:05"),
		to: fc.constantFrom("12:01", "12:02", "12:10", "16:00"),
		then: fc.constantFrom("skip" as const, "wait" as const),
		except: fc.constantFrom("urgent" as const, "low" as const),
	},
	{ requiredKeys: ["from", "to", "then"] },
);

/** Quiet hours and conditions that begin, end or turn while the delivery is under way. */
const entry = (mechanism: string): fc.Arbitrary<Omit<DeliveryEntry, "address">> =>
	fc
		.tuple(
			seldom(quiet),
			seldom(fc.constantFrom('message.priority != "low"', "now.getMinutes() < 2", "message.properties.missing"), 8),
		)
		.map(([hours, when]) => ({
			mechanism,
			publicKey: "a key",
			...(hours !== undefined && { quiet: hours }),
			...(when !== undefined && { when }),
		}));

const table = fc
	.tuple(fc.shuffledSubarray([...names], { minLength: 4 }), fc.tuple(...names.map(entry)))
	.map(([order, entries]) => order.flatMap((name) => entries.filter((one) => one.mechanism === name)));

const message: fc.Arbitrary<Partial<Message>> = fc
	.tuple(
		fc.constantFrom("low" as const, "normal" as const, "urgent" as const),
		fc.constantFrom("ask" as const, "ask" as const, "yes" as const, "no" as const),
		fc.nat({ max: 9 }),
		seldom(fc.integer({ min: 1, max: 600_000 }), 3),
	)
	.map(([priority, prompts, confidential, after]) => ({
		priority,
		prompts,
		confidential: confidential === 0,
		...(after !== undefined && { expiresAt: noon + after }),
	}));

const world: fc.Arbitrary<PlayOptions> = fc.record({
	mechanisms: fc.record({
		im: mechanism("im"),
		im2: mechanism("im"),
		email: mechanism("email"),
		pager: mechanism("pager"),
		sms: mechanism("sms"),
	}),
	table,
	message,
	unknown: fc.constantFrom("resend", "next", "hold"),
});

test("what explain says beforehand is what then happens", () => {
	const passed = new Map<ExplainedNode["node"], number>();
	fc.assert(
		fc.property(settings, world, choices, (given, options, chosen) => {
			expect(plugin.check?.(given)).toEqual([]);
			for (const node of playAsExplained(play(plugin, given, options), chooser(chosen))) {
				passed.set(node, (passed.get(node) ?? 0) + 1);
			}
		}),
		{ numRuns: Number(process.env.EXPLAIN_RUNS ?? 800) },
	);
	// The walk has met every kind of node, and a cut only now and then.
	for (const node of ["attempt", "ask", "answered", "passed-over", "postponed", "wait", "note", "end"] as const) {
		expect(passed.get(node) ?? 0, node).toBeGreaterThan(10);
	}
	expect(passed.get("cut") ?? 0).toBeLessThan((passed.get("end") ?? 0) / 20);
});
