/**
 * What an attempt came to, and what later evidence can raise it to. The words are physical: each
 * says what is known about the message, not what a call returned.
 */
import type { Milliseconds } from "./model.ts";

/**
 * - `accepted`: the mechanism took responsibility. Nobody has seen the message yet, as far as is known.
 * - `unavailable`: certainly not delivered; the recipient cannot be reached there now (offline, absent).
 * - `rejected`: certainly not delivered; trying the same again cannot help (no such address, too long).
 * - `failed`: certainly not delivered; trying again may help (connection refused, a temporary error).
 * - `unknown`: nobody can say. The bytes left and no answer came, or the program died in between.
 */
export const outcomes = ["accepted", "unavailable", "rejected", "failed", "unknown"] as const;
export type Outcome = (typeof outcomes)[number];

/** Later evidence, each level including the ones before it. */
export const receiptLevels = ["delivered", "read", "acknowledged"] as const;
export type ReceiptLevel = (typeof receiptLevels)[number];

/** What an attempt may ask for: acceptance alone, or a receipt of a level. */
export const levels = ["accepted", ...receiptLevels] as const;
export type Level = (typeof levels)[number];

/** Whether `reached` is at least what was `asked`. */
export function satisfies(reached: Level, asked: Level): boolean {
	return levels.indexOf(reached) >= levels.indexOf(asked);
}

/** The states of one delivery. The last four are final; `held` waits for a person. */
export const deliveryStates = ["routing", "waiting", "held", "reached", "unreached", "expired", "cancelled"] as const;
export type DeliveryState = (typeof deliveryStates)[number];

export const finalStates = ["reached", "unreached", "expired", "cancelled"] as const;
export type FinalState = (typeof finalStates)[number];

export function isFinal(state: DeliveryState): state is FinalState {
	return (finalStates as readonly string[]).includes(state);
}

/**
 * What a mechanism answers to `send`. `evidence` is for people: the server's reply line, the SMTP
 * status, the error's text. It never holds bodies or secrets.
 */
export interface SendResult {
	readonly outcome: Outcome;
	readonly evidence?: string;
	/** The identifier the other side gave the message, for receipts that come by that name. */
	readonly reference?: string;
	/** A `failed` attempt's wish: not again before this many milliseconds. */
	readonly retryAfter?: Milliseconds;
	/** Receipts that came in the same breath, such as a pager network's "delivered". */
	readonly level?: ReceiptLevel;
}
