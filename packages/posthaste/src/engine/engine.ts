/**
 * Runs deliveries: feeds each course with what comes in, writes what it decides, and then has it
 * carried out. A delivery that only waits is dropped from memory; time, a receipt or an answer brings
 * it back.
 */
import type { Composed, Input, JournalEntry, Milliseconds } from "@posthaste/core";
import { isFinal } from "@posthaste/core";
import type { DeliveryRow, Store } from "../store/port.ts";
import { Calls } from "./calls.ts";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import type { Directory, Log, ManagerPlugins, Mechanisms } from "./ports.ts";
import { type Arrival, Residence, type Stranded } from "./residence.ts";
import type { Resident, Written } from "./resident.ts";
import { Wake } from "./wake.ts";
import type { Writer } from "./writer.ts";

/** How long a claim lasts while a call is under way: longer than any call may. */
export const lease: Milliseconds = 10 * 60_000;
/** Deliveries claimed at once when many are due. */
const claimLimit = 500;
/** A delivery that is due within this time stays in memory. */
const residence: Milliseconds = 2000;
/** The store is asked again after this time when it could not write. */
const writeRest: Milliseconds = 1000;

export interface EngineParts {
	readonly store: Store;
	readonly writer: Writer;
	readonly directory: Directory;
	readonly mechanisms: Mechanisms;
	readonly plugins: ManagerPlugins;
	readonly events: Events;
	readonly clock: Clock;
	readonly log: Log;
}

interface Waiting {
	readonly input: Input | undefined;
	readonly written: Written | undefined;
}

export class Engine {
	readonly #parts: EngineParts;
	readonly #residence: Residence;
	readonly #calls: Calls;
	readonly #wake: Wake;
	readonly #residents = new Map<string, Resident>();
	/** Inputs for deliveries that are being read from the store. */
	readonly #loading = new Map<string, Waiting[]>();
	#claiming = false;
	#closing = false;
	#abandoned = false;

	constructor(parts: EngineParts) {
		this.#parts = parts;
		this.#residence = new Residence(parts);
		this.#calls = new Calls({ ...parts, handle: (resident, input) => this.#handle(resident, input) });
		this.#wake = new Wake(parts.clock, () => void this.#claimDue());
	}

	/** Deliveries in memory. */
	get resident(): number {
		return this.#residents.size;
	}

	/** Calls of mechanisms under way. */
	get calls(): number {
		return this.#calls.underWay;
	}

	/** Nothing is being written or read. Calls of mechanisms may be under way. */
	get isQuiet(): boolean {
		return this.#parts.writer.pending === 0 && this.#loading.size === 0 && !this.#claiming;
	}

	/** Takes up what an earlier run of the program left. */
	async start(): Promise<void> {
		await this.#parts.store.releaseClaims();
		await this.#claimDue();
	}

	/** Begins the deliveries of a message that was just accepted. */
	begin(composed: Composed, deliveries: readonly { readonly id: string; readonly recipient: string }[]): void {
		for (const { id, recipient } of deliveries) {
			const user = this.#parts.directory.cachedUser(recipient);
			if (user === undefined) {
				this.#load(id, { input: undefined, written: undefined });
			} else {
				this.#arrive(this.#residence.begin(id, composed, recipient, user));
			}
		}
	}

	/**
	 * Hands an input to a delivery, wherever it is. `written` hears when it is on disk, with what was
	 * decided; an unknown delivery is an error.
	 */
	feed(delivery: string, input: Input, written?: Written): void {
		const resident = this.#residents.get(delivery);
		if (this.#abandoned) {
			written?.(new Error("the engine was stopped"), []);
		} else if (resident === undefined) {
			this.#load(delivery, { input, written });
		} else {
			this.#handle(resident, input, written);
		}
	}

	/** Starts nothing more. Calls under way still end, and their outcomes are written. */
	stop(): void {
		this.#closing = true;
		this.#calls.stop();
		this.#wake.stop();
	}

	/** Forgets everything in memory and hears of nothing more: what a crash leaves of an engine. */
	abandon(): void {
		this.stop();
		this.#abandoned = true;
		this.#residents.clear();
	}

	// Inputs ---------------------------------------------------------------------------------------

	#handle(resident: Resident, input: Input, written?: Written): void {
		if (this.#abandoned) {
			return;
		}
		if (resident.handle(input, this.#parts.clock.now(), written) && !resident.isWriting) {
			this.#write(resident);
		} else {
			this.#dropIfQuiet(resident);
		}
	}

