/**
 * Writes the tables of docs/reference/plugin-protocol.md from the shapes that the program checks plugins
 * by. A test compares the page with what this would write. With `--record`, it also writes the example
 * exchanges, from a run of the plugins under examples/python/.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
	hostMethods,
	hostNotices,
	type NoticeShape,
	pluginMethods,
	pluginNotices,
} from "../packages/posthaste/src/plugins/methods.ts";
import * as shapes from "../packages/posthaste/src/plugins/shapes.ts";

/** As much of JSON Schema as the shapes use. */
interface Shape {
	readonly type?: string;
	readonly const?: unknown;
	readonly enum?: readonly string[];
	readonly description?: string;
	readonly properties?: Readonly<Record<string, Shape>>;
	readonly required?: readonly string[];
	readonly items?: Shape;
	readonly anyOf?: readonly Shape[];
}

/** Shapes that are described once, under their own heading. */
const named: readonly (readonly [name: string, shape: object])[] = [
	["manager description", shapes.ManagerDescriptionShape],
	["mechanism description", shapes.MechanismDescriptionShape],
	["capabilities", shapes.CapabilitiesShape],
	["message", shapes.MessageShape],
	["attempt", shapes.AttemptShape],
	["send result", shapes.SendResultShape],
	["context", shapes.DeliverContextShape],
	["policy entry", shapes.PolicyEntryShape],
	["effect", shapes.EffectShape],
	["effect result", shapes.EffectResultShape],
	["past effect", shapes.PastEffectShape],
	["judgement", shapes.JudgementShape],
	["presence report", shapes.PresenceShape],
	["health report", shapes.HealthShape],
];
const names = new Map(named.map(([name, shape]) => [shape, name]));

export function tables(): Readonly<Record<string, string>> {
	return {
		"plugin-methods": Object.entries(pluginMethods).map(section).join("\n"),
		"plugin-notices": Object.entries(pluginNotices).map(section).join("\n"),
		"host-methods": Object.entries(hostMethods).map(section).join("\n"),
		"host-notices": Object.entries(hostNotices).map(section).join("\n"),
		shapes: named.map(([name, shape]) => `### ${titled(name)}\n\n${members(shape as Shape)}`).join("\n"),
	};
}

function section([name, method]: readonly [string, NoticeShape & { readonly result?: object }]): string {
	const of = method.of === "all" ? "" : ` Of ${method.of}.`;
	const parts = [`### \`${name}\`\n\n${method.says}${of}\n`];
	parts.push(part("Parameters", method.params as Shape));
	if (method.result !== undefined) {
		parts.push(part("Result", method.result as Shape));
	}
	return parts.join("\n");
}

function part(title: string, shape: Shape): string {
	const only = linkTo(shape) ?? shape.anyOf?.map((one) => linkTo(one)).join(" or ");
	if (only !== undefined) {
		return `${title}: ${only}.\n`;
	}
	const none = Object.keys(shape.properties ?? {}).length === 0;
	return none ? `${title}: \`{}\`.\n` : `${title}:\n\n${members(shape)}`;
}

function members(shape: Shape): string {
	if (shape.anyOf !== undefined) {
		return shape.anyOf
			.map((one) => `${one.description === undefined ? "" : `${one.description}\n\n`}${members(one)}`)
			.join("\n");
	}
	const required = new Set(shape.required ?? []);
	const rows = Object.entries(shape.properties ?? {}).map(([name, member]) => {
		const optional = required.has(name) ? "" : "optional";
		return `| \`${name}\` | ${typeOf(member)} | ${optional} | ${aboutOf(member)} |\n`;
	});
	return `| member | type | | |\n| --- | --- | --- | --- |\n${rows.join("")}`;
}

function typeOf(shape: Shape): string {
	const link = linkTo(shape);
	if (link !== undefined) {
		return link;
	}
	if (shape.const !== undefined) {
		return `\`"${shape.const}"\``;
	}
	if (shape.enum !== undefined) {
		return shape.enum.map((word) => `\`"${word}"\``).join(", ");
	}
	if (shape.anyOf !== undefined) {
		return [...new Set(shape.anyOf.map(typeOf))].join(" or ");
	}
	if (shape.type === "array") {
		return `list of ${shape.items === undefined ? "anything" : plural(shape.items)}`;
	}
	const inner = Object.entries(shape.properties ?? {});
	if (inner.length > 0 && shape.properties?.type?.const !== "object") {
		const required = new Set(shape.required ?? []);
		return `{ ${inner.map(([name, member]) => `\`${name}\`${required.has(name) ? "" : "?"}: ${typeOf(member)}`).join("; ")} }`;
	}
	return shape.type ?? "anything";
}

function plural(shape: Shape): string {
	return shape.type === "string" && shape.enum === undefined ? "strings" : typeOf(shape);
}

function aboutOf(shape: Shape): string {
	return linkTo(shape) === undefined ? (shape.description ?? "") : "";
}

function linkTo(shape: Shape): string | undefined {
	const name = names.get(shape);
	return name === undefined ? undefined : `[${name}](#${name.replaceAll(" ", "-")})`;
}

function titled(name: string): string {
	return name.charAt(0).toUpperCase() + name.slice(1);
}

const file = fileURLToPath(new URL("../docs/reference/plugin-protocol.md", import.meta.url));

/** The page with its tables, or other parts, as they are now. */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
	return Object.entries(parts).reduce((text, [name, content]) => {
		const [begin, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
		const [from, to] = [text.indexOf(begin), text.indexOf(end)];
		if (from < 0 || to < 0) {
			throw new Error(`the page has no place for ${name}`);
		}
		return `${text.slice(0, from)}${begin}\n\n${content.trim()}\n\n${text.slice(to)}`;
	}, page);
}

if (import.meta.main) {
	const page = withParts(readFileSync(file, "utf8"), tables());
	const recorded = process.argv.includes("--record")
		? await (await import("../examples/python/test/record.ts")).recordExchanges()
		: {};
	writeFileSync(file, withParts(page, recorded));
}
