/**
 * Step 6: the course of one delivery. It drives the manager's generator and turns each input (an
 * outcome, a receipt, an answer, time passing) into decisions (an attempt, a question, the end).
 *
 * It decides and does nothing: the engine writes the decisions down and then carries them out. The
 * same inputs at the same moments bring the same decisions, so that a journal can be replayed, and
 * `explain` can drive a course through results that never happened.
 *
 *     routing ─began─▶ an effect is under way ──▶ attempts sending        (routing)
 *                          ▲        │             ├▶ waiting for a receipt, time, an answer (waiting)
 *                          └─result─┘             └▶ a person has to decide  (held)
 *     any of them ──▶ reached | unreached | expired | cancelled
 *
 * Here is what an input means to a delivery, and how it ends. The manager's generator is in
 * manager-course.ts, what is done about attempts in attempts.ts.
 */
import {
	isSatisfied,
	isSending,
	type OutcomeInput,
	raise,
	recordOutcome,
	type TrackedAttempt,
} from "./attempt-group.ts";
import { Attempts, type Look } from "./attempts.ts";
import type { Decision, Input, JournalEntry, Policies } from "./journal.ts";
import type { ManagerPlugin } from "./manager.ts";
import { ManagerCourse, type Pause } from "./manager-course.ts";
import type { Message, Milliseconds } from "./model.ts";
import { type DeliveryState, satisfies } from "./outcome.ts";
import { Progress } from "./progress.ts";
import type { SettleReason } from "./reasons.ts";
import { compare, lookFrom, roundsOf } from "./replay.ts";

export type { Look } from "./attempts.ts";
export { NotDeterministicError } from "./replay.ts";

export interface CourseStart {
	readonly delivery: string;
	readonly message: Message;
	readonly plugin: ManagerPlugin;
	readonly policies: Policies;
	readonly look: Look;
}

/** Inputs that only set the next thing going. Once the message has expired there is no next thing. */
const movesOn: ReadonlySet<string> = new Set<Input["type"]>(["answered", "effect", "resolved", "time-passed"]);

type AnsweredInput = Extract<Input, { type: "answered" }>;
type ReceiptInput = Extract<Input, { type: "receipt" }>;
type ResolvedInput = Extract<Input, { type: "resolved" }>;
type StrandedInput = Extract<Input, { type: "stranded" }>;

function isRetracting({ retracted, retractionAnswered }: TrackedAttempt): boolean {
	return retracted === true && retractionAnswered !== true;
}

export class DeliveryCourse {
	readonly delivery: string;
	readonly message: Message;
	readonly policies: Policies;

	readonly #progress: Progress;
	readonly #attempts: Attempts;
	readonly #manager: ManagerCourse;
	/** It is held for want of its manager, and could go on from where it stands. */
	#isStranded = false;

	constructor({ delivery, message, plugin, policies, look }: CourseStart) {
		this.delivery = delivery;
		this.message = message;
		this.policies = policies;
		this.#progress = new Progress(delivery, message, policies);
		this.#attempts = new Attempts(this.#progress, look);
		this.#manager = new ManagerCourse(this.#progress, this.#attempts, plugin);
	}

	/** Takes one input at one moment and answers the decisions that follow from it, in order. */
	handle(input: Input, now: Milliseconds): readonly Decision[] {
		const progress = this.#progress;
		progress.decisions = [];
		if (progress.isOver) {
			this.#handleLate(input);
		} else {
			if (!progress.isExpired(now) || !movesOn.has(input.type)) {
				this.#handleOpen(input, now);
			}
			this.#expire(now);
			this.#restate();
		}
		return progress.decisions;
	}

	/**
	 * Brings a new course to where a journal ends. Second looks are answered from the journal.
	 * @throws NotDeterministicError when the manager now decides otherwise
	 */
	replay(journal: readonly JournalEntry[]): void {
		const live = this.#attempts.look;
		for (const { input, recorded } of roundsOf(this.delivery, journal)) {
			this.#attempts.look = lookFrom(recorded);
			compare(this.delivery, recorded, this.handle(input, input.at));
		}
		this.#attempts.look = live;
	}

