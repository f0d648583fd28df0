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
 */
import { type AttemptGroup, groupDue, isSpent, resultsOf, startGroup, type TrackedAttempt } from "./attempts.ts";
import { backoff } from "./backoff.ts";
import { checkEffect } from "./check-effect.ts";
import type { PolicyEntry } from "./flow.ts";
import {
	type AnsweredBy,
	type Decision,
	type Input,
	isInput,
	type JournalEntry,
	type Policies,
	type Resolution,
} from "./journal.ts";
import type { Course, Effect, EffectResult, ManagerPlugin } from "./manager.ts";
import type { Message, Milliseconds } from "./model.ts";
import { type DeliveryState, isFinal, type Level, satisfies } from "./outcome.ts";
import type { SettleReason } from "./reasons.ts";
import { namesMechanism } from "./selector.ts";

/** Looks at a mechanism again right before an attempt through it. */
export type Look = (mechanism: string, now: Milliseconds) => PolicyEntry;

export interface CourseStart {
	readonly delivery: string;
	readonly message: Message;
	readonly plugin: ManagerPlugin;
	readonly policies: Policies;
	readonly look: Look;
}

/** A replay did not bring the decisions that the journal holds. */
export class NotDeterministicError extends Error {
	constructor(delivery: string, expected: string, found: string) {
		super(`delivery ${delivery}: the journal has ${expected}, the manager decided ${found}`);
		this.name = "NotDeterministicError";
	}
}

interface OpenPrompt {
	readonly id: string;
	readonly question: string;
	readonly until: Milliseconds;
	readonly otherwise: "yes" | "no";
}

/** What the generator waits for. */
type Pause =
	| { readonly on: "attempts"; readonly group: AttemptGroup }
	| { readonly on: "answer"; readonly prompt: OpenPrompt }
	| { readonly on: "time"; readonly until: Milliseconds };

/** A manager that yields more effects than this in one delivery goes in circles. */
const effectLimit = 10_000;

/** Inputs that only set the next thing going. Once the message has expired there is no next thing. */
const movesOn: ReadonlySet<string> = new Set<Input["type"]>(["answered", "resolved", "time-passed"]);

type OutcomeInput = Extract<Input, { type: "outcome" }>;
type ReceiptInput = Extract<Input, { type: "receipt" }>;

export class DeliveryCourse {
	readonly delivery: string;
	readonly message: Message;
	readonly policies: Policies;
	/** Changes only through `handle`. */
	state: DeliveryState = "routing";
	reason: SettleReason | undefined;
	readonly attempts = new Map<string, TrackedAttempt>();

	readonly #plugin: ManagerPlugin;
	#look: Look;
	#course: Course | undefined;
	#pause: Pause | undefined;
	#decisions: Decision[] = [];
	#effects = 0;
	#prompts = 0;
	#lastAnswer: { answer: "yes" | "no"; by: AnsweredBy } | undefined;

	constructor(start: CourseStart) {
		this.delivery = start.delivery;
		this.message = start.message;
		this.policies = start.policies;
		this.#plugin = start.plugin;
		this.#look = start.look;
	}

	/** Takes one input at one moment and answers the decisions that follow from it, in order. */
	handle(input: Input, now: Milliseconds): readonly Decision[] {
		this.#decisions = [];
		if (isFinal(this.state)) {
			this.#handleLate(input);
		} else {
			if (!this.#isExpired(now) || !movesOn.has(input.type)) {
				this.#handleOpen(input, now);
			}
			this.#expire(now);
			this.#restate();
		}
		return this.#decisions;
	}

	/** When the delivery has to be looked at although nothing came in; null when never. */
	get due(): Milliseconds | null {
		if (isFinal(this.state)) {
			return null;
		}
		const due = Math.min(
			this.#pauseDue() ?? Number.POSITIVE_INFINITY,
			this.message.expiresAt ?? Number.POSITIVE_INFINITY,
		);
		return Number.isFinite(due) ? due : null;
	}

