/** Step 5: the routing policy constrained by the chosen configuration and by what the message needs. */
import { exceeds } from "./compose.ts";
import type { Planned, PolicyEntry, Routed } from "./flow.ts";
import type { DeliveryEntry, Message } from "./model.ts";
import type { PolicyReason } from "./reasons.ts";
import { namesMechanism } from "./selector.ts";
import type { Snapshot, SnapshotMechanism } from "./snapshot.ts";

/** What the routing policy kept, each entry kept or dropped once more. */
export function deliveryPolicy(routed: Routed, snapshot: Snapshot): Planned {
	const { message, configuration, recipient } = routed;
	const entries: PolicyEntry[] = [];
	for (const kept of routed.routingPolicy) {
		const entry = kept.kept ? recipient.mechanisms.find((one) => one.mechanism === kept.mechanism) : undefined;
		if (entry !== undefined) {
			entries.push(constrain(kept, entry, message, configuration.allows, snapshot));
		}
	}
	return { ...routed, deliveryPolicy: entries };
}

/** One kept entry of the routing policy, kept or dropped once more. Asked again before each attempt. */
export function constrain(
	kept: PolicyEntry,
	entry: DeliveryEntry,
	message: Message,
	allows: readonly string[] | "all",
	snapshot: Snapshot,
): PolicyEntry {
	const mechanism = snapshot.mechanisms.get(entry.mechanism);
	const reason = mechanism === undefined ? "no-such-mechanism" : forbidden(mechanism, entry, message, allows, snapshot);
	return reason === undefined
		? kept
		: { mechanism: kept.mechanism, ...(kept.kind && { kind: kept.kind }), kept: false, reason };
}

function forbidden(
	mechanism: SnapshotMechanism,
	entry: DeliveryEntry,
	message: Message,
	allows: readonly string[] | "all",
	snapshot: Snapshot,
): PolicyReason | undefined {
	const exists = (name: string) => snapshot.mechanisms.has(name);
	if (allows !== "all" && !allows.some((selector) => namesMechanism(selector, mechanism, exists))) {
		return "not-in-configuration";
	}
	if (message.confidential && mechanism.capabilities.encryption !== true) {
		return "cannot-encrypt";
	}
	if (message.confidential && entry.publicKey === undefined) {
		return "no-key";
	}
	const { sizeLimit } = mechanism.capabilities;
	return sizeLimit !== undefined && exceeds(message.body, sizeLimit) ? "body-too-large" : undefined;
}
