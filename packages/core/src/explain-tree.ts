/** The nodes of an explanation's tree: how they are linked, merged and measured. */

import type { Shown } from "./explain-walk.ts";
import type { ExplainedBranch, ExplainedNode } from "./explanation.ts";

/** Puts one decision in front of what follows it. */
export function link({ decision, at }: Shown, then: ExplainedNode): ExplainedNode {
	switch (decision.type) {
		case "passed-over":
			return { node: "passed-over", mechanism: decision.mechanism, reason: decision.reason, then };
		case "postponed":
			return { node: "postponed", mechanism: decision.mechanism, until: decision.until, reason: decision.reason, then };
		case "wait":
			return { node: "wait", duration: decision.until - at, then };
		case "note":
			return { node: "note", text: decision.text, then };
		case "prompt-closed": {
			const { question, answer } = decision;
			return { node: "answered", question, answer, by: "standing-answer", then };
		}
	}
}

const shapes = new WeakMap<ExplainedNode, string>();
const sizes = new WeakMap<ExplainedNode, number>();

/** Branches that go on in the same way become one. */
export function merge(branches: readonly ExplainedBranch[]): readonly ExplainedBranch[] {
	const merged = new Map<string, ExplainedBranch>();
	for (const { on, then } of branches) {
		const shape = shapeOf(then);
		const same = merged.get(shape);
		merged.set(shape, { on: [...(same?.on ?? []), ...on], then: same?.then ?? then });
	}
	return [...merged.values()];
}

function shapeOf(node: ExplainedNode): string {
	const shape = shapes.get(node) ?? JSON.stringify(node);
	shapes.set(node, shape);
	return shape;
}

/** How many nodes a tree has, written out. */
export function sizeOf(node: ExplainedNode): number {
	let size = sizes.get(node);
	if (size === undefined) {
		const below = "branches" in node ? node.branches.map(({ then }) => then) : "then" in node ? [node.then] : [];
		size = below.reduce((sum, then) => sum + sizeOf(then), 1);
		sizes.set(node, size);
	}
	return size;
}

/** The branches, the largest ones cut until they have at most `limit` nodes together. */
export function prune(branches: readonly ExplainedBranch[], limit: number): readonly ExplainedBranch[] {
	let size = branches.reduce((sum, { then }) => sum + sizeOf(then), 0);
	const pruned = [...branches];
	const largest = [...branches.keys()].sort((one, other) => sizeAt(branches, other) - sizeAt(branches, one));
	for (const index of largest) {
		const branch = branches[index];
		if (size > limit && branch !== undefined) {
			size -= sizeOf(branch.then) - 1;
			pruned[index] = { on: branch.on, then: { node: "cut", reason: "too-large" } };
		}
	}
	return pruned;
}

function sizeAt(branches: readonly ExplainedBranch[], index: number): number {
	const branch = branches[index];
	return branch === undefined ? 0 : sizeOf(branch.then);
}
