/** The decision tree of an explanation, drawn with box-drawing characters. */
import {
	type ExplanationDocument,
	formatDuration,
	policyReasons,
	postponeReasons,
	settleReasons,
} from "@posthaste/core";
import { hanging, plain } from "./layout.ts";
import { paint, type Style } from "./terminal.ts";
import { momentOf } from "./times.ts";

export type TreeNode = ExplanationDocument["deliveries"][number]["tree"];
type Attempt = Extract<TreeNode, { readonly node: "attempt" }>;
type Forked = Extract<TreeNode, { readonly branches: unknown }>;

/** More combinations of results than this are counted, not listed. */
const mostCombinations = 4;

/** The lines of the tree below `node`. */
export function treeLines(node: TreeNode, columns: number): readonly string[] {
	return draw(node, { first: "", rest: "", columns });
}

interface Place {
	/** Stands before the node's first line: the branch it hangs on. */
	readonly first: string;
	/** Stands before all its other lines. */
	readonly rest: string;
	/** What leads to the node, with an arrow behind. */
	readonly label?: string;
	readonly columns: number;
}

function draw(node: TreeNode, { first, rest, label = "", columns }: Place): readonly string[] {
	const text = `${label}${textOf(node)}`;
	if ("branches" in node) {
		return [...hanging(first, text, columns, `${rest}│  `), ...branches(node, rest, columns)];
	}
	if (!("then" in node)) {
		return hanging(first, text, columns, `${rest}   `);
	}
	// At the top what comes first stands in lines of its own; in a branch it leads on.
	return label === ""
		? [...hanging(first, text, columns, `${rest}   `), ...draw(node.then, { first: rest, rest, columns })]
		: draw(node.then, { first, rest, label: `${text} → `, columns });
}

function branches(node: Forked, rest: string, columns: number): readonly string[] {
	return node.branches.flatMap(({ on, then }, index) => {
		const last = index === node.branches.length - 1;
		const label = `${paint("cyan", labelOf(node, on))} → `;
		return draw(then, {
			first: `${rest}${last ? "└─ " : "├─ "}`,
			rest: `${rest}${last ? "   " : "│  "}`,
			label,
			columns,
		});
	});
}

function labelOf(node: Forked, on: readonly string[]): string {
	if (node.node === "ask") {
		return on.map((answer) => (answer === "no-answer" ? "no answer" : answer)).join(", ");
	}
	const results = on.map((combination) => resultText(node, combination));
	const listed = results.slice(0, mostCombinations);
	const others = results.length - listed.length;
	return listed.join(node.mechanisms.length === 1 ? ", " : " or ") + (others > 0 ? ` or ${others} more` : "");
}

/** `im2=no-receipt,pager=failed` is `im2 no receipt + pager failed`; a lone mechanism needs no name. */
function resultText({ mechanisms }: Attempt, combination: string): string {
	return combination
		.split(",")
		.map((part) => {
			const equals = part.lastIndexOf("=");
			const result = part.slice(equals + 1).replace("-", " ");
			return mechanisms.length === 1 ? result : `${part.slice(0, equals)} ${result}`;
		})
		.join(" + ");
}

function textOf(node: TreeNode): string {
	switch (node.node) {
		case "attempt":
			return attemptText(node);
		case "ask": {
			const within = `within ${formatDuration(node.within)}, otherwise ${node.otherwise}`;
			return `${paint("bold", "ask the sender")} “${plain(node.question)}” ${paint("dim", within)}`;
		}
		case "answered":
			return `the sender answered “${plain(node.question)}” beforehand: ${paint("bold", node.answer)}`;
		case "passed-over":
			return paint("dim", `pass over ${node.mechanism}: ${policyReasons[node.reason]}`);
		case "postponed":
			return paint("yellow", `wait until ${momentOf(node.until)}: ${postponeReasons[node.reason]}`);
		case "wait":
			return paint("yellow", `wait ${formatDuration(node.duration)}`);
		case "note":
			return paint("dim", plain(node.text));
		case "end":
			return endText(node);
		case "cut":
			return paint(
				"dim",
				node.reason === "too-large" ? "… (too large to show further)" : "… (too deep to show further)",
			);
		default:
			return node satisfies never;
	}
}

const goals = { accepted: "", delivered: " until delivered", read: " until read", acknowledged: " until acknowledged" };

function attemptText({ mechanisms, mode, until, within }: Attempt): string {
	const together = mode === "parallel" && mechanisms.length > 1 ? " at once" : "";
	const names =
		mechanisms.length < 2 ? mechanisms.join("") : `${mechanisms.slice(0, -1).join(", ")} and ${mechanisms.at(-1)}`;
	return `${paint("bold", `try ${names}`)}${together}${goals[until]} ${paint("dim", `within ${formatDuration(within)}`)}`;
}

const endStyles: Readonly<Record<string, readonly [word: string, style: Style]>> = {
	reached: ["✓ reached", "green"],
	held: ["! held", "yellow"],
	unreached: ["✗ not reached", "red"],
};

function endText({ state, reason }: Extract<TreeNode, { readonly node: "end" }>): string {
	const [word, style] = endStyles[state] ?? [`✗ ${state}`, "red"];
	return `${paint(style, word)} ${paint("dim", `(${settleReasons[reason]})`)}`;
}
