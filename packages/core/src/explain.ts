/**
 * What would happen to a message, and why: the same flow and the same course that deliveries run on,
 * driven through every result that could come, before anything is sent.
 */

import type { TrackedAttempt } from "./attempts.ts";
import { link, merge, prune } from "./explain-tree.ts";
import { type Path, type Position, type Step, Walker } from "./explain-walk.ts";
import type { ExplainedBranch, ExplainedDelivery, ExplainedNode, ExplainedResult } from "./explanation.ts";
import { type Planned, policiesOf, type World } from "./flow.ts";
import type { Milliseconds } from "./model.ts";
import { satisfies } from "./outcome.ts";

/** Past these bounds a tree is cut, and says so. */
const nodeLimit = 2000;
const depthLimit = 100;
/** Inputs handled on all walks together: some tens of milliseconds. */
const workLimit = 20_000;
/** Combinations of results of one parallel attempt that are told apart. */
const combinationLimit = 128;

export function explainDelivery(planned: Planned, world: World): ExplainedDelivery {
	const explorer = new Explorer(planned, world);
	const tree = explorer.explore();
	return { ...policiesOf(planned), tree, cut: explorer.cut };
}

class Explorer {
	cut = false;
	readonly #world: World;
	readonly #walker: Walker;
	/** What follows from positions that nothing tells apart. */
	readonly #known = new Map<string, ExplainedNode>();
	readonly #isTimed: boolean;

	constructor(planned: Planned, world: World) {
		this.#world = world;
		this.#walker = new Walker(planned, world);
		this.#isTimed = dependsOnTime(planned, world);
	}

	explore(): ExplainedNode {
		const began: Step = { input: { type: "began" }, at: this.#world.now };
		return this.#follow({ steps: [], fates: new Map(), answers: [] }, began, 0);
	}

	/** One more stretch of a path: its decisions as a chain of nodes, ending in what the course then waits for. */
	#follow(path: Path, step: Step | undefined, depth: number): ExplainedNode {
		if (this.#walker.work > workLimit) {
			return this.#cut("too-large");
		}
		const room = depthLimit - depth;
		const position = this.#walker.walk(path, step, room);
		const { shown } = position;
		let node = shown.length >= room ? this.#cut("too-deep") : this.#remember(position, depth + shown.length + 1);
		for (const one of shown.slice(0, room).reverse()) {
			node = link(one, node);
		}
		return node;
	}

