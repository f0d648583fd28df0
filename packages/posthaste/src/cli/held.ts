/** Held deliveries: what to type to decide about them, the same wherever they show. */
import type { DeliveryDocument, MessageDocument, Resolution } from "@posthaste/core";
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

/** What to type about each of these deliveries. */
export function commandLines(
	held: readonly Pick<DeliveryDocument, "id" | "recipient">[],
	server: string,
): readonly string[] {
	const rows = held.map(({ id, recipient }) => [clip(recipient, widestRecipient), resolveCommand(id, server)]);
	// Not wrapped, so that what is copied is one line.
	const commands = table(rows, Number.POSITIVE_INFINITY, "  ");
	return ["Held until a person decides:", ...commands, paint("dim", `  ${decisions}`)];
}
