import type { ExplanationDocument } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { readTree, type TreeNode, whenOf } from "./decision-tree.ts";
import { boxWidth, placeTree } from "./tree-layout.ts";

type Node = ExplanationDocument["deliveries"][number]["tree"];

const reached: Node = { node: "end", state: "reached", reason: "receipt" };
const declined: Node = { node: "end", state: "unreached", reason: "sender-declined" };
const question = "John Smith is not available on IM. Send a page?";

const tree: Node = {
	node: "attempt",
	mode: "serial",
	mechanisms: ["im2"],
	until: "delivered",
	within: 30_000,
	branches: [
		{ on: ["im2=delivered"], then: reached },
		{
			on: ["im2=unavailable", "im2=no-receipt"],
			then: {
				node: "ask",
				question,
				within: 300_000,
				otherwise: "no",
				branches: [
					{ on: ["yes"], then: { node: "wait", duration: 90_000, then: reached } },
					{ on: ["no", "no-answer"], then: declined },
				],
			},
		},
	],
};

describe("a decision tree in words", () => {
	const read = readTree(tree);

	test("says what is tried, for what and how long", () => {
		expect(read).toMatchObject({ title: "Send through im2", detail: "to be delivered within 30 seconds", when: "" });
	});

	test("says what leads to each branch", () => {
		expect(read.children.map(({ when }) => when)).toEqual(["im2: delivered", "im2: unavailable or no receipt in time"]);
		expect(read.children[1]?.children.map(({ when }) => when)).toEqual(["yes", "no or no answer"]);
	});

	test("says what is asked and what happens without an answer", () => {
		expect(read.children[1]).toMatchObject({
			title: `Ask the sender: “${question}”`,
			detail: "without an answer within 5 minutes it is no",
			look: "ask",
		});
	});

	test("goes on through steps that have no branches, to an end with its reason", () => {
		const waiting = read.children[1]?.children[0];
		expect(waiting).toMatchObject({ title: "Wait for 1 minute 30 seconds", look: "step" });
		expect(waiting?.children[0]).toMatchObject({ title: "Reached", look: "reached", when: "" });
	});

	test("gives every node a name of its own", () => {
		const ids = all(read).map(({ id }) => id);
		expect(new Set(ids).size).toBe(ids.length);
	});
});

describe("what leads to a branch", () => {
	test("of several mechanisms is said once for each when every combination leads there", () => {
		const on = [
			"im2=failed,pager=failed",
			"im2=failed,pager=unknown",
			"im2=unknown,pager=failed",
			"im2=unknown,pager=unknown",
		];
		expect(whenOf({ on })).toBe("im2: failed or outcome unknown; pager: failed or outcome unknown");
	});

	test("is listed as far as it is short when only some combinations do", () => {
		const on = [
			"a=failed,b=unknown",
			"a=unknown,b=failed",
			"a=rejected,b=failed",
			"a=failed,b=rejected",
			"a=read,b=failed",
		];
		expect(whenOf({ on })).toBe(
			"a failed and b outcome unknown; a outcome unknown and b failed; a rejected and b failed; and 2 more",
		);
	});
});

describe("a decision tree's drawing", () => {
	const placed = placeTree(readTree(tree));

	test("has every node once, each to the right of its parent", () => {
		expect(placed).toHaveLength(all(readTree(tree)).length);
		const byId = new Map(placed.map((one) => [one.node.id, one]));
		for (const { parent, x } of placed) {
			const before = parent === undefined ? undefined : byId.get(parent);
			expect(before === undefined || before.x + boxWidth < x).toBe(true);
		}
	});

	test("has no two boxes over one another", () => {
		for (const a of placed) {
			for (const b of placed) {
				const apart = a === b || a.x !== b.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
				expect(apart).toBe(true);
			}
		}
	});

	test("has a parent level with its first child", () => {
		for (const { node, y } of placed) {
			const [first] = placed.filter(({ parent }) => parent === node.id);
			expect(first?.y ?? y).toBe(y);
		}
	});
});

function all(node: TreeNode): readonly TreeNode[] {
	return [node, ...node.children.flatMap(all)];
}
