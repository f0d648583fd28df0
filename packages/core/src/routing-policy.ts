/** Step 4: the recipient's delivery table ∩ the mechanisms active now. */
import type { Configured, PolicyEntry, Routed, World } from "./flow.ts";
import type { DeliveryEntry, Message, User } from "./model.ts";
import { quietUntil } from "./quiet-hours.ts";
import type { PolicyReason } from "./reasons.ts";

/**
 * Every mechanism there is, each with its reason where it is dropped: first the recipient's own
 * entries in the recipient's order, then the mechanisms that the recipient does not have.
 */
export function routingPolicy(configured: Configured, recipient: User, world: World): Routed {
	const { message } = configured;
	const entries = recipient.mechanisms.map((entry) => routeEntry(entry, message, recipient, world));
	const own = new Set(recipient.mechanisms.map((entry) => entry.mechanism));
	for (const { name, kind } of world.snapshot.mechanisms.values()) {
		if (!own.has(name)) {
			entries.push({ mechanism: name, kind, kept: false, reason: "not-in-table" });
		}
	}
	return { ...configured, recipient, routingPolicy: entries };
}

/** One entry of the recipient's table at this moment. Asked again before each attempt. */
export function routeEntry(entry: DeliveryEntry, message: Message, recipient: User, world: World): PolicyEntry {
	const kind = world.snapshot.mechanisms.get(entry.mechanism)?.kind;
	const about = { mechanism: entry.mechanism, ...(kind !== undefined && { kind }) };
	const reason = unusable(entry, world) ?? unwanted(entry, message, world);
	if (reason !== undefined) {
		return { ...about, kept: false, reason };
	}
	const { quiet } = entry;
	const until = quiet === undefined ? undefined : quietUntil(quiet, message.priority, recipient.timezone, world.now);
	if (until === undefined) {
		return { ...about, kept: true };
	}
	return quiet?.then === "wait"
		? { ...about, kept: true, postponedUntil: until, postponeReason: "quiet-hours" }
		: { ...about, kept: false, reason: "quiet-hours" };
}

/** What the mechanism says against it. */
function unusable(entry: DeliveryEntry, { snapshot, now }: World): PolicyReason | undefined {
	const mechanism = snapshot.mechanisms.get(entry.mechanism);
	if (mechanism === undefined) {
		return "no-such-mechanism";
	}
	return mechanism.inactive(now) ?? (mechanism.addressFits(entry.address) ? undefined : "bad-address");
}

/** What the recipient's own condition says against it. */
function unwanted(entry: DeliveryEntry, message: Message, { snapshot, now }: World): PolicyReason | undefined {
	if (entry.when === undefined) {
		return undefined;
	}
	const holds = snapshot.condition(entry.when)?.holds(message, now) ?? "failed";
	if (holds === "failed") {
		return "condition-failed";
	}
	return holds ? undefined : "recipient-condition";
}
