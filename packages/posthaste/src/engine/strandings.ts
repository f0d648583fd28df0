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
import { type Retract, referenceOf } from "./needless.ts";
import type { Stranded } from "./residence.ts";
import type { Written } from "./resident.ts";
import { takeWithoutManager } from "./without-manager.ts";
import { NotAccepted, type Writer } from "./writer.ts";

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
	/** Hands an input once more to a delivery, which is read anew for it. */
	readonly feed: (delivery: string, input: Input, written: Written | undefined) => void;
	/** Whether the journal on disk ends with what was to be appended. */
	readonly stands: (append: Append) => Promise<boolean>;
}

/** Another append came first, so that what follows has to be worked out anew. */
class Overtaken extends Error {}

export class Strandings {
	readonly #parts: StrandingsParts;
	/** Deliveries by the calls under way that take back what they have shown. */
	readonly #takingBack = new Map<string, number>();

	constructor(parts: StrandingsParts) {
		this.#parts = parts;
	}

	/** A delivery cannot go on by itself, and its journal is to say so. */
	strand(stranded: Stranded, stored: StoredDelivery, user: User | undefined, written: () => void): void {
		const finish = () => {
			for (const retract of stranded.retracting ?? []) {
				this.#takeBack(retract, stored, user);
			}
			written();
		};
		if (stranded.entries.length === 0) {
			finish();
			return;
		}
		// Should another append have come first, whatever waits for this one finds the delivery as that one left it.
		this.#writeAndTakeBack(stranded, stored, user, finish);
	}

	write(stranded: Stranded, written?: Written): void {
		const { delivery, state, reason, entries, closePrompt } = stranded;
		const settledAt = isFinal(state) ? { settledAt: stranded.settledAt ?? entries.at(-1)?.at ?? 0 } : {};
		const append = { delivery, entries, state, reason, ...this.#timesOf(stranded), closePrompt, ...settledAt };
		this.#append(append, false, (error) => {
			if (error === undefined) {
				this.#tell(stranded, append);
			}
			written?.(error, error === undefined ? entries.filter(isDecision) : []);
		});
	}

	/** Tries until the store has answered, which after an error does not say that it had not written before. */
	#append(append: Append, isDoubtful: boolean, done: (error?: Error) => void): void {
		const { writer, afterRest, stands } = this.#parts;
		writer.append(append, (error, result) => {
			if (error instanceof NotAccepted) {
				done(error);
			} else if (error !== undefined) {
				afterRest(() => this.#append(append, true, done));
			} else if (result !== "fenced") {
				done();
			} else if (isDoubtful) {
				stands(append).then(
					(is) => done(is ? undefined : new Overtaken()),
					() => afterRest(() => this.#append(append, true, done)),
				);
			} else {
				done(new Overtaken());
			}
		});
	}

	#tell({ message, delivery, state, reason, entries }: Stranded, { due, claimedUntil }: Append): void {
		const { events, dueBy } = this.#parts;
		if (events.heard(message)) {
			events.publish({ message, delivery, state, reason, entries });
		}
		if (due !== null && claimedUntil === null) {
			dueBy(due);
		}
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
		this.#writeAndTakeBack(follows, stored, user, (error, decisions) => {
			if (error instanceof Overtaken) {
				// Each turn of this follows on an append that went well, so that it comes to an end.
				this.#parts.feed(stored.row.id, input, written);
			} else {
				written?.(error, decisions);
			}
		});
	}

	#writeAndTakeBack(stranded: Stranded, stored: StoredDelivery, user: User | undefined, written: Written): void {
		this.write(stranded, (error, decisions) => {
			for (const decision of decisions) {
				if (decision.type === "retract") {
					this.#takeBack(decision, stored, user);
				}
			}
			written(error, decisions);
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
