/** What a person can decide about a delivery that is held. */
import type { Resolution } from "./journal.ts";
import type { SettleReason } from "./reasons.ts";

/** As the program has it, and as the API answers it. */
export interface HeldDelivery {
	readonly reason?: SettleReason | undefined;
	/** To its end, or at least from the input that held it. */
	readonly journal: readonly { readonly type: string }[];
}

/**
 * The decisions worth offering, `next` before `end`. One that lost its manager goes on where it stood once the manager is
 * back, with `next` as with `resend`; one whose manager failed has nothing left to go on with. What moves nothing is refused
 * with `delivery-held`.
 */
export function resolutionsOf({ reason, journal }: HeldDelivery): readonly Resolution[] {
	if (reason === "unknown-held") {
		return ["resend", "next", "end"];
	}
	const held = journal.findLastIndex(({ type }) => type === "held");
	return journal[held - 1]?.type === "stranded" ? ["next", "end"] : ["end"];
}
