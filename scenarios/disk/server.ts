/** The program as a process of its own on a data folder, with a mail server that takes what it sends. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { MessageDocument, PageDocument, Problem, PromptDocument } from "@posthaste/core";

const binary = fileURLToPath(new URL("../../packages/posthaste/bin/posthaste.js", import.meta.url));

export interface Answer<Body> {
	readonly status: number;
	readonly body: Body;
	readonly headers: Headers;
}

export interface Server {
	readonly url: string;
	/** What it wrote to standard error so far. */
	readonly log: () => string;
	readonly running: () => boolean;
	api<Body>(method: string, path: string, body?: unknown): Promise<Answer<Body>>;
	/** Sends one; answers what came of it. */
	post(draft?: object): Promise<Answer<{ id: string } & Problem>>;
	get(message: string): Promise<MessageDocument>;
	/** Every message, whichever page it stands on. */
	all(): Promise<readonly MessageDocument[]>;
	prompt(message: string): Promise<PromptDocument>;
	end(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface Ran {
	readonly code: number;
	readonly stdout: string;
	readonly stderr: string;
}

/** Runs the command to its end. */
export function run(...args: readonly string[]): Promise<Ran> {
	return new Promise((resolve) => {
		execFile(process.execPath, [binary, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
			resolve({ code: typeof error?.code === "number" ? error.code : error === null ? 0 : -1, stdout, stderr });
		});
	});
}

/** A start that is expected to be refused: what the command said, and its exit code. */
export function refusedStart(data: string): Promise<Ran> {
	return run("serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "error");
}

/** @throws Error with what the program said when it does not start */
export async function startServer(data: string): Promise<Server> {
	const args = ["serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "info"];
	const child = spawn(process.execPath, [binary, ...args], { stdio: ["ignore", "pipe", "pipe"] });
	let log = "";
	child.stderr.setEncoding("utf8").on("data", (text: string) => {
		log += text;
	});
	const gone = once(child, "exit");
	const lines = createInterface({ input: child.stdout });
	const first = await Promise.race([once(lines, "line"), gone.then(() => undefined)]);
	if (first === undefined) {
		throw new Error(`the program ended at once with ${child.exitCode}: ${log}`);
	}
	return { ...serverAt(/http:\S+/.exec(String(first[0]))?.[0] ?? ""), ...processOf() };

	function processOf() {
		return {
			log: () => log,
			running: () => child.exitCode === null && child.signalCode === null,
			async end(signal: "SIGTERM" | "SIGKILL" = "SIGTERM") {
				child.kill(signal);
				await gone;
			},
		};
	}
}

function serverAt(url: string): Omit<Server, "log" | "running" | "end"> {
	const api: Server["api"] = async (method, path, body) => {
		const response = await fetch(`${url}${path}`, {
			method,
			...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
		});
		const text = await response.text();
		return { status: response.status, body: text === "" ? undefined : JSON.parse(text), headers: response.headers };
	};
	return {
		url,
		api,
		post: (draft = {}) => api("POST", "/v1/messages", { to: ["jsmith"], from: "mary", body: "A word", ...draft }),
		get: async (message) => (await api<MessageDocument>("GET", `/v1/messages/${message}`)).body,
		async all() {
			const items: MessageDocument[] = [];
			let next: string | undefined;
			do {
				const query = next === undefined ? "" : `&cursor=${encodeURIComponent(next)}`;
				const { body } = await api<PageDocument<MessageDocument>>("GET", `/v1/messages?limit=200${query}`);
				items.push(...body.items);
				next = body.next;
			} while (next !== undefined);
			return items;
		},
		prompt: (message) =>
			eventually(`a question about ${message}`, async () => {
				const { body } = await api<PageDocument<PromptDocument>>("GET", `/v1/prompts?message=${message}`);
				return body.items[0];
			}),
	};
}

/** Looks until there is something to see, for half a minute at the most. */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
	const end = Date.now() + 30_000;
	while (Date.now() < end) {
		const seen = await look();
		if (seen !== undefined && seen !== false) {
			return seen;
		}
		await delay(50);
	}
	throw new Error(`there never was ${what}`);
}

/**
 * John has mail and no window open. `asking` asks before it mails him; `mailing` just does.
 * @param mail the mail server's address
 */
export async function define(server: Server, mail: string): Promise<void> {
	const steps = (list: readonly object[]) => ({
		use: "sequence",
		configurations: [{ name: "normal", settings: { steps: list } }],
	});
	const definitions = {
		"mechanisms/im2": { use: "web" },
		"mechanisms/email": { use: "email", settings: { url: mail, from: "posthaste@example.com" } },
		"users/jsmith": {
			name: "John Smith",
			mechanisms: [
				{ mechanism: "im2", address: { inbox: "jsmith" } },
				{ mechanism: "email", address: { email: "jsmith@example.com" } },
			],
		},
		"managers/mailing": steps([{ attempt: ["email"] }]),
		"managers/asking": steps([
			{ ask: "Mail {recipient.name}?", within: "1h", otherwise: "no" },
			{ attempt: ["email"] },
		]),
		selection: { rules: [{ manager: "mailing" }] },
	};
	for (const [path, definition] of Object.entries(definitions)) {
		const { status, body } = await server.api("PUT", `/v1/${path}`, definition);
		if (status >= 300) {
			throw new Error(`${path}: ${JSON.stringify(body)}`);
		}
	}
}
