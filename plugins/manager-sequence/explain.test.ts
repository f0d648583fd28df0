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
const kinds = { im: "im", im2: "im", email: "email", pager: "pager", sms: "sms" } as const;
const selectors = [...names, "kind:im", "sms", "chat", "nowhere"];
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

const mechanism = (kind: PlayedMechanism["kind"]): fc.Arbitrary<PlayedMechanism> =>
	fc.record({
		kind: fc.constant(kind),
		capabilities: fc.record(
			{
				receipts: fc.constantFrom("delivered", "read", "acknowledged"),
				encryption: fc.boolean(),
				sizeLimit: fc.constantFrom(5, 10_000),
			},
			{ requiredKeys: [] },
		),
		inactive: fc.constantFrom<NonNullable<PlayedMechanism["inactive"]>[]>(false, false, false, false, "breaker-open"),
		absent: fc.constantFrom(false, false, false, false, true),
	});

/** Quiet hours and conditions that begin, end or turn while the delivery is under way. */
const entry = (name: string): fc.Arbitrary<Omit<DeliveryEntry, "address">> =>
	fc.record(
		{
			mechanism: fc.constant(name),
			publicKey: fc.constant("a key"),
			quiet: fc.record(
				{
					from: fc.constantFrom("11:00", "12:00", "12:01", "12:05"),
					to: fc.constantFrom("12:01", "12:02", "12:10", "16:00"),
					then: fc.constantFrom("skip", "wait"),
					except: fc.constantFrom("urgent", "low"),
				},
				{ requiredKeys: ["from", "to"] },
			),
			when: fc.constantFrom('message.priority != "low"', "now.getMinutes() < 2", "message.properties.missing"),
		},
		{ requiredKeys: ["mechanism"] },
	);

const table = fc
	.tuple(fc.shuffledSubarray([...names]), fc.tuple(...names.map(entry)))
	.map(([order, entries]) => order.flatMap((name) => entries.filter((one) => one.mechanism === name)));

const message: fc.Arbitrary<Partial<Message>> = fc.record(
	{
		priority: fc.constantFrom("low", "normal", "urgent"),
		prompts: fc.constantFrom("ask", "ask", "yes", "no"),
		confidential: fc.constantFrom(false, false, true),
		expiresAt: fc.integer({ min: 1, max: 600_000 }).map((after) => noon + after),
	},
	{ requiredKeys: ["priority"] },
);

const world: fc.Arbitrary<PlayOptions> = fc.record({
	mechanisms: fc.record({
		im: mechanism(kinds.im),
		im2: mechanism(kinds.im2),
		email: mechanism(kinds.email),
		pager: mechanism(kinds.pager),
		sms: mechanism(kinds.sms),
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
		{ numRuns: Number(process.env["EXPLAIN_RUNS"] ?? 1000) },
	);
	// The walk has met every kind of node, and a cut only now and then.
	for (const node of ["attempt", "ask", "answered", "passed-over", "postponed", "wait", "note", "end"] as const) {
		expect(passed.get(node) ?? 0, node).toBeGreaterThan(10);
	}
	expect(passed.get("cut") ?? 0).toBeLessThan((passed.get("end") ?? 0) / 20);
});
