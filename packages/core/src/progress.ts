/** How far one delivery has come, and what the input under way has decided about it so far. */
import type { TrackedAttempt } from "./attempt-group.ts";
import type { Decision, Policies } from "./journal.ts";
import type { Message, Milliseconds } from "./model.ts";
import { type DeliveryState, isFinal } from "./outcome.ts";
import type { SettleReason } from "./reasons.ts";

export class Progress {
	readonly delivery: string;
	readonly message: Message;
	readonly policies: Policies;
	state: DeliveryState = "routing";
	/** Why it is held, or how it was settled. */
	reason: SettleReason | undefined;
	/** In order. Each input begins a new list. */
	decisions: Decision[] = [];

	constructor(delivery: string, message: Message, policies: Policies) {
		this.delivery = delivery;
		this.message = message;
		this.policies = policies;
	}

	get isOver(): boolean {
		return isFinal(this.state);
	}

	/** Whether the manager goes no further: a person has to decide, or the delivery is over. */
	get isStopped(): boolean {
		return this.state === "held" || this.isOver;
	}

	isExpired(now: Milliseconds): boolean {
		return this.message.expiresAt !== undefined && now >= this.message.expiresAt;
	}

	decide(decision: Decision): void {
		this.decisions.push(decision);
	}

	/** Leaves it to a person. */
	hold(reason: SettleReason, detail: string): void {
		this.state = "held";
		this.reason = reason;
		this.decide({ type: "held", reason, detail });
	}

	/** A person has decided, so it goes on. */
	release(): void {
		this.state = "routing";
		this.reason = undefined;
	}

	/** Ends it, by an attempt when one brought the end about. */
	settle(state: DeliveryState, reason: SettleReason, attempt?: TrackedAttempt): void {
		this.state = state;
		this.reason = reason;
		this.decide({
			type: "settled",
			state,
			reason,
			...(attempt !== undefined && { attempt: attempt.id, mechanism: attempt.mechanism }),
		});
	}
}
