/**
 * What stands between the engine and one mechanism: a concurrency limit, a circuit breaker and a
 * deadline on every call (cockatiel). Whatever the plugin does, a call ends within a bounded time
 * with an honest outcome.
 */
import { type Attempt, type MechanismInstance, type Milliseconds, type SendResult, thrownText } from "@posthaste/core";
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
} from "cockatiel";
import type { Clock } from "../engine/clock.ts";
import { bounded } from "./bounded.ts";
import { Places } from "./places.ts";
import { type Retract, Retractions } from "./retractions.ts";
import { understood } from "./understood.ts";

export interface GuardOptions {
	/** Calls of this mechanism at the same time. A quarter as many retractions may be under way beside them. */
	readonly concurrency: number;
	/** Attempts beside those being called whose intent may be on disk, at the most; and retractions that wait for their turn. */
	readonly ahead: number;
	/** An attempt whose intent is on disk waits this long for its call, and is not made otherwise. */
	readonly patience: Milliseconds;
	/** Longest time for one call. */
	readonly callLimit: Milliseconds;
	/** Calls in a row that fail before the breaker opens. */
	readonly breakAfter: number;
	/** How long the breaker rests the mechanism at first; each time it fails again, twice as long, to a cap. */
	readonly rest: { readonly first: Milliseconds; readonly longest: Milliseconds };
}

export const guardDefaults: GuardOptions = {
	concurrency: 64,
	ahead: 8192,
	patience: 1000,
	callLimit: 30_000,
	breakAfter: 5,
	rest: { first: 5000, longest: 60_000 },
};

const tooLate = "its time was over before a place was free";
/** What is said of an attempt that found no place. */
export const atLimit = "the mechanism has as many calls as it may have";
/** Results of attempts that were not made after all. They say nothing against the mechanism. */
const notMade = new WeakSet<SendResult>();

function notSent(reason: string): SendResult {
	const result: SendResult = { outcome: "failed", evidence: `not sent: ${reason}` };
	notMade.add(result);
	return result;
}

export class Guard {
	readonly #instance: MechanismInstance;
	readonly #clock: Clock;
	readonly #options: GuardOptions;
	readonly #places: Places;
	readonly #retractions: Retractions;
	readonly #breaker;
	readonly #slots;
	#openUntil: Milliseconds = 0;
	#waiting = 0;

	constructor(instance: MechanismInstance, clock: Clock, options: GuardOptions = guardDefaults) {
		this.#places = new Places(options.concurrency, options.ahead);
		this.#retractions = new Retractions(clock, {
			concurrency: Math.ceil(options.concurrency / 4),
			waiting: options.ahead,
			callLimit: options.callLimit,
		});
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
		this.#slots = bulkhead(options.concurrency, Number.POSITIVE_INFINITY);
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

	/** Calls made or waiting for a place. */
	get load(): number {
		return this.#waiting;
	}

	/** Attempts that could take a place now. */
	get free(): number {
		return this.#places.free(this.#isTrying);
	}

	/**
	 * Takes a place for an attempt that is to be sent, before its intent is written. The answer gives it
	 * back; undefined when the mechanism is at its limit.
	 */
	takePlace(): (() => void) | undefined {
		return this.#places.take(this.#isTrying);
	}

	/** The breaker's rest is over, and one call is to show whether the mechanism is well again. */
	get #isTrying(): boolean {
		const { state } = this.#breaker;
		return state === CircuitState.HalfOpen || (state === CircuitState.Open && this.#clock.now() >= this.#openUntil);
	}

	/** `hindrance` is asked once a slot is free, and may say that the attempt is not wanted any more. */
	async send(attempt: Attempt, hindrance: () => string | undefined = () => undefined): Promise<SendResult> {
		this.#waiting += 1;
		try {
			return await this.#inTime(attempt, () => this.#unwanted(attempt, hindrance));
		} catch (error) {
			const evidence = error instanceof BrokenCircuitError ? "the circuit breaker is open" : thrownText(error);
			return { outcome: "failed", evidence };
		} finally {
			this.#waiting -= 1;
		}
	}

	/** While the breaker rests the mechanism it is asked for nothing, so nothing is taken back. */
	async retract(attempt: Parameters<Retract>[0]): Promise<boolean> {
		const { retract } = this.#instance;
		const wanted = () => !this.isOpen(this.#clock.now());
		if (retract === undefined || !wanted()) {
			return false;
		}
		this.#waiting += 1;
		try {
			const call = (signal: AbortSignal) => retract.call(this.#instance, attempt, signal);
			const done: unknown = await this.#retractions.make(call, wanted);
			return done === true;
		} finally {
			this.#waiting -= 1;
		}
	}

	#left(attempt: Attempt): Milliseconds {
		return attempt.deadline - this.#clock.now();
	}

	/** An attempt that waits for a slot, or for the breaker's trial, waits no longer than its time and its patience. */
	#inTime(attempt: Attempt, unwanted: () => SendResult | undefined): Promise<SendResult> {
		if (this.#slots.executionSlots > 0 && this.#breaker.state !== CircuitState.HalfOpen) {
			this.#places.begunAtOnce();
			return this.#inTurn(attempt, unwanted, () => undefined);
		}
		return new Promise((resolve, reject) => {
			// Whoever has gone still has their turn in the queue, and must not be called then.
			let hasGone: SendResult | undefined;
			const timer = this.#clock.timer(Math.min(this.#left(attempt), this.#options.patience), () => {
				this.#places.waitedInVain();
				hasGone = notSent(this.#left(attempt) <= 0 ? tooLate : atLimit);
				resolve(hasGone);
			});
			this.#inTurn(
				attempt,
				() => hasGone ?? unwanted(),
				() => timer.cancel(),
			)
				.then(resolve, reject)
				.finally(() => timer.cancel());
		});
	}

	/** An attempt that is not to be made must not be the breaker's trial. */
	#inTurn(attempt: Attempt, unwanted: () => SendResult | undefined, begins: () => void): Promise<SendResult> {
		return this.#slots.execute(
			async () =>
				unwanted() ??
				this.#breaker.execute(async () => {
					begins();
					return unwanted() ?? this.#call(attempt);
				}),
		);
	}

	#unwanted(attempt: Attempt, hindrance: () => string | undefined): SendResult | undefined {
		const reason = this.#left(attempt) <= 0 ? tooLate : hindrance();
		return reason === undefined ? undefined : notSent(reason);
	}

	#call(attempt: Attempt): Promise<SendResult> {
		const limit = Math.min(this.#left(attempt), this.#options.callLimit);
		const call = (signal: AbortSignal) => this.#instance.send(attempt, signal);
		const silence = (): SendResult => ({ outcome: "unknown", evidence: `no answer within ${limit} ms` });
		return bounded(this.#clock, limit, call, silence).then(understood, (error: unknown) => ({
			outcome: "unknown",
			evidence: `the plugin threw: ${textOf(error, attempt)}`,
		}));
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
	return !notMade.has(result as SendResult) && (outcome === "failed" || outcome === "unknown");
}

/** Nobody knows what a plugin's errors quote, and evidence must not hold what people wrote. */
function textOf(error: unknown, { message }: Attempt): string {
	const text = thrownText(error);
	return text.includes(message.body) ? "an error that quotes the message" : text;
}