	#write(resident: Resident): void {
		const now = this.#parts.clock.now();
		const append = resident.nextAppend(now, now + lease);
		if (append === undefined) {
			return;
		}
		this.#parts.writer.append(append, (error, result) => {
			if (error !== undefined) {
				const about = { delivery: resident.id, error: error.message };
				this.#parts.log.error(about, "a journal could not be written; it is tried again");
				this.#parts.clock.timer(writeRest, () => this.#write(resident));
			} else if (result === "fenced") {
				this.#residents.delete(resident.id);
				resident.abandon(new Error(`delivery ${resident.id} is run by another process`));
			} else {
				this.#written(resident, append.due, append.claimedUntil);
			}
		});
	}

	#written(resident: Resident, due: Milliseconds | null, claimedUntil: Milliseconds | null): void {
		if (this.#abandoned) {
			return;
		}
		const taken = resident.take();
		// What was decided meanwhile goes on its way first, so that a cancellation which came in time
		// keeps its attempt from being made.
		this.#write(resident);
		for (const { entries, decisions, written } of taken) {
			this.#publish(resident, entries);
			for (const decision of decisions) {
				this.#calls.carryOut(resident, decision);
			}
			written?.(undefined, decisions);
		}
		if (due !== null && claimedUntil === null) {
			this.#wake.by(due);
		}
		this.#dropIfQuiet(resident);
	}

	#publish({ id, message, course }: Resident, entries: readonly JournalEntry[]): void {
		if (this.#parts.events.heard(message.id)) {
			const { state, reason } = course;
			this.#parts.events.publish({ message: message.id, delivery: id, state, ...(reason && { reason }), entries });
		}
	}

	#dropIfQuiet(resident: Resident): void {
		const { due, state } = resident.course;
		const soon = due !== null && due - this.#parts.clock.now() < residence;
		if (resident.isQuiet && (isFinal(state) || !soon) && this.#residents.get(resident.id) === resident) {
			this.#residents.delete(resident.id);
		}
	}

	// Arriving -------------------------------------------------------------------------------------

	#arrive(arrival: Arrival): void {
		if (arrival === undefined) {
			return;
		}
		if ("stranded" in arrival) {
			this.#strand(arrival.stranded);
			return;
		}
		const { resident, isNew } = arrival;
		this.#residents.set(resident.id, resident);
		if (isNew) {
			this.#handle(resident, { type: "began" });
			return;
		}
		// Intents without an outcome are of calls that nobody makes any more.
		for (const { id: attempt, mechanism, try: tries } of resident.course.sending) {
			const evidence = "the program stopped before the outcome was known";
			this.#handle(resident, { type: "outcome", attempt, mechanism, try: tries, outcome: "unknown", evidence });
		}
	}

	#strand(stranded: Stranded): void {
		const { clock, events, writer } = this.#parts;
		const { delivery, message, state, reason, entries } = stranded;
		const settledAt = state === "unreached" ? { settledAt: clock.now() } : {};
		writer.append({ delivery, entries, state, reason, due: null, claimedUntil: null, ...settledAt }, (error) => {
			if (error !== undefined) {
				clock.timer(writeRest, () => this.#strand(stranded));
			} else if (events.heard(message)) {
				events.publish({ message, delivery, state, reason, entries });
			}
		});
	}

	#load(delivery: string, waiting: Waiting): void {
		const others = this.#loading.get(delivery);
		if (others !== undefined) {
			others.push(waiting);
			return;
		}
		this.#loading.set(delivery, [waiting]);
		void this.#restore(delivery);
	}

	/** Reads a delivery back into memory and hands it the inputs that wait for it. */
	async #restore(delivery: string): Promise<void> {
		const { store, directory, log } = this.#parts;
		let failure = new Error(`there is no delivery ${delivery}`);
		try {
			const [stored] = await store.loadDeliveries([delivery]);
			if (stored !== undefined && !this.#abandoned) {
				const users = await directory.loadUsers([stored.row.recipient]);
				this.#arrive(this.#residence.revive(stored, users.get(stored.row.recipient)));
			}
		} catch (error) {
			failure = error instanceof Error ? error : new Error(String(error));
			log.error({ delivery, error: failure.message }, "a delivery could not be read");
			this.#letGo(delivery);
		}
		const waiting = this.#loading.get(delivery) ?? [];
		this.#loading.delete(delivery);
		for (const { input, written } of waiting) {
			const resident = this.#residents.get(delivery);
			if (resident === undefined) {
				written?.(failure, []);
			} else if (input !== undefined) {
				this.#handle(resident, input, written);
			}
		}
	}

	// Time -----------------------------------------------------------------------------------------

	/** Goes on with every delivery whose time has come. */
	async #claimDue(): Promise<void> {
		if (this.#closing || this.#claiming) {
			return;
		}
		this.#claiming = true;
		const { store, clock, log } = this.#parts;
		try {
			let claimed: readonly DeliveryRow[];
			do {
				claimed = await store.claimDue(clock.now(), claimLimit, lease);
				for (const { id } of claimed) {
					this.feed(id, { type: "time-passed" });
				}
			} while (claimed.length === claimLimit);
			const next = await store.nextDue();
			if (next !== null) {
				this.#wake.by(Math.max(next, clock.now() + 1));
			}
		} catch (error) {
			log.error({ error: String(error) }, "due deliveries could not be claimed");
			this.#wake.by(clock.now() + writeRest);
		} finally {
			this.#claiming = false;
		}
	}

	/** Gives a claim back after a rest, so that the delivery is taken up once more. */
	#letGo(delivery: string): void {
		const { clock, store } = this.#parts;
		clock.timer(writeRest, () => {
			void store
				.renew([delivery], clock.now(), 0)
				.catch(() => undefined)
				.then(() => this.#wake.by(clock.now() + 1));
		});
	}
}
