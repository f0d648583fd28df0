import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
	Controls,
	type Edge,
	Handle,
	type Node,
	type NodeProps,
	type NodeTypes,
	Position,
	ReactFlow,
} from "@xyflow/react";
import { useMemo } from "react";
import type { TreeNode } from "../../decision-tree.ts";
import { boxWidth, type PlacedNode, placeTree } from "../../tree-layout.ts";
import classes from "./DecisionDiagram.module.css";

type StepNode = Node<{ readonly step: TreeNode }, "step">;

function Step({ data: { step } }: NodeProps<StepNode>) {
	return (
		<div className={classes.node}>
			<Handle type="target" position={Position.Left} className={classes.handle ?? ""} />
			{step.when !== "" && <span className={classes.when}>{step.when}</span>}
			<div className={classes.box} data-look={step.look}>
				<span className={classes.title}>{step.title}</span>
				{step.detail !== "" && <span className={classes.detail}>{step.detail}</span>}
			</div>
			<Handle type="source" position={Position.Right} className={classes.handle ?? ""} />
		</div>
	);
}

const nodeTypes: NodeTypes = { step: Step };

/** The tree as a drawing. It says nothing that the list does not, so screen readers are led to the list. */
export function DecisionDiagram({ tree }: { readonly tree: TreeNode }) {
	const scheme = useComputedColorScheme("light");
	const { nodes, edges, size } = useMemo(() => draw(placeTree(tree)), [tree]);
	return (
		<div
			className={classes.frame}
			style={{ aspectRatio: `${size.width} / ${size.height}`, maxHeight: Math.min(size.height, highest) }}
			role="img"
			aria-label="The decision tree as a drawing; the same stands in the list"
			data-testid="decision-diagram"
		>
			<ReactFlow
				nodes={nodes}
				edges={edges}
				nodeTypes={nodeTypes}
				colorMode={scheme}
				fitView
				fitViewOptions={{ padding: "16px", maxZoom: 1 }}
				minZoom={0.1}
				maxZoom={1.6}
				nodesDraggable={false}
				nodesConnectable={false}
				nodesFocusable={false}
				edgesFocusable={false}
				elementsSelectable={false}
				zoomOnScroll={false}
				preventScrolling={false}
			>
				<Controls showInteractive={false} position="bottom-left" />
			</ReactFlow>
		</div>
	);
}

/** Room around the drawing within its frame, and the most that a drawing takes of the page. */
const margin = 36;
const highest = 1600;

interface Drawing {
	readonly nodes: StepNode[];
	readonly edges: Edge[];
	readonly size: { readonly width: number; readonly height: number };
}

function draw(placed: readonly PlacedNode[]): Drawing {
	const nodes = placed.map(
		({ node, x, y, height }): StepNode => ({
			id: node.id,
			type: "step",
			position: { x, y },
			width: boxWidth,
			height,
			data: { step: node },
		}),
	);
	const edges = placed.flatMap(({ node, parent }): Edge[] =>
		parent === undefined ? [] : [{ id: `${parent}-${node.id}`, source: parent, target: node.id, type: "smoothstep" }],
	);
	const width = Math.max(...placed.map(({ x }) => x + boxWidth)) + margin;
	const height = Math.max(...placed.map(({ y, height: own }) => y + own)) + margin;
	return { nodes, edges, size: { width, height } };
}
