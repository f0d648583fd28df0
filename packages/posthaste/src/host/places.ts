/**
 * The places of one mechanism: how many attempts may have their intent on disk, or on its way there,
 * at the same time. An attempt takes its place before its intent is written, so that what merely waits
 * for a slow mechanism has no intent, and a crash leaves it as it was.
 *
 * A place is more than a call: while an intent is being written no call is made, and a mechanism that
 * answers at once would stand idle. So there are as many places ahead of the calls as prove useful.
 * Somebody who waited for a call in vain takes them all away, and each call that began at once brings
 * one back: a mechanism that hangs holds as many intents as it has calls.
 */
export class Places {
	readonly #calls: number;
	readonly #most: number;
	#size: number;
	#taken = 0;
	#trial = false;

	/** @param ahead places beside those of the calls, at the most */
	constructor(calls: number, ahead: number) {
		this.#calls = calls;
		this.#most = calls + ahead;
		this.#size = this.#most;
	}

	/** Places that could be taken now. A mechanism that is on trial has one. */
	free(isTrial: boolean): number {
		if (isTrial) {
			return this.#trial ? 0 : 1;
		}
		return Math.max(0, this.#size - this.#taken);
	}

	/** Takes a place; the answer gives it back, once. Undefined when there is none. */
	take(isTrial: boolean): (() => void) | undefined {
		if (this.free(isTrial) === 0) {
			return undefined;
		}
		this.#taken += 1;
		this.#trial ||= isTrial;
		let isHeld = true;
		return () => {
			if (isHeld) {
				isHeld = false;
				this.#taken -= 1;
				this.#trial &&= !isTrial;
			}
		};
	}

	/** A call began without waiting. */
	begunAtOnce(): void {
		this.#size = Math.min(this.#most, this.#size + 1);
	}

	/** Somebody waited for a call in vain. */
	waitedInVain(): void {
		this.#size = this.#calls;
	}
}
