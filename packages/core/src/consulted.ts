/**
 * Managers that run elsewhere: in a thread, a process, or as a program in another language. Their next
 * effect is not at hand when the course needs it, so the course pauses, the engine asks, and what the
 * manager wants next comes in as an input of its own, `effect`.
 *
 * The journal thus holds every effect of such a manager, so replaying it needs nobody to be asked. The
 * manager is told all effects and results so far with each question, so that it may answer from these
 * alone, and after a restart can be held to what it said before.
 */
import { checkEffect } from "./check-effect.ts";
import type { Course, DeliverContext, Effect, EffectResult, ManagerPlugin } from "./manager.ts";
import { NotDeterministicError } from "./replay.ts";

/** An effect that a manager wanted, and what came of it. */
export interface PastEffect {
	readonly effect: Effect;
	/** Missing for effects without a result: a note, a wait. */
	readonly result?: EffectResult;
}

/** Stands where an effect does, in courses of managers that have to be asked. Only this file yields it. */
export const consultation: unique symbol = Symbol("consultation");

/** What comes back for it: the next effect, or null when the manager has nothing left to try. */
export interface Told {
	readonly told: Effect | null;
}

/** What the program knows of a manager plugin that runs elsewhere. */
export type ConsultedManifest = Omit<ManagerPlugin, "deliver" | "type">;

/** A manager plugin whose courses pause for each effect until the manager has been asked. */
export function consultedManager(manifest: ConsultedManifest): ManagerPlugin {
	return { type: "manager", ...manifest, consulted: true, deliver: consult };
}

/**
 * The other side: a manager's course where the manager runs. It goes on from where it is when it can,
 * and otherwise runs once more over what came before, which has to bring the same effects.
 */
export class ConsultedCourse {
	readonly #plugin: ManagerPlugin;
	readonly #context: DeliverContext<unknown>;
	#course: Course | undefined;
	#effects: Effect[] = [];

	constructor(plugin: ManagerPlugin, context: DeliverContext<unknown>) {
		this.#plugin = plugin;
		this.#context = context;
	}

	/**
	 * What the manager wants after all that came before; null when it has nothing left to try.
	 * @throws NotDeterministicError when it now wants something else than it did
	 * @throws whatever the manager throws
	 */
	next(past: readonly PastEffect[]): Effect | null {
		if (this.#course === undefined || this.#effects.length !== past.length) {
			this.#replay(past);
		}
		this.#compare(past.at(-1)?.effect, this.#effects.at(-1));
		return this.#step(past.at(-1)?.result);
	}

	#replay(past: readonly PastEffect[]): void {
		this.#effects = [];
		this.#course = this.#plugin.deliver(this.#context);
		let handed: EffectResult;
		for (const { effect, result } of past) {
			this.#compare(effect, this.#step(handed));
			handed = result;
		}
	}

	#step(result: EffectResult): Effect | null {
		const next = this.#course?.next(result);
		if (next === undefined || next.done === true) {
			this.#course = undefined;
			return null;
		}
		const effect = checkEffect(next.value);
		this.#effects.push(effect);
		return effect;
	}

	#compare(before: Effect | undefined, now: Effect | null | undefined): void {
		const [expected, found] = [outline(before), outline(now)];
		if (expected !== found) {
			this.#course = undefined;
			throw new NotDeterministicError(this.#context.message.id, expected, found);
		}
	}
}

/** An effect as text, the same for whatever order its members were written in. */
function outline(effect: Effect | null | undefined): string {
	return effect ? JSON.stringify(Object.entries(effect).sort(([one], [other]) => (one < other ? -1 : 1))) : "nothing";
}

function* consult(): Course {
	for (;;) {
		// The course hands back what the manager said in the place of a result.
		const { told } = (yield consultation as unknown as Effect) as unknown as Told;
		if (told === null) {
			return;
		}
		yield told;
	}
}
