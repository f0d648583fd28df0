/** Gets a plugin's package into a folder: from a registry, a tarball, a repository or another folder. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PosthasteError } from "@posthaste/core";

export interface FetchRequest {
	/** As `npm install` takes it: `name`, `name@1.2.0`, an absolute path, a URL. */
	readonly spec: string;
	/** The package's files go here. */
	readonly folder: string;
	/** Relative paths and a .npmrc are looked up here. */
	readonly where: string;
}

export interface Fetched {
	/** Where it came from. */
	readonly resolved: string;
	/** Subresource integrity of the tarball, as in a package-lock.json. */
	readonly integrity: string;
}

const limit = 300_000;

/** @throws PosthasteError `plugin-not-fetched` */
export async function fetchPackage(request: FetchRequest): Promise<Fetched> {
	await demandSpec(request);
	return fetchElsewhere(request);
}

/** What can name no package is said at once: no process is started for it, and no registry asked. */
async function demandSpec({ spec, where }: FetchRequest): Promise<void> {
	// Loaded when it is needed: most programs never install a plugin.
	const { default: parseSpec } = await import("npm-package-arg");
	try {
		if (spec.trim() === "") {
			throw new Error("it is empty");
		}
		parseSpec(spec, where);
	} catch (error) {
		const detail = error instanceof Error ? error.message : String(error);
		throw new PosthasteError("plugin-not-fetched", `"${spec}" names no package, folder or address: ${detail}`);
	}
}

function fetchElsewhere(request: FetchRequest): Promise<Fetched> {
	return new Promise((resolve, reject) => {
		const child = fork(fileURLToPath(new URL("./fetch-process.ts", import.meta.url)), {
			execArgv: [],
			stdio: ["ignore", "ignore", "pipe", "ipc"],
		});
		let said = "";
		child.stderr?.on("data", (chunk: Buffer) => {
			said = `${said}${chunk}`.slice(-2000);
		});
		const fail = (detail: string) =>
			reject(new PosthasteError("plugin-not-fetched", `${request.spec} could not be fetched: ${detail}`));
		const late = setTimeout(() => {
			child.kill("SIGKILL");
			fail(`it took more than ${limit / 1000} seconds`);
		}, limit);
		child.on("message", (answer: { fetched: Fetched } | { error: string }) =>
			"fetched" in answer ? resolve(answer.fetched) : fail(answer.error),
		);
		child.on("error", (error) => fail(error.message));
		child.on("exit", () => {
			clearTimeout(late);
			fail(said.trim() || "the process that fetches ended early");
		});
		child.send(request);
	});
}
