/**
 * The attempts of one delivery: looking at mechanisms again, making attempts, resting and trying
 * again, giving up, taking back.
 */
import {
	type AttemptEffect,
	type AttemptGroup,
	isBusy,
	type OutcomeInput,
	startGroup,
	type TrackedAttempt,
} from "./attempt-group.ts";
import { backoff } from "./backoff.ts";
import type { PolicyEntry } from "./flow.ts";
import type { Resolution } from "./journal.ts";
import type { Milliseconds } from "./model.ts";
import type { Progress } from "./progress.ts";

export type { TrackedAttempt } from "./attempt-group.ts";

/** Looks at a mechanism again right before an attempt through it. */
export type Look = (mechanism: string, now: Milliseconds) => PolicyEntry;

export class Attempts {
	/** By identifier, in the order in which they were made. */
	readonly all = new Map<string, TrackedAttempt>();
	/** A replay looks into the journal instead. */
	look: Look;
	readonly #progress: Progress;

	constructor(progress: Progress, look: Look) {
		this.#progress = progress;
		this.look = look;
	}

	/** Begins what an attempt effect asks for. */
	start(effect: AttemptEffect, now: Milliseconds): AttemptGroup {
		const group = startGroup(effect, this.#progress.policies.routingPolicy);
		this.advance(group, now);
		return group;
	}

	/** Makes attempts from the group's queue: one in serial mode, all in parallel mode. */
	advance(group: AttemptGroup, now: Milliseconds): void {
		while (group.queue.length > 0) {
			if (group.effect.mode === "serial" && isBusy(group)) {
				return;
			}
			const mechanism = group.queue.shift();
			if (mechanism !== undefined) {
				this.#consider(mechanism, group, now);
			}
		}
	}

	/** Carries on with what of a group has become due. */
	wake(group: AttemptGroup, now: Milliseconds): void {
		for (const attempt of group.active) {
			if (attempt.phase === "resting" && now >= attempt.retryAt && now < attempt.deadline) {
				this.#tryAgain(attempt, now, group.effect.within);
			} else {
				this.#giveUpIfLate(attempt, now);
			}
		}
		const due = group.postponed.filter(({ until }) => now >= until);
		for (const one of due) {
			group.postponed.splice(group.postponed.indexOf(one), 1);
			this.#consider(one.mechanism, group, now);
		}
	}

	/** What becomes of an attempt whose outcome is not the end of the delivery. */
	afterOutcome(attempt: TrackedAttempt, input: OutcomeInput, now: Milliseconds): void {
		attempt.phase = "over";
		// A receipt that overtook the outcome says more than the outcome does.
		switch (attempt.level === undefined ? input.outcome : "accepted") {
			case "accepted":
				attempt.phase = "accepted";
				this.#giveUpIfLate(attempt, now);
				break;
			case "failed":
				this.#rest(attempt, input.retryAfter ?? 0, now);
				break;
			case "unknown":
				this.#afterUnknown(attempt, input.retryAfter ?? 0, now);
				break;
			case "unavailable":
			case "rejected":
				break;
		}
	}

	/** Leaves it to a person what to do about a group's undecided attempts. */
	holdUndecided(group: AttemptGroup | undefined): void {
		for (const attempt of group?.active.filter(({ phase }) => phase === "undecided") ?? []) {
			this.#hold(attempt);
		}
	}

	/** Does with a group's undecided attempts what a person has decided. */
	resolve(group: AttemptGroup, resolution: Resolution, now: Milliseconds): void {
		const { within } = group.effect;
		for (const attempt of group.active.filter(({ phase }) => phase === "undecided")) {
			attempt.phase = "over";
			if (resolution === "resend") {
				// The time a person took to decide is not the attempt's: it has the whole of its time again.
				attempt.deadline = now + within;
				this.#tryAgain(attempt, now, within);
			}
		}
	}

	/** Takes back what mechanisms have shown or may have shown. */
	retractAll(except?: TrackedAttempt): void {
		for (const attempt of this.all.values()) {
			if (attempt !== except) {
				this.retract(attempt);
			}
		}
	}

	retract(attempt: TrackedAttempt): void {
		const shown = attempt.level !== undefined || attempt.outcome === "unknown";
		if (shown && attempt.retracted !== true) {
			attempt.retracted = true;
			this.#progress.decide({ type: "retract", attempt: attempt.id, mechanism: attempt.mechanism });
		}
	}

	/** Whether the recipient has acknowledged the message by another mechanism. */
	isAcknowledgedBeside(attempt: TrackedAttempt): boolean {
		return [...this.all.values()].some((other) => other !== attempt && other.level === "acknowledged");
	}

	/** Looks at a mechanism again and attempts it, postpones it, or passes it over. */
	#consider(mechanism: string, group: AttemptGroup, now: Milliseconds): void {
		const policy = this.look(mechanism, now);
		if (!policy.kept) {
			const reason = policy.reason ?? "inactive";
			group.passedOver.set(mechanism, reason);
			this.#progress.decide({ type: "passed-over", mechanism, reason });
		} else if (policy.postponedUntil !== undefined && policy.postponedUntil > now) {
			const until = policy.postponedUntil;
			group.postponed.push({ mechanism, until });
			this.#postpone(mechanism, until, policy);
		} else {
			this.#attempt(mechanism, group, now);
		}
	}

