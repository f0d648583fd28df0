/**
 * Starts real servers for tests. A group of tests names the group of servers it needs; where one is
 * missing the group is skipped, and with POSTHASTE_TEST_SERVERS=required it fails instead.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import groups from "../groups.json" with { type: "json" };

export type ServerGroup = keyof typeof groups;

interface GroupNeeds {
	readonly what: string;
	readonly binaries: readonly string[];
	readonly files?: readonly string[];
	readonly packages: readonly string[];
}

const searched = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/sbin", "/usr/local/sbin"];

/** Where a program is, looking also where Debian keeps servers. */
export function findBinary(name: string): string | undefined {
	return searched.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** What a group lacks on this machine; empty when its tests can run. */
export function missing(group: ServerGroup): readonly string[] {
	const needs: GroupNeeds = groups[group];
	return [
		...needs.binaries.filter((name) => findBinary(name) === undefined),
		...(needs.files ?? []).filter((path) => !existsSync(path)),
	];
}

/** For `describe.runIf`: whether the group can run. Throws where its servers are required. */
export function available(group: ServerGroup): boolean {
	const lacks = missing(group);
	if (lacks.length > 0 && process.env.POSTHASTE_TEST_SERVERS === "required") {
		throw new Error(`tests of "${group}" need ${lacks.join(", ")}: install ${groups[group].packages.join(" ")}`);
	}
	return lacks.length === 0;
}

/** A line for each group that cannot run here, with the remedy. */
export function skippedGroups(): readonly string[] {
	return (Object.keys(groups) as ServerGroup[]).flatMap((group) => {
		const lacks = missing(group);
		const { what, packages } = groups[group];
		return lacks.length === 0
			? []
			: [`${group} (${what}): ${lacks.join(", ")} not found; apt-get install ${packages.join(" ")}`];
	});
}

/** A TCP port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const address = server.address();
	await new Promise((resolve) => server.close(resolve));
	if (address === null || typeof address === "string") {
		throw new Error("no port was given");
	}
	return address.port;
}

/** A folder of its own for one test, removed by `remove`. */
export async function scratchFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
	const path = await mkdtemp(join(tmpdir(), "posthaste-"));
	return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

async function connects(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection({ port, host: "127.0.0.1" });
		socket.once("connect", () => resolve(true));
		socket.once("error", () => resolve(false));
		socket.once("close", () => resolve(false));
		setTimeout(() => socket.destroy(), 20).unref();
	});
}

/** Resolves when something listens on the port of 127.0.0.1; rejects after `within` milliseconds. */
export async function listening(port: number, within = 15_000): Promise<void> {
	const end = Date.now() + within;
	while (Date.now() < end) {
		if (await connects(port)) {
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`nothing listens on 127.0.0.1:${port} after ${within} ms`);
}

export interface RunningServer {
	readonly process: ChildProcess;
	/** What it printed so far, both streams. */
	output(): string;
	/** Ends it, with SIGKILL if it does not go within two seconds. */
	stop(): Promise<void>;
}

/** Runs a server in the foreground until `stop`. */
export function run(
	command: string,
	args: readonly string[],
	options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): RunningServer {
	const child = spawn(findBinary(command) ?? command, args, {
		cwd: options.cwd,
		env: { ...process.env, ...options.env },
		stdio: ["ignore", "pipe", "pipe"],
	});
	let output = "";
	const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
	child.on("error", (error) => {
		output += String(error);
	});
	for (const stream of [child.stdout, child.stderr]) {
		stream?.on("data", (chunk: Buffer) => {
			output += chunk.toString("utf8");
		});
	}
	return {
		process: child,
		output: () => output,
		async stop() {
			if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) {
				return;
			}
			child.kill("SIGTERM");
			const kill = setTimeout(() => child.kill("SIGKILL"), 2000);
			await gone;
			clearTimeout(kill);
		},
	};
}
