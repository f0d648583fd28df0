/** Bounds on what plugins take: whatever a plugin does, a call of it ends, and so does waiting for it. */
import type { Milliseconds } from "@posthaste/core";
import type { Clock } from "../engine/clock.ts";

/** After its signal aborts, a call has this long to say what it knows. */
const grace: Milliseconds = 1000;

/**
 * Runs a call; after `limit` its signal aborts, and a little later `silence` answers or throws in its
 * place. A call that throws rejects, whether it throws at once or later. It makes as few promises as
 * it can, since every attempt goes through here.
 */
export function bounded<Result>(
	clock: Clock,
	limit: Milliseconds,
	call: (signal: AbortSignal) => Promise<Result>,
	silence: () => Result,
): Promise<Result> {
	return new Promise((resolve, reject) => {
		const controller = new AbortController();
		const fail = (error: unknown) => {
			timer.cancel();
			reject(error);
		};
		const giveUp = () => {
			try {
				resolve(silence());
			} catch (error) {
				reject(error);
			}
		};
		let timer = clock.timer(limit, () => {
			timer = clock.timer(grace, giveUp);
			controller.abort(new DOMException("the call took too long", "TimeoutError"));
		});
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

/** Waits for work that goes on whether or not anybody waits for it, and no longer than `limit`. */
export function waitAtMost(clock: Clock, limit: Milliseconds, work: Promise<unknown>): Promise<void> {
	return new Promise((resolve, reject) => {
		const timer = clock.timer(limit, resolve);
		work.then(
			() => {
				timer.cancel();
				resolve();
			},
			(error) => {
				timer.cancel();
				reject(error);
			},
		);
	});
}
