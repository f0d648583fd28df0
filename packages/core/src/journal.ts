/**
 * The journal of a delivery: an append-only list of numbered entries, which is at once the timeline
 * that people see, the audit trail, and what recovery replays.
 *
 * Entries are of two kinds. *Inputs* came from outside the delivery: a mechanism's outcome, a
 * receipt, an answer, time passing. *Decisions* follow from the inputs before them by running the
 * manager, so that replaying the inputs must bring the same decisions again.
 */

import type { PolicyEntry } from "./flow.ts";
import type { Effect } from "./manager.ts";
import type { Milliseconds, OnUnknown, User } from "./model.ts";
import type { DeliveryState, Level, Outcome, ReceiptLevel } from "./outcome.ts";
import type { PolicyReason, PostponeReason, SelectionReason, SettleReason } from "./reasons.ts";

/** Who answered a question: the sender, their standing answer, or the time that ran out. */
export type AnsweredBy = "sender" | "standing-answer" | "timeout";

/** What a person decides about a held delivery. */
export type Resolution = "resend" | "next" | "end";

export type Input =
	| { readonly type: "began" }
	| {
			readonly type: "outcome";
			readonly attempt: string;
			readonly mechanism: string;
			readonly try: number;
			readonly outcome: Outcome;
			readonly evidence?: string;
			readonly reference?: string;
			readonly level?: ReceiptLevel;
			readonly retryAfter?: Milliseconds;
	  }
	| {
			readonly type: "receipt";
			readonly attempt: string;
			readonly mechanism: string;
			readonly level: ReceiptLevel;
			readonly evidence?: string;
	  }
	| {
			readonly type: "answered";
			readonly prompt: string;
			readonly answer: "yes" | "no";
			readonly who?: string;
	  }
	/** The recipient wrote back. It moves nothing by itself. */
	| { readonly type: "replied"; readonly attempt: string; readonly mechanism: string; readonly body: string }
	| { readonly type: "time-passed" }
	/** What a manager that runs elsewhere wants next; null when it has nothing left to try. */
	| { readonly type: "effect"; readonly effect: Effect | null }
	/** The delivery cannot go on: its manager is not there, failed, or did not answer. A person may let it go on. */
	| { readonly type: "stranded"; readonly reason: SettleReason; readonly detail: string }
	| { readonly type: "cancelled"; readonly who?: string }
	| { readonly type: "resolved"; readonly resolution: Resolution; readonly who?: string }
	| {
			readonly type: "retracted";
			readonly attempt: string;
			readonly mechanism: string;
			readonly done: boolean;
			readonly evidence?: string;
	  };

/** Everything that was decided before the first attempt: who took the message, how, and what they may use. */
export interface Policies {
	readonly manager: {
		readonly name: string;
		readonly plugin: string;
		readonly version: string;
		readonly reason: SelectionReason;
	};
	readonly configuration: {
		readonly name: string;
		readonly revision: number;
		readonly unknown: OnUnknown;
		/** As they were: a delivery keeps the settings it began with. */
		readonly settings: unknown;
		/** What the settings name, where the manager would have to be asked for it. */
		readonly allows?: readonly string[] | "all";
	};
	/** As they were: the manager sees the same person after a restart. */
	readonly recipient: Pick<User, "id" | "name" | "timezone">;
	readonly routingPolicy: readonly PolicyEntry[];
	readonly deliveryPolicy: readonly PolicyEntry[];
}

export type Decision =
	| ({ readonly type: "policies" } & Policies)
	/** The intent: on disk before the mechanism is called. */
	| {
			readonly type: "attempt";
			readonly attempt: string;
			readonly mechanism: string;
			readonly try: number;
			readonly until: Level;
			/** The attempt is given up at this moment. */
			readonly deadline: Milliseconds;
	  }
	| { readonly type: "passed-over"; readonly mechanism: string; readonly reason: PolicyReason }
	| {
			readonly type: "postponed";
			readonly mechanism: string;
			readonly until: Milliseconds;
			readonly reason: PostponeReason;
	  }
	| { readonly type: "retry"; readonly attempt: string; readonly mechanism: string; readonly retryAt: Milliseconds }
	/** The attempt's time ran out without what it asked for. */
	| { readonly type: "gave-up"; readonly attempt: string; readonly mechanism: string; readonly until: Level }
	| {
			readonly type: "prompt";
			readonly prompt: string;
			readonly question: string;
			readonly until: Milliseconds;
			readonly otherwise: "yes" | "no";
	  }
	| {
			readonly type: "prompt-closed";
			readonly prompt: string;
			readonly question: string;
			readonly answer: "yes" | "no";
			readonly by: AnsweredBy;
	  }
	| { readonly type: "prompt-withdrawn"; readonly prompt: string }
	| { readonly type: "wait"; readonly until: Milliseconds }
	/** A manager that runs elsewhere is asked what it wants next. */
	| { readonly type: "consult" }
	| { readonly type: "note"; readonly text: string }
	| { readonly type: "retract"; readonly attempt: string; readonly mechanism: string }
	| { readonly type: "held"; readonly reason: SettleReason; readonly detail?: string }
	| {
			readonly type: "settled";
			readonly state: DeliveryState;
			readonly reason: SettleReason;
			readonly attempt?: string;
			readonly mechanism?: string;
	  };

/** One entry as stored: an input or a decision, when, and its number within the delivery, from 1. */
export type JournalEntry = (Input | Decision) & { readonly sequence: number; readonly at: Milliseconds };

const inputTypes: ReadonlySet<string> = new Set<Input["type"]>([
	"began",
	"outcome",
	"receipt",
	"answered",
	"replied",
	"time-passed",
	"effect",
	"stranded",
	"cancelled",
	"resolved",
	"retracted",
]);

export function isInput(entry: Input | Decision): entry is Input {
	return inputTypes.has(entry.type);
}
