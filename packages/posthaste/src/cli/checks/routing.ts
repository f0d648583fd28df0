/** Mechanisms, selection, users and deliveries as the server sees them now. */
import {
	type MessageDocument,
	type PageDocument,
	type PolicyReason,
	type PromptDocument,
	policyReasons,
} from "@posthaste/core";
import type { MechanismView } from "../../posthaste.ts";
import type { Client } from "../client.ts";
import { whyInactive } from "../commands/plugins.ts";
import { decisions, heldOf, resolveCommand } from "../held.ts";
import { plain } from "../layout.ts";
import type { Finding } from "./checks.ts";

/** More of a kind than this are only counted. */
const listed = 10;

export async function* mechanismFindings(client: Client): AsyncGenerator<Finding> {
	let any = false;
	for await (const mechanism of client.items<MechanismView>("/v1/mechanisms")) {
		any = true;
		yield mechanismFinding(mechanism);
	}
	if (!any) {
		const remedy = "Define mechanisms in posthaste.yaml, or apply a configuration with `posthaste apply`.";
		yield { check: "mechanism", level: "notable", what: "No mechanism is configured", remedy };
	}
}

function mechanismFinding({ name, use, active, inactive, disabled, breaker }: MechanismView): Finding {
	const called = `Mechanism ${name} (${use})`;
	if (disabled) {
		const remedy = `\`posthaste mechanisms enable ${name}\` switches it on again.`;
		return { check: "mechanism", level: "notable", what: `${called} is switched off by an operator`, remedy };
	}
	if (breaker !== "closed") {
		const remedy = "It failed too often and is tried again by itself; its server may be down.";
		return { check: "breaker", level: "wrong", what: `${called} rests: its breaker is ${breaker}`, remedy };
	}
	if (!active) {
		const remedy = "Check its settings and the server behind it; `posthaste plugins show` explains the settings.";
		return { check: "mechanism", level: "wrong", what: `${called} is not active: ${whyInactive(inactive)}`, remedy };
	}
	return { check: "mechanism", level: "fine", what: `${called} is active` };
}

interface SelectionAnswer {
	readonly rules: readonly { readonly when?: string; readonly manager: string }[];
	readonly defaultManager?: string;
}

export async function* selectionFindings(client: Client): AsyncGenerator<Finding> {
	const { rules, defaultManager } = await client.get<SelectionAnswer>("/v1/selection");
	const open = defaultManager ?? rules.find(({ when }) => when === undefined)?.manager;
	if (open !== undefined) {
		yield { check: "selection", level: "fine", what: `Manager ${open} takes what no other rule takes` };
		return;
	}
	yield {
		check: "selection",
		level: rules.length === 0 ? "wrong" : "notable",
		what: rules.length === 0 ? "No manager takes messages" : "Messages for which no selection rule holds are refused",
		remedy: "Add a selection rule without a condition, or a default manager.",
	};
}

interface UnreachableUser {
	readonly user: string;
	readonly reasons: readonly { readonly mechanism: string; readonly reason: string }[];
}

/** Pages of users that are looked through at most; each has a thousand. */
const mostPages = 200;

export async function* reachabilityFindings(client: Client): AsyncGenerator<Finding> {
	const { found, whole } = await findUnreachable(client);
	for (const { user, reasons } of found.slice(0, listed)) {
		const why = reasons.map(
			({ mechanism, reason }) => `${mechanism}: ${policyReasons[reason as PolicyReason] ?? reason}`,
		);
		yield {
			check: "unreachable",
			level: "wrong",
			what: `No mechanism can reach ${user} now (${why.join("; ") || "the delivery table is empty"})`,
		};
	}
	const more = found.length - listed;
	if (more > 0) {
		const what = `${whole ? more : `${more} or more`} other users cannot be reached either`;
		yield { check: "unreachable", level: "wrong", what };
	}
	if (found.length === 0) {
		const who = whole ? "Every user" : `Each of the first ${mostPages * 1000} users`;
		yield { check: "unreachable", level: "fine", what: `${who} can be reached by some mechanism now` };
	}
}

/** Every page may be empty, since a page is of users and its items are those who cannot be reached. */
async function findUnreachable(client: Client) {
	const found: UnreachableUser[] = [];
	let cursor: string | undefined;
	for (let page = 0; page < mostPages && found.length < 1000; page += 1) {
		const { items, next }: PageDocument<UnreachableUser> = await client.get("/v1/unreachable", {
			query: { limit: 1000, cursor },
		});
		found.push(...items);
		if (next === undefined) {
			return { found, whole: true };
		}
		cursor = next;
	}
	return { found, whole: false };
}

export async function* deliveryFindings(client: Client): AsyncGenerator<Finding> {
	const prompts = await client.get<PageDocument<PromptDocument>>("/v1/prompts", { query: { limit: 100 } });
	yield prompts.items.length === 0
		? { check: "prompts", level: "fine", what: "No question waits for an answer" }
		: {
				check: "prompts",
				level: "notable",
				what: `${count(prompts, "question waits for its sender's", "questions wait for their senders'")} answer`,
				remedy: "`posthaste answer` lists them.",
			};
	yield* heldFindings(client);
}

async function* heldFindings(client: Client): AsyncGenerator<Finding> {
	const { items, next } = await client.get<PageDocument<MessageDocument>>("/v1/messages", {
		query: { state: "held", limit: 100 },
	});
	const held = heldOf(items);
	for (const { id, recipient } of held.slice(0, listed)) {
		yield {
			check: "held",
			level: "wrong",
			what: `Delivery ${id} to ${plain(recipient)} is held until a person decides`,
			remedy: `\`${resolveCommand(id, client.server)}\`; ${decisions}`,
		};
	}
	const more = held.length - listed;
	if (more > 0) {
		const what = `${more}${next === undefined ? "" : " or more"} other deliveries are held too`;
		const remedy = "`posthaste messages --state held` lists them, with what to type.";
		yield { check: "held", level: "wrong", what, remedy };
	}
}

function count({ items, next }: PageDocument<unknown>, one: string, several: string): string {
	return items.length === 1 ? `1 ${one}` : `${items.length}${next === undefined ? "" : " or more"} ${several}`;
}
