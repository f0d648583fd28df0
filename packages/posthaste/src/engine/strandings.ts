/** Writes down what becomes of deliveries that cannot go on by themselves. */
import { type Decision, type Input, isFinal, isInput, type JournalEntry } from "@posthaste/core";
import type { StoredDelivery } from "../store/port.ts";
import type { Clock } from "./clock.ts";
import type { Events } from "./events.ts";
import type { Stranded } from "./residence.ts";
import type { Written } from "./resident.ts";
import { takeWithoutManager } from "./without-manager.ts";
import { NotAccepted, type Writer } from "./writer.ts";

export interface StrandingsParts {
	readonly writer: Writer;
	readonly events: Events;
	readonly clock: Clock;
	/** Tries a write again. */
	readonly afterRest: (write: () => void) => void;
}

export class Strandings {
	readonly #parts: StrandingsParts;

	constructor(parts: StrandingsParts) {
		this.#parts = parts;
	}

	write(stranded: Stranded, written?: Written): void {
		const { events, writer, afterRest } = this.#parts;
		const { delivery, message, state, reason, entries, closePrompt } = stranded;
		const settledAt = isFinal(state) ? { settledAt: stranded.settledAt ?? entries.at(-1)?.at ?? 0 } : {};
		const append = { delivery, entries, state, reason, due: null, claimedUntil: null, closePrompt, ...settledAt };
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
				written?.(undefined, entries.filter(isDecision));
			}
		});
	}

	/** What came in for a delivery whose manager cannot take it up. */
	handle(stored: StoredDelivery, input: Input, written: Written | undefined): void {
		const follows = takeWithoutManager(stored, input, this.#parts.clock.now());
		if (follows === undefined) {
			written?.(undefined, []);
		} else {
			this.write(follows, written);
		}
	}
}

function isDecision(entry: JournalEntry): entry is JournalEntry & Decision {
	return !isInput(entry);
}
