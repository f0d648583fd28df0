/** `plugins new`: what it writes is a plugin that passes its tests, from a checkout and from the registry. */
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import type { ManagerPlugin, MechanismPlugin } from "@posthaste/core";
import { findBinary, scratchFolder } from "@posthaste/real-servers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { complaintAboutName, type WrittenPlugin, writePlugin } from "./new-plugin.ts";
import { run } from "./testing/run.ts";

const execute = promisify(execFile);
const program = fileURLToPath(new URL("../..", import.meta.url));
const root = fileURLToPath(new URL("../../../..", import.meta.url));
const types = ["mechanism", "manager"] as const;

interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly files?: readonly string[];
	readonly dependencies?: Readonly<Record<string, string>>;
	readonly devDependencies?: Readonly<Record<string, string>>;
	readonly peerDependencies?: Readonly<Record<string, string>>;
}

function manifestIn(folder: string): Manifest {
	return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
beforeEach(async () => {
	scratch = await scratchFolder();
});
afterEach(() => scratch.remove());

const make = (...args: readonly string[]) => run(["plugins", "new", ...args], { cwd: scratch.path });

describe.each(types)("a new %s", (type) => {
	test("is a package of its name whose plugin says the same", async () => {
		const { code, stdout } = await make(type, "night-watch");
		expect(code).toBe(0);
		expect(stdout).toContain("cd ./night-watch && npm install && npm test");
		const folder = join(scratch.path, "night-watch");
		const { name, version, peerDependencies } = manifestIn(folder);
		expect(name).toBe(`posthaste-${type}-night-watch`);
		expect(Object.keys(peerDependencies ?? {})).toEqual(["@posthaste/core", "typebox"]);
		await mkdir(join(folder, "node_modules/@posthaste"), { recursive: true });
		await symlink(join(root, "packages/core"), join(folder, "node_modules/@posthaste/core"));
		await symlink(join(root, "node_modules/typebox"), join(folder, "node_modules/typebox"));
		const source = `console.log(JSON.stringify((await import(${JSON.stringify(join(folder, "plugin.ts"))})).default))`;
		const shown = await execute(process.execPath, ["--input-type=module", "--eval", source]);
		const plugin: ManagerPlugin | MechanismPlugin = JSON.parse(shown.stdout);
		expect(plugin).toMatchObject({ type, id: "night-watch", version, apiVersion: 1, title: "Night watch" });
	});

	test("has nothing of the template's name left in it", () => {
		const { folder, files } = writePlugin({ type, name: "night-watch", folder: join(scratch.path, "made") });
		expect(readdirSync(folder).sort()).toEqual([...files].sort());
		expect(files).toContain(".gitignore");
		for (const file of files) {
			expect(readFileSync(join(folder, file), "utf8"), file).not.toMatch(/plugin[- ]name/i);
		}
	});

	test("is developed with what this checkout has", () => {
		const { folder, linked } = writePlugin({ type, name: "hook", folder: join(scratch.path, "made") });
		expect(linked).toBe(true);
		for (const [name, from] of Object.entries(manifestIn(folder).devDependencies ?? {})) {
			expect(from).toMatch(/^file:\//);
			expect(manifestIn(from.slice("file:".length)).name).toBe(name);
		}
	});

	test("is developed with what the registry has, where the program was installed from there", async () => {
		const installed = await installedProgram();
		const written: WrittenPlugin = installed.writePlugin({ type, name: "hook", folder: join(scratch.path, "made") });
		expect(written.linked).toBe(false);
		const { devDependencies } = manifestIn(written.folder);
		expect(devDependencies).toEqual(manifestIn(join(program, "templates", type)).devDependencies);
	});

	test("passes its tests and type checks with the contract as npm packs it", { timeout: 60_000 }, async () => {
		const { folder } = writePlugin({ type, name: "hook", folder: join(scratch.path, "made") });
		await installPacked(folder);
		const { stdout } = await execute(process.execPath, [join(root, "node_modules/vitest/vitest.mjs"), "run"], {
			cwd: folder,
			env: { PATH: process.env.PATH, HOME: scratch.path, NO_COLOR: "1" },
		});
		expect(stdout).toMatch(/Test Files +1 passed/);
		const tsc = realpathSync(join(root, "node_modules/.bin/tsc"));
		await execute(process.execPath, [tsc, "-p", "."], { cwd: folder });
	});

	test("asks for the versions that this repository is tested with", () => {
		const { devDependencies = {}, peerDependencies = {} } = manifestIn(join(program, "templates", type));
		const core = manifestIn(join(root, "packages/core"));
		const known = {
			...manifestIn(root).devDependencies,
			...core.dependencies,
			"@posthaste/core": `^${core.version}`,
		} as Record<string, string>;
		for (const [name, range] of [...Object.entries(devDependencies), ...Object.entries(peerDependencies)]) {
			expect([name, range]).toEqual([name, known[name]]);
		}
	});
});

/** What writes plugins, as it is when it lies below node_modules. */
async function installedProgram(): Promise<typeof import("./new-plugin.ts")> {
	const modules = join(scratch.path, "node_modules");
	const file = join(modules, "posthaste/src/cli/new-plugin.js");
	await mkdir(dirname(file), { recursive: true });
	await mkdir(join(modules, "@posthaste/core"), { recursive: true });
	await cp(join(program, "templates"), join(modules, "posthaste/templates"), { recursive: true });
	await cp(join(root, "packages/core/package.json"), join(modules, "@posthaste/core/package.json"));
	await writeFile(join(modules, "posthaste/package.json"), '{ "name": "posthaste", "type": "module" }');
	const source = readFileSync(fileURLToPath(new URL("new-plugin.ts", import.meta.url)), "utf8");
	await writeFile(file, stripTypeScriptTypes(source));
	return import(pathToFileURL(file).href);
}

/** The contract as a package below node_modules, and everything else as it is here. */
async function installPacked(folder: string): Promise<void> {
	const modules = join(folder, "node_modules");
	const core = join(modules, "@posthaste/core");
	await mkdir(core, { recursive: true });
	const npm = findBinary("npm") ?? "npm";
	const packed = await execute(npm, ["pack", "--json", "--pack-destination", scratch.path], {
		cwd: join(root, "packages/core"),
	});
	const [{ filename }] = JSON.parse(packed.stdout);
	await execute("tar", ["-xzf", join(scratch.path, filename), "-C", core, "--strip-components=1"]);
	const needed = { ...manifestIn(folder).devDependencies, ...manifestIn(core).dependencies };
	for (const name of Object.keys(needed).filter((one) => one !== "@posthaste/core")) {
		await mkdir(dirname(join(modules, name)), { recursive: true });
		await symlink(join(root, "node_modules", name), join(modules, name));
	}
}

describe("refuses", () => {
	test.each(["Hook", "1st", "-x", "a--b", "a-", "a_b", "a b", "../up", "@me/hook", "", "x".repeat(65)])(
		"the name %j",
		(name) => {
			expect(complaintAboutName(name)).toMatch(/^a plugin's name /);
		},
	);

	test("a name that is none, and writes nothing", async () => {
		const { code, stderr } = await make("mechanism", "../Up");
		expect(code).toBe(exitCodes.usage.code);
		expect(stderr).toContain("../Up is no name for a plugin");
		expect(readdirSync(scratch.path)).toEqual([]);
	});

	test("a folder in which there is something", async () => {
		await writeFile(join(scratch.path, "mine.txt"), "mine");
		const { code, stderr } = await make("mechanism", "hook", "--folder", ".");
		expect(code).toBe(exitCodes.usage.code);
		expect(stderr).toContain("is not empty");
		expect(readdirSync(scratch.path)).toEqual(["mine.txt"]);
	});

	test("a folder that is a file", async () => {
		await writeFile(join(scratch.path, "hook"), "mine");
		const { code, stderr } = await make("mechanism", "hook");
		expect(code).toBe(exitCodes.usage.code);
		expect(stderr).toContain("The plugin cannot be made");
	});

	test("what is neither a mechanism nor a manager", async () => {
		const { code, stderr } = await make("thing", "hook");
		expect(code).toBe(exitCodes.usage.code);
		expect(stderr).toContain("mechanism, manager");
	});
});

test("a repository that was made beforehand is no hindrance", async () => {
	await mkdir(join(scratch.path, "hook/.git"), { recursive: true });
	const { code, stdout } = await make("manager", "hook", "--json");
	expect(code).toBe(0);
	expect(JSON.parse(stdout)).toMatchObject({
		folder: realpathSync(join(scratch.path, "hook")),
		package: "posthaste-manager-hook",
		linked: true,
	});
});

test("the templates are packed with the program", async () => {
	const npm = findBinary("npm") ?? "npm";
	const { stdout } = await execute(npm, ["pack", "--dry-run", "--json"], { cwd: program });
	const [{ files }] = JSON.parse(stdout) as [{ files: readonly { readonly path: string }[] }];
	const packed = files.map(({ path }) => path);
	for (const type of types) {
		for (const file of readdirSync(join(program, "templates", type), { withFileTypes: true })) {
			if (file.isFile()) {
				expect(packed).toContain(`templates/${type}/${file.name}`);
			}
		}
	}
});