	/** Changes only through `handle`, as all that follows does. */
	get state(): DeliveryState {
		return this.#progress.state;
	}

	/** Why it is held, or how it was settled. */
	get reason(): SettleReason | undefined {
		return this.#progress.reason;
	}

	/** By identifier, in the order in which they were made. */
	get attempts(): ReadonlyMap<string, TrackedAttempt> {
		return this.#attempts.all;
	}

	/** Attempts whose intent is written and whose outcome is not. */
	get sending(): readonly TrackedAttempt[] {
		return [...this.attempts.values()].filter((attempt) => attempt.phase === "sending");
	}

	/** What is to be taken back, and whose mechanism has not answered yet. */
	get retracting(): readonly TrackedAttempt[] {
		return [...this.attempts.values()].filter(isRetracting);
	}

	/** A mechanism or the manager is being asked for something, so whoever finds the delivery idle has to ask again. */
	get isCalling(): boolean {
		for (const attempt of this.attempts.values()) {
			if (attempt.phase === "sending" || isRetracting(attempt)) {
				return true;
			}
		}
		return this.isConsulting;
	}

	/** What the manager waits for: the mechanisms being tried, as `explain` and the pages show them, a question, time. */
	get pause(): Pause | undefined {
		return this.#manager.pause;
	}

	/** Its manager runs elsewhere, and has to be asked what it wants next. */
	get isConsulting(): boolean {
		return this.#manager.pause?.on === "effect" && !this.#progress.isStopped;
	}

	/** When the delivery has to be looked at although nothing came in; null when never. */
	get due(): Milliseconds | null {
		if (this.#progress.isOver) {
			return null;
		}
		const due = Math.min(
			this.#manager.due ?? Number.POSITIVE_INFINITY,
			this.message.expiresAt ?? Number.POSITIVE_INFINITY,
		);
		return Number.isFinite(due) ? due : null;
	}

	// Inputs ---------------------------------------------------------------------------------------

