/**
 * The retractions of one mechanism. They have turns of their own beside its calls, so that a mechanism
 * that hangs in either keeps the other going, and a bound, since each of them holds its delivery in
 * memory. One that gets no turn has retracted nothing, which is what its journal then says.
 */
import type { MechanismInstance, Milliseconds } from "@posthaste/core";
import { bulkhead } from "cockatiel";
import type { Clock } from "../engine/clock.ts";
import { bounded } from "./bounded.ts";

export type Retract = NonNullable<MechanismInstance["retract"]>;

export interface RetractionLimits {
	/** Retractions under way at the same time. */
	readonly concurrency: number;
	/** Those that wait for their turn, at the most. */
	readonly waiting: number;
	/** Longest time for one call, and for waiting for it. */
	readonly callLimit: Milliseconds;
}

export class Retractions {
	readonly #clock: Clock;
	readonly #limits: RetractionLimits;
	readonly #turns;

	constructor(clock: Clock, limits: RetractionLimits) {
		this.#clock = clock;
		this.#limits = limits;
		this.#turns = bulkhead(limits.concurrency, limits.waiting);
	}

	/** Makes a call when its turn comes. False when it does not come in time, or is not `wanted` by then, or the call fails. */
	make(call: (signal: AbortSignal) => Promise<boolean>, wanted: () => boolean): Promise<boolean> {
		return new Promise((resolve) => {
			// Whoever has gone still has their turn in the queue, and must not be called then.
			let hasGone = false;
			const timer = this.#clock.timer(this.#limits.callLimit, () => {
				hasGone = true;
				resolve(false);
			});
			const turn = async () => {
				timer.cancel();
				return !hasGone && wanted() && (await bounded(this.#clock, this.#limits.callLimit, call, () => false));
			};
			this.#turns
				.execute(turn)
				.catch(() => false)
				.then(resolve)
				.finally(() => timer.cancel());
		});
	}
}
