/**
 * Walks along a journal beside the configuration's steps, and says where the two part: a step left out
 * or taken twice, a mechanism out of turn, a question that was never put, time that had not come yet.
 */
import type { JournalEntry, Milliseconds } from "@posthaste/core";
import type { Scenario } from "../scenario.ts";
import { type AuditedDelivery, type EntryOf, isEnough, type Rule } from "./evidence.ts";
import { type AuditedStep, meantBy, type Row, type Stand, type Table, waitsUntil } from "./policy.ts";
import { type Attempt, Attempts, again, type Group, leftOf, Parted, type Rest, takeUp } from "./walk-attempts.ts";

export interface Parting {
	readonly rule: Rule;
	readonly text: string;
}

type UnderWay =
	| Group
	| { readonly on: "question"; readonly prompt: string; readonly until: Milliseconds; readonly otherwise: string }
	| { readonly on: "time"; readonly until: Milliseconds }
	| { readonly on: "nothing" };

/** What the steps are walked by: the row of the configuration, the person's table, and how their entries stand. */
export interface Guide {
	readonly row: Row;
	readonly table: Table;
	readonly scenario: Scenario;
	stands(mechanism: string, at: Milliseconds): readonly Stand[];
}

/** What a delivery is reached by, when it is not just a receipt. */
const reasonOf: Readonly<Record<string, string>> = { accepted: "accepted", acknowledged: "acknowledged" };

export function walk(delivery: AuditedDelivery, guide: Guide): Parting | undefined {
	const walker = new Walker(delivery, guide);
	for (const entry of delivery.journal) {
		try {
			walker.take(entry);
		} catch (error) {
			if (error instanceof Parted) {
				return { rule: error.rule, text: `entry ${entry.sequence}: ${error.message}` };
			}
			throw error;
		}
	}
	return undefined;
}

class Walker {
	readonly #delivery: AuditedDelivery;
	readonly #row: Row;
	readonly #table: Table;
	readonly #scenario: Scenario;
	readonly #stands: Guide["stands"];
	readonly #attempts: Attempts;
	#next = 0;
	#underWay: UnderWay = { on: "nothing" };
	/** Who answered no: the sender, their standing answer, or the time that ran out. */
	#declined: string | undefined;
	#final = false;
	/** The last thing that came in from outside. */
	#input: JournalEntry | undefined;
	/** The rest that the entry before may bring: the next entry says until when. */
	#rest: Rest | undefined;

	constructor(delivery: AuditedDelivery, { row, table, scenario, stands }: Guide) {
		this.#stands = stands;
		this.#delivery = delivery;
		this.#row = row;
		this.#table = table;
		this.#scenario = scenario;
		this.#attempts = new Attempts(row.unknown, delivery.expiresAt);
	}

	take(entry: JournalEntry): void {
		const rest = this.#rest;
		this.#rest = undefined;
		if (entry.type === "retry") {
			this.#mustRest(entry, rest);
		} else if (rest !== undefined && rest.latest < rest.end) {
			throw new Parted("order", `${rest.attempt.mechanism} had time for another try, and none was planned`);
		}
		this.#step(entry);
	}

