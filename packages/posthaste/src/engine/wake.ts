/** Wakes the engine when the soonest waiting delivery is due: one timer, however many wait. */

import type { Milliseconds } from "@posthaste/core";
import { type Clock, longestTimer, type Timer } from "./clock.ts";

export class Wake {
	readonly #clock: Clock;
	readonly #callback: () => void;
	#timer: Timer | undefined;
	#at = Number.POSITIVE_INFINITY;

	constructor(clock: Clock, callback: () => void) {
		this.#clock = clock;
		this.#callback = callback;
	}

	/** Sees to it that the callback comes at this moment or before. */
	by(moment: Milliseconds): void {
		if (moment >= this.#at) {
			return;
		}
		this.#timer?.cancel();
		this.#at = moment;
		this.#timer = this.#clock.timer(Math.min(moment - this.#clock.now(), longestTimer), () => {
			this.#at = Number.POSITIVE_INFINITY;
			this.#timer = undefined;
			this.#callback();
		});
	}

	stop(): void {
		this.#timer?.cancel();
		this.#timer = undefined;
		this.#at = Number.NEGATIVE_INFINITY;
	}
}
