/** Where the nodes of a decision tree go: each level to the right of its parent, parents level with their first child. */
import type { TreeNode } from "./decision-tree.ts";

export const boxWidth = 216;
const gapX = 52;
const gapY = 14;
const lineHeight = 18;
/** Fewer than fit on average, so that the estimate errs towards room. */
const charactersInLine = 29;

export interface PlacedNode {
	readonly node: TreeNode;
	readonly x: number;
	readonly y: number;
	readonly height: number;
	readonly parent?: string;
}

/** How high a node's box has to be for its words. */
export function boxHeight({ when, title, detail }: Pick<TreeNode, "when" | "title" | "detail">): number {
	const lines = (text: string) => Math.ceil(text.length / charactersInLine);
	const label = when === "" ? 0 : lines(when) * lineHeight + 6;
	return label + (lines(title) + lines(detail)) * lineHeight + 20;
}

/**
 * Left to right, each parent level with its first child, so that the tree is read from the top left
 * and one of many ends grows downwards, where a page has room. Coordinates are of top left corners.
 */
export function placeTree(root: TreeNode): readonly PlacedNode[] {
	const placed: PlacedNode[] = [];
	/** Answers where the next node below may begin. */
	const place = (node: TreeNode, level: number, top: number, parent: string | undefined): number => {
		const height = boxHeight(node);
		placed.push({ node, x: level * (boxWidth + gapX), y: top, height, ...(parent !== undefined && { parent }) });
		let next = top;
		for (const child of node.children) {
			next = place(child, level + 1, next, node.id);
		}
		return Math.max(next, top + height + gapY);
	};
	place(root, 0, 0, undefined);
	return placed;
}
