/**
 * What stands between the engine and one mechanism: a concurrency limit, a circuit breaker and a
 * deadline on every call (cockatiel). Whatever the plugin does, a call ends within a bounded time
 * with an honest outcome.
 */
import type { Attempt, MechanismInstance, Milliseconds, SendResult } from "@posthaste/core";
import {
	BrokenCircuitError,
	bulkhead,
	CircuitState,
	ConsecutiveBreaker,
	circuitBreaker,
	ExponentialBackoff,
	handleWhenResult,
	type IBackoffFactory,
	noJitterGenerator,
	wrap,
} from "cockatiel";
import type { Clock } from "../engine/clock.ts";

export interface GuardOptions {
	/** Calls of this mechanism at the same time. */
	readonly concurrency: number;
	/** Longest time for one call. */
	readonly callLimit: Milliseconds;
	/** Calls in a row that fail before the breaker opens. */
	readonly breakAfter: number;
	/** How long the breaker rests the mechanism at first; each time it fails again, twice as long, to a cap. */
	readonly rest: { readonly first: Milliseconds; readonly longest: Milliseconds };
}

export const guardDefaults: GuardOptions = {
	concurrency: 64,
	callLimit: 30_000,
	breakAfter: 5,
	rest: { first: 5000, longest: 60_000 },
};

/** After its signal aborts, a call has this long to say what it knows. */
const grace: Milliseconds = 1000;

export class Guard {
	readonly #instance: MechanismInstance;
	readonly #clock: Clock;
	readonly #options: GuardOptions;
	readonly #breaker;
	readonly #policy;
	readonly #underWay = new Set<string>();
	#openUntil: Milliseconds = 0;
	#waiting = 0;

	constructor(instance: MechanismInstance, clock: Clock, options: GuardOptions = guardDefaults) {
		this.#instance = instance;
		this.#clock = clock;
		this.#options = options;
		this.#breaker = circuitBreaker(handleWhenResult(isFault), {
			breaker: new ConsecutiveBreaker(options.breakAfter),
			halfOpenAfter: this.#watched(
				new ExponentialBackoff({
					generator: noJitterGenerator,
					initialDelay: options.rest.first,
					maxDelay: options.rest.longest,
				}),
			),
		});
		this.#policy = wrap(bulkhead(options.concurrency, Number.POSITIVE_INFINITY), this.#breaker);
	}

	get breaker(): "closed" | "open" | "half-open" {
		switch (this.#breaker.state) {
			case CircuitState.Open:
				return "open";
			case CircuitState.HalfOpen:
				return "half-open";
			default:
				return "closed";
		}
	}

	/** While the breaker rests the mechanism. Afterwards the next attempt is the trial. */
	isOpen(now: Milliseconds): boolean {
		return this.#breaker.state === CircuitState.Open && now < this.#openUntil;
	}

	/** Attempts being made now, by identifier: what does not come back can be named. */
	get underWay(): readonly string[] {
		return [...this.#underWay];
	}

	/** Calls made or waiting for a place. */
	get load(): number {
		return this.#waiting;
	}

	async send(attempt: Attempt): Promise<SendResult> {
		this.#waiting += 1;
		try {
			const result = await this.#policy.execute(() => this.#call(attempt));
			return result as SendResult;
		} catch (error) {
			const evidence = error instanceof BrokenCircuitError ? "the circuit breaker is open" : messageOf(error);
			return { outcome: "failed", evidence };
		} finally {
			this.#waiting -= 1;
		}
	}

	async retract(attempt: Parameters<NonNullable<MechanismInstance["retract"]>>[0]): Promise<boolean> {
		const { retract } = this.#instance;
		if (retract === undefined) {
			return false;
		}
		try {
			return await this.#bounded(
				this.#options.callLimit,
				(signal) => retract.call(this.#instance, attempt, signal),
				() => false,
			);
		} catch {
			return false;
		}
	}

	#call(attempt: Attempt): Promise<SendResult> {
		const left = attempt.deadline - this.#clock.now();
		if (left <= 0) {
			return Promise.resolve({
				outcome: "failed",
				evidence: "not sent: its time was over before a place was free",
			});
		}
		const limit = Math.min(left, this.#options.callLimit);
		this.#underWay.add(attempt.id);
		const ended = (result: SendResult): SendResult => {
			this.#underWay.delete(attempt.id);
			return result;
		};
		const call = (signal: AbortSignal) => this.#instance.send(attempt, signal);
		const silence = (): SendResult => ({ outcome: "unknown", evidence: `no answer within ${limit} ms` });
		return this.#bounded(limit, call, silence).then(ended, (error: unknown) =>
			ended({ outcome: "unknown", evidence: `the plugin threw: ${messageOf(error)}` }),
		);
	}

	/**
	 * Runs a call; after `limit` its signal aborts, and a little later `silence` answers in its place. It
	 * makes as few promises as it can, since every attempt goes through here.
	 */
	#bounded<Result>(
		limit: Milliseconds,
		call: (signal: AbortSignal) => Promise<Result>,
		silence: () => Result,
	): Promise<Result> {
		return new Promise((resolve, reject) => {
			const controller = new AbortController();
			let timer = this.#clock.timer(limit, () => {
				controller.abort(new DOMException("the call took too long", "TimeoutError"));
				timer = this.#clock.timer(grace, () => resolve(silence()));
			});
			const fail = (error: unknown) => {
				timer.cancel();
				reject(error);
			};
			try {
				call(controller.signal).then((result) => {
					timer.cancel();
					resolve(result);
				}, fail);
			} catch (error) {
				fail(error);
			}
		});
	}

	/** The library keeps to itself how long it rests, so the rests are noted as it asks for them. */
	#watched(backoff: IBackoffFactory<unknown>): IBackoffFactory<unknown> {
		return {
			next: (context) => {
				const next = backoff.next(context);
				this.#openUntil = this.#clock.now() + next.duration;
				return { duration: next.duration, next: this.#watched(next).next };
			},
		};
	}
}

/** The mechanism's own fault. That somebody is absent or an address wrong says nothing against the mechanism. */
function isFault(result: unknown): boolean {
	const { outcome } = result as SendResult;
	return outcome === "failed" || outcome === "unknown";
}

function messageOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
