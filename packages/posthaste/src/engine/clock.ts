import type { Milliseconds } from "@posthaste/core";

/** The time, as an argument: the real one, or a virtual one in scenarios and simulations. */
export interface Clock {
	/** Milliseconds since the epoch. */
	now(): Milliseconds;
	/** Calls back once after `delay` milliseconds, until cancelled. */
	timer(delay: Milliseconds, callback: () => void): Timer;
}

export interface Timer {
	cancel(): void;
}

/** Node refuses longer timers; whoever waits longer wakes, looks, and waits again. */
export const longestTimer: Milliseconds = 2 ** 31 - 1;

export const realClock: Clock = {
	now: Date.now,
	timer(delay, callback) {
		const handle = setTimeout(callback, Math.max(0, Math.min(delay, longestTimer)));
		handle.unref();
		return { cancel: () => clearTimeout(handle) };
	},
};
