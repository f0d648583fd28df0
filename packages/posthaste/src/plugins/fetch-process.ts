/**
 * Fetches a plugin's package and what it depends on, with npm's own libraries. It runs in a process of
 * its own, so that the program neither loads them nor keeps what they hold. Scripts of packages never run.
 */
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import Arborist from "@npmcli/arborist";
import pacote from "pacote";
import type { Fetched, FetchRequest } from "./fetch.ts";

const require = createRequire(import.meta.url);

process.once("message", async (request: FetchRequest) => {
	let answer: { readonly fetched: Fetched } | { readonly error: string };
	try {
		answer = { fetched: await fetchPackage(request) };
	} catch (error) {
		answer = { error: error instanceof Error ? error.message : String(error) };
	}
	process.send?.(answer, () => process.disconnect());
});

async function fetchPackage({ spec, folder, where }: FetchRequest): Promise<Fetched> {
	const options = { ...(await npmSettings(where)), where, Arborist, ignoreScripts: true, audit: false };
	const { resolved, integrity } = await pacote.extract(spec, folder, options);
	if (await leavesOutWhatIsLent(folder)) {
		const tree = new Arborist({ ...options, path: folder, legacyPeerDeps: true });
		await tree.reify({ ...options, omit: ["dev", "peer"], save: false } as Arborist.ReifyOptions);
	}
	return { resolved, integrity: integrity ?? "" };
}

/** Registries, proxies and credentials as the user's npm has them. */
async function npmSettings(cwd: string): Promise<Record<string, unknown>> {
	const Config = require("@npmcli/config");
	const { definitions, shorthands, flatten } = require("@npmcli/config/lib/definitions");
	const npmPath = join(require.resolve("@npmcli/config/package.json"), "..");
	const config = new Config({ npmPath, definitions, shorthands, flatten, argv: [], cwd, env: process.env });
	await config.load();
	return config.flat;
}

const lent = ["@posthaste/core", "typebox"];

/** The program brings the contract itself. Answers whether anything else is depended on. */
async function leavesOutWhatIsLent(folder: string): Promise<boolean> {
	const path = join(folder, "package.json");
	const json = JSON.parse(await readFile(path, "utf8"));
	const dependencies: Record<string, string> = json.dependencies ?? {};
	const others = Object.entries(dependencies).filter(([name]) => !lent.includes(name));
	// What its author tests with is no part of it, and may be nowhere to be found.
	const { devDependencies: _, ...rest } = json;
	await writeFile(path, JSON.stringify({ ...rest, dependencies: Object.fromEntries(others) }, undefined, "\t"));
	return others.length > 0;
}
