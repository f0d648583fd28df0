/** The same manager and the same mechanism in each way that a plugin can run, as folders and as programs. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Program } from "../packages/posthaste/src/plugins/wire.ts";

export const styles = ["inline", "thread", "process", "command"] as const;
export type Style = (typeof styles)[number];
export const remoteStyles = ["thread", "process", "command"] as const;
export type RemoteStyle = (typeof remoteStyles)[number];
export type PluginType = "manager" | "mechanism";

export function idOf(type: PluginType, style: Style): string {
	return `bench-${type}-${style}`;
}

/** Makes a package that can be installed. Answers its folder. */
export async function makePackage(root: string, type: PluginType, style: RemoteStyle): Promise<string> {
	const name = idOf(type, style);
	const folder = join(root, name);
	await mkdir(folder, { recursive: true });
	const source = await readFile(new URL(`plugins/${fileOf(type, style)}`, import.meta.url), "utf8");
	await writeFile(join(folder, fileOf(type, style)), source.replace(idOf(type, "inline"), name));
	const main =
		style === "command" ? { posthaste: { command: commandOf(type) } } : { exports: `./${fileOf(type, style)}` };
	await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.0.0", type: "module", ...main }));
	return folder;
}

/** What is started, for a package made here. */
export function programOf(folder: string, type: PluginType, style: RemoteStyle): Program {
	const main =
		style === "command" ? { command: commandOf(type) } : ({ module: join(folder, fileOf(type, style)) } as const);
	return { folder, main, isolation: style === "thread" ? "thread" : "process", memory: 128, grants: {} };
}

function fileOf(type: PluginType, style: RemoteStyle): string {
	return style === "command" ? "speaker.ts" : `${type}.ts`;
}

function commandOf(type: PluginType): string[] {
	return [process.execPath, "speaker.ts", type, idOf(type, "command")];
}
