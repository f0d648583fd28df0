/** Random worlds for deliveries: what mechanisms, senders, recipients and operators may do, in any order. */
import fc from "fast-check";
import type { Resolution } from "../journal.ts";
import type { Milliseconds } from "../model.ts";
import { type Outcome, outcomes, type ReceiptLevel, receiptLevels } from "../outcome.ts";
import type { PlayedDelivery } from "./play.ts";

/** One thing that happens. `which` picks among whatever there is to pick from at that moment. */
export type Move =
	| {
			readonly move: "outcome";
			readonly which: number;
			readonly outcome: Outcome;
			readonly level: ReceiptLevel | undefined;
			readonly retryAfter: Milliseconds | undefined;
	  }
	| { readonly move: "receipt"; readonly which: number; readonly level: ReceiptLevel }
	| { readonly move: "answer"; readonly answer: "yes" | "no" }
	| { readonly move: "pass"; readonly by: Milliseconds }
	| { readonly move: "sleep"; readonly by: Milliseconds }
	| { readonly move: "wake" }
	| { readonly move: "toggle"; readonly which: number; readonly active: boolean }
	| { readonly move: "resolve"; readonly resolution: Resolution }
	| { readonly move: "cancel" };

const which = fc.nat({ max: 20 });

const move: fc.Arbitrary<Move> = fc.oneof(
	{
		weight: 8,
		arbitrary: fc.record({
			move: fc.constant("outcome" as const),
			which,
			outcome: fc.constantFrom(...outcomes),
			level: fc.option(fc.constantFrom(...receiptLevels), { nil: undefined, freq: 2 }),
			retryAfter: fc.option(fc.integer({ min: 0, max: 120_000 }), { nil: undefined, freq: 2 }),
		}),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			move: fc.constant("receipt" as const),
			which,
			level: fc.constantFrom(...receiptLevels),
		}),
	},
	{
		weight: 3,
		arbitrary: fc.record({ move: fc.constant("answer" as const), answer: fc.constantFrom("yes", "no") }),
	},
	{
		weight: 3,
		arbitrary: fc.record({ move: fc.constant("pass" as const), by: fc.integer({ min: 0, max: 400_000 }) }),
	},
	{
		weight: 1,
		arbitrary: fc.record({ move: fc.constant("sleep" as const), by: fc.integer({ min: 0, max: 400_000 }) }),
	},
	{ weight: 4, arbitrary: fc.record({ move: fc.constant("wake" as const) }) },
	{
		weight: 2,
		arbitrary: fc.record({ move: fc.constant("toggle" as const), which, active: fc.boolean() }),
	},
	{
		weight: 2,
		arbitrary: fc.record({
			move: fc.constant("resolve" as const),
			resolution: fc.constantFrom("resend", "next", "end"),
		}),
	},
	{ weight: 1, arbitrary: fc.record({ move: fc.constant("cancel" as const) }) },
);

export const moves: fc.Arbitrary<readonly Move[]> = fc.array(move, { maxLength: 40 });

/** Makes a move, or nothing where there is nothing to make it with. */
export function make(delivery: PlayedDelivery, given: Move): void {
	switch (given.move) {
		case "outcome":
			answerTry(delivery, given);
			break;
		case "receipt": {
			const mechanism = pick(delivery.attempted, given.which);
			if (mechanism !== undefined) {
				delivery.receipt(mechanism, given.level);
			}
			break;
		}
		case "toggle": {
			const entry = pick(delivery.planned.routingPolicy, given.which);
			if (entry !== undefined) {
				delivery.setActive(entry.mechanism, given.active);
			}
			break;
		}
		case "answer":
			if (delivery.question !== undefined) {
				delivery.answer(given.answer);
			}
			break;
		default:
			makeWithTime(delivery, given);
	}
}

function makeWithTime(
	delivery: PlayedDelivery,
	given: Extract<Move, { move: "pass" | "sleep" | "wake" | "resolve" | "cancel" }>,
): void {
	switch (given.move) {
		case "pass":
			delivery.pass(given.by);
			break;
		case "sleep":
			delivery.sleep(given.by);
			break;
		case "wake":
			if (delivery.due !== null) {
				delivery.wake();
			}
			break;
		case "resolve":
			delivery.resolve(given.resolution);
			break;
		case "cancel":
			delivery.cancel();
			break;
	}
}

function answerTry(delivery: PlayedDelivery, given: Extract<Move, { move: "outcome" }>): void {
	const { which, outcome, level, retryAfter } = given;
	const mechanism = pick(delivery.sending, which);
	if (mechanism !== undefined) {
		const certain = outcome === "accepted" && level !== undefined;
		delivery.outcome(mechanism, outcome, {
			...(certain && { level }),
			...(outcome === "failed" && retryAfter !== undefined && { retryAfter }),
		});
	}
}

function pick<T>(from: readonly T[], which: number): T | undefined {
	return from.length === 0 ? undefined : from[which % from.length];
}
