/** A mechanism is left out, by a policy or before an attempt, only for a reason that holds. */
import type { Milliseconds, PolicyEntry } from "@posthaste/core";
import { type AuditedDelivery, type EntryOf, type Evidence, entriesOf, type Violation } from "./evidence.ts";
import type { History } from "./history.ts";
import { allowedBy, type Refusal, type Row, standsAt, type Table, waitsUntil } from "./policy.ts";
import type { Surroundings } from "./surroundings.ts";

/** What a delivery is judged by. */
export interface Grounds {
	readonly evidence: Evidence;
	readonly history: History;
	readonly surroundings: Surroundings;
}

export function auditPassedOver(delivery: AuditedDelivery, grounds: Grounds): Violation[] {
	return entriesOf(delivery, "passed-over").flatMap(({ mechanism, reason, at }) =>
		holds(mechanism, reason, at, delivery, grounds)
			? []
			: [{ rule: "policy" as const, text: `${mechanism} was passed over as ${reason}, which it was not` }],
	);
}

/** Both policies of a delivery: each drops what it has a true reason to drop, and keeps the rest. */
export function auditPolicies(
	delivery: AuditedDelivery,
	{ routingPolicy, deliveryPolicy, at }: EntryOf<"policies">,
	row: Row,
	table: Table,
	grounds: Grounds,
): Violation[] {
	const allowed = allowedBy(row.steps, table, grounds.evidence.scenario);
	const says = (text: string): Violation => ({ rule: "policy", text });
	const routed = routingPolicy.flatMap((entry) =>
		isRoutedRightly(entry, at, delivery, grounds) ? [] : [says(`the routing policy ${told(entry)}`)],
	);
	const constrained = deliveryPolicy.flatMap((entry) =>
		isConstrainedRightly(entry, at, allowed, delivery, grounds) ? [] : [says(`the delivery policy ${told(entry)}`)],
	);
	const all = deliveryPolicy.map(({ mechanism }) => mechanism).join() === table.kept.join();
	return [...routed, ...constrained, ...(all ? [] : [says("the delivery policy is of other mechanisms")])];
}

function told({ mechanism, kept, reason, postponedUntil }: PolicyEntry): string {
	const until = postponedUntil === undefined ? "" : ` until ${postponedUntil}`;
	return kept ? `keeps ${mechanism}${until}` : `drops ${mechanism} as ${reason}`;
}

/** What the person and the operator say; size, keys and the configuration come after. */
const forRouting: readonly Refusal[] = ["disabled", "not-in-table", "recipient-condition", "quiet-hours"];

function isRoutedRightly(entry: PolicyEntry, at: Milliseconds, delivery: AuditedDelivery, grounds: Grounds): boolean {
	return entry.kept
		? mayBeKept(entry, at, forRouting, delivery, grounds)
		: holds(entry.mechanism, entry.reason ?? "", at, delivery, grounds);
}

function isConstrainedRightly(
	entry: PolicyEntry,
	at: Milliseconds,
	allowed: ReadonlySet<string>,
	delivery: AuditedDelivery,
	grounds: Grounds,
): boolean {
	if (entry.kept) {
		return allowed.has(entry.mechanism) && mayBeKept(entry, at, undefined, delivery, grounds);
	}
	return entry.reason === "not-in-configuration"
		? !allowed.has(entry.mechanism)
		: holds(entry.mechanism, entry.reason ?? "", at, delivery, grounds);
}

/** Nothing speaks against it; where its quiet hours do, it waits for just their end. */
function mayBeKept(
	{ mechanism, postponedUntil }: PolicyEntry,
	at: Milliseconds,
	concerned: readonly Refusal[] | undefined,
	delivery: AuditedDelivery,
	{ evidence, history }: Grounds,
): boolean {
	return standsAt(mechanism, delivery, at, history, evidence.scenario).some((stand) => {
		const against = stand.refusals.filter((refusal) => concerned?.includes(refusal) ?? true);
		return postponedUntil === undefined
			? against.length === 0
			: waitsUntil(stand, postponedUntil) && against.every((refusal) => refusal === "quiet-hours");
	});
}

function holds(
	mechanism: string,
	reason: string,
	at: Milliseconds,
	delivery: AuditedDelivery,
	{ evidence, history, surroundings }: Grounds,
): boolean {
	const stands = standsAt(mechanism, delivery, at, history, evidence.scenario);
	switch (reason) {
		case "breaker-open":
			return surroundings.mayRest(mechanism, at);
		case "inactive":
			return surroundings.mayBeInactive(mechanism, at);
		case "absent":
			return stands.some(({ entry }) => surroundings.mayBeAbsent(mechanism, entry?.address.to, at));
		case "quiet-hours":
			return stands.some((stand) => stand.refusals.includes(reason) && stand.entry?.quiet?.then !== "wait");
		default:
			return stands.some(({ refusals }) => (refusals as readonly string[]).includes(reason));
	}
}
