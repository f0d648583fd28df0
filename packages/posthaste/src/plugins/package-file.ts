/** A plugin's package: where its plugin is, and what it asks for. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PluginSourceSchema, PosthasteError } from "@posthaste/core";
import { exports } from "resolve.exports";
import { Type } from "typebox";
import { shapeFindings } from "../databases/shape.ts";
import type { Grants, Program } from "./wire.ts";

/** What a package may say about itself under `posthaste` in its package.json. */
export const PackageMemberSchema = Type.Object(
	{
		command: Type.Optional(
			Type.Array(Type.String({ minLength: 1 }), {
				minItems: 1,
				description: "A command in another language, run in the package's folder, that speaks the plugin protocol",
			}),
		),
		needs: Type.Optional(
			Type.Object(PluginSourceSchema.properties.grants.properties, {
				additionalProperties: false,
				description: "What it needs when it runs in a process of its own; an operator grants it",
			}),
		),
	},
	{ additionalProperties: false },
);

export interface PluginPackage {
	readonly name: string;
	readonly version: string;
	readonly main: Program["main"];
	readonly needs: Grants;
}

/** @throws PosthasteError `invalid-plugin` */
export async function readPackage(folder: string): Promise<PluginPackage> {
	const file = await readFile(join(folder, "package.json"), "utf8").catch(() => {
		throw invalidPlugin("it has no package.json");
	});
	let json: Record<string, unknown>;
	try {
		json = JSON.parse(file);
	} catch (error) {
		throw invalidPlugin(`its package.json is not JSON: ${error instanceof Error ? error.message : error}`);
	}
	const { name, version, posthaste = {} } = json;
	if (typeof name !== "string" || typeof version !== "string") {
		throw invalidPlugin("its package.json has no name or no version");
	}
	const [finding] = shapeFindings(PackageMemberSchema, posthaste, ["posthaste"], "invalid-settings");
	if (finding !== undefined) {
		throw invalidPlugin(`its package.json: ${finding.path.join(".")} ${finding.message}`);
	}
	const { command, needs = {} } = posthaste as { command?: string[]; needs?: Grants };
	return { name, version, main: command ? { command } : { module: moduleOf(json) }, needs };
}

function moduleOf(json: Record<string, unknown>): string {
	const [exported] = exports(json as { exports: string }, ".") ?? [];
	return exported ?? (typeof json.main === "string" ? json.main : "index.js");
}

export function invalidPlugin(detail: string): PosthasteError {
	return new PosthasteError("invalid-plugin", detail);
}
