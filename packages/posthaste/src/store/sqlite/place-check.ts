/**
 * Looks now and then before a write whether the database is still where it was opened. The system goes on writing to a
 * file that was removed, and what it says is on disk is gone with the process.
 */
import type { Milliseconds } from "@posthaste/core";

/** One look counts for so long. */
const counts: Milliseconds = 1000;

export class PlaceCheck {
	readonly #verify: () => Promise<void>;
	#looked = Number.NEGATIVE_INFINITY;
	#look: Promise<void> = Promise.resolve();

	constructor(verify: () => Promise<void>) {
		this.#verify = verify;
	}

	/**
	 * To be awaited before each write. Writes stay in their order, since all of them wait for one look after the other.
	 * @throws StoreError `database-damaged`, and looks anew for the next write
	 */
	beforeWrite(): Promise<void> {
		const now = performance.now();
		if (now - this.#looked >= counts) {
			this.#looked = now;
			this.#look = this.#verify();
			this.#look.catch(() => {
				this.#looked = Number.NEGATIVE_INFINITY;
			});
		}
		return this.#look;
	}
}
