/** The schema of a delivery's policies and journal, entry by entry. `schemas.test.ts` holds it against the types. */
import {
	DeliveryStateSchema,
	levels,
	outcomes,
	policyReasons,
	postponeReasons,
	receiptLevels,
	selectionReasons,
	settleReasons,
	words,
} from "@posthaste/core";
import { type TProperties, Type } from "typebox";
import { Answer, document, keysOf, moment, named, Sequence } from "./schema-words.ts";

const mechanism = Type.String({ description: "Name of the mechanism" });
const attempt = Type.String({ description: "Identifier of the attempt, the same on every resend" });
const prompt = Type.String({ description: "Identifier of the question" });
const evidence = Type.Optional(Type.String({ description: "The words behind it: a server's reply, an error's text" }));
const who = Type.Optional(Type.String({ description: "Who did it, where that is known" }));
const Level = words(levels);
const ReceiptLevel = words(receiptLevels);
const count = Type.Integer({ minimum: 1, description: "Counts the tries of one attempt from 1" });

export const PolicyReasonSchema = keysOf(policyReasons, "Why it was dropped");
export const PostponeReasonSchema = keysOf(postponeReasons, "Why its attempt has to wait");
export const SettleReasonSchema = keysOf(settleReasons, "Why the delivery came to its state");

export const PolicyEntry = named(
	"PolicyEntry",
	document(
		{
			mechanism,
			kept: Type.Boolean(),
			reason: Type.Optional(PolicyReasonSchema),
			postponedUntil: Type.Optional(moment("It is kept, but its attempt has to wait until this moment")),
			postponeReason: Type.Optional(PostponeReasonSchema),
		},
		"One mechanism in a policy, kept or dropped, with the reason",
	),
);

/** Who took the message, by which row, and what of the recipient's mechanisms may be used. */
export const policiesProperties = {
	manager: document({
		name: Type.String(),
		plugin: Type.String(),
		version: Type.String({ description: "The plugin's version, to which the delivery is pinned" }),
		reason: keysOf(selectionReasons, "Why this manager"),
	}),
	configuration: document({
		name: Type.String(),
		revision: Type.Integer(),
		unknown: words(["resend", "next", "hold"] as const, { description: "What follows an unknown outcome" }),
		settings: Type.Unknown({ description: "As they were when the delivery began" }),
		allows: Type.Optional(
			Type.Union([Type.Array(Type.String()), Type.Literal("all")], {
				description: "What the settings name, where the manager runs in a thread or process of its own",
			}),
		),
	}),
	routingPolicy: Type.Array(PolicyEntry, { description: "The recipient's table ∩ the mechanisms active then" }),
	deliveryPolicy: Type.Array(PolicyEntry, { description: "What of it the configuration allows" }),
};

export const RecipientSchema = document({ id: Type.String(), name: Type.String(), timezone: Type.String() });

function entry<const Name extends string, Properties extends TProperties>(type: Name, properties: Properties) {
	return document({ sequence: Sequence, at: moment("When"), type: Type.Literal(type), ...properties });
}

const within = Type.Number({ description: "Milliseconds" });

const Effect = Type.Union(
	[
		document({
			effect: Type.Literal("attempt"),
			mechanisms: Type.Array(Type.String({ description: "A name or a kind" })),
			mode: words(["serial", "parallel"] as const),
			until: Level,
			within,
		}),
		document({ effect: Type.Literal("ask"), question: Type.String(), within, otherwise: Answer }),
		document({ effect: Type.Literal("wait"), duration: within }),
		document({ effect: Type.Literal("note"), text: Type.String() }),
		Type.Null({ description: "It has nothing left to try" }),
	],
	{ description: "What a manager that runs in a thread or process of its own wants next" },
);

const inputs = [
	entry("began", {}),
	entry("outcome", {
		attempt,
		mechanism,
		try: count,
		outcome: words(outcomes),
		evidence,
		reference: Type.Optional(Type.String({ description: "The identifier the other side gave" })),
		level: Type.Optional(ReceiptLevel),
		retryAfter: Type.Optional(Type.Number({ description: "Milliseconds" })),
	}),
	entry("receipt", { attempt, mechanism, level: ReceiptLevel, evidence }),
	entry("answered", { prompt, answer: Answer, who }),
	entry("replied", { attempt, mechanism, body: Type.String({ description: "What the recipient wrote back" }) }),
	entry("time-passed", {}),
	entry("effect", { effect: Effect }),
	entry("stranded", { reason: SettleReasonSchema, detail: Type.String() }),
	entry("cancelled", { who }),
	entry("resolved", { resolution: words(["resend", "next", "end"] as const), who }),
	entry("retracted", { attempt, mechanism, done: Type.Boolean(), evidence }),
] as const;

const decisions = [
	entry("policies", { ...policiesProperties, recipient: RecipientSchema }),
	entry("attempt", { attempt, mechanism, try: count, until: Level, deadline: moment("It is given up then") }),
	entry("passed-over", { mechanism, reason: PolicyReasonSchema }),
	entry("postponed", { mechanism, until: moment("It is held back until then"), reason: PostponeReasonSchema }),
	entry("retry", { attempt, mechanism, retryAt: moment("The next try is made then") }),
	entry("gave-up", { attempt, mechanism, until: Level }),
	entry("prompt", {
		prompt,
		question: Type.String(),
		until: moment("The question is open until then"),
		otherwise: Answer,
	}),
	entry("prompt-closed", {
		prompt,
		question: Type.String(),
		answer: Answer,
		by: words(["sender", "standing-answer", "timeout"] as const),
	}),
	entry("prompt-withdrawn", { prompt }),
	entry("consult", {}),
	entry("wait", { until: moment("The delivery waits until then") }),
	entry("note", { text: Type.String() }),
	entry("retract", { attempt, mechanism }),
	entry("held", { reason: SettleReasonSchema, detail: Type.Optional(Type.String()) }),
	entry("settled", {
		state: DeliveryStateSchema,
		reason: SettleReasonSchema,
		attempt: Type.Optional(attempt),
		mechanism: Type.Optional(mechanism),
	}),
] as const;

export const JournalEntry = named(
	"JournalEntry",
	Type.Union([...inputs, ...decisions], {
		description: "What came in (an outcome, a receipt, an answer, time), or what followed from it",
	}),
);
