/** Writes down what becomes of deliveries that cannot go on by themselves, and has taken back what they have shown. */
import {
	type Decision,
	type Input,
	isFinal,
	isInput,
	type JournalEntry,
	type Milliseconds,
	type User,
} from "@posthaste/core";
import type { Append, StoredDelivery } from "../store/port.ts";
import type { Calls } from "./calls.ts";
import { lease } from "./claims.ts";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import { referenceOf } from "./needless.ts";
import type { Stranded } from "./residence.ts";
import type { Written } from "./resident.ts";
import { takeWithoutManager } from "./without-manager.ts";
import { NotAccepted, type Writer } from "./writer.ts";

type Retract = Extract<Decision, { type: "retract" }>;

export interface StrandingsParts {
	readonly writer: Writer;
	readonly events: Events;
	readonly clock: Clock;
	/** A delivery is due at this moment. */
	readonly dueBy: (moment: Milliseconds) => void;
	/** Tries a write again. */
	readonly afterRest: (write: () => void) => void;
	readonly takeBack: Calls["takeBack"];
	/** Hands on what a mechanism has answered, until it is on disk. */
	readonly report: (delivery: string, input: Input, done: () => void) => void;
}

export class Strandings {
	readonly #parts: StrandingsParts;
	/** Deliveries by the calls under way that take back what they have shown. */
	readonly #takingBack = new Map<string, number>();

	constructor(parts: StrandingsParts) {
		this.#parts = parts;
	}

	write(stranded: Stranded, written?: Written): void {
		const { events, writer, afterRest, dueBy } = this.#parts;
		const { delivery, message, state, reason, entries, closePrompt } = stranded;
		const settledAt = isFinal(state) ? { settledAt: stranded.settledAt ?? entries.at(-1)?.at ?? 0 } : {};
		const times = this.#timesOf(stranded);
		const append = { delivery, entries, state, reason, ...times, closePrompt, ...settledAt };
		writer.append(append, (error, result) => {
			if (error instanceof NotAccepted) {
				written?.(error, []);
			} else if (error !== undefined) {
				afterRest(() => this.write(stranded, written));
			} else if (result === "fenced") {
				written?.(new Error(`delivery ${delivery} is run by another process`), []);
			} else {
				if (events.heard(message)) {
					events.publish({ message, delivery, state, reason, entries });
				}
				if (times.due !== null && times.claimedUntil === null) {
					dueBy(times.due);
				}
				written?.(undefined, entries.filter(isDecision));
			}
		});
	}

	/** When it is looked at again: once it expires, or when the program stopped before a mechanism had answered. */
	#timesOf({ state, isCalling, expiresAt }: Stranded): Pick<Append, "due" | "claimedUntil"> {
		const now = this.#parts.clock.now();
		if (isCalling === true) {
			return { due: now, claimedUntil: now + lease };
		}
		return { due: isFinal(state) ? null : (expiresAt ?? null), claimedUntil: null };
	}

	/** What came in for a delivery whose manager cannot take it up. */
	handle(stored: StoredDelivery, user: User | undefined, input: Input, written: Written | undefined): void {
		const follows = takeWithoutManager(stored, input, this.#parts.clock.now());
		if (follows === undefined) {
			written?.(undefined, []);
			return;
		}
		this.write(follows, (error, decisions) => {
			for (const decision of decisions) {
				if (decision.type === "retract") {
					this.#takeBack(decision, stored, user);
				}
			}
			written?.(error, decisions);
		});
	}

	/** Whether a mechanism is being asked to take back what a delivery has shown. */
	isTakingBack(delivery: string): boolean {
		return this.#takingBack.has(delivery);
	}

	#takeBack({ attempt: id, mechanism }: Retract, { row, journal }: StoredDelivery, user: User | undefined): void {
		const { takeBack, report } = this.#parts;
		const entry = user?.mechanisms.find((one) => one.mechanism === mechanism);
		const about = { id, mechanism, address: entry?.address, reference: referenceOf(id, journal) };
		this.#count(row.id, 1);
		takeBack(about, { calls: 0 }, (done) =>
			report(row.id, { type: "retracted", attempt: id, mechanism, done }, () => this.#count(row.id, -1)),
		);
	}

	#count(delivery: string, by: 1 | -1): void {
		const count = (this.#takingBack.get(delivery) ?? 0) + by;
		if (count === 0) {
			this.#takingBack.delete(delivery);
		} else {
			this.#takingBack.set(delivery, count);
		}
	}
}

function isDecision(entry: JournalEntry): entry is JournalEntry & Decision {
	return !isInput(entry);
}