	#cut(reason: "too-deep" | "too-large"): ExplainedNode {
		this.cut = true;
		return { node: "cut", reason };
	}

	/**
	 * Most results lead on in the same way, and that way is explored once. It holds as long as the
	 * manager never looks at the results it is handed.
	 */
	#remember(position: Position, depth: number): ExplainedNode {
		const key = this.#keyOf(position);
		const known = key === undefined ? undefined : this.#known.get(key);
		if (known !== undefined) {
			return known;
		}
		const { looks } = this.#walker;
		const node = this.#ending(position, depth);
		if (key !== undefined && looks === this.#walker.looks) {
			this.#known.set(key, node);
		}
		return node;
	}

	/** All that the further course depends on, as long as the results were not looked at. */
	#keyOf({ course, watch, answers, now }: Position): string | undefined {
		const { pause } = course;
		const group = pause?.on === "attempts" ? pause.group : undefined;
		const underWay = group?.active.filter(({ phase }) => phase !== "over") ?? [];
		if (course.reason !== undefined || underWay.some((one) => one.phase !== "sending" || one.try > 1)) {
			return undefined;
		}
		const attempts = [...course.attempts.values()];
		return JSON.stringify([
			watch.effects,
			answers,
			underWay.map(({ mechanism }) => mechanism),
			group?.queue,
			group?.postponed,
			attempts.length,
			attempts.some(({ outcome, level }) => outcome === "unknown" && level === undefined),
			this.#isTimed ? now : 0,
		]);
	}

	#ending(position: Position, depth: number): ExplainedNode {
		const { course } = position;
		if (course.reason !== undefined) {
			return { node: "end", state: course.state, reason: course.reason };
		}
		if (course.pause?.on === "answer") {
			return this.#question(position, course.pause.prompt, depth);
		}
		return course.sending.length > 0 ? this.#attempts(position, depth) : this.#cut("too-deep");
	}

	#question(
		{ now, ...path }: Position,
		prompt: { id: string; question: string; until: Milliseconds; otherwise: "yes" | "no" },
		depth: number,
	): ExplainedNode {
		const answered = (answer: "yes" | "no"): Step => ({
			input: { type: "answered", prompt: prompt.id, answer },
			at: now,
		});
		const ways: readonly (readonly [string, Step])[] = [
			["yes", answered("yes")],
			["no", answered("no")],
			["no-answer", { input: { type: "time-passed" }, at: prompt.until }],
		];
		const branches = ways.map(([on, step]) => ({
			on: [on],
			then: this.#follow({ ...path, answers: [...path.answers, on] }, step, depth),
		}));
		const { question, otherwise } = prompt;
		return { node: "ask", question, within: prompt.until - now, otherwise, branches: this.#bound(branches) };
	}

	#attempts({ course, now, ...path }: Position, depth: number): ExplainedNode {
		const attempts = course.sending;
		const branches = this.#combinations(attempts).map((results): ExplainedBranch => {
			const further = attempts.flatMap(({ id, mechanism }, index) => {
				const result = results[index];
				return result === undefined ? [] : [{ id, mechanism, result }];
			});
			const fates = new Map([...path.fates, ...further.map(({ id, result }) => [id, result] as const)]);
			const on = further.map(({ mechanism, result }) => `${mechanism}=${result}`).join(",");
			return { on: [on], then: this.#follow({ ...path, fates }, undefined, depth) };
		});
		const [first] = attempts;
		return {
			node: "attempt",
			mode: course.pause?.on === "attempts" ? course.pause.group.effect.mode : "serial",
			mechanisms: attempts.map((attempt) => attempt.mechanism),
			until: first?.until ?? "accepted",
			within: (first?.deadline ?? now) - now,
			branches: this.#bound(branches),
		};
	}

	#bound(branches: readonly ExplainedBranch[]): readonly ExplainedBranch[] {
		const merged = merge(branches);
		const pruned = prune(merged, nodeLimit);
		this.cut ||= pruned.some(({ then }, index) => then !== merged[index]?.then);
		return pruned;
	}

	/**
	 * The results to tell apart: each mechanism being the one that brings what was asked, and every
	 * combination in which none does. A missing result stands for "whatever the others do".
	 */
	#combinations(attempts: readonly TrackedAttempt[]): readonly (readonly (ExplainedResult | undefined)[])[] {
		const brought = attempts.flatMap((attempt, index) =>
			this.#canBring(attempt) ? [attempts.map((_, other) => (other === index ? attempt.until : undefined))] : [],
		);
		let missed: ExplainedResult[][] = [[]];
		for (const attempt of attempts) {
			missed = missed.flatMap((results) => missesOf(attempt).map((result) => [...results, result]));
			if (missed.length > combinationLimit) {
				this.cut = true;
				missed = missed.slice(0, combinationLimit);
			}
		}
		return [...brought, ...missed];
	}

	#canBring({ mechanism, until }: TrackedAttempt): boolean {
		const receipts = this.#world.snapshot.mechanisms.get(mechanism)?.capabilities.receipts;
		return until === "accepted" || (receipts !== undefined && satisfies(receipts, until));
	}
}

/** Whether the moment can make a difference to what happens: an expiry, the recipient's conditions, a resting mechanism. */
function dependsOnTime({ message, recipient }: Planned, { snapshot, now }: World): boolean {
	return (
		message.expiresAt !== undefined ||
		recipient.mechanisms.some(
			({ mechanism, quiet, when }) =>
				quiet !== undefined || when !== undefined || snapshot.mechanisms.get(mechanism)?.inactive(now) !== undefined,
		)
	);
}

/** The results that do not bring what an attempt asked for. */
function missesOf({ until }: TrackedAttempt): readonly ExplainedResult[] {
	const misses = ["unavailable", "rejected", "failed", "unknown"] as const;
	return until === "accepted" ? misses : [...misses, "no-receipt"];
}
