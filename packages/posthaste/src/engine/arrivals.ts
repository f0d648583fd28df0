/**
 * Takes deliveries in that come from the sender or the store, with the inputs that wait for them: into memory, or, when
 * their manager is not there, without it.
 */
import type { Decision, Input } from "@posthaste/core";
import type { Loaded } from "./loads.ts";
import type { Log } from "./ports.ts";
import type { Arrival, Residence, Stranded } from "./residence.ts";
import type { Resident, Written } from "./resident.ts";
import type { Strandings } from "./strandings.ts";
import { concerns, stoppedBefore } from "./without-manager.ts";

/** What is to be done with a delivery once it has been read; without an input it is only to be taken up. */
export interface Waiting {
	readonly input: Input | undefined;
	readonly written: Written | undefined;
}

/** Something was reported about a delivery or an attempt that never was. */
export class NobodyConcerned extends Error {}

export interface ArrivalsParts {
	readonly log: Log;
	readonly residence: Residence;
	readonly strandings: Strandings;
	/** From now on it is in memory. */
	readonly admit: (resident: Resident) => void;
	readonly handle: (resident: Resident, input: Input) => void;
	/** Makes the call that a decision on disk asks for. */
	readonly carryOut: (resident: Resident, decision: Decision) => void;
	/** Hands an input to a delivery, wherever it is then. */
	readonly feed: (delivery: string, input: Input, written: Written | undefined) => void;
	/** Gives the claim back on one that could not be read. */
	readonly letGo: (delivery: string) => void;
}

export class Arrivals {
	readonly #parts: ArrivalsParts;

	constructor(parts: ArrivalsParts) {
		this.#parts = parts;
	}

	/** A delivery that was planned or replayed: it begins, or goes on where the program stopped. */
	arrive(arrival: Arrival): void {
		if (arrival === undefined) {
			return;
		}
		if ("stranded" in arrival) {
			this.#parts.strandings.write(arrival.stranded);
			return;
		}
		const { resident, isNew } = arrival;
		this.#parts.admit(resident);
		if (isNew) {
			this.#parts.handle(resident, { type: "began" });
			return;
		}
		// Intents without an outcome are of calls that nobody makes any more. Taking back can be asked for once more.
		const { sending, retracting } = resident.course;
		for (const { id: attempt, mechanism, try: tries } of sending) {
			const about = { attempt, mechanism, try: tries } as const;
			this.#parts.handle(resident, { type: "outcome", ...about, outcome: "unknown", evidence: stoppedBefore });
		}
		for (const { id: attempt, mechanism } of retracting) {
			this.#parts.carryOut(resident, { type: "retract", attempt, mechanism });
		}
	}

	/** A delivery was read from the store: it comes into memory and is handed the inputs that wait for it. */
	loaded(delivery: string, waiting: readonly Waiting[], loaded: Loaded): void {
		const arrival = this.#revive(delivery, loaded);
		if (arrival instanceof Error) {
			waiting.forEach(({ written }) => void written?.(arrival, []));
		} else if (arrival !== undefined && !("stranded" in arrival)) {
			this.arrive(arrival);
			this.#feedAll(delivery, waiting);
		} else {
			this.#loadedWithout(delivery, waiting, loaded, arrival?.stranded);
		}
	}

	/** What came in for a delivery whose manager is not there counts all the same, one after the other. */
	#loadedWithout(delivery: string, waiting: readonly Waiting[], loaded: Loaded, stranded: Stranded | undefined): void {
		const { stored, user } = "stored" in loaded ? loaded : {};
		const [first, ...others] = waiting;
		if (stored !== undefined && stranded !== undefined && !this.#parts.strandings.isTakingBack(delivery)) {
			this.#parts.strandings.strand(stranded, stored, user, () => this.#feedAll(delivery, waiting));
		} else if (first !== undefined) {
			const { input, written } = first;
			this.#handleWithout(delivery, loaded, {
				input,
				written: (...said) => {
					written?.(...said);
					this.#feedAll(delivery, others);
				},
			});
		}
	}

	#feedAll(delivery: string, waiting: readonly Waiting[]): void {
		for (const { input, written } of waiting) {
			if (input === undefined) {
				written?.(undefined, []);
			} else {
				// The input before may have sent it away again, and then it is read anew for this one.
				this.#parts.feed(delivery, input, written);
			}
		}
	}

	/** An input for a delivery that does not come into memory: it is none, or its manager is not there. */
	#handleWithout(delivery: string, loaded: Loaded, { input, written }: Waiting): void {
		const { stored, user } = "stored" in loaded ? loaded : {};
		if (stored === undefined || (input !== undefined && !concerns(stored, input))) {
			written?.(new NobodyConcerned(`there is no delivery ${delivery} that this is about`), []);
		} else if (input === undefined) {
			written?.(undefined, []);
		} else {
			this.#parts.strandings.handle(stored, user, input, written);
		}
	}

	#revive(delivery: string, loaded: Loaded): Arrival | Error {
		try {
			if ("error" in loaded) {
				throw loaded.error;
			}
			return loaded.stored && this.#parts.residence.revive(loaded.stored, loaded.user);
		} catch (thrown) {
			const error = thrown instanceof Error ? thrown : new Error(String(thrown));
			this.#parts.log.error({ delivery, error: error.message }, "a delivery could not be read");
			this.#parts.letGo(delivery);
			return error;
		}
	}
}
