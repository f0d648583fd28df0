/** A plugin in a process of its own, under Node's permission model. */
import { fork } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { whenGone } from "./child.ts";
import { LastWords, readOutput } from "./output.ts";
import type { Grants, Program, Wire, WireListener } from "./wire.ts";

const runner = new URL("./runner/main.ts", import.meta.url);

export function openProcess({ folder, memory, grants }: Program, module: string, listener: WireListener): Wire {
	const child = fork(fileURLToPath(runner), [module], {
		cwd: folder,
		env: {},
		execArgv: [`--max-old-space-size=${memory}`, "--permission", ...permissions(folder, grants)],
		serialization: "advanced",
		stdio: ["ignore", "pipe", "pipe", "ipc"],
		detached: true,
	});
	const words = new LastWords();
	readOutput(child.stdout, (line) => listener.onOutput(line));
	readOutput(child.stderr, (line) => {
		words.hear(line);
		listener.onOutput(line);
	});
	child.on("message", (message) => listener.onMessage(message));
	child.on("error", (error) => listener.onEnd(`its process broke: ${error.message}`));
	const kill = whenGone(child, (how) => listener.onEnd(words.after(`its process ended with ${how}`, memory)));
	return {
		send: (message) => void (child.connected && child.send(message, () => undefined)),
		kill,
	};
}

/** Node's permission model: what is not listed is refused. https://nodejs.org/api/permissions.html */
function permissions(folder: string, { read = [], write = [], childProcesses, workers }: Grants): string[] {
	return [
		...[folder, ...lent(), ...read].map((path) => `--allow-fs-read=${path}`),
		...write.map((path) => `--allow-fs-write=${path}`),
		...(childProcesses === true ? ["--allow-child-process"] : []),
		...(workers === true ? ["--allow-worker"] : []),
	];
}

/** The program's own code, which a plugin's process needs: the runner, the contract, and what these import. */
function lent(): string[] {
	const source = dirname(fileURLToPath(new URL(".", import.meta.url)));
	const found = [source, join(source, "..", "package.json")];
	for (const name of ["@posthaste/core", "json-rpc-2.0", "typebox"]) {
		const entry = fileURLToPath(import.meta.resolve(name));
		found.push(modulesAbove(entry) ?? join(dirname(entry), ".."));
	}
	return [...new Set(found), ...packagesAbove(source)];
}

function modulesAbove(path: string): string | undefined {
	const at = path.lastIndexOf("/node_modules/");
	return at < 0 ? undefined : path.slice(0, at + "/node_modules".length);
}

/** Node looks for a package.json in each folder above, to tell modules from scripts. */
function packagesAbove(folder: string): string[] {
	const found: string[] = [];
	for (let at = folder; at !== dirname(at); at = dirname(at)) {
		found.push(join(at, "package.json"));
	}
	return found;
}
