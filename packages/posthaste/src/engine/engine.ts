/**
 * Runs deliveries: feeds each course with what comes in, writes what it decides, and then has it
 * carried out. A delivery that only waits is dropped from memory; time, a receipt or an answer brings
 * it back.
 */
import type { Composed, Input, Milliseconds } from "@posthaste/core";
import { isFinal } from "@posthaste/core";
import { PassingMap } from "../passing-map.ts";
import type { MessageEvent } from "../posthaste.ts";
import type { Append, Store } from "../store/port.ts";
import { Arrivals, NobodyConcerned, type Waiting } from "./arrivals.ts";
import { Calls } from "./calls.ts";
import { Claims, lease } from "./claims.ts";
import type { Clock } from "./clock.ts";
import { Consultations } from "./consultations.ts";
import type { Events } from "./events.ts";
import { Intents } from "./intents.ts";
import { type Loaded, Loads } from "./loads.ts";
import type { Directory, Log, ManagerPlugins, Mechanisms } from "./ports.ts";
import { Residence } from "./residence.ts";
import type { Resident, Written } from "./resident.ts";
import { Strandings } from "./strandings.ts";
import { NotAccepted, type Writer } from "./writer.ts";

/** A delivery that is due within this time stays in memory, unless there are many. */
const stay: Milliseconds = 2000;
/** As many deliveries stay in memory with nothing under way. */
const residentLimit = 10_000;
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

export class Engine {
	readonly #parts: EngineParts;
	readonly #residence: Residence;
	readonly #arrivals: Arrivals;
	readonly #calls: Calls;
	readonly #claims: Claims;
	readonly #consultations: Consultations;
	readonly #intents: Intents;
	readonly #strandings: Strandings;
	/** Inputs for deliveries that are being read from the store. */
	readonly #loads: Loads<Waiting>;
	readonly #residents = new PassingMap<string, Resident>();
	/** Writes that failed and wait to be tried again. */
	#retrying = 0;
	/** A journal could not be written, and none was written since. */
	#inTrouble = false;
	#abandoned = false;

