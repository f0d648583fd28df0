/** The second look that steps 4 and 5 take at one mechanism right before an attempt through it. */
import { constrain } from "./delivery-policy.ts";
import type { PolicyEntry, World } from "./flow.ts";
import type { DeliveryEntry, Message, User } from "./model.ts";
import { routeEntry } from "./routing-policy.ts";

/** A policy entry, with the recipient's own entry when the mechanism may be attempted now. */
export interface SecondLook {
	readonly policy: PolicyEntry;
	readonly entry?: DeliveryEntry;
}

/**
 * Whether a mechanism may be attempted at this moment: with the recipient's table, the mechanism's
 * activity and the quiet hours as they are now, and with the configuration the delivery began with.
 */
export function lookAgain(
	mechanism: string,
	message: Message,
	recipient: User,
	allows: readonly string[] | "all",
	world: World,
): SecondLook {
	const entry = recipient.mechanisms.find((one) => one.mechanism === mechanism);
	if (entry === undefined) {
		const reason = world.snapshot.mechanisms.has(mechanism) ? "not-in-table" : "no-such-mechanism";
		return { policy: { mechanism, kept: false, reason } };
	}
	const routed = routeEntry(entry, message, recipient, world);
	const policy = routed.kept ? constrain(routed, entry, message, allows, world.snapshot) : routed;
	if (policy.kept && world.absent?.(mechanism, entry.address) === true) {
		return { policy: { mechanism, kept: false, reason: "absent" }, entry };
	}
	return { policy, entry };
}
