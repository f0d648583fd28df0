/**
 * Walks of `explain`: one course driven along one path, each attempt coming to the result that the
 * path says. The times are those of a world that answers at once: a try fails, and the sender
 * replies, the moment it is asked. What nobody brings, a receipt or an answer, takes its whole time.
 */
import type { TrackedAttempt } from "./attempts.ts";
import { DeliveryCourse, type Look } from "./dispatch.ts";
import type { ExplainedResult } from "./explanation.ts";
import { type Planned, policiesOf, type World } from "./flow.ts";
import type { Decision, Input, Policies } from "./journal.ts";
import { lookAgain } from "./look-again.ts";
import type { AttemptResult, Course, EffectResult, ManagerPlugin } from "./manager.ts";
import type { Milliseconds } from "./model.ts";
import { type Level, levels, type Outcome } from "./outcome.ts";

/** Tries that a failing attempt is followed through; the next one fails at its deadline. */
const tryLimit = 16;

/** One thing that comes in, and when. */
export interface Step {
	readonly input: Input;
	readonly at: Milliseconds;
}

/** What each attempt on a path comes to, by its identifier. It holds for every try of it. */
export type Fates = ReadonlyMap<string, ExplainedResult>;

/** A path: what came in, what is going to come of the attempts, and how the sender answered. */
export interface Path {
	readonly steps: readonly Step[];
	readonly fates: Fates;
	readonly answers: readonly string[];
}

/** A decision that makes a node, and when it was made. */
export interface Shown {
	readonly decision: ShownDecision;
	readonly at: Milliseconds;
}

export type ShownDecision = Extract<
	Decision,
	{ type: "passed-over" | "postponed" | "wait" | "note" | "prompt-closed" }
>;

/** Where a walk came to: the branching point or the end, and what was decided since the last one. */
export interface Position extends Path {
	readonly course: DeliveryCourse;
	readonly watch: Watch;
	readonly shown: readonly Shown[];
	readonly now: Milliseconds;
}

/** What was seen of a manager at work. */
export interface Watch {
	effects: number;
}

export class Walker {
	/** Inputs handled so far, which is what walks cost. */
	work = 0;
	/** How often the manager looked at the results of an attempt, so that its way may depend on them. */
	looks = 0;
	readonly #planned: Planned;
	readonly #policies: Policies;
	readonly #look: Look;
	readonly #now: Milliseconds;

	constructor(planned: Planned, world: World) {
		const { message, recipient, configuration } = planned;
		this.#planned = planned;
		this.#policies = policiesOf(planned);
		this.#now = world.now;
		this.#look = (mechanism, now) =>
			lookAgain(mechanism, message, recipient, configuration.allows, { ...world, now }).policy;
	}

	/**
	 * Goes on from the end of a path: one step, and then everything that follows by itself, up to where
	 * the results of an attempt or the sender's answer make a difference, or until `enough` was shown.
	 *
	 * A generator cannot be copied, so each path is walked from its beginning.
	 */
	walk(path: Path, step: Step | undefined, enough: number): Position {
		const watch: Watch = { effects: 0 };
		const course = this.#course(watch);
		for (const { input, at } of path.steps) {
			course.handle(input, at);
		}
		const steps = [...path.steps];
		const shown: Shown[] = [];
		let now = steps.at(-1)?.at ?? this.#now;
		let next = step ?? nextStep(course, path.fates, now);
		while (next !== undefined && shown.length <= enough) {
			const { input, at } = next;
			shown.push(...course.handle(input, at).flatMap((decision) => (shows(decision) ? [{ decision, at }] : [])));
			steps.push(next);
			now = at;
			next = nextStep(course, path.fates, now);
		}
		this.work += steps.length;
		return { ...path, steps, course, watch, shown, now };
	}

	#course(watch: Watch): DeliveryCourse {
		const { message, manager } = this.#planned;
		const looked = () => {
			this.looks += 1;
		};
		return new DeliveryCourse({
			delivery: message.id,
			message,
			plugin: watched(manager.plugin, watch, looked),
			policies: this.#policies,
			look: this.#look,
		});
	}
}

/** The plugin, its generators being watched. */
function watched(plugin: ManagerPlugin, watch: Watch, looked: () => void): ManagerPlugin {
	return { ...plugin, deliver: (context) => watchCourse(plugin.deliver(context), watch, looked) };
}

function* watchCourse(course: Course, watch: Watch, looked: () => void): Course {
	let handed: EffectResult;
	for (let next = course.next(); next.done !== true; next = course.next(handed)) {
		watch.effects += 1;
		const result = yield next.value;
		handed = result !== undefined && "results" in result ? veiled(result, looked) : result;
	}
}

/** The results of an attempt, telling when somebody looks at them. */
function veiled({ results }: AttemptResult, looked: () => void): AttemptResult {
	return {
		get results() {
			looked();
			return results;
		},
	};
}

/** What comes in next when nothing is left open; undefined where the tree branches or ends. */
function nextStep(course: DeliveryCourse, fates: Fates, now: Milliseconds): Step | undefined {
	if (course.reason !== undefined || course.pause?.on === "answer") {
		return undefined;
	}
	const { sending } = course;
	for (const attempt of sending) {
		const fate = fates.get(attempt.id);
		if (fate !== undefined) {
			return outcomeOf(attempt, fate, now);
		}
	}
	return sending.length > 0 || course.due === null ? undefined : { input: { type: "time-passed" }, at: course.due };
}

function outcomeOf(attempt: TrackedAttempt, result: ExplainedResult, now: Milliseconds): Step {
	const { id, mechanism, try: tries, deadline } = attempt;
	const about = { type: "outcome", attempt: id, mechanism, try: tries } as const;
	if (result === "no-receipt" || result === "accepted") {
		return { input: { ...about, outcome: "accepted" }, at: now };
	}
	return isReceipt(result)
		? { input: { ...about, outcome: "accepted", level: result }, at: now }
		: { input: { ...about, outcome: result }, at: tries > tryLimit ? Math.max(now, deadline) : now };
}

function isReceipt(result: Outcome | Level): result is Exclude<Level, "accepted"> {
	return result !== "accepted" && (levels as readonly string[]).includes(result);
}

/** Decisions that only record how time went by, or what a branch says already, make no node. */
function shows(decision: Decision): decision is ShownDecision {
	switch (decision.type) {
		case "passed-over":
		case "postponed":
		case "wait":
		case "note":
			return true;
		case "prompt-closed":
			return decision.by === "standing-answer";
		default:
			return false;
	}
}