	constructor(parts: EngineParts) {
		this.#parts = parts;
		this.#residence = new Residence(parts);
		this.#strandings = new Strandings({
			...parts,
			dueBy: (moment) => this.#claims.by(moment),
			afterRest: (write) => this.#afterRest(write),
			takeBack: (...about) => this.#calls.takeBack(...about),
			report: (delivery, input, done) => this.report(delivery, input, done),
			feed: (delivery, input, written) => this.feed(delivery, input, written),
			stands: (append) => this.#stands(append),
		});
		this.#calls = new Calls({
			...parts,
			handle: (resident, input) => this.#handle(resident, input),
			freed: (mechanism) => this.#intents.freed(mechanism),
		});
		this.#consultations = new Consultations({
			...parts,
			handle: (resident, input) => this.#handle(resident, input),
		});
		const timePassed = (delivery: string, done: () => void) => this.feed(delivery, { type: "time-passed" }, done);
		this.#claims = new Claims({ ...parts, due: timePassed });
		this.#intents = new Intents({
			...parts,
			claims: this.#claims,
			turn: (delivery) => timePassed(delivery, () => this.#intents.over(delivery)),
		});
		this.#arrivals = new Arrivals({
			...parts,
			residence: this.#residence,
			strandings: this.#strandings,
			admit: (resident) => void this.#residents.set(resident.id, resident),
			handle: (resident, input) => this.#handle(resident, input),
			carryOut: (resident, decision) => this.#calls.carryOut(resident, decision),
			feed: (delivery, input, written) => this.feed(delivery, input, written),
			letGo: (delivery) => this.#claims.letGo(delivery),
		});
		this.#loads = new Loads({ ...parts, loaded: (...loaded) => this.#loaded(...loaded) });
	}

	/** Deliveries in memory. */
	get resident(): number {
		return this.#residents.size;
	}

	/** Who stands in a mechanism's line for a place: deliveries that are not in memory. */
	get inLine(): number {
		return this.#intents.inLine;
	}

	/** Calls of mechanisms under way. */
	get calls(): number {
		return this.#calls.underWay;
	}

	/** Nothing is being written or read. Calls of mechanisms may be under way. */
	get isQuiet(): boolean {
		const nothing = this.#parts.writer.pending === 0 && this.#loads.underWay === 0 && !this.#claims.isClaiming;
		return nothing || this.#abandoned;
	}

	/** Nothing is under way at all: no call, no write, and no write that failed and is tried again. */
	get isIdle(): boolean {
		return this.isQuiet && ((this.#calls.underWay === 0 && this.#retrying === 0) || this.#abandoned);
	}

	/** Takes up what an earlier run of the program left. */
	start(): Promise<void> {
		return this.#claims.start();
	}

	/** Begins the deliveries of a message that was just accepted. */
	begin(composed: Composed, deliveries: readonly { readonly id: string; readonly recipient: string }[]): void {
		for (const { id, recipient } of deliveries) {
			const user = this.#parts.directory.cachedUser(recipient);
			if (user === undefined) {
				this.#loads.load(id, { input: undefined, written: undefined });
			} else {
				this.#arrivals.arrive(this.#residence.begin(id, composed, recipient, user));
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
			written?.(stopped(), []);
		} else if (resident === undefined) {
			this.#loads.load(delivery, { input, written });
		} else {
			this.#handle(resident, input, written);
		}
	}

	/**
	 * Hands on what a mechanism reports, which must not be lost: it is tried again for as long as the store
	 * cannot take it. `done` is not called when the engine stops before that.
	 */
	report(delivery: string, input: Input, done: (error?: NobodyConcerned) => void): void {
		this.feed(delivery, input, (error) => {
			if (error === undefined || error instanceof NobodyConcerned) {
				done(error);
			} else if (!this.#abandoned) {
				this.#afterRest(() => this.report(delivery, input, done));
			}
		});
	}

	/** Users were changed: deliveries in memory look at them as they are from now on. */
	refresh(users: readonly string[] | "all"): void {
		const all = [...this.#residents.values()];
		const concerned = users === "all" ? all : all.filter(({ recipient }) => users.includes(recipient));
		if (concerned.length === 0 || this.#abandoned) {
			return;
		}
		this.#parts.directory.loadUsers([...new Set(concerned.map(({ recipient }) => recipient))]).then(
			(found) => {
				for (const { recipient, person } of concerned) {
					person.user = found.get(recipient) ?? { ...person.user, mechanisms: [] };
				}
			},
			() => this.#afterRest(() => this.refresh(users)),
		);
	}

	/** Starts nothing more. Calls under way still end, and their outcomes are written. */
	stop(): void {
		this.#calls.stop();
		this.#consultations.stop();
		this.#claims.stop();
		this.#intents.stop();
	}

	/** Forgets everything in memory and hears of nothing more: what a crash leaves of an engine. */
	abandon(): void {
		this.stop();
		this.#abandoned = true;
		this.#residents.clear();
	}

	#loaded(delivery: string, waiting: readonly Waiting[], loaded: Loaded): void {
		if (this.#abandoned) {
			waiting.forEach(({ written }) => void written?.(stopped(), []));
		} else {
			this.#arrivals.loaded(delivery, waiting, loaded);
		}
	}

	// Inputs ---------------------------------------------------------------------------------------

	#handle(resident: Resident, input: Input, written?: Written): void {
		if (this.#abandoned || resident.isForgotten) {
			return;
		}
		if (!resident.knows(input)) {
			written?.(new NobodyConcerned(`delivery ${resident.id} made no such attempt`), []);
			this.#dropIfQuiet(resident);
			return;
		}
		const hasEntries = this.#decide(resident, input, written);
		// When its manager is gone, asking brings another input at once, which is written with these entries.
		this.#consultations.ask(resident);
		if (hasEntries && !resident.isWriting) {
			this.#write(resident);
			return;
		}
		this.#dropIfQuiet(resident);
	}

	/** Whether there is something to write. */
	#decide(resident: Resident, input: Input, written?: Written): boolean {
		const follows = this.#intents.decide(resident, input, written);
		if (follows === "in-line") {
			// Its course is ahead of the journal, so nobody may find it any more.
			this.#residents.delete(resident.id);
			resident.takeBack();
		}
		return follows === "entries";
	}

	#write(resident: Resident): void {
		const now = this.#parts.clock.now();
		const append = resident.nextAppend(now, now + lease);
		if (append === undefined) {
			return;
		}
		this.#parts.writer.append(append, (error, result) => {
			if (error instanceof NotAccepted) {
				this.#forget(resident, error);
			} else if (error !== undefined) {
				this.#notWritten(resident, error);
			} else if (result === "fenced") {
				void this.#fenced(resident, append);
			} else {
				this.#inTrouble = false;
				this.#written(resident, append);
			}
		});
	}

	/** It is said once, and not for each delivery and each time that it is tried again. */
	#notWritten(resident: Resident, error: Error): void {
		if (!this.#inTrouble && !resident.isDoubtful) {
			const about = { delivery: resident.id, error: error.message };
			this.#parts.log.error(about, "a journal could not be written; it is tried again");
		}
		this.#inTrouble = true;
		resident.isDoubtful = true;
		this.#afterRest(() => this.#write(resident));
	}

	/**
	 * The message was not accepted. Should it be on disk all the same, its delivery is claimed, and is taken up from
	 * there once the claim lapses; nothing that was decided here has been carried out.
	 */
	#forget(resident: Resident, error: NotAccepted): void {
		this.#residents.delete(resident.id);
		resident.isForgotten = true;
		resident.abandon(error);
	}

	/** Another append came first: another process's, or this very one, whose first answer was an error. */
	async #fenced(resident: Resident, append: Append): Promise<void> {
		try {
			if (resident.isDoubtful && (await this.#stands(append))) {
				this.#written(resident, append);
				return;
			}
		} catch {
			this.#afterRest(() => void this.#fenced(resident, append));
			return;
		}
		this.#residents.delete(resident.id);
		resident.abandon(new Error(`delivery ${resident.id} is run by another process`));
	}

	/** Whether the journal on disk ends with these very entries. */
	async #stands({ delivery, entries }: Append): Promise<boolean> {
		const [stored] = await this.#parts.store.loadDeliveries([delivery]);
		const last = stored?.journal.slice(-entries.length) ?? [];
		return JSON.stringify(last) === JSON.stringify(entries);
	}

	/** Tries a write again. An engine that was abandoned tries nothing more. */
	#afterRest(write: () => void): void {
		this.#retrying += 1;
		this.#parts.clock.timer(writeRest, () => {
			this.#retrying -= 1;
			if (!this.#abandoned) {
				write();
			}
		});
	}

	#written(resident: Resident, { entries, state, reason, due, claimedUntil }: Append): void {
		if (this.#abandoned) {
			return;
		}
		const taken = resident.take();
		// What was decided meanwhile goes on its way first, so that a cancellation which came in time
		// keeps its attempt from being made.
		this.#write(resident);
		// The state that is told is the one on disk; the course may be ahead of it.
		this.#publish(resident.message.id, { delivery: resident.id, state, ...(reason && { reason }), entries });
		for (const { decisions, written } of taken) {
			for (const decision of decisions) {
				this.#calls.carryOut(resident, decision);
			}
			written?.(undefined, decisions);
		}
		if (due !== null && claimedUntil === null) {
			this.#claims.by(due);
		}
		this.#watchTime(resident, claimedUntil !== null);
		this.#dropIfQuiet(resident);
	}

	/**
	 * While a call is under way nobody else may claim the delivery, and yet its other attempts have their
	 * times. A message that expires waits for a mechanism's call, which ends with it and may still bring good news; for
	 * what a manager wants next it does not wait.
	 */
	#watchTime(resident: Resident, isCalling: boolean): void {
		resident.timer?.cancel();
		const { due, isConsulting } = resident.course;
		const { clock } = this.#parts;
		const waits = due === null || (due === resident.message.expiresAt && !isConsulting);
		const delay = waits ? Number.POSITIVE_INFINITY : due - clock.now();
		const pass = () => this.#residents.get(resident.id) === resident && this.#handle(resident, { type: "time-passed" });
		resident.timer = isCalling && delay <= lease ? clock.timer(delay, pass) : undefined;
	}

	#publish(message: string, event: Omit<MessageEvent, "message">): void {
		if (this.#parts.events.heard(message)) {
			this.#parts.events.publish({ message, ...event });
		}
	}

	#dropIfQuiet(resident: Resident): void {
		const { due, state } = resident.course;
		const few = this.#residents.size <= residentLimit;
		const soon = few && due !== null && due - this.#parts.clock.now() < stay;
		if (resident.isQuiet && (isFinal(state) || !soon) && this.#residents.get(resident.id) === resident) {
			this.#residents.delete(resident.id);
		}
	}
}

function stopped(): Error {
	return new Error("the engine was stopped");
}
