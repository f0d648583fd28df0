/**
 * Writes docs/reference/posthaste.schema.json, the JSON Schema of posthaste.yaml for editors, with the
 * settings of the plugins that come with the program.
 *
 *   node scripts/generate-config-schema.ts           writes it
 *   node scripts/generate-config-schema.ts --check   fails when the file is not up to date
 */
import { execFile } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual, promisify } from "node:util";
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import { configurationSchema } from "../packages/posthaste/src/config/json-schema.ts";

export const schemaFile = fileURLToPath(new URL("../docs/reference/posthaste.schema.json", import.meta.url));

/** The plugins that the program depends on, and so brings along. */
async function bundledPlugins(): Promise<readonly (ManagerPlugin | MechanismPlugin)[]> {
	const manifest = new URL("../packages/posthaste/package.json", import.meta.url);
	const { dependencies } = JSON.parse(await readFile(manifest, "utf8")) as { dependencies: Record<string, string> };
	const names = Object.keys(dependencies).filter((name) => /^@posthaste\/(manager|mechanism)-/.test(name));
	const modules = names.sort().map((name) => import(name) as Promise<{ default: ManagerPlugin | MechanismPlugin }>);
	return (await Promise.all(modules)).map((module) => module.default);
}

export async function generate(): Promise<object> {
	const plugins = await bundledPlugins();
	return configurationSchema({
		managers: plugins.filter((plugin) => plugin.type === "manager"),
		mechanisms: plugins.filter((plugin) => plugin.type === "mechanism"),
	});
}

async function main(): Promise<void> {
	const schema = await generate();
	if (!process.argv.includes("--check")) {
		await mkdir(dirname(schemaFile), { recursive: true });
		await writeFile(schemaFile, JSON.stringify(schema));
		// The repository's formatter has the last word on how the file looks.
		await promisify(execFile)("biome", ["format", "--write", schemaFile], { env: withLocalBinaries() });
		return;
	}
	const written: unknown = JSON.parse(await readFile(schemaFile, "utf8").catch(() => "null"));
	if (!isDeepStrictEqual(written, JSON.parse(JSON.stringify(schema)))) {
		console.error(`${schemaFile} is not up to date; run: node scripts/generate-config-schema.ts`);
		process.exitCode = 1;
	}
}

function withLocalBinaries(): NodeJS.ProcessEnv {
	const binaries = fileURLToPath(new URL("../node_modules/.bin", import.meta.url));
	return { ...process.env, PATH: [binaries, process.env.PATH].join(delimiter) };
}

if (import.meta.main) {
	await main();
}
