/** What `explain` answers: both policies with their reasons and the decision tree. */
import type { Policies } from "./journal.ts";
import type { Milliseconds } from "./model.ts";
import type { DeliveryState, Level } from "./outcome.ts";
import type { PolicyReason, PostponeReason, SettleReason } from "./reasons.ts";

/** What one mechanism may come to within an attempt, as far as the course of the delivery depends on it. */
export type ExplainedResult = Level | "unavailable" | "rejected" | "failed" | "unknown" | "no-receipt";

export interface ExplainedBranch {
	/**
	 * The results that lead here, each written `MECHANISM=RESULT`, several mechanisms joined by `,`;
	 * below a question `yes`, `no` or `no-answer`.
	 */
	readonly on: readonly string[];
	readonly then: ExplainedNode;
}

export type ExplainedNode =
	| {
			readonly node: "attempt";
			readonly mode: "serial" | "parallel";
			/** The mechanisms tried at this point: one in serial mode, all at once in parallel mode. */
			readonly mechanisms: readonly string[];
			readonly until: Level;
			readonly within: Milliseconds;
			readonly branches: readonly ExplainedBranch[];
	  }
	| {
			readonly node: "ask";
			readonly question: string;
			readonly within: Milliseconds;
			readonly otherwise: "yes" | "no";
			readonly branches: readonly ExplainedBranch[];
	  }
	| {
			readonly node: "answered";
			readonly question: string;
			readonly answer: "yes" | "no";
			readonly by: "standing-answer";
			readonly then: ExplainedNode;
	  }
	| {
			readonly node: "passed-over";
			readonly mechanism: string;
			readonly reason: PolicyReason;
			readonly then: ExplainedNode;
	  }
	| {
			readonly node: "postponed";
			readonly mechanism: string;
			readonly until: Milliseconds;
			readonly reason: PostponeReason;
			readonly then: ExplainedNode;
	  }
	| { readonly node: "wait"; readonly duration: Milliseconds; readonly then: ExplainedNode }
	| { readonly node: "note"; readonly text: string; readonly then: ExplainedNode }
	| { readonly node: "end"; readonly state: DeliveryState; readonly reason: SettleReason }
	/** The tree goes on, but not here: it grew past its bound, or repeats itself. */
	| { readonly node: "cut"; readonly reason: "too-large" | "too-deep" };

export interface ExplainedDelivery extends Policies {
	readonly tree: ExplainedNode;
	/** True when some branch was cut. */
	readonly cut: boolean;
}

export interface Explanation {
	/** The moment the explanation is about. */
	readonly at: Milliseconds;
	readonly deliveries: readonly ExplainedDelivery[];
}
