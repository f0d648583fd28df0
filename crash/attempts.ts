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
	/** Levels of the receipts in the journal, those that came with an outcome among them. */
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

type OutcomeEntry = Extract<DeliveryDocument["journal"][number], { type: "outcome" }>;

function noteOutcome(open: Open | undefined, { try: number, outcome, level }: OutcomeEntry, at: number): void {
	const index = open?.tries.findIndex((one) => one.number === number) ?? -1;
	const begun = open?.tries[index];
	if (open !== undefined && begun !== undefined) {
		open.tries[index] = { ...begun, outcome, outcomeAt: at };
		open.receipts.push(...(level === undefined ? [] : [level]));
	}
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
			noteOutcome(attempts.get(entry.attempt), entry, at);
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

/** Calls whose intent is the last that the journal says of them. */
export function untoldOf({ tries }: AttemptRecord): readonly Try[] {
	return tries.filter(({ outcome }) => outcome === undefined);
}

const order = ["accepted", "delivered", "read", "acknowledged"];

/** Whether the journal has evidence of what was asked for. */
export function hasBrought(attempt: AttemptRecord, asked: string | undefined): boolean {
	const found = [...attempt.receipts, ...(countOf(attempt, "accepted") > 0 ? ["accepted"] : [])];
	return asked !== undefined && found.some((level) => order.indexOf(level) >= order.indexOf(asked));
}
