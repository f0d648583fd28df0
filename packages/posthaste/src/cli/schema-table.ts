/** A plugin's JSON Schema as rows: name, type, default, what it means. */
import { plain } from "./layout.ts";
import { paint } from "./terminal.ts";

interface SchemaNode {
	readonly type?: string | readonly string[];
	readonly properties?: Readonly<Record<string, SchemaNode>>;
	readonly required?: readonly string[];
	readonly items?: SchemaNode;
	readonly enum?: readonly unknown[];
	readonly const?: unknown;
	readonly anyOf?: readonly SchemaNode[];
	readonly default?: unknown;
	readonly title?: string;
	readonly description?: string;
	readonly secret?: boolean;
}

/** Objects within objects deeper than this are only named. */
const deepest = 3;

export function schemaRows(schema: object): readonly (readonly string[])[] {
	return rowsOf(schema as SchemaNode, "", 0);
}

function rowsOf({ properties = {}, required = [] }: SchemaNode, prefix: string, depth: number): readonly string[][] {
	return Object.entries(properties).flatMap(([name, node]) => {
		const element = node.items?.properties === undefined ? node : node.items;
		const path = `${prefix}${name}`;
		const below = depth < deepest ? rowsOf(element, `${path}${element === node ? "." : "[]."}`, depth + 1) : [];
		return [[paint("cyan", path), typeText(node), meaning(node, required.includes(name))], ...below];
	});
}

function meaning(node: SchemaNode, required: boolean): string {
	const facts = [
		...(required ? ["required"] : []),
		...(node.secret ? ["secret"] : []),
		...(node.default === undefined ? [] : [`default ${JSON.stringify(node.default)}`]),
	];
	const said = plain(node.description ?? node.title ?? "");
	return [said, facts.length > 0 ? paint("dim", `(${facts.join(", ")})`) : ""].filter((part) => part !== "").join(" ");
}

function typeText(node: SchemaNode): string {
	if (node.const !== undefined) {
		return JSON.stringify(node.const);
	}
	if (node.enum !== undefined) {
		return node.enum.map(String).join(" | ");
	}
	if (node.anyOf !== undefined) {
		return [...new Set(node.anyOf.map(typeText))].join(" | ");
	}
	if (node.type === "array") {
		return `list of ${node.items === undefined ? "anything" : typeText(node.items)}`;
	}
	return node.type === undefined ? "anything" : [node.type].flat().join(" | ");
}
