/** Held deliveries: what to type to decide about them, the same wherever they show. */
import {
	type DeliveryDocument,
	type HeldDelivery,
	type MessageDocument,
	type Resolution,
	resolutionsOf,
} from "@posthaste/core";
import { clip, table } from "./layout.ts";
import { defaultServer } from "./options.ts";
import { paint } from "./terminal.ts";

/** What a person can decide, in a sentence. */
export const decisions = "`resend` tries the same again, `next` goes on with what comes next, `end` ends the delivery.";

/** A recipient's column is not wider than this. */
const widestRecipient = 24;

export function heldOf(messages: readonly MessageDocument[]): readonly DeliveryDocument[] {
	return messages.flatMap(({ deliveries }) => deliveries.filter(({ state }) => state === "held"));
}

/** The whole command, as it works in the shell where it is read. */
export function resolveCommand(delivery: string, server: string, resolution: Resolution = "next"): string {
	const isImplied = server === (process.env.POSTHASTE_SERVER ?? defaultServer);
	return `posthaste resolve ${delivery} ${resolution}${isImplied ? "" : ` --server ${server}`}`;
}

/** Below what else is said of these messages; nothing when none of them is held. */
export function heldLines(messages: readonly MessageDocument[], server: string): readonly string[] {
	const held = heldOf(messages);
	return held.length === 0 ? [] : ["", ...commandLines(held, server)];
}

type Held = HeldDelivery & Pick<DeliveryDocument, "id" | "recipient">;

/** What to type about each of these deliveries, together with those about which the same can be decided. */
export function commandLines(held: readonly Held[], server: string): readonly string[] {
	const kinds = Map.groupBy(held, (delivery) => explained(resolutionsOf(delivery)));
	return ["Held until a person decides:", ...[...kinds].flatMap(([said, those]) => kindLines(those, said, server))];
}

function kindLines(held: readonly Held[], said: string, server: string): readonly string[] {
	const rows = held.map((delivery) => {
		// To send the same again is a step that nobody should copy without a thought.
		const suggested = resolutionsOf(delivery).find((resolution) => resolution !== "resend");
		return [clip(delivery.recipient, widestRecipient), resolveCommand(delivery.id, server, suggested)];
	});
	// Not wrapped, so that what is copied is one line.
	return [...table(rows, Number.POSITIVE_INFINITY, "  "), paint("dim", `  ${said}`)];
}

function explained(resolutions: readonly Resolution[]): string {
	if (resolutions.includes("resend")) {
		return decisions;
	}
	return resolutions.includes("next")
		? "`next` asks its manager again and goes on where it stood, `end` ends the delivery."
		: "Its manager failed, so that it can only be ended.";
}
