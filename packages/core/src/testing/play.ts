/**
 * A scripted world to test a delivery manager in, without a server, a store or a clock. `play` begins
 * one delivery; the test says what its mechanisms, its sender and its recipient do, and reads what
 * follows:
 *
 *     const delivery = play(sequence, settings, { mechanisms: { im: { kind: "im" }, pager: { kind: "pager" } } });
 *     delivery.outcome("im", "unavailable");
 *     delivery.answer("yes");
 *     expect(delivery.last).toMatchObject({ type: "attempt", mechanism: "pager" });
 *
 * It runs on the same flow and the same course as the program, so policies, quiet hours, retries and
 * expiry are the real ones. Time stands still but for `pass`, `wake` and `sleep`.
 */
import { ConsultedCourse, consultedManager } from "../consulted.ts";
import { DeliveryCourse } from "../dispatch.ts";
import { durationOf } from "../duration.ts";
import { explainDelivery } from "../explain.ts";
import type { ExplainedDelivery } from "../explanation.ts";
import { begin, type Planned, plan, policiesOf, type World } from "../flow.ts";
import type { Decision, Input, JournalEntry, Resolution } from "../journal.ts";
import { lookAgain } from "../look-again.ts";
import type { ManagerPlugin } from "../manager.ts";
import type { Capabilities } from "../mechanism.ts";
import type { Message, Milliseconds } from "../model.ts";
import type { DeliveryState, Outcome, ReceiptLevel } from "../outcome.ts";
import type { SettleReason } from "../reasons.ts";
import { testMessage } from "./attempt.ts";
import { type PlayOptions, scriptedRecipient, scriptedWorld, type WorldState } from "./scripted-world.ts";

/** What an outcome may bring along. */
export type OutcomeDetails = Partial<
	Pick<Extract<Input, { type: "outcome" }>, "evidence" | "reference" | "level" | "retryAfter">
>;

/**
 * Begins a delivery of a message through a manager with these settings.
 * @throws PosthasteError when no delivery can be planned
 */
export function play<Settings>(
	plugin: ManagerPlugin<Settings>,
	settings: Settings,
	options: PlayOptions,
): PlayedDelivery {
	return new PlayedDelivery(plugin as ManagerPlugin, settings, options);
}

/** The same with a manager that runs elsewhere, and so has to be asked for each effect. */
export function playElsewhere<Settings>(
	plugin: ManagerPlugin<Settings>,
	settings: Settings,
	options: PlayOptions,
): PlayedDelivery {
	const asked = plugin as ManagerPlugin;
	return new PlayedDelivery(consultedManager(asked), settings, options, asked);
}

/** Wake-ups at one moment. More mean that the delivery is always due and never gets on. */
const wakeLimit = 1000;

/** Methods that hand something in answer the decisions that follow from it, in order. */
export class PlayedDelivery {
	readonly message: Message;
	/** What was planned before the first attempt: both policies, with their reasons. */
	readonly planned: Planned;
	readonly #plugin: ManagerPlugin;
	readonly #atFirst: World;
	readonly #state: WorldState;
	readonly #world: World;
	readonly #course: DeliveryCourse;
	readonly #journal: JournalEntry[] = [];
	readonly #decisions: Decision[] = [];
	readonly #elsewhere: ConsultedCourse | undefined;
	#now: Milliseconds;