	#handleOpen(input: Input, now: Milliseconds): void {
		switch (input.type) {
			case "began":
				this.#begin(now);
				break;
			case "outcome":
				this.#onOutcome(input, now);
				break;
			case "receipt":
				this.#onReceipt(input);
				break;
			case "answered":
				this.#onAnswer(input, now);
				break;
			case "time-passed":
				this.#manager.passTime(now);
				break;
			case "effect":
				this.#manager.take(input.effect, now);
				break;
			case "stranded":
				this.#onStranded(input);
				break;
			case "cancelled":
				this.#manager.withdrawPrompt();
				this.#attempts.retractAll();
				this.#settle("cancelled", "cancelled");
				break;
			case "resolved":
				this.#onResolution(input, now);
				break;
			case "retracted":
				this.#onRetracted(input.attempt);
				break;
			case "replied":
				break;
		}
	}

	#begin(now: Milliseconds): void {
		this.#progress.decide({ type: "policies", ...this.policies });
		if (!this.#progress.isExpired(now)) {
			this.#manager.begin(now);
		}
	}

	#onOutcome(input: OutcomeInput, now: Milliseconds): void {
		const attempt = this.#attempts.all.get(input.attempt);
		if (attempt === undefined || attempt.phase !== "sending" || attempt.try !== input.try) {
			return;
		}
		recordOutcome(attempt, input);
		attempt.phase = "over";
		if (isSatisfied(attempt)) {
			this.#reach(attempt.level === "accepted" ? "accepted" : "receipt", attempt);
		} else if (!this.#progress.isExpired(now)) {
			this.#attempts.afterOutcome(attempt, input, now);
			this.#manager.proceed(now);
		}
	}

	#onReceipt({ attempt: id, level }: ReceiptInput): void {
		const attempt = this.#attempts.all.get(id);
		if (attempt === undefined) {
			return;
		}
		raise(attempt, level);
		if (satisfies(level, attempt.until)) {
			this.#reach("receipt", attempt);
		} else if (attempt.phase === "resting" || attempt.phase === "undecided") {
			// It did arrive, so it is not sent again; what was asked for may still come.
			attempt.phase = "accepted";
		}
	}

	#onRetracted(id: string): void {
		const attempt = this.#attempts.all.get(id);
		if (attempt !== undefined) {
			attempt.retractionAnswered = true;
		}
	}

	#onAnswer({ prompt, answer }: AnsweredInput, now: Milliseconds): void {
		if (this.#isStranded && this.#manager.isAsking(prompt)) {
			// Its manager is back to take the answer. A second answer to an earlier question decides nothing.
			this.#isStranded = false;
			this.#progress.release();
		}
		this.#manager.answer(prompt, answer, now);
	}

	#onStranded({ reason, detail }: StrandedInput): void {
		if (!this.#progress.isStopped) {
			this.#isStranded = true;
			this.#progress.hold(reason, detail);
		}
	}

	#onResolution({ resolution }: ResolvedInput, now: Milliseconds): void {
		const { group } = this.#manager;
		if (this.state !== "held") {
			return;
		}
		if (resolution === "end") {
			// One that was held for want of its manager may have been waiting for an answer.
			this.#manager.withdrawPrompt();
			this.#settle("unreached", "ended-by-person");
		} else if (this.#isStranded) {
			// Nothing was wrong with the delivery itself, so it goes on where it stood. What became of a call that was under
			// way then is another question, and nobody has been asked it yet.
			this.#isStranded = false;
			this.#progress.release();
			this.#attempts.holdUndecided(group);
			this.#manager.passTime(now);
		} else if (group !== undefined) {
			this.#progress.release();
			this.#attempts.resolve(group, resolution, now);
			this.#manager.proceed(now);
		}
	}

	/** After the end, evidence is still taken: it can only raise a delivery to `reached`. */
	#handleLate(input: Input): void {
		if (input.type === "retracted") {
			this.#onRetracted(input.attempt);
		}
		if (input.type !== "outcome" && input.type !== "receipt") {
			return;
		}
		const attempt = this.#attempts.all.get(input.attempt);
		if (attempt === undefined) {
			return;
		}
		if (input.type === "outcome") {
			recordOutcome(attempt, input);
			attempt.phase = "over";
		} else {
			raise(attempt, input.level);
		}
		if (attempt.level === "acknowledged") {
			this.#attempts.retractAll(attempt);
		}
		if (this.state === "unreached" || this.state === "expired") {
			if (isSatisfied(attempt)) {
				this.#settle("reached", "late-receipt", attempt);
			}
		} else if (this.state === "cancelled" || this.#attempts.isAcknowledgedBeside(attempt)) {
			this.#attempts.retract(attempt);
		}
	}

	// The end --------------------------------------------------------------------------------------

	#reach(reason: SettleReason, attempt: TrackedAttempt): void {
		this.#manager.withdrawPrompt();
		// A receipt may overtake the answer of the call, whose outcome is still to come.
		attempt.phase = attempt.phase === "sending" ? "sending" : "over";
		const acknowledged = attempt.level === "acknowledged";
		if (acknowledged) {
			this.#attempts.retractAll(attempt);
		}
		this.#settle("reached", acknowledged ? "acknowledged" : reason, attempt);
	}

	#expire(now: Milliseconds): void {
		if (!this.#progress.isOver && this.#progress.isExpired(now)) {
			this.#manager.withdrawPrompt();
			this.#settle("expired", "message-expired");
		}
	}

	#settle(state: DeliveryState, reason: SettleReason, attempt?: TrackedAttempt): void {
		this.#manager.end();
		this.#progress.settle(state, reason, attempt);
	}

	/** While a call is under way the delivery is routing; otherwise it waits. */
	#restate(): void {
		if (!this.#progress.isStopped) {
			const { group, pause } = this.#manager;
			const routes = pause?.on === "effect" || (group !== undefined && isSending(group));
			this.#progress.state = routes ? "routing" : "waiting";
		}
	}
}
