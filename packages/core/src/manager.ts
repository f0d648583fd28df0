/**
 * The contract of delivery manager plugins.
 *
 * A manager is a deterministic generator that yields effects. The engine carries an effect out,
 * journals it, and hands the result back; after a restart it runs the generator again over the
 * journal. So a manager has no clock, no randomness and no I/O of its own.
 */
import type { TObject } from "typebox";
import type { PolicyEntry } from "./flow.ts";
import type { Message, Milliseconds, User } from "./model.ts";
import type { Level, Outcome, ReceiptLevel } from "./outcome.ts";
import type { PolicyReason } from "./reasons.ts";

/** The version of this contract that the program speaks. */
export const managerApiVersion = 1;

/** What one mechanism came to within an attempt effect. */
export interface MechanismResult {
	readonly mechanism: string;
	/** Missing when the mechanism was passed over. */
	readonly outcome?: Outcome;
	/** The best receipt so far. */
	readonly level?: ReceiptLevel;
	readonly passedOver?: PolicyReason;
}

/**
 * Handed back when an attempt did *not* bring what it asked for. (When it does, the delivery is over
 * and the generator is not resumed.)
 */
export interface AttemptResult {
	readonly results: readonly MechanismResult[];
}

export interface Answer {
	readonly answer: "yes" | "no";
	readonly by: "sender" | "standing-answer" | "timeout";
}

export interface AttemptOptions {
	/** `serial`, one mechanism after the other, when left out. */
	readonly mode?: "serial" | "parallel";
	/** `accepted` when left out. */
	readonly until?: Level;
	/** In serial mode for each mechanism in turn, in parallel mode once for all. One minute when left out. */
	readonly within?: Milliseconds;
}

export type Effect =
	| {
			readonly effect: "attempt";
			/** Names or kinds (`im`, `kind:im`), in order. */
			readonly mechanisms: readonly string[];
			readonly mode: "serial" | "parallel";
			readonly until: Level;
			readonly within: Milliseconds;
	  }
	| {
			readonly effect: "ask";
			readonly question: string;
			readonly within: Milliseconds;
			readonly otherwise: "yes" | "no";
	  }
	| { readonly effect: "wait"; readonly duration: Milliseconds }
	| { readonly effect: "note"; readonly text: string };

export type EffectResult = AttemptResult | Answer | undefined;

/** A manager's course through one delivery. Returning means that it has nothing left to try. */
export type Course = Generator<Effect, void, EffectResult>;

export interface DeliverContext<Settings> {
	readonly message: Message;
	readonly recipient: Pick<User, "id" | "name" | "timezone">;
	/** The delivery policy as it was when the delivery began; only kept mechanisms will be attempted. */
	readonly policy: readonly PolicyEntry[];
	readonly settings: Settings;
}

export interface ManagerPlugin<Settings = unknown> {
	readonly type: "manager";
	readonly id: string;
	readonly apiVersion: number;
	readonly version: string;
	readonly title: string;
	readonly description?: string;
	/** JSON Schema of a configuration's settings. */
	readonly settings: TObject;
	/**
	 * The mechanisms that these settings name: the configuration's part of the delivery policy.
	 * Nothing else is ever attempted. `"all"` leaves the routing policy as it is.
	 */
	allows(settings: Settings): readonly string[] | "all";
	/**
	 * Complaints about settings that the schema cannot express, as `path: complaint`. It runs when
	 * settings are applied, so that a delivery never meets them.
	 */
	check?(settings: Settings): readonly string[];
	deliver(context: DeliverContext<Settings>): Course;
	/** Set by the host for managers that run elsewhere and have to be asked for each effect. Plugins leave it out. */
	readonly consulted?: boolean;
}

/** Names a plugin's type so that the host can tell managers from mechanisms. */
export function defineManager<Settings>(plugin: Omit<ManagerPlugin<Settings>, "type">): ManagerPlugin<Settings> {
	return { type: "manager", ...plugin };
}

const minute = 60_000;

/**
 * Tries mechanisms until one brings what was asked. The generator goes on only when none did.
 * @param mechanisms names or kinds, in order; those outside the delivery policy are passed over.
 */
export function* attempt(
	mechanisms: readonly string[],
	options: AttemptOptions = {},
): Generator<Effect, AttemptResult, EffectResult> {
	const result = yield {
		effect: "attempt",
		mechanisms,
		mode: options.mode ?? "serial",
		until: options.until ?? "accepted",
		within: options.within ?? minute,
	};
	return result as AttemptResult;
}

/** Asks the sender; their standing answer, or `otherwise` after `within`, may answer in their place. */
export function* askSender(
	question: string,
	options: { within?: Milliseconds; otherwise?: "yes" | "no" } = {},
): Generator<Effect, Answer, EffectResult> {
	const result = yield {
		effect: "ask",
		question,
		within: options.within ?? 5 * minute,
		otherwise: options.otherwise ?? "no",
	};
	return result as Answer;
}

/** Lets time pass. A receipt that satisfies an earlier attempt ends the delivery meanwhile. */
export function* wait(duration: Milliseconds): Generator<Effect, void, EffectResult> {
	yield { effect: "wait", duration };
}

/** Writes a sentence into the journal. */
export function* note(text: string): Generator<Effect, void, EffectResult> {
	yield { effect: "note", text };
}
