/** The two policies as text: one row for each mechanism, kept or dropped, with the reason. */
import { type Policies, policyReasons, postponeReasons, type Wire } from "@posthaste/core";
import { hanging, table } from "./layout.ts";
import { paint } from "./terminal.ts";
import { momentOf } from "./times.ts";

type PolicyRows = Wire<Policies>["routingPolicy"];
type PolicyRow = PolicyRows[number];

type BothPolicies = Pick<Wire<Policies>, "routingPolicy" | "deliveryPolicy">;

/** Both policies side by side, their mechanisms in the order of the recipient's table. */
export function policyTable(policies: BothPolicies, columns: number): readonly string[] {
	const names = new Set([...policies.routingPolicy, ...policies.deliveryPolicy].map((row) => row.mechanism));
	if (names.size === 0) {
		return [paint("dim", "  The recipient's delivery table is empty.")];
	}
	const heads = ["mechanism", "kind", "routing", "delivery", "reason"].map((head) => paint("dim", head));
	return table([heads, ...[...names].map((name) => tableRow(name, policies))], columns, "  ");
}

/** The reason is that of the policy which dropped the mechanism; what the first dropped the second never sees. */
function tableRow(mechanism: string, { routingPolicy, deliveryPolicy }: BothPolicies): readonly string[] {
	const routed = routingPolicy.find((row) => row.mechanism === mechanism);
	const kept = routed?.kept === false ? undefined : deliveryPolicy.find((row) => row.mechanism === mechanism);
	const decisive = kept ?? routed;
	const reason = decisive === undefined ? "" : reasonOf(decisive);
	return [mechanism, routed?.kind ?? kept?.kind ?? "", mark(routed), mark(kept), reason];
}

function mark(row: PolicyRow | undefined): string {
	if (row === undefined) {
		return paint("dim", "–");
	}
	return row.kept ? paint("green", "✓") : paint("red", "✗");
}

function reasonOf({ reason, postponeReason, postponedUntil }: PolicyRow): string {
	if (reason !== undefined) {
		return policyReasons[reason];
	}
	return postponeReason === undefined || postponedUntil === undefined
		? ""
		: `not before ${momentOf(postponedUntil)}: ${postponeReasons[postponeReason]}`;
}

/** The dropped mechanisms, one line each, below the sentence that names those kept. */
export function droppedLines(
	{ routingPolicy, deliveryPolicy }: BothPolicies,
	indent: number,
	columns: number,
): readonly string[] {
	const dropped = [...routingPolicy, ...deliveryPolicy].filter((row) => !row.kept);
	const first = new Map(dropped.toReversed().map((row) => [row.mechanism, row]));
	return dropped
		.filter((row) => first.get(row.mechanism) === row)
		.flatMap((row) => hanging(" ".repeat(indent), `without ${row.mechanism}: ${reasonOf(row)}`, columns))
		.map((line) => paint("dim", line));
}