	/** Attempts whose intent is written and whose outcome is not. */
	get sending(): readonly TrackedAttempt[] {
		return [...this.attempts.values()].filter((attempt) => attempt.phase === "sending");
	}

	/** The mechanisms the delivery is trying now, as `explain` and the pages show them. */
	get pause(): Pause | undefined {
		return this.#pause;
	}

	/**
	 * Brings a new course to where a journal ends. Second looks are answered from the journal.
	 * @throws NotDeterministicError when the manager now decides otherwise
	 */
	replay(journal: readonly JournalEntry[]): void {
		const live = this.#look;
		let index = 0;
		while (index < journal.length) {
			const input = journal[index];
			if (input === undefined || !isInput(input)) {
				throw new NotDeterministicError(this.delivery, "a decision without an input", "nothing");
			}
			const end = nextInput(journal, index + 1);
			const recorded = journal.slice(index + 1, end);
			this.#look = lookFrom(recorded);
			this.#compare(recorded, this.handle(input, input.at));
			index = end;
		}
		this.#look = live;
	}

	#compare(recorded: readonly (Input | Decision)[], decided: readonly Decision[]): void {
		for (let index = 0; index < Math.max(recorded.length, decided.length); index++) {
			const expected = outline(recorded[index]);
			const found = outline(decided[index]);
			if (expected !== found) {
				throw new NotDeterministicError(this.delivery, expected, found);
			}
		}
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
				this.#onTime(now);
				break;
			case "cancelled":
				this.#withdraw();
				this.#retractAll();
				this.#settle("cancelled", "cancelled");
				break;
			case "resolved":
				this.#onResolution(input, now);
				break;
			case "replied":
			case "retracted":
				break;
		}
	}

	/** After the end, evidence is still taken: it can only raise a delivery to `reached`. */
	#handleLate(input: Input): void {
		const attempt = input.type === "outcome" || input.type === "receipt" ? this.attempts.get(input.attempt) : undefined;
		if (attempt === undefined || (input.type !== "outcome" && input.type !== "receipt")) {
			return;
		}
		if (input.type === "outcome") {
			recordOutcome(attempt, input);
			attempt.phase = "over";
		} else {
			raise(attempt, input.level);
		}
		if (attempt.level === "acknowledged") {
			this.#retractAll(attempt);
		}
		if (this.state === "unreached" || this.state === "expired") {
			if (attempt.level !== undefined && satisfies(attempt.level, attempt.until)) {
				this.#settle("reached", "late-receipt", attempt);
			}
		} else if (this.state === "cancelled" || this.#isAcknowledgedBeside(attempt)) {
			this.#retract(attempt);
		}
	}

	#begin(now: Milliseconds): void {
		this.#decide({ type: "policies", ...this.policies });
		if (this.#isExpired(now)) {
			return;
		}
		const { recipient, deliveryPolicy, configuration } = this.policies;
		this.#guard(() => {
			this.#course = this.#plugin.deliver({
				message: this.message,
				recipient,
				policy: deliveryPolicy,
				settings: configuration.settings,
			});
		});
		this.#resume(undefined, now);
	}

	#onOutcome(input: OutcomeInput, now: Milliseconds): void {
		const attempt = this.attempts.get(input.attempt);
		if (attempt === undefined || attempt.phase !== "sending" || attempt.try !== input.try) {
			return;
		}
		recordOutcome(attempt, input);
		if (attempt.level !== undefined && satisfies(attempt.level, attempt.until)) {
			this.#reach(attempt.level === "accepted" ? "accepted" : "receipt", attempt);
			return;
		}
		if (this.#isExpired(now)) {
			attempt.phase = "over";
			return;
		}
		this.#afterOutcome(attempt, input, now);
		this.#proceed(now);
	}

	#afterOutcome(attempt: TrackedAttempt, input: OutcomeInput, now: Milliseconds): void {
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

	#afterUnknown(attempt: TrackedAttempt, retryAfter: Milliseconds, now: Milliseconds): void {
		const { unknown } = this.policies.configuration;
		if (unknown === "resend") {
			this.#rest(attempt, retryAfter, now);
		} else if (unknown === "hold") {
			attempt.phase = "undecided";
			this.#hold("unknown-held", `${attempt.mechanism}: ${attempt.id}`);
		}
	}

	/** Rests a failed attempt until its next try, when that still lies within its time. */
	#rest(attempt: TrackedAttempt, retryAfter: Milliseconds, now: Milliseconds): void {
		const at = now + Math.max(backoff(attempt.id, attempt.try), retryAfter);
		if (at < Math.min(attempt.deadline, this.message.expiresAt ?? Number.POSITIVE_INFINITY)) {
			attempt.phase = "resting";
			attempt.retryAt = at;
			this.#decide({ type: "retry", attempt: attempt.id, mechanism: attempt.mechanism, retryAt: at });
		}
	}

	#onReceipt({ attempt: id, level }: ReceiptInput): void {
		const attempt = this.attempts.get(id);
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

	#onAnswer(input: Extract<Input, { type: "answered" }>, now: Milliseconds): void {
		if (this.#pause?.on === "answer" && this.#pause.prompt.id === input.prompt) {
			this.#closePrompt(this.#pause.prompt, input.answer, "sender", now);
		}
	}

	#onTime(now: Milliseconds): void {
		if (this.state === "held") {
			return;
		}
		const pause = this.#pause;
		if (pause?.on === "answer" && now >= pause.prompt.until) {
			this.#closePrompt(pause.prompt, pause.prompt.otherwise, "timeout", now);
		} else if (pause?.on === "time" && now >= pause.until) {
			this.#resume(undefined, now);
		} else if (pause?.on === "attempts") {
			this.#wake(pause.group, now);
			this.#proceed(now);
		}
	}

	#onResolution({ resolution }: Extract<Input, { type: "resolved" }>, now: Milliseconds): void {
		if (this.state !== "held") {
			return;
		}
		if (resolution === "end") {
			this.#settle("unreached", "ended-by-person");
			return;
		}
		if (this.#pause?.on !== "attempts") {
			return;
		}
		this.state = "routing";
		this.reason = undefined;
		const { group } = this.#pause;
		for (const attempt of group.active.filter(({ phase }) => phase === "undecided")) {
			this.#resolve(attempt, resolution, now, group.effect.within);
		}
		this.#proceed(now);
	}

	/** The time a person took to decide is not the attempt's: a resend has the whole of its time again. */
	#resolve(attempt: TrackedAttempt, resolution: Resolution, now: Milliseconds, within: Milliseconds): void {
		attempt.phase = "over";
		if (resolution === "resend") {
			attempt.deadline = now + within;
			this.#tryAgain(attempt, now, within);
		}
	}

	// The generator --------------------------------------------------------------------------------

	/** Hands a result to the generator and carries on to the next pause or the end. */
	#resume(result: EffectResult, now: Milliseconds): void {
		this.#pause = undefined;
		let handed = result;
		while (this.#pause === undefined && !isFinal(this.state) && this.state !== "held") {
			const next = this.#step(handed);
			if (next === undefined) {
				return;
			}
			handed = this.#start(next, now);
		}
	}

	/** The generator's next effect; undefined when it is done or has failed. */
	#step(result: EffectResult): Effect | undefined {
		let effect: Effect | undefined;
		this.#guard(() => {
			const next = this.#course?.next(result);
			if (next === undefined || next.done === true) {
				this.#finish();
			} else {
				this.#effects += 1;
				if (this.#effects > effectLimit) {
					throw new Error(`it asked for more than ${effectLimit} effects`);
				}
				effect = checkEffect(next.value);
			}
		});
		return this.state === "held" ? undefined : effect;
	}

	/** Begins an effect: pauses on it, or answers its result when there is nothing to wait for. */
	#start(effect: Effect, now: Milliseconds): EffectResult {
		switch (effect.effect) {
			case "note":
				this.#decide({ type: "note", text: effect.text });
				return undefined;
			case "wait":
				this.#pause = { on: "time", until: now + effect.duration };
				this.#decide({ type: "wait", until: now + effect.duration });
				return undefined;
			case "ask":
				return this.#ask(effect, now);
			case "attempt": {
				this.#lastAnswer = undefined;
				const group = startGroup(effect, this.#candidates(effect.mechanisms));
				this.#advance(group, now);
				if (isSpent(group)) {
					return { results: resultsOf(group) };
				}
				this.#pause = { on: "attempts", group };
				return undefined;
			}
		}
	}

	/** The generator has nothing left to try. */
	#finish(): void {
		const tried = [...this.attempts.values()];
		if (this.#lastAnswer?.answer === "no") {
			this.#settle("unreached", this.#lastAnswer.by === "timeout" ? "no-answer" : "sender-declined");
		} else if (tried.some((attempt) => attempt.outcome === "unknown" && attempt.level === undefined)) {
			this.#settle("unreached", "unknown-outcome");
		} else {
			this.#settle("unreached", tried.length === 0 ? "no-mechanism" : "exhausted");
		}
	}

	/** A manager that throws, or goes in circles, costs its own delivery a person's decision and no more. */
	#guard(run: () => void): void {
		try {
			run();
		} catch (error) {
			this.#hold("manager-failed", error instanceof Error ? error.message : String(error));
		}
	}

	// Attempts -------------------------------------------------------------------------------------

	/** The mechanisms that selectors mean, in the selectors' order and within a kind in the recipient's. */
	#candidates(selectors: readonly string[]): readonly string[] {
		const { routingPolicy } = this.policies;
		const existing = routingPolicy.filter(({ reason }) => reason !== "no-such-mechanism");
		const names = new Set(existing.map((entry) => entry.mechanism));
		const found = new Set<string>();
		for (const selector of selectors) {
			for (const { mechanism: name, kind, reason } of routingPolicy) {
				// A kind means the recipient's own mechanisms; a name is worth a word even when they lack it.
				const meant = namesMechanism(selector, { name, kind }, (known) => names.has(known));
				if (name === selector || (meant && reason !== "not-in-table")) {
					found.add(name);
				}
			}
		}
		return [...found];
	}

	/** Makes attempts from the group's queue: one in serial mode, all in parallel mode. */
	#advance(group: AttemptGroup, now: Milliseconds): void {
		while (group.queue.length > 0) {
			const busy = group.postponed.length > 0 || group.active.some((attempt) => attempt.phase !== "over");
			if (group.effect.mode === "serial" && busy) {
				return;
			}
			const mechanism = group.queue.shift();
			if (mechanism !== undefined) {
				this.#consider(mechanism, group, now);
			}
		}
	}

	/** Looks at a mechanism again and attempts it, postpones it, or passes it over. */
	#consider(mechanism: string, group: AttemptGroup, now: Milliseconds): void {
		const policy = this.#look(mechanism, now);
		if (!policy.kept) {
			const reason = policy.reason ?? "inactive";
			group.passedOver.set(mechanism, reason);
			this.#decide({ type: "passed-over", mechanism, reason });
		} else if (policy.postponedUntil !== undefined && policy.postponedUntil > now) {
			const until = policy.postponedUntil;
			group.postponed.push({ mechanism, until });
			this.#decide({ type: "postponed", mechanism, until, reason: policy.postponeReason ?? "quiet-hours" });
		} else {
			this.#attempt(mechanism, group, now);
		}
	}

	#attempt(mechanism: string, group: AttemptGroup, now: Milliseconds): void {
		const attempt: TrackedAttempt = {
			id: `${this.delivery}.a${this.attempts.size + 1}`,
			mechanism,
			until: group.effect.until,
			deadline: now + group.effect.within,
			phase: "sending",
			try: 1,
			retryAt: 0,
		};
		this.attempts.set(attempt.id, attempt);
		group.active.push(attempt);
		this.#intend(attempt);
	}

	#intend({ id, mechanism, try: number, until, deadline }: TrackedAttempt): void {
		this.#decide({ type: "attempt", attempt: id, mechanism, try: number, until, deadline });
	}

	/** What of a group has become due. */
	#wake(group: AttemptGroup, now: Milliseconds): void {
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

	/** The next try of an attempt, when the mechanism may still be used. */
	#tryAgain(attempt: TrackedAttempt, now: Milliseconds, within: Milliseconds): void {
		const { mechanism } = attempt;
		const policy = this.#look(mechanism, now);
		if (!policy.kept) {
			attempt.phase = "over";
			this.#decide({ type: "passed-over", mechanism, reason: policy.reason ?? "inactive" });
		} else if (policy.postponedUntil !== undefined && policy.postponedUntil > now) {
			const until = policy.postponedUntil;
			Object.assign(attempt, { phase: "resting", retryAt: until, deadline: until + within });
			this.#decide({ type: "postponed", mechanism, until, reason: policy.postponeReason ?? "quiet-hours" });
		} else {
			attempt.phase = "sending";
			attempt.try += 1;
			this.#intend(attempt);
		}
	}

	#giveUpIfLate(attempt: TrackedAttempt, now: Milliseconds): void {
		if ((attempt.phase === "accepted" || attempt.phase === "resting") && now >= attempt.deadline) {
			attempt.phase = "over";
			this.#decide({ type: "gave-up", attempt: attempt.id, mechanism: attempt.mechanism, until: attempt.until });
		}
	}

	/** Goes on with the group under way, and with the generator once the group is spent. */
	#proceed(now: Milliseconds): void {
		if (this.#pause?.on !== "attempts" || isFinal(this.state) || this.state === "held" || this.#isExpired(now)) {
			return;
		}
		const { group } = this.#pause;
		this.#advance(group, now);
		if (isSpent(group)) {
			this.#resume({ results: resultsOf(group) }, now);
		}
	}

	// Questions ------------------------------------------------------------------------------------

	#ask(effect: Extract<Effect, { effect: "ask" }>, now: Milliseconds): EffectResult {
		this.#prompts += 1;
		const { question, otherwise } = effect;
		const id = `${this.delivery}.p${this.#prompts}`;
		const standing = this.message.prompts;
		if (standing !== "ask") {
			const by = "standing-answer";
			this.#decide({ type: "prompt-closed", prompt: id, question, answer: standing, by });
			this.#lastAnswer = { answer: standing, by };
			return this.#lastAnswer;
		}
		const prompt = { id, question, until: now + effect.within, otherwise };
		this.#pause = { on: "answer", prompt };
		this.#decide({ type: "prompt", prompt: id, question, until: prompt.until, otherwise });
		return undefined;
	}

	#closePrompt({ id, question }: OpenPrompt, answer: "yes" | "no", by: AnsweredBy, now: Milliseconds): void {
		this.#decide({ type: "prompt-closed", prompt: id, question, answer, by });
		this.#lastAnswer = { answer, by };
		this.#resume({ answer, by } as EffectResult, now);
	}

	#withdraw(): void {
		if (this.#pause?.on === "answer") {
			this.#decide({ type: "prompt-withdrawn", prompt: this.#pause.prompt.id });
		}
	}

	// The end --------------------------------------------------------------------------------------

	#reach(reason: SettleReason, attempt: TrackedAttempt): void {
		this.#withdraw();
		attempt.phase = "over";
		const acknowledged = attempt.level === "acknowledged";
		if (acknowledged) {
			this.#retractAll(attempt);
		}
		this.#settle("reached", acknowledged ? "acknowledged" : reason, attempt);
	}

	/** Takes back what other mechanisms have shown or may have shown. */
	#retractAll(except?: TrackedAttempt): void {
		for (const attempt of this.attempts.values()) {
			if (attempt !== except) {
				this.#retract(attempt);
			}
		}
	}

	#isAcknowledgedBeside(attempt: TrackedAttempt): boolean {
		return [...this.attempts.values()].some((other) => other !== attempt && other.level === "acknowledged");
	}

	#retract(attempt: TrackedAttempt): void {
		const shown = attempt.level !== undefined || attempt.outcome === "unknown";
		if (shown && attempt.retracted !== true) {
			attempt.retracted = true;
			this.#decide({ type: "retract", attempt: attempt.id, mechanism: attempt.mechanism });
		}
	}

	#hold(reason: SettleReason, detail: string): void {
		this.state = "held";
		this.reason = reason;
		this.#decide({ type: "held", reason, detail });
	}

	#isExpired(now: Milliseconds): boolean {
		return this.message.expiresAt !== undefined && now >= this.message.expiresAt;
	}

	#expire(now: Milliseconds): void {
		if (!isFinal(this.state) && this.#isExpired(now)) {
			this.#withdraw();
			this.#settle("expired", "message-expired");
		}
	}

	#settle(state: DeliveryState, reason: SettleReason, attempt?: TrackedAttempt): void {
		this.state = state;
		this.reason = reason;
		this.#pause = undefined;
		this.#course = undefined;
		this.#decide({
			type: "settled",
			state,
			reason,
			...(attempt !== undefined && { attempt: attempt.id, mechanism: attempt.mechanism }),
		});
	}

	/** While a call is under way the delivery is routing; otherwise it waits. */
	#restate(): void {
		if (this.state === "routing" || this.state === "waiting") {
			this.state = this.#pause?.on === "attempts" && this.#isSending(this.#pause.group) ? "routing" : "waiting";
		}
	}

	#isSending(group: AttemptGroup): boolean {
		return group.active.some((attempt) => attempt.phase === "sending");
	}

	#pauseDue(): Milliseconds | undefined {
		if (this.state === "held" || this.#pause === undefined) {
			return undefined;
		}
		switch (this.#pause.on) {
			case "answer":
				return this.#pause.prompt.until;
			case "time":
				return this.#pause.until;
			case "attempts":
				return groupDue(this.#pause.group);
		}
	}

	#decide(decision: Decision): void {
		this.#decisions.push(decision);
	}
}

