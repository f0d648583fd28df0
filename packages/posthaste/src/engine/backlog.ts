/**
 * How long what is written now will wait for the disk. A queue that comes and goes says nothing: many at
 * once share a transaction. Only one that stands for a while is counted, at the rate at which it is
 * written (as CoDel does for packets, RFC 8289 §3).
 */
import type { Milliseconds } from "@posthaste/core";
import { PassingMap } from "../passing-map.ts";

/** A queue that has not been empty for so long, or whose oldest item is this old, stands. */
const standing: Milliseconds = 100;
/** The rate is taken anew after this time. */
const window: Milliseconds = 100;

export class Backlog {
	readonly #now: () => Milliseconds;
	/** Batches on their way, in the order in which they were handed over, each with its moment. */
	readonly #underWay = new PassingMap<object, Milliseconds>();
	/** Items written a second, while any waited. */
	#rate = 0;
	#written = 0;
	#since: Milliseconds = 0;

	constructor(now: () => Milliseconds = () => performance.now()) {
		this.#now = now;
	}

	handedOver(batch: object): void {
		const now = this.#now();
		if (this.#underWay.size === 0) {
			this.#since = now;
			this.#written = 0;
		}
		this.#underWay.set(batch, now);
	}

	/** A batch of so many items is on disk, or could not be written. */
	done(batch: object, items: number): void {
		this.#underWay.delete(batch);
		this.#written += items;
		const now = this.#now();
		const time = now - this.#since;
		if (time >= window) {
			const rate = (this.#written * 1000) / time;
			this.#rate = this.#rate === 0 ? rate : (this.#rate + rate) / 2;
			this.#since = now;
			this.#written = 0;
		}
	}

	/** @param pending items that wait */
	delay(pending: number): Milliseconds {
		const [oldest] = this.#underWay.values();
		const age = oldest === undefined ? 0 : this.#now() - oldest;
		return age < standing || this.#rate === 0 ? age : Math.max(age, (pending * 1000) / this.#rate);
	}
}
