/**
 * Takes up waiting deliveries when their time has come: one timer for the soonest of them, however
 * many wait. Whatever is claimed is ours until it is written again, or until the claim lapses.
 */
import type { Milliseconds } from "@posthaste/core";
import type { DeliveryRow, Store } from "../store/port.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./ports.ts";
import { Wake } from "./wake.ts";

/** How long a claim lasts while a call is under way: longer than any call may. */
export const lease: Milliseconds = 10 * 60_000;
/** Deliveries claimed at once when many are due. */
const claimLimit = 500;
/** The store is asked again after this time when it did not answer. */
const rest: Milliseconds = 1000;

export interface ClaimsParts {
	readonly store: Pick<Store, "claimDue" | "nextDue" | "renew" | "releaseClaims">;
	readonly clock: Clock;
	readonly log: Log;
	/** Hears of each delivery whose time has come. */
	readonly due: (delivery: string) => void;
}

export class Claims {
	readonly #parts: ClaimsParts;
	readonly #wake: Wake;
	#claiming = false;
	/** The time to claim came while claiming. */
	#claimAgain = false;
	#stopped = false;

	constructor(parts: ClaimsParts) {
		this.#parts = parts;
		this.#wake = new Wake(parts.clock, () => void this.#claim());
	}

	/** The store is being asked. */
	get isClaiming(): boolean {
		return this.#claiming;
	}

	/** Takes up what an earlier run of the program left. */
	async start(): Promise<void> {
		await this.#parts.store.releaseClaims();
		await this.#claim();
	}

	stop(): void {
		this.#stopped = true;
		this.#wake.stop();
	}

	/** A delivery is due at this moment. */
	by(moment: Milliseconds): void {
		this.#wake.by(moment);
	}

	/** Gives a claim back after a rest, so that the delivery is taken up once more. */
	letGo(delivery: string): void {
		const { clock, store } = this.#parts;
		clock.timer(rest, () => {
			if (this.#stopped) {
				return;
			}
			store.renew([delivery], clock.now(), 0).then(
				() => this.#wake.by(clock.now() + 1),
				() => this.letGo(delivery),
			);
		});
	}

	async #claim(): Promise<void> {
		if (this.#stopped || this.#claiming) {
			this.#claimAgain = this.#claiming;
			return;
		}
		this.#claiming = true;
		const { store, clock, log, due } = this.#parts;
		try {
			let claimed: readonly DeliveryRow[];
			do {
				claimed = await store.claimDue(clock.now(), claimLimit, lease);
				for (const { id } of claimed) {
					due(id);
				}
			} while (claimed.length === claimLimit);
			const next = (await store.nextDue()) ?? Number.POSITIVE_INFINITY;
			const now = clock.now();
			// A claim that lapses announces nothing, so it is looked for such once in a lease.
			this.#wake.by(Math.max(Math.min(next, now + lease), now + 1));
		} catch (error) {
			log.error({ error: String(error) }, "due deliveries could not be claimed");
			this.#wake.by(clock.now() + rest);
		} finally {
			this.#claiming = false;
			if (this.#claimAgain) {
				this.#claimAgain = false;
				this.#wake.by(clock.now() + 1);
			}
		}
	}
}
