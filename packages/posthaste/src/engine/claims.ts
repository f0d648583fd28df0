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
/** Deliveries claimed and not yet gone on: more are claimed once half of them are. */
const underWayLimit = 2 * claimLimit;
/** A claim that is kept for longer is looked at in between. */
const longestKeep: Milliseconds = 60 * 60_000;
/** Claims that are kept until about the same moment are written together. */
const keepGrain: Milliseconds = 500;
/** The store is asked again after this time when it did not answer. */
const rest: Milliseconds = 1000;

export interface ClaimsParts {
	readonly store: Pick<Store, "claimDue" | "nextDue" | "renew" | "releaseClaims">;
	readonly clock: Clock;
	readonly log: Log;
	/** Hears of each delivery whose time has come. `done` is called when it has gone on. */
	readonly due: (delivery: string, done: () => void) => void;
}

export class Claims {
	readonly #parts: ClaimsParts;
	readonly #wake: Wake;
	#claiming = false;
	/** Deliveries that were claimed and have not gone on yet. */
	#underWay = 0;
	/** Goes on with claiming, while it waits for room. */
	#room: (() => void) | undefined;
	/** Claims to be kept, by the moment. */
	readonly #kept = new Map<Milliseconds, string[]>();
	/** The time to claim came while claiming. */
	#claimAgain = false;
	/** The store refused the last claim. */
	#inTrouble = false;
	#stopped = false;

	constructor(parts: ClaimsParts) {
		this.#parts = parts;
		this.#wake = new Wake(parts.clock, () => void this.#claim());
	}

	/** The store is being asked. */
	get isClaiming(): boolean {
		return this.#claiming && this.#room === undefined;
	}

	/** Takes up what an earlier run of the program left. */
	async start(): Promise<void> {
		await this.#parts.store.releaseClaims();
		await this.#claim();
	}

	stop(): void {
		this.#stopped = true;
		this.#wake.stop();
		this.#room?.();
	}

	/** A delivery is due at this moment. */
	by(moment: Milliseconds): void {
		this.#wake.by(moment);
	}

	/** Keeps the claim on a delivery until about this moment. When it lapses, whoever looks next takes the delivery up. */
	keep(delivery: string, until: Milliseconds): void {
		const now = this.#parts.clock.now();
		const moment = Math.ceil(Math.min(until, now + longestKeep) / keepGrain) * keepGrain;
		if (this.#kept.size === 0) {
			queueMicrotask(() => this.#renew());
		}
		const others = this.#kept.get(moment);
		if (others === undefined) {
			this.#kept.set(moment, [delivery]);
		} else {
			others.push(delivery);
		}
	}

	/** It is said once, and not each time that the store is asked again. */
	#refused(error: unknown, consequence: string): void {
		if (!this.#inTrouble) {
			this.#parts.log.error({ error: String(error) }, consequence);
		}
		this.#inTrouble = true;
	}

	#renew(): void {
		const { clock, store } = this.#parts;
		for (const [moment, deliveries] of this.#kept) {
			const now = clock.now();
			store.renew(deliveries, now, moment - now).then(
				() => {
					this.#inTrouble = false;
				},
				(error) => this.#refused(error, "claims could not be kept; they lapse at another time"),
			);
		}
		this.#kept.clear();
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
		const { store, clock, due } = this.#parts;
		try {
			let claimed: readonly DeliveryRow[];
			do {
				await this.#whenRoom();
				claimed = this.#stopped ? [] : await store.claimDue(clock.now(), claimLimit, lease);
				this.#underWay += claimed.length;
				for (const { id } of claimed) {
					due(id, () => this.#goneOn());
				}
			} while (claimed.length === claimLimit);
			const next = (await store.nextDue()) ?? Number.POSITIVE_INFINITY;
			this.#inTrouble = false;
			const now = clock.now();
			// A claim that lapses announces nothing, so it is looked for such once in a lease.
			this.#wake.by(Math.max(Math.min(next, now + lease), now + 1));
		} catch (error) {
			this.#refused(error, "due deliveries could not be claimed");
			this.#wake.by(clock.now() + rest);
		} finally {
			this.#claiming = false;
			if (this.#claimAgain) {
				this.#claimAgain = false;
				this.#wake.by(clock.now() + 1);
			}
		}
	}

	/** What is claimed is in memory until it has gone on, so there is a limit to it. */
	async #whenRoom(): Promise<void> {
		if (this.#underWay + claimLimit > underWayLimit && !this.#stopped) {
			await new Promise<void>((resolve) => {
				this.#room = resolve;
			});
			this.#room = undefined;
		}
	}

	#goneOn(): void {
		this.#underWay -= 1;
		if (this.#underWay + claimLimit <= underWayLimit) {
			this.#room?.();
		}
	}
}
