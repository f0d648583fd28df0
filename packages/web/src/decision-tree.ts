/** The decision tree of an explanation in words, one shape for the drawing and for the list. */
import { type ExplanationDocument, policyReasons, postponeReasons, settleReasons } from "@posthaste/core";
import { inWords, localTime, spokenDuration } from "./format.ts";

type ExplainedNode = ExplanationDocument["deliveries"][number]["tree"];
type ExplainedBranch = Extract<ExplainedNode, { readonly node: "attempt" }>["branches"][number];

/** How a node looks: an attempt, a question, a step that only happens, a good or a bad end. */
export type NodeLook = "attempt" | "ask" | "step" | "reached" | "ended" | "cut";

export interface TreeNode {
	/** Unique within its tree. */
	readonly id: string;
	/** What leads here, in words; empty when nothing has to happen. */
	readonly when: string;
	readonly title: string;
	readonly detail: string;
	readonly look: NodeLook;
	readonly children: readonly TreeNode[];
}

export function readTree(node: ExplainedNode, id = "0", when = ""): TreeNode {
	return { id, when, ...describe(node), children: childrenOf(node, id) };
}

function childrenOf(node: ExplainedNode, id: string): readonly TreeNode[] {
	if ("branches" in node) {
		return node.branches.map((branch, index) => readTree(branch.then, `${id}.${index}`, whenOf(branch)));
	}
	return "then" in node ? [readTree(node.then, `${id}.0`)] : [];
}

type Description = Pick<TreeNode, "title" | "detail" | "look">;

const goals = { accepted: "accepted", delivered: "delivered", read: "read", acknowledged: "acknowledged" } as const;

function describe(node: ExplainedNode): Description {
	switch (node.node) {
		case "attempt":
			return {
				title: `Send through ${inWords(node.mechanisms)}${node.mechanisms.length > 1 ? " at once" : ""}`,
				detail: `to be ${goals[node.until]} within ${spokenDuration(node.within)}`,
				look: "attempt",
			};
		case "ask":
			return {
				title: `Ask the sender: “${node.question}”`,
				detail: `without an answer within ${spokenDuration(node.within)} it is ${node.otherwise}`,
				look: "ask",
			};
		case "answered":
			return { title: `Standing answer: ${node.answer}`, detail: `to “${node.question}”`, look: "ask" };
		case "passed-over":
			return { title: `Pass over ${node.mechanism}`, detail: policyReasons[node.reason], look: "step" };
		case "postponed":
			return {
				title: `Hold back ${node.mechanism} until ${localTime(node.until)}`,
				detail: postponeReasons[node.reason],
				look: "step",
			};
		case "wait":
			return { title: `Wait for ${spokenDuration(node.duration)}`, detail: "", look: "step" };
		case "note":
			return { title: node.text, detail: "", look: "step" };
		case "end":
			return {
				title: endTitles[node.state] ?? node.state,
				detail: settleReasons[node.reason],
				look: node.state === "reached" ? "reached" : "ended",
			};
		case "cut":
			return { title: "… and so on", detail: cutReasons[node.reason], look: "cut" };
	}
}

const endTitles: Readonly<Record<string, string>> = {
	reached: "Reached",
	unreached: "Not reached",
	expired: "Expired",
	cancelled: "Cancelled",
	held: "Held for a person",
};

const cutReasons = {
	"too-large": "the tree is larger than can be shown",
	"too-deep": "the tree is deeper than can be shown, or repeats itself",
} as const;

/** Results read as what happened: `no-receipt` is the absence of one. */
const results: Readonly<Record<string, string>> = {
	"no-receipt": "no receipt in time",
	unknown: "outcome unknown",
	"no-answer": "no answer",
};

const said = (result: string) => results[result] ?? result;

/**
 * What leads to a branch, in words. Several mechanisms' results that make a full product are said
 * once for each mechanism; otherwise the combinations are listed, the first few of them.
 */
export function whenOf({ on }: Pick<ExplainedBranch, "on">): string {
	const combinations = on.map(readCombination);
	const mechanisms = new Map<string, Set<string>>();
	for (const combination of combinations) {
		for (const [mechanism, result] of combination) {
			mechanisms.set(mechanism, (mechanisms.get(mechanism) ?? new Set()).add(result));
		}
	}
	const product = [...mechanisms.values()].reduce((size, found) => size * found.size, 1);
	if (product === on.length) {
		return [...mechanisms].map(([mechanism, found]) => resultsOf(mechanism, [...found])).join("; ");
	}
	const shown = combinations
		.slice(0, 3)
		.map((one) => one.map(([name, result]) => `${name} ${said(result)}`).join(" and "));
	const rest = combinations.length - shown.length;
	return `${shown.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

/** `im2=read,pager=failed` names mechanisms; below a question a result stands alone. */
function readCombination(text: string): readonly (readonly [mechanism: string, result: string])[] {
	return text.split(",").map((one) => {
		const at = one.lastIndexOf("=");
		return at === -1 ? (["", one] as const) : ([one.slice(0, at), one.slice(at + 1)] as const);
	});
}

function resultsOf(mechanism: string, found: readonly string[]): string {
	const words = inWords(found.map(said), "or");
	return mechanism === "" ? words : `${mechanism}: ${words}`;
}
