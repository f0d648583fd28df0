/**
 * The manager's part of a delivery: its generator, the effects it yields, and what it waits for. An
 * effect's result is handed back to it until it has nothing left to try.
 */
import { type AttemptGroup, groupDue, isSpent, resultsOf } from "./attempt-group.ts";
import type { Attempts } from "./attempts.ts";
import { checkEffect } from "./check-effect.ts";
import { consultation, type PastEffect } from "./consulted.ts";
import type { AnsweredBy } from "./journal.ts";
import type { Answer, Course, Effect, EffectResult, ManagerPlugin } from "./manager.ts";
import type { Milliseconds } from "./model.ts";
import type { Progress } from "./progress.ts";
import type { SettleReason } from "./reasons.ts";
import { thrownText } from "./thrown.ts";

interface OpenPrompt {
	readonly id: string;
	readonly question: string;
	readonly until: Milliseconds;
	readonly otherwise: "yes" | "no";
}

/** What the generator waits for. */
export type Pause =
	| { readonly on: "attempts"; readonly group: AttemptGroup }
	| { readonly on: "answer"; readonly prompt: OpenPrompt }
	| { readonly on: "time"; readonly until: Milliseconds }
	/** The manager runs elsewhere and has to be asked what it wants next, given all that came before. */
	| { readonly on: "effect"; readonly past: readonly PastEffect[] };

/** A manager that yields more effects than this in one delivery goes in circles. */
const effectLimit = 10_000;
/** One that runs elsewhere is told all of them each time, so it goes in circles sooner. */
const consultedLimit = 1000;

export class ManagerCourse {
	/** Changes as the generator goes on; undefined before it begins and once it is over. */
	pause: Pause | undefined;
	readonly #progress: Progress;
	readonly #attempts: Attempts;
	readonly #plugin: ManagerPlugin;
	#course: Course | undefined;
	#effects = 0;
	#prompts = 0;
	#lastAnswer: Answer | undefined;
	/** Of a manager that runs elsewhere. */
	#past: PastEffect[] = [];

	constructor(progress: Progress, attempts: Attempts, plugin: ManagerPlugin) {
		this.#progress = progress;
		this.#attempts = attempts;
		this.#plugin = plugin;
	}

	/** The attempts it waits for. */
	get group(): AttemptGroup | undefined {
		return this.pause?.on === "attempts" ? this.pause.group : undefined;
	}

	/** When it goes on by itself; undefined when only the outside can move it. */
	get due(): Milliseconds | undefined {
		return this.#progress.isStopped || this.pause === undefined ? undefined : dueOf(this.pause);
	}

