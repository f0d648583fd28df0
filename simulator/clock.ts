/**
 * The time of a run. Timers run on a steady time of their own, as an operating system's do; the time
 * that everybody reads can be set forward and back beside it. Nothing happens until the run asks for the next timer.
 */
import type { Milliseconds } from "@posthaste/core";
import type { Clock, Timer } from "../packages/posthaste/src/engine/clock.ts";

interface Entry {
	readonly at: Milliseconds;
	readonly order: number;
	callback: (() => void) | undefined;
}

/** The shortest time a timer can have: with none at all, something that asks again at once would stop the world. */
const shortest: Milliseconds = 1;

export class SimulatedClock {
	#steady: Milliseconds = 0;
	#offset: Milliseconds;
	#order = 0;
	readonly #heap: Entry[] = [];

	constructor(start: Milliseconds) {
		this.#offset = start;
	}

	/** What clocks show. */
	now(): Milliseconds {
		return this.#steady + this.#offset;
	}

	/** Time since the run began, however often the clock was set. */
	get steady(): Milliseconds {
		return this.#steady;
	}

	timer(delay: Milliseconds, callback: () => void): Timer {
		this.#order += 1;
		const entry: Entry = { at: this.#steady + Math.max(shortest, delay), order: this.#order, callback };
		push(this.#heap, entry);
		return {
			cancel: () => {
				entry.callback = undefined;
			},
		};
	}

	/** Sets the clock forward, or back when `by` is negative. No timer hears of it. */
	jump(by: Milliseconds): void {
		this.#offset += by;
	}

	/** Lets time pass in which nothing runs: the machine slept, and every timer comes late. */
	stall(by: Milliseconds): void {
		this.#steady += by;
	}

	/** Goes to the soonest timer and runs it; false when there is none up to `limit` (steady time). */
	step(limit: Milliseconds): boolean {
		for (let top = this.#heap[0]; top !== undefined && top.at <= limit; top = this.#heap[0]) {
			pop(this.#heap);
			const { callback } = top;
			if (callback !== undefined) {
				this.#steady = Math.max(this.#steady, top.at);
				callback();
				return true;
			}
		}
		return false;
	}
}

/** The clock as one process has it: its timers end with it. */
export class ProcessClock implements Clock {
	readonly #clock: SimulatedClock;
	readonly #alive: () => boolean;

	constructor(clock: SimulatedClock, alive: () => boolean) {
		this.#clock = clock;
		this.#alive = alive;
	}

	now(): Milliseconds {
		return this.#clock.now();
	}

	timer(delay: Milliseconds, callback: () => void): Timer {
		return this.#clock.timer(delay, () => this.#alive() && callback());
	}
}

function before(one: Entry | undefined, other: Entry | undefined): boolean {
	if (one === undefined || other === undefined) {
		return other === undefined;
	}
	return one.at === other.at ? one.order < other.order : one.at < other.at;
}

function push(heap: Entry[], entry: Entry): void {
	let index = heap.push(entry) - 1;
	while (index > 0) {
		const parent = (index - 1) >> 1;
		if (before(heap[parent], heap[index])) {
			return;
		}
		swap(heap, parent, index);
		index = parent;
	}
}

function pop(heap: Entry[]): void {
	const last = heap.pop();
	if (heap.length === 0 || last === undefined) {
		return;
	}
	heap[0] = last;
	let index = 0;
	while (2 * index + 1 < heap.length) {
		const left = 2 * index + 1;
		const child = before(heap[left], heap[left + 1]) ? left : left + 1;
		if (before(heap[index], heap[child])) {
			return;
		}
		swap(heap, index, child);
		index = child;
	}
}

function swap(heap: Entry[], one: number, other: number): void {
	[heap[one], heap[other]] = [heap[other] as Entry, heap[one] as Entry];
}
