/** The running program, with the plugins in Python installed by its own command. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MessageDocument } from "@posthaste/core";
import { scratchFolder } from "@posthaste/real-servers";
import { EventSourceParserStream } from "eventsource-parser/stream";

const binary = fileURLToPath(new URL("../../../packages/posthaste/bin/posthaste.js", import.meta.url));

export interface Running {
	/** Runs `posthaste` against it; what it printed. */
	command(...args: string[]): Promise<string>;
	/** Makes this its configuration. */
	apply(yaml: string): Promise<void>;
	api<Body>(method: string, path: string, body?: unknown): Promise<Body>;
	send(draft: object): Promise<string>;
	/** The message once it is as wanted, looked at with every event, or at its end. */
	until(message: string, holds: (document: MessageDocument) => boolean): Promise<MessageDocument>;
	/** Ends what runs a plugin, as `kill -9` does. */
	killPlugin(script: string): Promise<void>;
	close(): Promise<void>;
}

export async function startProgram(): Promise<Running> {
	const folder = await scratchFolder();
	const config = join(folder.path, "empty.yaml");
	await writeFile(config, "users: {}\n");
	const data = join(folder.path, "data");
	const args = ["serve", "--listen", "127.0.0.1:0", "--data", data, "--config", config, "--log-level", "error"];
	const child = spawn(process.execPath, [binary, ...args], { stdio: ["ignore", "pipe", "inherit"] });
	const gone = once(child, "exit");
	const first = await Promise.race([once(createInterface({ input: child.stdout }), "line"), gone]);
	const url = /http:\S+/.exec(String(first[0]))?.[0];
	if (url === undefined) {
		throw new Error(`the program did not come up: ${first[0]}`);
	}

	const api: Running["api"] = async (method, path, body) => {
		const response = await fetch(`${url}${path}`, {
			method,
			...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
		});
		const text = await response.text();
		if (!response.ok) {
			throw new Error(`${method} ${path}: ${response.status} ${text}`);
		}
		return text === "" ? undefined : JSON.parse(text);
	};
	const command: Running["command"] = async (...words) => {
		const cli = spawn(process.execPath, [binary, ...words, "--server", url], { stdio: ["ignore", "pipe", "pipe"] });
		let printed = "";
		for (const stream of [cli.stdout, cli.stderr]) {
			stream.setEncoding("utf8").on("data", (text) => {
				printed += text;
			});
		}
		const [code] = await once(cli, "close");
		if (code !== 0) {
			throw new Error(`posthaste ${words.join(" ")}: ${printed}`);
		}
		return printed;
	};
	return {
		api,
		command,
		async apply(yaml) {
			const file = join(folder.path, "applied.yaml");
			await writeFile(file, yaml);
			await command("apply", file, "--yes");
		},
		send: async (draft) => (await api<{ id: string }>("POST", "/v1/messages", draft)).id,
		async until(message, holds) {
			const listening = new AbortController();
			const signal = AbortSignal.any([listening.signal, AbortSignal.timeout(60_000)]);
			const response = await fetch(`${url}/v1/messages/${message}/events`, { signal });
			const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
			try {
				for await (const { event } of events ?? []) {
					const document = await api<MessageDocument>("GET", `/v1/messages/${message}`);
					if (event === "end" || holds(document)) {
						return document;
					}
				}
			} finally {
				listening.abort();
			}
			throw new Error(`the events of ${message} ended early`);
		},
		async killPlugin(script) {
			const [pid] = await childrenRunning(script, child.pid);
			if (pid === undefined) {
				throw new Error(`nothing runs ${script}`);
			}
			process.kill(pid, "SIGKILL");
		},
		async close() {
			child.kill("SIGTERM");
			// A connection that this process opened and has not used yet holds the server's end up; saying it twice does not.
			const impatient = setTimeout(() => child.kill("SIGTERM"), 3000);
			await gone;
			clearTimeout(impatient);
			await folder.remove();
		},
	};
}

/** Children of a process whose command line ends with a word, as Linux tells it. */
async function childrenRunning(script: string, parent: number | undefined): Promise<readonly number[]> {
	const found: number[] = [];
	for (const name of await readdir("/proc")) {
		const [status, words] = await Promise.all(
			["status", "cmdline"].map((file) => readFile(`/proc/${name}/${file}`, "utf8").catch(() => "")),
		);
		if (status?.includes(`PPid:\t${parent}\n`) && words?.split("\0").includes(script)) {
			found.push(Number(name));
		}
	}
	return found;
}