	/** @param elsewhere the manager to ask for effects, when the plugin only stands for it */
	constructor(plugin: ManagerPlugin, settings: unknown, options: PlayOptions, elsewhere?: ManagerPlugin) {
		this.message = testMessage(options.message);
		this.#plugin = plugin;
		this.#now = options.at ?? this.message.acceptedAt;
		this.#atFirst = scriptedWorld(plugin, settings, options, this.#now).world;
		({ world: this.#world, state: this.#state } = scriptedWorld(plugin, settings, options, this.#now));
		this.planned = plan({ message: this.message }, scriptedRecipient(options), this.#world);
		this.#course = begin(this.planned, this.message.id, this.#look);
		const { recipient, deliveryPolicy: policy } = this.planned;
		this.#elsewhere =
			elsewhere && new ConsultedCourse(elsewhere, { message: this.message, recipient, policy, settings });
		this.#feed({ type: "began" });
	}

	/** Every decision so far, in order. */
	get decisions(): readonly Decision[] {
		return this.#decisions;
	}

	get last(): Decision | undefined {
		return this.#decisions.at(-1);
	}

	get state(): DeliveryState {
		return this.#course.state;
	}

	get reason(): SettleReason | undefined {
		return this.#course.reason;
	}

	get now(): Milliseconds {
		return this.#now;
	}

	/** When something happens by itself; null when never. */
	get due(): Milliseconds | null {
		return this.#course.due;
	}

	/** Mechanisms whose outcome is awaited, in the order they were tried. */
	get sending(): readonly string[] {
		return this.#course.sending.map(({ mechanism }) => mechanism);
	}

	/** Mechanisms that were attempted so far, in order, one word for each attempt. */
	get attempted(): readonly string[] {
		return [...this.#course.attempts.values()].map(({ mechanism }) => mechanism);
	}

	/** The question that is open. */
	get question(): string | undefined {
		return this.#course.pause?.on === "answer" ? this.#course.pause.prompt.question : undefined;
	}

	/** What a mechanism can do; nothing when there is none of that name. */
	capabilities(mechanism: string): Capabilities {
		return this.#world.snapshot.mechanisms.get(mechanism)?.capabilities ?? {};
	}

	/** Every entry so far, numbered from 1, as the program would have written it. */
	get journal(): readonly JournalEntry[] {
		return this.#journal;
	}

	/** What was to be said beforehand, of the world as it was when the delivery began. */
	get explanation(): ExplainedDelivery {
		return explainDelivery(this.planned, this.#atFirst);
	}

	/** Where the delivery stands, to compare with a replayed one. */
	get stand(): Stand {
		return standOf(this.#course);
	}

	/** What a mechanism answers to the try that is under way, or was under way when the delivery ended. */
	outcome(mechanism: string, outcome: Outcome, details: OutcomeDetails = {}): readonly Decision[] {
		const attempt = this.#course.sending.findLast((one) => one.mechanism === mechanism);
		if (attempt === undefined) {
			throw new Error(`no attempt through ${mechanism} is under way; ${this.#story()}`);
		}
		return this.#feed({ type: "outcome", attempt: attempt.id, mechanism, try: attempt.try, outcome, ...details });
	}

	/** A receipt for the last attempt through a mechanism. */
	receipt(mechanism: string, level: ReceiptLevel): readonly Decision[] {
		const attempt = [...this.#course.attempts.values()].findLast((one) => one.mechanism === mechanism);
		if (attempt === undefined) {
			throw new Error(`nothing was attempted through ${mechanism}; ${this.#story()}`);
		}
		return this.#feed({ type: "receipt", attempt: attempt.id, mechanism, level });
	}

	/** The sender answers the open question. */
	answer(answer: "yes" | "no"): readonly Decision[] {
		if (this.#course.pause?.on !== "answer") {
			throw new Error(`no question is open; ${this.#story()}`);
		}
		return this.#feed({ type: "answered", prompt: this.#course.pause.prompt.id, answer });
	}

	/** Lets time pass, such as `30s`; whatever is due on the way happens at its moment. */
	pass(length: string | Milliseconds): readonly Decision[] {
		const end = this.#now + lengthOf(length);
		const decided: Decision[] = [];
		let wakes = 0;
		for (let due = this.due; due !== null && due <= end; due = this.due) {
			wakes = due > this.#now ? 0 : wakes + 1;
			if (wakes > wakeLimit) {
				throw new Error(`the delivery is always due and never gets on; ${this.#story()}`);
			}
			decided.push(...this.wake());
		}
		this.#now = end;
		return decided;
	}

	/** Lets time pass with nobody there: what is due on the way has to wait, as while the program is down. */
	sleep(length: string | Milliseconds): void {
		this.#now += lengthOf(length);
	}

	/** Lets time pass up to the next moment at which something is due, and no further. */
	wake(): readonly Decision[] {
		if (this.due === null) {
			throw new Error(`nothing is ever due; ${this.#story()}`);
		}
		this.#now = Math.max(this.#now, this.due);
		return this.#feed({ type: "time-passed" });
	}

	/** Somebody cancels the message. */
	cancel(): readonly Decision[] {
		return this.#feed({ type: "cancelled" });
	}

	/** A person decides about the held delivery. */
	resolve(resolution: Resolution): readonly Decision[] {
		return this.#feed({ type: "resolved", resolution });
	}

	/** The program finds that the delivery cannot go on. */
	strand(reason: SettleReason, detail: string): readonly Decision[] {
		return this.#feed({ type: "stranded", reason, detail });
	}

	/** Switches a mechanism on or off, as the world would behind the delivery's back. */
	setActive(mechanism: string, active: boolean): void {
		this.#state.setActive(mechanism, active);
	}

	/** Fresh presence says that the recipient is, or is not, at a mechanism. */
	setAbsent(mechanism: string, absent: boolean): void {
		this.#state.setAbsent(mechanism, absent);
	}

	/**
	 * A new course that replayed the journal, or its first `length` entries, as after a restart. They
	 * have to end where an input's decisions end, since these are written together.
	 * @throws NotDeterministicError when the manager now decides otherwise
	 */
	replayed(length = this.#journal.length): DeliveryCourse {
		const course = new DeliveryCourse({
			delivery: this.message.id,
			message: stored(this.message),
			plugin: this.#plugin,
			policies: stored(policiesOf(this.planned)),
			look: this.#look,
		});
		course.replay(stored(this.#journal.slice(0, length)));
		return course;
	}

	readonly #look = (mechanism: string, now: Milliseconds) => {
		const { configuration } = this.planned;
		const recipient = this.planned.recipient;
		return lookAgain(mechanism, this.message, recipient, configuration.allows, { ...this.#world, now }).policy;
	};

	#feed(input: Input): readonly Decision[] {
		const decided = this.#course.handle(input, this.#now);
		// As in the program: time that passed without any consequence is not worth an entry.
		if (input.type !== "time-passed" || decided.length > 0) {
			for (const entry of [input, ...decided]) {
				this.#journal.push({ ...entry, sequence: this.#journal.length + 1, at: this.#now });
			}
		}
		this.#decisions.push(...decided);
		const { pause } = this.#course;
		if (pause?.on !== "effect" || this.#elsewhere === undefined || this.state !== "routing") {
			return decided;
		}
		const effect = this.#elsewhere.next(stored(pause.past));
		return [...decided, ...this.#feed({ type: "effect", effect })];
	}

	/** For the errors of a test that asks for what cannot be. */
	#story(): string {
		const types = this.#decisions.map((one) => ("mechanism" in one ? `${one.type} ${one.mechanism}` : one.type));
		return `it is ${this.state} after: ${types.join(", ")}`;
	}
}

function lengthOf(length: string | Milliseconds): Milliseconds {
	return typeof length === "number" ? length : durationOf(length);
}

/** Where a course stands. */
export interface Stand {
	readonly state: DeliveryState;
	readonly reason: SettleReason | undefined;
	readonly due: Milliseconds | null;
	readonly question: string | undefined;
	readonly attempts: readonly object[];
}

export function standOf(course: DeliveryCourse): Stand {
	const { state, reason, due, pause } = course;
	const question = pause?.on === "answer" ? pause.prompt.question : undefined;
	return { state, reason, due, question, attempts: [...course.attempts.values()].map((attempt) => ({ ...attempt })) };
}

/** As it comes back from a store. */
function stored<T>(value: T): T {
	return JSON.parse(JSON.stringify(value)) as T;
}