	begin(now: Milliseconds): void {
		const { message, policies } = this.#progress;
		try {
			this.#course = this.#plugin.deliver({
				message,
				recipient: policies.recipient,
				policy: policies.deliveryPolicy,
				settings: policies.configuration.settings,
			});
		} catch (error) {
			this.#fail(error);
			return;
		}
		this.#resume(undefined, now);
	}

	/** Goes on with the group under way, and with the generator once the group is spent. */
	proceed(now: Milliseconds): void {
		const { group } = this;
		if (group === undefined || this.#progress.isStopped || this.#progress.isExpired(now)) {
			return;
		}
		this.#attempts.advance(group, now);
		if (isSpent(group)) {
			this.#resume({ results: resultsOf(group) }, now);
		}
	}

	/** Whether this question is the one that is open. */
	isAsking(prompt: string): boolean {
		return this.pause?.on === "answer" && this.pause.prompt.id === prompt;
	}

	/** Takes the sender's answer, when this question is the one that is open. */
	answer(prompt: string, answer: "yes" | "no", now: Milliseconds): void {
		if (this.pause?.on === "answer" && this.pause.prompt.id === prompt) {
			this.#closePrompt(this.pause.prompt, answer, "sender", now);
		}
	}

	/** Takes what a manager that runs elsewhere wants next. */
	take(effect: Effect | null, now: Milliseconds): void {
		if (this.pause?.on === "effect" && !this.#progress.isStopped) {
			this.#resume({ told: effect } as unknown as EffectResult, now);
		}
	}

	/** Does what has become due meanwhile. */
	passTime(now: Milliseconds): void {
		if (this.#progress.isStopped) {
			return;
		}
		const { pause } = this;
		if (pause?.on === "answer" && now >= pause.prompt.until) {
			this.#closePrompt(pause.prompt, pause.prompt.otherwise, "timeout", now);
		} else if (pause?.on === "time" && now >= pause.until) {
			this.#resume(undefined, now);
		} else if (pause?.on === "attempts") {
			this.#attempts.wake(pause.group, now);
			this.proceed(now);
		}
	}

	/** Nobody has to answer an open question any more. */
	withdrawPrompt(): void {
		if (this.pause?.on === "answer") {
			this.#progress.decide({ type: "prompt-withdrawn", prompt: this.pause.prompt.id });
		}
	}

	/** The delivery is settled, so the generator is not resumed. */
	end(): void {
		this.pause = undefined;
		this.#course = undefined;
	}

	// The generator --------------------------------------------------------------------------------

	/** Hands a result to the generator and carries on to the next pause or the end. */
	#resume(result: EffectResult, now: Milliseconds): void {
		this.pause = undefined;
		let handed = result;
		while (this.pause === undefined) {
			const effect = this.#next(handed);
			if (effect === undefined) {
				return;
			}
			handed = effect === consultation ? this.#consult(handed) : this.#start(effect, now);
		}
	}

	/** Pauses until the manager has said what it wants next; it is told what came of its last effect. */
	#consult(result: EffectResult): undefined {
		const last = this.#past.at(-1);
		if (last !== undefined && result !== undefined) {
			this.#past = [...this.#past.slice(0, -1), { ...last, result }];
		}
		this.pause = { on: "effect", past: this.#past };
		this.#progress.decide({ type: "consult" });
		return undefined;
	}

	/** The generator's next effect; undefined when it is done or has failed. */
	#next(result: EffectResult): Effect | typeof consultation | undefined {
		try {
			const next = this.#course?.next(result);
			if (next === undefined || next.done === true) {
				this.#finish();
				return undefined;
			}
			if ((next.value as unknown) === consultation) {
				return consultation;
			}
			this.#effects += 1;
			const limit = this.#plugin.consulted === true ? consultedLimit : effectLimit;
			if (this.#effects > limit) {
				throw new Error(`it asked for more than ${limit} effects`);
			}
			const effect = checkEffect(next.value);
			if (this.#plugin.consulted === true) {
				this.#past = [...this.#past, { effect }];
			}
			return effect;
		} catch (error) {
			this.#fail(error);
			return undefined;
		}
	}

	/** Begins an effect: pauses on it, or answers its result when there is nothing to wait for. */
	#start(effect: Effect, now: Milliseconds): EffectResult {
		switch (effect.effect) {
			case "note":
				this.#progress.decide({ type: "note", text: effect.text });
				return undefined;
			case "wait":
				this.pause = { on: "time", until: now + effect.duration };
				this.#progress.decide({ type: "wait", until: now + effect.duration });
				return undefined;
			case "ask":
				return this.#ask(effect, now);
			case "attempt": {
				this.#lastAnswer = undefined;
				const group = this.#attempts.start(effect, now);
				if (isSpent(group)) {
					return { results: resultsOf(group) };
				}
				this.pause = { on: "attempts", group };
				return undefined;
			}
		}
	}

	/** The generator has nothing left to try. */
	#finish(): void {
		this.end();
		this.#progress.settle("unreached", this.#whyUnreached());
	}

	#whyUnreached(): SettleReason {
		if (this.#lastAnswer?.answer === "no") {
			return this.#lastAnswer.by === "timeout" ? "no-answer" : "sender-declined";
		}
		const tried = [...this.#attempts.all.values()];
		if (tried.some((attempt) => attempt.outcome === "unknown" && attempt.level === undefined)) {
			return "unknown-outcome";
		}
		return tried.length === 0 ? "no-mechanism" : "exhausted";
	}

	/** A manager that throws, or goes in circles, costs its own delivery a person's decision and no more. */
	#fail(error: unknown): void {
		this.#progress.hold("manager-failed", thrownText(error));
	}

	// Questions ------------------------------------------------------------------------------------

	#ask(effect: Extract<Effect, { effect: "ask" }>, now: Milliseconds): EffectResult {
		this.#prompts += 1;
		const { question, otherwise } = effect;
		const id = `${this.#progress.delivery}.p${this.#prompts}`;
		const standing = this.#progress.message.prompts;
		if (standing !== "ask") {
			return this.#noteAnswer(id, question, standing, "standing-answer");
		}
		const prompt = { id, question, until: now + effect.within, otherwise };
		this.pause = { on: "answer", prompt };
		this.#progress.decide({ type: "prompt", prompt: id, question, until: prompt.until, otherwise });
		return undefined;
	}

	#closePrompt({ id, question }: OpenPrompt, answer: "yes" | "no", by: AnsweredBy, now: Milliseconds): void {
		this.#resume(this.#noteAnswer(id, question, answer, by), now);
	}

	#noteAnswer(prompt: string, question: string, answer: "yes" | "no", by: AnsweredBy): Answer {
		this.#progress.decide({ type: "prompt-closed", prompt, question, answer, by });
		this.#lastAnswer = { answer, by };
		return this.#lastAnswer;
	}
}

function dueOf(pause: Pause): Milliseconds | undefined {
	switch (pause.on) {
		case "answer":
			return pause.prompt.until;
		case "time":
			return pause.until;
		case "attempts":
			return groupDue(pause.group);
		case "effect":
			return undefined;
	}
}
