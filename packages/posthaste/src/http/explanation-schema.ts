/** The schema of what `explain` answers. */
import { DeliveryStateSchema, levels, type ExplainedNode as Node, type Wire, words } from "@posthaste/core";
import { type TProperties, type TSchema, Type } from "typebox";
import {
	PolicyReasonSchema,
	PostponeReasonSchema,
	policiesProperties,
	RecipientSchema,
	SettleReasonSchema,
} from "./journal-schema.ts";
import { Answer, document, moment, named } from "./schema-words.ts";

const within = Type.Number({ description: "Milliseconds" });
/** The tree refers to itself, which only a reference by name can say. */
const then: TSchema = Type.Unsafe<unknown>({ $ref: "ExplainedNode#" });

const branches = Type.Array(
	document({
		on: Type.Array(Type.String(), {
			description: "The results that lead here, `MECHANISM=RESULT`; below a question `yes`, `no` or `no-answer`",
		}),
		then,
	}),
);

function node(name: string, properties: TProperties) {
	return document({ node: Type.Literal(name), ...properties });
}

export const ExplainedNode = named(
	"ExplainedNode",
	Type.Unsafe<Wire<Node>>(
		Type.Union(
			[
				node("attempt", {
					mode: words(["serial", "parallel"] as const),
					mechanisms: Type.Array(Type.String()),
					until: words(levels),
					within,
					branches,
				}),
				node("ask", { question: Type.String(), within, otherwise: Answer, branches }),
				node("answered", { question: Type.String(), answer: Answer, by: Type.Literal("standing-answer"), then }),
				node("passed-over", { mechanism: Type.String(), reason: PolicyReasonSchema, then }),
				node("postponed", {
					mechanism: Type.String(),
					until: moment("Its attempt is held back until then"),
					reason: PostponeReasonSchema,
					then,
				}),
				node("wait", { duration: within, then }),
				node("note", { text: Type.String(), then }),
				node("end", { state: DeliveryStateSchema, reason: SettleReasonSchema }),
				node("cut", { reason: words(["too-large", "too-deep"] as const) }),
			],
			{ description: "What would happen next, and what follows from each result" },
		),
	),
);

export const Explanation = named(
	"Explanation",
	document(
		{
			at: moment("The moment the explanation is about"),
			deliveries: Type.Array(
				document({
					recipient: RecipientSchema,
					...policiesProperties,
					tree: ExplainedNode,
					cut: Type.Boolean({ description: "Some branch was cut, for its size or because it repeats itself" }),
				}),
			),
		},
		"What would happen to a message, and why",
	),
);
