import type { Milliseconds } from "../model.ts";

interface VirtualTimer {
	readonly at: Milliseconds;
	readonly order: number;
	readonly callback: () => void;
}

/** A clock that stands still until it is moved, and fires every timer on the way in order. */
export class VirtualClock {
	#now: Milliseconds;
	#order = 0;
	readonly #timers = new Set<VirtualTimer>();
	readonly #moved: (now: Milliseconds) => void;

	/** `moved` hears of each new moment before the timers of that moment fire. */
	constructor(now: Milliseconds, moved: (now: Milliseconds) => void = () => undefined) {
		this.#now = now;
		this.#moved = moved;
		moved(now);
	}

	now(): Milliseconds {
		return this.#now;
	}

	timer(delay: Milliseconds, callback: () => void): { cancel(): void } {
		this.#order += 1;
		const timer: VirtualTimer = { at: this.#now + Math.max(0, delay), order: this.#order, callback };
		this.#timers.add(timer);
		return { cancel: () => this.#timers.delete(timer) };
	}

	/** The moment of the soonest timer. */
	get next(): Milliseconds | undefined {
		return this.#soonest()?.at;
	}

	/**
	 * Moves on by a length of time. Before each timer and at the end `settle` is awaited, so that
	 * whatever the last one set in motion has come to rest.
	 */
	async advance(by: Milliseconds, settle: () => Promise<void>): Promise<void> {
		const end = this.#now + by;
		await settle();
		for (let timer = this.#soonest(); timer !== undefined && timer.at <= end; timer = this.#soonest()) {
			this.#timers.delete(timer);
			this.#set(timer.at);
			timer.callback();
			await settle();
		}
		this.#set(end);
		await settle();
	}

	#set(now: Milliseconds): void {
		if (now > this.#now) {
			this.#now = now;
			this.#moved(now);
		}
	}

	#soonest(): VirtualTimer | undefined {
		let soonest: VirtualTimer | undefined;
		for (const timer of this.#timers) {
			if (soonest === undefined || timer.at < soonest.at || (timer.at === soonest.at && timer.order < soonest.order)) {
				soonest = timer;
			}
		}
		return soonest;
	}
}
