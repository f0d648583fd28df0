/** Step 5: the routing policy constrained by the chosen configuration and by what the message needs. */
import { byteLength } from "./compose.ts";
import type { Planned, PolicyEntry, Routed } from "./flow.ts";
import type { DeliveryEntry, Message } from "./model.ts";
import type { PolicyReason } from "./reasons.ts";
import { namesMechanism } from "./selector.ts";
import type { CompiledConfiguration, Snapshot, SnapshotMechanism } from "./snapshot.ts";

/** What the routing policy kept, each entry kept or dropped once more. */
export function deliveryPolicy(routed: Routed, snapshot: Snapshot): Planned {
	const { message, configuration, recipient } = routed;
	const entries: PolicyEntry[] = [];
	for (const kept of routed.routingPolicy) {
		const entry = kept.kept ? recipient.mechanisms.find((one) => one.mechanism === kept.mechanism) : undefined;
		if (entry !== undefined) {
			const reason = forbidden(entry, message, configuration, snapshot);
			entries.push(reason === undefined ? kept : { mechanism: kept.mechanism, kept: false, reason });
		}
	}
	return { ...routed, deliveryPolicy: entries };
}

/** Why the configuration or the message rules an entry out; undefined when neither does. */
export function forbidden(
	entry: DeliveryEntry,
	message: Message,
	configuration: CompiledConfiguration,
	snapshot: Snapshot,
): PolicyReason | undefined {
	const mechanism = snapshot.mechanisms.get(entry.mechanism);
	if (mechanism === undefined) {
		return "no-such-mechanism";
	}
	if (
		configuration.allows !== "all" &&
		!configuration.allows.some((selector) => namesMechanism(selector, mechanism, snapshot))
	) {
		return "not-in-configuration";
	}
	return unfit(entry, message, mechanism);
}

/** What the message itself asks of a mechanism. */
function unfit(entry: DeliveryEntry, message: Message, { capabilities }: SnapshotMechanism): PolicyReason | undefined {
	if (message.confidential && capabilities.encryption !== true) {
		return "cannot-encrypt";
	}
	if (message.confidential && entry.publicKey === undefined) {
		return "no-key";
	}
	const { sizeLimit } = capabilities;
	return sizeLimit !== undefined && byteLength(message.body, sizeLimit) > sizeLimit ? "body-too-large" : undefined;
}