function recordOutcome(attempt: TrackedAttempt, input: OutcomeInput): void {
	attempt.outcome = input.outcome;
	if (input.reference !== undefined) {
		attempt.reference = input.reference;
	}
	if (input.outcome === "accepted") {
		raise(attempt, "accepted");
	}
	if (input.level !== undefined) {
		raise(attempt, input.level);
	}
}

/** Evidence only ever rises. */
function raise(attempt: TrackedAttempt, level: Level): void {
	if (attempt.level === undefined || satisfies(level, attempt.level)) {
		attempt.level = level;
	}
}

function nextInput(journal: readonly JournalEntry[], from: number): number {
	const next = journal.slice(from).findIndex(isInput);
	return next === -1 ? journal.length : from + next;
}

/** Answers second looks with what the journal says came of them. */
function lookFrom(recorded: readonly (Input | Decision)[]): Look {
	const looks = recorded.filter(
		(entry) => entry.type === "passed-over" || entry.type === "postponed" || entry.type === "attempt",
	);
	return (mechanism) => {
		const next = looks.shift();
		if (next?.type === "passed-over" && next.mechanism === mechanism) {
			return { mechanism, kept: false, reason: next.reason };
		}
		if (next?.type === "postponed" && next.mechanism === mechanism) {
			return { mechanism, kept: true, postponedUntil: next.until, postponeReason: next.reason };
		}
		return { mechanism, kept: true };
	};
}

/** What of an entry has to be the same in a replay: its type and what it is about, not its wording. */
function outline(entry: Input | Decision | undefined): string {
	if (entry === undefined) {
		return "nothing";
	}
	const about =
		"mechanism" in entry ? entry.mechanism : "prompt" in entry ? entry.prompt : "state" in entry ? entry.state : "";
	return `${entry.type} ${about ?? ""}`.trim();
}
