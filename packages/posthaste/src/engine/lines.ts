/**
 * Lines of deliveries that wait for nothing but a place with a mechanism. They are on disk, claimed
 * until something else about them is due, and not in memory: a line holds identifiers alone. Whoever
 * came first is taken up first when a place becomes free, and nobody passes them by.
 */
import type { Milliseconds } from "@posthaste/core";
import type { Clock, Timer } from "./clock.ts";

/** Identifiers in all lines together: some ten megabytes. Whoever does not fit looks again later. */
const capacity = 100_000;
/** Those who did not fit come back after this time at the soonest, and not more than one in so many milliseconds. */
const comeBack = { after: 60_000, apart: 2 } as const;
/** Lines are looked at this often, whatever happens: a mechanism may have gone, or been switched off. */
const interval: Milliseconds = 1000;
/** Deliveries taken up at once from one line. */
const step = 256;

export interface LinesParts {
	readonly clock: Clock;
	/** Places that could be taken with a mechanism now; infinite when nobody has to wait for it. */
	readonly free: (mechanism: string) => number;
	/** Takes up a delivery whose turn it is. */
	readonly turn: (delivery: string) => void;
	/** Comes once in a while for as long as anybody waits. */
	readonly look: () => void;
}

export class Lines {
	readonly #parts: LinesParts;
	readonly #lines = new Map<string, Line>();
	/** The mechanism for which a delivery is being taken up. */
	readonly #turns = new Map<string, Line>();
	#length = 0;
	#timer: Timer | undefined;
	#backAt: Milliseconds = 0;
	#stopped = false;

	constructor(parts: LinesParts) {
		this.#parts = parts;
	}

	/** Who stands in line. A delivery may stand in several, and one that needs no place any more stands there until its turn. */
	get length(): number {
		return this.#length;
	}

	/** Whether somebody waits for a place with this mechanism who comes before this delivery. */
	isBehind(delivery: string, mechanism: string): boolean {
		const line = this.#lines.size === 0 ? undefined : this.#lines.get(mechanism);
		return line?.isWaiting === true && this.#turns.get(delivery) !== line;
	}

	/**
	 * Puts a delivery at the end of a mechanism's line; at its head when it has just had its turn.
	 * Answers until when it may be left alone.
	 */
	add(delivery: string, mechanism: string): Milliseconds {
		const { clock } = this.#parts;
		const line = this.#lineOf(mechanism);
		this.#timer ??= this.#stopped ? undefined : clock.timer(interval, () => this.#look());
		if (this.#length >= capacity) {
			this.#backAt = Math.max(clock.now() + comeBack.after, this.#backAt + comeBack.apart);
			return this.#backAt;
		}
		this.#length += 1;
		if (this.#turns.get(delivery) === line) {
			this.#endTurn(delivery, line);
			line.addFirst(delivery);
		} else {
			line.addLast(delivery);
		}
		return Number.POSITIVE_INFINITY;
	}

	/** A delivery took the place for which it had its turn. */
	placed(delivery: string, mechanism: string): void {
		const line = this.#turns.size === 0 ? undefined : this.#turns.get(delivery);
		if (line?.mechanism === mechanism) {
			this.#endTurn(delivery, line);
		}
	}

	/**
	 * What followed from a delivery's turn is on disk, or it cannot be taken up: its turn is over. One that took no
	 * place leaves it to whoever comes next; those whose time was over before their turn came stand in line still.
	 */
	over(delivery: string): void {
		const line = this.#turns.size === 0 ? undefined : this.#turns.get(delivery);
		if (line !== undefined) {
			this.#endTurn(delivery, line);
			this.serve(line.mechanism);
		}
	}

	#endTurn(delivery: string, line: Line): void {
		this.#turns.delete(delivery);
		line.turns -= 1;
	}

	/** Takes up as many as have a place now. */
	serve(mechanism: string): void {
		const line = this.#lines.size === 0 ? undefined : this.#lines.get(mechanism);
		if (line === undefined || line.isServed || this.#stopped) {
			return;
		}
		// Turns that end while others are being given come back here, and are looked at below.
		line.isServed = true;
		try {
			this.#giveTurns(line);
		} finally {
			line.isServed = false;
		}
		if (!line.isWaiting) {
			this.#lines.delete(mechanism);
		}
	}

	stop(): void {
		this.#stopped = true;
		this.#timer?.cancel();
		this.#timer = undefined;
	}

	#giveTurns(line: Line): void {
		while (line.turns < Math.min(this.#parts.free(line.mechanism), step)) {
			const delivery = line.take();
			if (delivery === undefined) {
				return;
			}
			this.#length -= 1;
			if (!this.#turns.has(delivery)) {
				this.#turns.set(delivery, line);
				line.turns += 1;
				this.#parts.turn(delivery);
			}
		}
	}

	#look(): void {
		this.#timer = undefined;
		for (const mechanism of [...this.#lines.keys()]) {
			this.serve(mechanism);
		}
		this.#parts.look();
		if (this.#length > 0 || this.#backAt > this.#parts.clock.now()) {
			this.#timer = this.#parts.clock.timer(interval, () => this.#look());
		}
	}

	#lineOf(mechanism: string): Line {
		let line = this.#lines.get(mechanism);
		if (line === undefined) {
			line = new Line(mechanism);
			this.#lines.set(mechanism, line);
		}
		return line;
	}
}

/** First come, first served. What was taken is let go of in pieces, so that taking costs the same however long it is. */
class Line {
	readonly mechanism: string;
	/** Deliveries that are being taken up. */
	turns = 0;
	/** Turns are being given. */
	isServed = false;
	#waiting: string[] = [];
	#taken = 0;

	constructor(mechanism: string) {
		this.mechanism = mechanism;
	}

	get isWaiting(): boolean {
		return this.#waiting.length > this.#taken || this.turns > 0;
	}

	addLast(delivery: string): void {
		this.#waiting.push(delivery);
	}

	addFirst(delivery: string): void {
		if (this.#taken > 0) {
			this.#taken -= 1;
			this.#waiting[this.#taken] = delivery;
		} else {
			this.#waiting.unshift(delivery);
		}
	}

	take(): string | undefined {
		const delivery = this.#waiting[this.#taken];
		if (delivery === undefined) {
			return undefined;
		}
		this.#taken += 1;
		if (this.#taken > 1000 && this.#taken * 2 > this.#waiting.length) {
			this.#waiting = this.#waiting.slice(this.#taken);
			this.#taken = 0;
		}
		return delivery;
	}
}