	#attempt(mechanism: string, group: AttemptGroup, now: Milliseconds): void {
		const attempt: TrackedAttempt = {
			id: `${this.#progress.delivery}.a${this.all.size + 1}`,
			mechanism,
			until: group.effect.until,
			deadline: now + group.effect.within,
			phase: "sending",
			try: 1,
			retryAt: 0,
		};
		this.all.set(attempt.id, attempt);
		group.active.push(attempt);
		this.#intend(attempt);
	}

	#intend({ id, mechanism, try: number, until, deadline }: TrackedAttempt): void {
		this.#progress.decide({ type: "attempt", attempt: id, mechanism, try: number, until, deadline });
	}

	#postpone(mechanism: string, until: Milliseconds, { postponeReason = "quiet-hours" }: PolicyEntry): void {
		this.#progress.decide({ type: "postponed", mechanism, until, reason: postponeReason });
	}

	/** The next try of an attempt, when the mechanism may still be used. */
	#tryAgain(attempt: TrackedAttempt, now: Milliseconds, within: Milliseconds): void {
		const { mechanism } = attempt;
		const policy = this.look(mechanism, now);
		if (!policy.kept) {
			attempt.phase = "over";
			this.#progress.decide({ type: "passed-over", mechanism, reason: policy.reason ?? "inactive" });
		} else if (policy.postponedUntil !== undefined && policy.postponedUntil > now) {
			const until = policy.postponedUntil;
			Object.assign(attempt, { phase: "resting", retryAt: until, deadline: until + within });
			this.#postpone(mechanism, until, policy);
		} else {
			attempt.phase = "sending";
			attempt.try += 1;
			this.#intend(attempt);
		}
	}

	#afterUnknown(attempt: TrackedAttempt, retryAfter: Milliseconds, now: Milliseconds): void {
		const { unknown } = this.#progress.policies.configuration;
		if (unknown === "resend") {
			this.#rest(attempt, retryAfter, now);
		} else if (unknown === "hold") {
			attempt.phase = "undecided";
			this.#hold(attempt);
		}
	}

	#hold({ mechanism, id }: TrackedAttempt): void {
		this.#progress.hold("unknown-held", `${mechanism}: ${id}`);
	}

	/** Rests a failed attempt until its next try, when that still lies within its time. */
	#rest(attempt: TrackedAttempt, retryAfter: Milliseconds, now: Milliseconds): void {
		const at = now + Math.max(backoff(attempt.id, attempt.try), retryAfter);
		if (at < Math.min(attempt.deadline, this.#progress.message.expiresAt ?? Number.POSITIVE_INFINITY)) {
			attempt.phase = "resting";
			attempt.retryAt = at;
			this.#progress.decide({ type: "retry", attempt: attempt.id, mechanism: attempt.mechanism, retryAt: at });
		}
	}

	#giveUpIfLate(attempt: TrackedAttempt, now: Milliseconds): void {
		if ((attempt.phase === "accepted" || attempt.phase === "resting") && now >= attempt.deadline) {
			attempt.phase = "over";
			const { id, mechanism, until } = attempt;
			this.#progress.decide({ type: "gave-up", attempt: id, mechanism, until });
		}
	}
}
