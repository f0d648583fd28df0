/** A manager that runs elsewhere, as the program sees it. */
import {
	type ConsultedManifest,
	consultedManager,
	type DeliverContext,
	type Effect,
	type ManagerPlugin,
	type PastEffect,
	thrownText,
} from "@posthaste/core";
import { JSONRPCErrorException } from "json-rpc-2.0";
import { PeerGone } from "./peer.ts";
import { errorCodes, type Judgement, type ManagerDescription } from "./protocol.ts";
import { PluginDown, type Runner } from "./runner.ts";
import { Turns } from "./turns.ts";

/** A manager computes and does nothing else, so it has this long for a step. */
const stepLimit = 2000;
/** Questions that may be unanswered at the same time, so that a manager has the next one at hand when it answers. */
const mostQuestions = 32;
/** A delivery that brought its manager to an end this often is not given to it any more. */
const mostEnds = 3;
/** How often, and how long apart, a manager that is down is waited for. */
const waits = [100, 500, 1000, 2000, 5000, 10_000] as const;

/** The manager cannot say what it wants next. `reason` is for people. */
export class ConsultationFailed extends Error {}

export class RemoteManager {
	readonly plugin: ManagerPlugin;
	readonly #runner: Runner;
	readonly #name: string;
	readonly #judgements = new Map<string, Judgement | Error>();
	readonly #turns = new Turns(mostQuestions);
	#waiting = 0;
	#asking = 0;
	/** Runs while something is asked, and begins anew with each answer. */
	#late: NodeJS.Timeout | undefined;
	#usedAt = Date.now();

	constructor(description: ManagerDescription, runner: Runner) {
		this.#runner = runner;
		this.#name = `${description.id} ${description.version}`;
		const { type: _, ...described } = description;
		this.plugin = consultedManager({
			...described,
			allows: (settings: unknown) => this.#judged(settings).allows,
			check: (settings: unknown) => this.#judged(settings).complaints,
		} as ConsultedManifest);
	}

	/** Nothing was asked of it since then, in milliseconds since the epoch; now, while something is. */
	get usedAt(): number {
		return this.#waiting > 0 ? Date.now() : this.#usedAt;
	}

	/** Has settings judged, so that `allows` and `check` can answer for them. What fails is told by these. */
	async judge(settings: unknown): Promise<void> {
		const key = JSON.stringify(settings);
		if (this.#judgements.get(key) instanceof Error || !this.#judgements.has(key)) {
			try {
				this.#judgements.set(key, await this.#used(this.#inTime(() => this.#runner.ask("judge", { settings }))));
			} catch (error) {
				this.#judgements.set(key, error instanceof Error ? error : new Error(String(error)));
			}
		}
	}

	/**
	 * What the manager wants next.
	 * @throws ConsultationFailed when it threw, was not deterministic, or kept ending at this question
	 */
	next(delivery: string, context: DeliverContext<unknown>, past: readonly PastEffect[]): Promise<Effect | null> {
		return this.#used(this.#ask(() => this.#runner.ask("next", { delivery, context, past })));
	}

	/** It is in use while something is asked of it. */
	#used<Result>(asked: Promise<Result>): Promise<Result> {
		this.#waiting += 1;
		return asked.finally(() => {
			this.#waiting -= 1;
			this.#usedAt = Date.now();
		});
	}

	async #ask(question: () => Promise<{ readonly effect: Effect | null }>): Promise<Effect | null> {
		let ends = 0;
		let waited = 0;
		for (;;) {
			try {
				// Of several questions nobody knows which one the manager ended at, so each is put alone from then on.
				return (await this.#turns.take(ends > 0, () => this.#inTime(question))).effect;
			} catch (error) {
				const wait = waits[waited];
				if (error instanceof PeerGone) {
					ends += 1;
				} else if (!(error instanceof PluginDown)) {
					throw this.#failed(error);
				}
				if (ends >= mostEnds || wait === undefined) {
					throw this.#failed(error);
				}
				waited += 1;
				await new Promise((resolve) => setTimeout(resolve, wait));
			}
		}
	}

	#failed(error: unknown): ConsultationFailed {
		const text = thrownText(error);
		const is = error instanceof JSONRPCErrorException && error.code === errorCodes.notDeterministic;
		return new ConsultationFailed(`manager plugin ${this.#name} ${is ? "is not deterministic" : "failed"}: ${text}`);
	}

	/** It takes one step after the other: the time for a step is the time until it answers anything. */
	async #inTime<Result>(ask: () => Promise<Result>): Promise<Result> {
		// The time begins when the plugin is up: loading it has a limit of its own.
		await this.#runner.start().catch(() => undefined);
		this.#asking += 1;
		this.#late ??= setTimeout(() => this.#runner.end(`it took more than ${stepLimit} ms for a step`), stepLimit);
		try {
			return await ask();
		} finally {
			this.#asking -= 1;
			this.#answered();
		}
	}

	#answered(): void {
		if (this.#asking > 0) {
			this.#late?.refresh();
		} else {
			clearTimeout(this.#late);
			this.#late = undefined;
		}
	}

	#judged(settings: unknown): Judgement {
		const judgement = this.#judgements.get(JSON.stringify(settings));
		if (judgement === undefined) {
			throw new Error(`manager plugin ${this.#name} has not seen these settings yet`);
		}
		if (judgement instanceof Error) {
			throw judgement;
		}
		return judgement;
	}
}
