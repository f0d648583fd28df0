/** The JSON Schema of `posthaste.yaml` for editors: completion and errors while typing. */
import { ConfigurationDocumentSchema, type ManagerPlugin, type MechanismPlugin } from "@posthaste/core";

interface Node {
	[keyword: string]: unknown;
}

export interface SchemaPlugins {
	readonly managers: readonly ManagerPlugin[];
	readonly mechanisms: readonly MechanismPlugin[];
}

const reference = {
	type: "string",
	pattern: "\\$\\{env:[A-Za-z_][A-Za-z0-9_]*\\}",
	description: `An environment variable, \${env:NAME}`,
};

/**
 * The document's schema, with the settings of these plugins chosen by `use`. Other plugins' settings
 * are open, since more plugins may be installed than an editor knows of.
 */
export function configurationSchema({ managers, mechanisms }: SchemaPlugins): object {
	const schema = plain(ConfigurationDocumentSchema);
	const sections = schema.properties as Record<string, Node>;
	for (const section of Object.values(sections)) {
		closeNames(section);
	}
	const mechanism = recordOf(sections.mechanisms);
	mechanism.allOf = mechanisms.map((plugin) => settingsFor(plugin.id, allowReferences(settingsOf(plugin))));
	const manager = recordOf(sections.managers);
	manager.allOf = managers.map((plugin) => rowSettingsFor(plugin.id, settingsOf(plugin)));
	suggest(mechanism, mechanisms);
	suggest(manager, managers);
	return { $schema: "https://json-schema.org/draft/2020-12/schema", title: "posthaste.yaml", ...schema };
}

/** What has a default may be left out, since the program fills it in before it checks. */
function withoutDefaulted(schema: Node): Node {
	const copy = mapChildren(schema, withoutDefaulted);
	const properties = (copy.properties ?? {}) as Record<string, Node>;
	if (Array.isArray(copy.required)) {
		copy.required = copy.required.filter((key) => properties[String(key)]?.default === undefined);
	}
	return copy;
}

/** A copy of plain JSON, without what the schema library keeps for itself. */
function plain(schema: object): Node {
	return JSON.parse(JSON.stringify(schema)) as Node;
}

function settingsOf({ settings }: { readonly settings: object }): Node {
	return withoutDefaulted(plain(settings));
}

/** Names outside the pattern are errors in the program, so they are in the editor. */
function closeNames(section: Node): void {
	if (section.patternProperties !== undefined) {
		section.additionalProperties = false;
	}
}

function recordOf(section: Node | undefined): Node {
	const [record = {}] = Object.values((section?.patternProperties ?? {}) as Record<string, Node>);
	return record;
}

function suggest(record: Node, plugins: readonly { readonly id: string }[]): void {
	const { use } = record.properties as Record<string, Node>;
	if (use !== undefined) {
		use.examples = plugins.map(({ id }) => id);
	}
}

function whenUsing(id: string, then: Node): Node {
	return { if: { properties: { use: { const: id } }, required: ["use"] }, then };
}

function settingsFor(id: string, settings: Node): Node {
	return whenUsing(id, { properties: { settings }, ...requireSettings(settings) });
}

function rowSettingsFor(id: string, settings: Node): Node {
	const items = { properties: { settings }, ...requireSettings(settings) };
	return whenUsing(id, { properties: { configurations: { items } } });
}

function requireSettings({ required }: Node): Node {
	return Array.isArray(required) && required.length > 0 ? { required: ["settings"] } : {};
}

const nested = ["properties", "patternProperties"] as const;
const lists = ["anyOf", "oneOf", "allOf"] as const;

/** A copy of a schema with each schema directly within it replaced. */
function mapChildren(schema: Node, change: (child: Node) => Node): Node {
	const copy: Node = { ...schema };
	for (const keyword of nested) {
		const children = copy[keyword] as Record<string, Node> | undefined;
		if (children !== undefined) {
			copy[keyword] = Object.fromEntries(Object.entries(children).map(([key, child]) => [key, change(child)]));
		}
	}
	for (const keyword of lists) {
		const children = copy[keyword] as Node[] | undefined;
		if (children !== undefined) {
			copy[keyword] = children.map(change);
		}
	}
	if (isNode(copy.items)) {
		copy.items = change(copy.items);
	}
	return copy;
}

/** Wherever a mechanism's settings take a text, a number or a truth value, a reference may stand. */
function allowReferences(schema: Node): Node {
	const copy = mapChildren(schema, allowReferences);
	return isConstrainedLeaf(copy) ? withReference(copy) : copy;
}

function isNode(value: unknown): value is Node {
	return typeof value === "object" && value !== null && !Array.isArray(value);
}

const texts = ["pattern", "format", "enum", "maxLength"];

function isConstrainedLeaf(schema: Node): boolean {
	return schema.type === "string"
		? texts.some((keyword) => schema[keyword] !== undefined)
		: ["number", "integer", "boolean"].includes(String(schema.type));
}

function withReference({ description, default: usual, ...schema }: Node): Node {
	return {
		...(description !== undefined && { description }),
		...(usual !== undefined && { default: usual }),
		anyOf: [schema, reference],
	};
}
