/**
 * What plugins say, made valid where it comes in. It goes into journals, and what cannot be written as JSON and
 * read back as the same would keep its delivery from going on, or from taking the same course after a restart.
 */
import { type MechanismHost, outcomes, type ReceiptLevel, receiptLevels, type SendResult } from "@posthaste/core";

type Receipt = Parameters<MechanismHost["receipt"]>[0];
type Reply = Parameters<MechanismHost["reply"]>[0];

/**
 * A plugin that answers with anything but an outcome has not said what became of the message. Of an outcome
 * everything counts that is what it should be.
 */
export function understood(said: SendResult): SendResult {
	try {
		const { outcome, evidence, reference, retryAfter, level } = said;
		if (outcomes.includes(outcome)) {
			return {
				outcome,
				...(typeof evidence === "string" && { evidence }),
				...(typeof reference === "string" && { reference }),
				...(isLength(retryAfter) && { retryAfter }),
				...(isReceiptLevel(level) && { level }),
			};
		}
	} catch {
		// Nothing was answered, or something that cannot even be looked at.
	}
	return { outcome: "unknown", evidence: "the plugin gave no outcome" };
}

/** Undefined when it does not say what of which attempt has been confirmed. */
export function understoodReceipt(said: Receipt): Receipt | undefined {
	const { attempt, level, evidence } = said ?? {};
	if (typeof attempt !== "string" || !isReceiptLevel(level)) {
		return undefined;
	}
	return { attempt, level, ...(typeof evidence === "string" && { evidence }) };
}

/** Undefined when it does not say what was written back to which attempt. */
export function understoodReply(said: Reply): Reply | undefined {
	const { attempt, body } = said ?? {};
	return typeof attempt === "string" && typeof body === "string" ? { attempt, body } : undefined;
}

/** JSON knows no number that is infinite or none. */
function isLength(said: unknown): said is number {
	return typeof said === "number" && Number.isFinite(said) && said >= 0;
}

function isReceiptLevel(said: unknown): said is ReceiptLevel {
	return receiptLevels.includes(said as ReceiptLevel);
}
