/** Writes a new plugin's folder from the templates, which are plugins themselves and are tested as such. */
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { basename, dirname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

export type PluginType = "mechanism" | "manager";

export interface NewPlugin {
	readonly type: PluginType;
	/** Its identifier, as in `use`: see {@link complaintAboutName}. */
	readonly name: string;
	readonly folder: string;
}

export interface WrittenPlugin {
	/** Absolute. */
	readonly folder: string;
	readonly package: string;
	readonly files: readonly string[];
	/** Whether what it is developed with comes from this checkout of Posthaste and not from the registry. */
	readonly linked: boolean;
}

const templates = fileURLToPath(new URL("../../templates/", import.meta.url));
const longest = 64;

/** What is wrong with a name, if anything. */
export function complaintAboutName(name: string): string | undefined {
	if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name)) {
		return "a plugin's name is lower-case letters and digits, with single hyphens between, and begins with a letter";
	}
	return name.length > longest ? `a plugin's name has at most ${longest} characters` : undefined;
}

/** @throws Error when the folder exists and is not empty, or cannot be written */
export function writePlugin({ type, name, folder }: NewPlugin): WrittenPlugin {
	const target = resolve(folder);
	demandEmpty(target);
	mkdirSync(target, { recursive: true });
	const template = join(templates, type);
	const checkout = isCheckout();
	const files = readdirSync(template, { withFileTypes: true })
		.filter((entry) => entry.isFile())
		.map((entry) => entry.name)
		.sort();
	for (const file of files) {
		const text = named(readFileSync(join(template, file), "utf8"), name);
		const written = file === "package.json" && checkout ? linked(text) : text;
		writeFileSync(join(target, nameOf(file)), written, { flag: "wx" });
	}
	return {
		folder: target,
		package: `posthaste-${type}-${name}`,
		files: files.map(nameOf),
		linked: checkout,
	};
}

/** A repository that was made beforehand does not count. */
function demandEmpty(folder: string): void {
	let entries: readonly string[];
	try {
		entries = readdirSync(folder);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === "ENOENT") {
			return;
		}
		throw error;
	}
	if (entries.some((entry) => entry !== ".git")) {
		throw new Error(`${folder} is not empty`);
	}
}

/** npm leaves a file of this name out of packages, so the template's has no dot. */
function nameOf(file: string): string {
	return file === "gitignore" ? ".gitignore" : file;
}

function named(text: string, name: string): string {
	const title = `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("-", " ")}`;
	return text.replaceAll("plugin-name", name).replaceAll("Plugin name", title);
}

/** Where a package is that this program sees, or nothing. */
function folderOf(name: string): string | undefined {
	try {
		const manifest = findPackageJSON(name, import.meta.url);
		return manifest === undefined ? undefined : realpathSync(dirname(manifest));
	} catch {
		return undefined;
	}
}

/** In a checkout of the repository the contract is a folder beside this one; installed, it lies below node_modules. */
function isCheckout(): boolean {
	const core = folderOf("@posthaste/core");
	return core !== undefined && basename(core) === "core" && !core.includes(`${sep}node_modules${sep}`);
}

/** Takes what the plugin is developed with from this checkout, so that nothing has to be published for it. */
function linked(text: string): string {
	const manifest = JSON.parse(text) as { devDependencies: Record<string, string> };
	for (const name of Object.keys(manifest.devDependencies)) {
		const folder = folderOf(name);
		if (folder !== undefined) {
			manifest.devDependencies[name] = `file:${folder}`;
		}
	}
	return `${JSON.stringify(manifest, undefined, "\t")}\n`;
}