	/** Another try is planned right after an outcome that allows it, when the attempt has rested as long as it should. */
	#mustRest({ attempt, retryAt, at }: EntryOf<"retry">, rest: Rest | undefined): void {
		if (rest?.attempt.id !== attempt) {
			throw new Parted("repeat", `another try of ${attempt} was planned, which nothing calls for`);
		}
		if (retryAt < rest.soonest || retryAt > rest.latest || retryAt >= rest.end) {
			const due = `${rest.soonest - at} to ${rest.latest - at} ms, within ${rest.end - at} ms`;
			throw new Parted("order", `${attempt} rests for ${retryAt - at} ms instead of ${due}`);
		}
	}

	#step(entry: JournalEntry): void {
		switch (entry.type) {
			case "policies":
			case "retract":
				break;
			case "held":
				this.#onHeld(entry);
				break;
			case "settled":
				this.#onSettled(entry);
				break;
			case "began":
			case "answered":
			case "time-passed":
			case "cancelled":
			case "replied":
			case "retracted":
			case "resolved":
			case "outcome":
			case "receipt":
			case "effect":
			case "stranded":
				this.#onInput(entry);
				break;
			default:
				if (this.#final) {
					throw new Parted("order", `${entry.type} after the end`);
				}
				this.#onDecision(entry);
		}
	}

	#onInput(entry: JournalEntry): void {
		this.#input = entry;
		if (this.#underWay.on === "time" && entry.at >= this.#underWay.until) {
			// It was waited for long enough, also should the clock be set back before the next step.
			this.#underWay = { on: "nothing" };
		}
		if (entry.type === "outcome") {
			this.#rest = this.#attempts.outcome(entry, this.#final);
		} else if (entry.type === "receipt") {
			this.#attempts.receipt(entry);
		} else if (entry.type === "resolved") {
			this.#attempts.resolved(entry, this.#within);
		}
	}

	/** It is in doubt what an attempt came to, or there is no manager to go on with. */
	#onHeld({ reason, detail }: EntryOf<"held">): void {
		const isStranded = this.#input?.type === "stranded" && this.#input.reason === reason;
		if (reason !== "unknown-held" && !isStranded) {
			throw new Parted("truth", `held as ${reason}: ${detail}`);
		}
	}

	#onDecision(entry: JournalEntry): void {
		switch (entry.type) {
			case "attempt":
				this.#onAttempt(entry);
				break;
			case "passed-over":
				this.#onPassedOver(entry);
				break;
			case "postponed":
				this.#onPostponed(entry);
				break;
			case "retry":
				Object.assign(this.#attempts.get(entry.attempt), { phase: "resting", restsUntil: entry.retryAt });
				break;
			case "gave-up":
				this.#attempts.gaveUp(entry);
				break;
			case "prompt":
				this.#onPrompt(entry);
				break;
			case "prompt-closed":
				this.#onPromptClosed(entry);
				break;
			case "prompt-withdrawn":
				if (this.#underWay.on !== "question" || this.#underWay.prompt !== entry.prompt) {
					throw new Parted("prompt", `question ${entry.prompt} was withdrawn while it was not open`);
				}
				break;
			case "wait":
				this.#underWay = { on: "time", until: entry.at + this.#enter("wait", entry.at).duration };
				break;
			case "note":
				if (this.#enter("note", entry.at).text !== entry.text) {
					throw new Parted("order", `"${entry.text}" is not the note of step ${this.#next}`);
				}
				break;
		}
	}

	// Steps ----------------------------------------------------------------------------------------

	/** Goes to the next step, which has to be of this kind; attempts that mean nobody leave no trace. */
	#enter<Do extends AuditedStep["do"]>(kind: Do, at: Milliseconds): Extract<AuditedStep, { do: Do }> {
		this.#mustBeDone(at);
		this.#underWay = { on: "nothing" };
		const step = this.#nextStep();
		if (step?.do !== kind) {
			const rule = step?.do === "ask" || kind === "ask" ? "prompt" : "order";
			throw new Parted(rule, `step ${this.#next} is ${step?.do ?? "beyond the last one"}, not ${kind}`);
		}
		return step as Extract<AuditedStep, { do: Do }>;
	}

	#nextStep(): AuditedStep | undefined {
		for (let step = this.#row.steps[this.#next]; step !== undefined; step = this.#row.steps[this.#next]) {
			this.#next += 1;
			if (step.do !== "attempt" || meantBy(step.selectors, this.#table, this.#scenario).length > 0) {
				return step;
			}
		}
		this.#next += 1;
		return undefined;
	}

	/** Whatever is under way has to have come to its end before anything else begins. */
	#mustBeDone(at: Milliseconds): void {
		const now = this.#underWay;
		if (this.#declined !== undefined) {
			throw new Parted("prompt", "the answer was no, and it went on");
		}
		if (now.on === "question") {
			throw new Parted("prompt", `question ${now.prompt} is open still`);
		}
		if (now.on === "time" && at < now.until) {
			throw new Parted("order", `${now.until - at} ms are left to wait`);
		}
		const left = now.on === "attempts" ? leftOf(now) : [];
		if (left.length > 0) {
			throw new Parted("order", `left behind in the step before: ${left.join(", ")}`);
		}
	}

	// Attempts -------------------------------------------------------------------------------------

	/** The time of each attempt in the step under way. */
	get #within(): Milliseconds {
		return this.#underWay.on === "attempts" ? this.#underWay.step.within : 0;
	}

	/** The attempt of this mechanism that is tried again; undefined when it has its first turn in its step. */
	#again({ mechanism, at }: { readonly mechanism: string; readonly at: Milliseconds }): Attempt | undefined {
		return this.#underWay.on === "attempts" ? again(this.#underWay, mechanism, at, this.#input) : undefined;
	}

	/** The mechanism has its turn, in the step under way or in the next one. */
	#takeUp({ mechanism, at }: { readonly mechanism: string; readonly at: Milliseconds }): Group {
		const now = this.#underWay;
		const isOurs = now.on === "attempts" && (now.queue.length > 0 || now.postponed.has(mechanism));
		const group = isOurs ? now : this.#newGroup(at);
		takeUp(group, mechanism, at);
		return group;
	}

	#newGroup(at: Milliseconds): Group {
		const step = this.#enter("attempt", at);
		const queue = [...meantBy(step.selectors, this.#table, this.#scenario)];
		const group: Group = { on: "attempts", step, queue, postponed: new Map(), attempts: new Map() };
		this.#underWay = group;
		return group;
	}

	#onAttempt(entry: EntryOf<"attempt">): void {
		const attempt = this.#again(entry);
		if (attempt === undefined) {
			this.#attempts.first(entry, this.#takeUp(entry));
		} else {
			this.#attempts.next(entry, attempt);
		}
	}

	#onPassedOver(entry: EntryOf<"passed-over">): void {
		const attempt = this.#again(entry);
		if (attempt === undefined) {
			this.#takeUp(entry);
		} else {
			attempt.phase = "over";
		}
	}

	#onPostponed(entry: EntryOf<"postponed">): void {
		if (!this.#stands(entry.mechanism, entry.at).some((stand) => waitsUntil(stand, entry.until))) {
			throw new Parted("policy", `${entry.mechanism} was postponed until ${entry.until}, when no quiet hours end`);
		}
		const attempt = this.#again(entry);
		if (attempt === undefined) {
			this.#takeUp(entry).postponed.set(entry.mechanism, entry.until);
		} else {
			// Its time begins when the quiet hours end.
			const deadline = entry.until + this.#within;
			Object.assign(attempt, { phase: "resting", restsUntil: entry.until, deadline });
		}
	}

	// Questions ------------------------------------------------------------------------------------

	#onPrompt({ prompt, question, at, until }: EntryOf<"prompt">): void {
		const step = this.#enter("ask", at);
		this.#mustAsk(step.question, question);
		if ((this.#delivery.draft.properties?.prompts ?? "ask") !== "ask") {
			throw new Parted("prompt", `${prompt} was put although the sender's answer stands`);
		}
		if (until !== at + step.within) {
			throw new Parted("prompt", `${prompt} is open for ${until - at} ms`);
		}
		this.#underWay = { on: "question", prompt, until, otherwise: step.otherwise };
	}

	#mustAsk(template: string, question: string): void {
		const { recipient } = this.#delivery.row;
		const name = `${recipient[0]?.toUpperCase()}${recipient.slice(1)}`;
		if (question !== template.replace("{recipient.name}", name)) {
			throw new Parted("prompt", `"${question}" was asked in the place of "${template}"`);
		}
	}

	#onPromptClosed(entry: EntryOf<"prompt-closed">): void {
		const { by, answer, at } = entry;
		if (by === "standing-answer") {
			this.#mustAsk(this.#enter("ask", at).question, entry.question);
			if (answer !== this.#delivery.draft.properties?.prompts) {
				throw new Parted("prompt", `the standing answer is not ${answer}`);
			}
		} else {
			this.#mustBeAnswered(entry);
		}
		this.#underWay = { on: "nothing" };
		this.#declined = answer === "no" ? by : undefined;
	}

	#mustBeAnswered({ prompt, by, answer, at }: EntryOf<"prompt-closed">): void {
		const now = this.#underWay;
		if (now.on !== "question" || now.prompt !== prompt) {
			throw new Parted("prompt", `${prompt} was closed while it was not open`);
		}
		if (by === "timeout" && (at < now.until || answer !== now.otherwise)) {
			throw new Parted("prompt", `${prompt} ran out as ${answer}, ${now.until - at} ms early`);
		}
		const input = this.#input;
		if (by === "sender" && !(input?.type === "answered" && input.prompt === prompt && input.answer === answer)) {
			throw new Parted("prompt", `nobody answered ${answer} to ${prompt}`);
		}
	}

	// The end --------------------------------------------------------------------------------------

	#onSettled(entry: EntryOf<"settled">): void {
		if (this.#final && entry.reason !== "late-receipt") {
			throw new Parted("truth", `it ended twice, the second time as ${entry.state}`);
		}
		const wasFinal = this.#final;
		this.#final = true;
		const because = this.#whyEnded(entry, wasFinal);
		if (entry.reason !== because) {
			throw new Parted("truth", `it ended as ${entry.reason}, and what happened is ${because}`);
		}
		switch (entry.state) {
			case "reached":
				this.#mustBeReached(entry.attempt);
				break;
			case "expired":
				if (entry.at < this.#delivery.expiresAt) {
					throw new Parted("truth", "it ended as expired before it did expire");
				}
				break;
			case "cancelled":
				if (this.#input?.type !== "cancelled") {
					throw new Parted("truth", "it ended as cancelled without having been cancelled");
				}
				break;
			default:
				this.#mustBeExhausted(entry);
		}
	}

	/** The reason that fits what happened. */
	#whyEnded({ state, attempt, reason }: EntryOf<"settled">, wasFinal: boolean): string {
		switch (state) {
			case "reached":
				return wasFinal ? "late-receipt" : (reasonOf[this.#attempts.get(attempt ?? "").level ?? ""] ?? "receipt");
			case "expired":
				return "message-expired";
			case "cancelled":
				return "cancelled";
			default:
				return reason === "ended-by-person" ? reason : this.#whyUnreached();
		}
	}

	#whyUnreached(): string {
		if (this.#declined !== undefined) {
			return this.#declined === "timeout" ? "no-answer" : "sender-declined";
		}
		if (this.#attempts.isUnknown) {
			return "unknown-outcome";
		}
		return this.#attempts.isNone ? "no-mechanism" : "exhausted";
	}

	#mustBeReached(id: string | undefined): void {
		const attempt = this.#attempts.get(id ?? "");
		if (!isEnough(attempt.level, attempt.until)) {
			throw new Parted("truth", `${id} asked for ${attempt.until} and has ${attempt.level ?? "nothing"}`);
		}
	}

	#mustBeExhausted({ reason, at }: EntryOf<"settled">): void {
		if (reason === "ended-by-person") {
			if (this.#input?.type !== "resolved" || this.#input.resolution !== "end") {
				throw new Parted("truth", "nobody ended it");
			}
			return;
		}
		if (this.#declined === undefined) {
			this.#mustBeDone(at);
			const left = this.#nextStep();
			if (left !== undefined) {
				throw new Parted(left.do === "ask" ? "prompt" : "order", `it ended before step ${this.#next}, ${left.do}`);
			}
		}
		const { reached } = this.#attempts;
		if (reached !== undefined) {
			throw new Parted("truth", `it ended unreached although ${reached.id} brought ${reached.level}`);
		}
	}
}
