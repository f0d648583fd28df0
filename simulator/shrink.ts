/** Makes a failing scenario smaller for as long as it still breaks the same rule. */
import type { Rule } from "./audit/evidence.ts";
import { type Judged, judge } from "./judge.ts";
import { fates, type Scenario, type Step } from "./scenario.ts";
import type { Bug } from "./world.ts";

/** Runs that shrinking may take: a few seconds. */
const mostRuns = 500;

export async function shrink(failing: Judged, bug: Bug = {}): Promise<Judged> {
	const rule = failing.violations[0]?.rule;
	return rule === undefined ? failing : new Shrinker(failing, rule, bug).shrink();
}

class Shrinker {
	#best: Judged;
	#runs = 0;
	readonly #rule: Rule;
	readonly #bug: Bug;

	constructor(failing: Judged, rule: Rule, bug: Bug) {
		this.#best = failing;
		this.#rule = rule;
		this.#bug = bug;
	}

	async shrink(): Promise<Judged> {
		for (let before = Number.POSITIVE_INFINITY; this.#size < before && this.#runs < mostRuns; ) {
			before = this.#size;
			await this.#withoutSteps();
			await this.#withoutFates();
			await this.#simplerSends();
		}
		return this.#best;
	}

	get #size(): number {
		const { steps, spared } = this.#best.scenario;
		return JSON.stringify(steps).length - spared.length;
	}

	/** Takes the smaller scenario when it still breaks the rule. */
	async #try(smaller: Scenario): Promise<boolean> {
		if (this.#runs >= mostRuns) {
			return false;
		}
		this.#runs += 1;
		const judged = await judge(smaller, this.#bug);
		const fails = judged.violations.some(({ rule }) => rule === this.#rule);
		if (fails) {
			this.#best = this.#inFront(judged);
		}
		return fails;
	}

	/** What is kept is told first of all, whatever else a smaller scenario breaks. */
	#inFront(judged: Judged): Judged {
		const kept = judged.violations.filter(({ rule }) => rule === this.#rule);
		const others = judged.violations.filter(({ rule }) => rule !== this.#rule);
		return { ...judged, violations: [...kept, ...others] };
	}

	/** Leaves out runs of steps, long ones first. */
	async #withoutSteps(): Promise<void> {
		for (let length = Math.ceil(this.#best.scenario.steps.length / 2); length >= 1; length = Math.floor(length / 2)) {
			for (let from = 0; from < this.#best.scenario.steps.length; ) {
				const { scenario } = this.#best;
				const steps = [...scenario.steps.slice(0, from), ...scenario.steps.slice(from + length)];
				from += (await this.#try({ ...scenario, steps })) ? 0 : length;
			}
		}
	}

	async #withoutFates(): Promise<void> {
		for (const fate of fates.filter((one) => one !== "accepts")) {
			const { scenario } = this.#best;
			if (!scenario.spared.includes(fate)) {
				await this.#try({ ...scenario, spared: [...scenario.spared, fate] });
			}
		}
	}

	/** One recipient, no repetition. */
	async #simplerSends(): Promise<void> {
		for (const index of this.#best.scenario.steps.keys()) {
			for (const simpler of simplerThan(this.#best.scenario.steps[index])) {
				const { scenario } = this.#best;
				await this.#try({ ...scenario, steps: scenario.steps.with(index, simpler) });
			}
		}
	}
}

function simplerThan(step: Step | undefined): readonly Step[] {
	if (step?.do !== "send") {
		return [];
	}
	const { draft } = step;
	return [
		...(step.again.length > 0 ? [{ ...step, again: [] }] : []),
		...(draft.to.length > 1 ? draft.to.map((one) => ({ ...step, draft: { ...draft, to: [one] } })) : []),
	];
}
