/**
 * The running program, with real servers around it: its own process over HTTP, a mail server over
 * SMTP, a pager terminal over SNPP, and John's IM window over WebSocket.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { MessageDocument, PromptDocument } from "@posthaste/core";
import { InboxClient, type InboxMessage, socketUrl } from "@posthaste/mechanism-web/client";
import { scratchFolder } from "@posthaste/real-servers";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { type MailServer, startMailServer } from "../../packages/posthaste/src/demo/mail-server.ts";
import { type PagerTerminal, startPagerTerminal } from "../../packages/posthaste/src/demo/pager-terminal.ts";

const binary = fileURLToPath(new URL("../../packages/posthaste/bin/posthaste.js", import.meta.url));

export interface Program {
	readonly mail: MailServer;
	readonly pager: PagerTerminal;
	/** Asks the API; the parsed body and the status. */
	api<Body>(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly body: Body }>;
	send(draft?: object): Promise<string>;
	get(message: string): Promise<MessageDocument>;
	/** The message once every delivery of it is final. */
	ended(message: string): Promise<MessageDocument>;
	/** The message once it is as wanted, looked at with every event. */
	until(message: string, holds: (document: MessageDocument) => boolean): Promise<MessageDocument>;
	/** The question about a message, once it is open. */
	question(message: string): Promise<PromptDocument>;
	answer(prompt: PromptDocument, answer: "yes" | "no"): Promise<number>;
	/** Signs John in; each message that comes is confirmed as shown, unless he is told to ignore them. */
	signIn(options?: { readonly ignore?: boolean }): Promise<Window>;
	/** Resolves when the program knows that John has no window open. */
	gone(): Promise<void>;
	/** Ends the program without notice and starts it again over the same folder. */
	killAndRestart(): Promise<void>;
	rewriteConfiguration(text: string): Promise<void>;
	close(): Promise<void>;
}

export interface Window {
	readonly shown: readonly InboxMessage[];
	acknowledge(): void;
	signOut(): void;
}

export async function startProgram(configuration: (urls: { mail: string; pager: string }) => string): Promise<Program> {
	const folder = await scratchFolder();
	const mail = await startMailServer({ mailboxes: ["jsmith@example.com"] });
	const pager = await startPagerTerminal({ pagers: ["5551234"] });
	const file = join(folder.path, "posthaste.yaml");
	await writeFile(file, configuration({ mail: mail.url, pager: pager.url }));
	let child = await launch(folder.path, file);
	const windows: InboxClient[] = [];

	const api: Program["api"] = async (method, path, body) => {
		const response = await fetch(`${child.url}${path}`, {
			method,
			...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
		});
		const text = await response.text();
		return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
	};
	const get = async (message: string) => (await api<MessageDocument>("GET", `/v1/messages/${message}`)).body;
	const program: Program = {
		mail,
		pager,
		api,
		get,
		async send(draft = {}) {
			const { status, body } = await api<{ id: string }>("POST", "/v1/messages", {
				to: ["jsmith"],
				from: "mary",
				body: "The build is broken",
				...draft,
			});
			if (status !== 202) {
				throw new Error(`not accepted: ${status} ${JSON.stringify(body)}`);
			}
			return body.id;
		},
		ended: (message) => program.until(message, () => false),
		async until(message, holds) {
			const response = await fetch(`${child.url}/v1/messages/${message}/events`);
			const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
			if (events === undefined) {
				throw new Error(`no events of ${message}`);
			}
			for await (const { event } of events) {
				const document = await get(message);
				if (event === "end" || holds(document)) {
					return document;
				}
			}
			throw new Error(`the events of ${message} ended early`);
		},
		async question(message) {
			await program.until(message, ({ deliveries }) =>
				deliveries.some(({ journal }) => journal.some(({ type }) => type === "prompt")),
			);
			const { body } = await api<{ items: PromptDocument[] }>("GET", `/v1/prompts?message=${message}`);
			const [prompt] = body.items;
			if (prompt === undefined) {
				throw new Error(`message ${message} ended without a question`);
			}
			return prompt;
		},
		answer: async (prompt, answer) => (await api("POST", `/v1/prompts/${prompt.id}/answer`, { answer })).status,
		async signIn({ ignore = false } = {}) {
			const shown: InboxMessage[] = [];
			const client = new InboxClient({
				url: socketUrl(child.url, "im2"),
				inbox: "jsmith",
				leastPause: 50,
				longestPause: 200,
			});
			windows.push(client);
			client.onMessage((message) => {
				shown.push(message);
				if (!ignore) {
					client.received(message.attempt);
				}
			});
			const { promise, resolve } = Promise.withResolvers<void>();
			client.onState(({ state }) => state === "open" && resolve());
			await promise;
			return {
				shown,
				acknowledge: () => client.acknowledge(shown.at(-1)?.attempt ?? ""),
				signOut: () => client.close(),
			};
		},
		async gone() {
			const draft = { to: ["jsmith"], from: "mary", body: "Is he there?" };
			for (let tries = 0; tries < 200; tries++) {
				const { body } = await api<{ deliveries: { tree: { node: string } }[] }>("POST", "/v1/explain", draft);
				if (body.deliveries[0]?.tree.node === "passed-over") {
					return;
				}
				await delay(50);
			}
			throw new Error("the program still believes that John has a window open");
		},
		async killAndRestart() {
			await child.end("SIGKILL");
			child = await launch(folder.path, file, new URL(child.url).host);
		},
		rewriteConfiguration: (text) => writeFile(file, text),
		async close() {
			for (const window of windows) {
				window.close();
			}
			await child.end("SIGTERM");
			await Promise.all([mail.close(), pager.close()]);
			await folder.remove();
		},
	};
	return program;
}

async function launch(folder: string, config: string, listen = "127.0.0.1:0") {
	const args = [
		"serve",
		"--listen",
		listen,
		"--data",
		join(folder, "data"),
		"--config",
		config,
		"--log-level",
		"error",
	];
	const child = spawn(process.execPath, [binary, ...args], { stdio: ["ignore", "pipe", "inherit"] });
	const gone = once(child, "exit");
	const lines = createInterface({ input: child.stdout });
	const first = await Promise.race([once(lines, "line"), gone.then(() => undefined)]);
	if (first === undefined) {
		throw new Error(`the program ended at once with ${child.exitCode}`);
	}
	const url = /http:\S+/.exec(String(first[0]))?.[0] ?? "";
	return {
		url,
		async end(signal: "SIGTERM" | "SIGKILL") {
			child.kill(signal);
			await gone;
		},
	};
}
