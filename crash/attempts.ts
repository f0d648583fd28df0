/** The attempts of a delivery, read out of its journal as the API shows it. */
import type { DeliveryDocument, MessageDocument, Outcome } from "@posthaste/core";

/** One call of the mechanism: the intent, and what the journal says that it came to. */
export interface Try {
	readonly number: number;
	readonly at: number;
	readonly outcome?: Outcome;
	readonly outcomeAt?: number;
}

export interface AttemptRecord {
	readonly id: string;
	readonly mechanism: string;
	readonly message: MessageDocument;
	readonly delivery: DeliveryDocument;
	readonly tries: readonly Try[];
	/** Levels of the receipts in the journal. */
	readonly receipts: readonly string[];
	/** When a person decided that it be sent again. */
	readonly resent: readonly number[];
}

interface Open {
	readonly id: string;
	readonly mechanism: string;
	readonly tries: Try[];
	readonly receipts: string[];
}

export function attemptsOf(message: MessageDocument, delivery: DeliveryDocument): readonly AttemptRecord[] {
	const attempts = new Map<string, Open>();
	const resent: number[] = [];
	for (const entry of delivery.journal) {
		const at = Date.parse(entry.at);
		if (entry.type === "attempt") {
			const { attempt: id, mechanism, try: number } = entry;
			const open = attempts.get(id) ?? { id, mechanism, tries: [], receipts: [] };
			attempts.set(id, open);
			open.tries.push({ number, at });
		} else if (entry.type === "outcome") {
			const tries = attempts.get(entry.attempt)?.tries ?? [];
			const index = tries.findIndex(({ number }) => number === entry.try);
			const begun = tries[index];
			if (begun !== undefined) {
				tries[index] = { ...begun, outcome: entry.outcome, outcomeAt: at };
			}
		} else if (entry.type === "receipt") {
			attempts.get(entry.attempt)?.receipts.push(entry.level);
		} else if (entry.type === "resolved" && entry.resolution === "resend") {
			resent.push(at);
		}
	}
	return [...attempts.values()].map((open) => ({ ...open, message, delivery, resent }));
}

export function countOf(attempt: AttemptRecord, outcome: Outcome): number {
	return attempt.tries.filter((one) => one.outcome === outcome).length;
}

/**
 * Calls whose intent is the last that the journal says of them. Only a delivery that had ended by
 * another attempt meanwhile may have such; nothing is claimed of them, so nothing can be untrue.
 */
export function countUntold(attempt: AttemptRecord): number {
	return attempt.tries.filter(({ outcome }) => outcome === undefined).length;
}
