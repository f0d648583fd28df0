/** Every call that a mechanism really saw, held against the journals and the configuration of its moment. */
import {
	type AuditedDelivery,
	type EntryOf,
	type EventOf,
	type Evidence,
	entriesOf,
	type Violation,
} from "./evidence.ts";
import type { History } from "./history.ts";
import { standsAt } from "./policy.ts";

type Send = EventOf<"send">;

export function auditSends(evidence: Evidence, history: History): readonly Violation[] {
	const byId = new Map(evidence.deliveries.map((delivery) => [delivery.row.id, delivery]));
	const seen = new Set<string>();
	return evidence.of("send").flatMap((send) => {
		const delivery = byId.get(send.attempt.slice(0, send.attempt.lastIndexOf(".")));
		const call = `${send.attempt}#${send.try}`;
		const twice = seen.has(call);
		seen.add(call);
		if (delivery === undefined) {
			return [{ rule: "invented" as const, delivery: send.message, text: `${call} belongs to no delivery` }];
		}
		const found = judge(send, delivery, evidence, history);
		const texts = twice ? [...found, { rule: "repeat" as const, text: "it was handed over twice" }] : found;
		return texts.map(({ rule, text }) => ({ rule, delivery: delivery.row.id, text: `${call}: ${text}` }));
	});
}

function judge(send: Send, delivery: AuditedDelivery, evidence: Evidence, history: History): Violation[] {
	const intent = entriesOf(delivery, "attempt").find((one) => one.attempt === send.attempt && one.try === send.try);
	if (intent === undefined || !send.intended) {
		return [{ rule: "intent", text: "no intent was on disk" }];
	}
	return [
		...(send.at >= delivery.expiresAt
			? [{ rule: "expiry" as const, text: `sent ${send.at - delivery.expiresAt} ms after it expired` }]
			: []),
		...(send.mechanism === intent.mechanism
			? []
			: [{ rule: "policy" as const, text: `sent through ${send.mechanism}, meant for ${intent.mechanism}` }]),
		...(send.body === delivery.draft.body && send.subject === delivery.draft.subject
			? []
			: [{ rule: "truth" as const, text: "something else was sent than what was handed in" }]),
		...repeated(send, delivery),
		...outside(send, intent, delivery, evidence, history),
	];
}

/** Another try is made only of an attempt that failed or of which nothing is known. */
function repeated(send: Send, delivery: AuditedDelivery): Violation[] {
	if (send.try === 1) {
		return [];
	}
	const before = entriesOf(delivery, "outcome").find((one) => one.attempt === send.attempt && one.try === send.try - 1);
	return before?.outcome === "failed" || before?.outcome === "unknown"
		? []
		: [{ rule: "repeat", text: `the try before was ${before?.outcome ?? "without an outcome"}` }];
}

/** It may go where it goes: judged at the moment of its intent. */
function outside(
	send: Send,
	intent: EntryOf<"attempt">,
	delivery: AuditedDelivery,
	{ scenario }: Evidence,
	history: History,
): Violation[] {
	const stands = standsAt(send.mechanism, delivery, intent.at, history, scenario);
	const fitting = stands.filter(({ refusals }) => refusals.length === 0);
	if (fitting.length === 0) {
		const reasons = stands.map(({ refusals }) => refusals.join(" and ")).join("; or ");
		return [{ rule: "policy", text: `${send.mechanism} must not be used: ${reasons || "there is no such mechanism"}` }];
	}
	const addressed = fitting.some(
		({ entry }) => entry?.address.to === send.address && entry.publicKey === send.publicKey,
	);
	return addressed ? [] : [{ rule: "policy", text: `${send.address} is not the recipient's address` }];
}
