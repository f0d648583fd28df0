import type { TreeNode } from "../../decision-tree.ts";
import classes from "./DecisionList.module.css";

/** The decision tree as nested lists, for the keyboard, for screen readers and for narrow pages. */
export function DecisionList({ tree }: { readonly tree: TreeNode }) {
	return (
		<ul className={classes.list} data-testid="decision-list">
			<Item node={tree} />
		</ul>
	);
}

/** What follows without a branch stands at the same depth, so that long courses do not drift to the right. */
function Item({ node }: { readonly node: TreeNode }) {
	const [only] = node.children;
	const straight = node.children.length === 1 && only !== undefined && only.when === "";
	return (
		<>
			<li className={classes.item}>
				{node.when !== "" && <span className={classes.when}>If {node.when}</span>}
				<span className={classes.title} data-look={node.look}>
					{node.title}
				</span>
				{node.detail !== "" && <span className={classes.detail}> – {node.detail}</span>}
				{!straight && node.children.length > 0 && (
					<ul className={classes.list}>
						{node.children.map((child) => (
							<Item key={child.id} node={child} />
						))}
					</ul>
				)}
			</li>
			{straight && <Item node={only} />}
		</>
	);
}
