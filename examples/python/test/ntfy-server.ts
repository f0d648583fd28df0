/**
 * A test server that takes what an ntfy server takes (https://docs.ntfy.sh/publish/#publish-as-json) and
 * answers as it does. It is not ntfy: it keeps what came for the test to read.
 */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

export interface Published {
	readonly topic: string;
	readonly message: string;
	readonly title?: string;
	readonly priority: number;
	readonly markdown: boolean;
}

export interface NtfyServer {
	readonly url: string;
	readonly published: readonly (Published & { readonly headers: IncomingHttpHeaders })[];
	/** From now on it takes what comes and answers nothing, until `answerAll`. */
	fallSilent(): void;
	/** Answers everything that waits, and what comes from now on. */
	answerAll(): void;
	/** From now on it answers so. */
	answerWith(status: number, body: object, headers?: Readonly<Record<string, string>>): void;
	/** Once this many messages have come, answered or not. */
	came(count: number): Promise<void>;
	close(): Promise<void>;
}

/** Bytes of a message that ntfy shows as text; what is longer would be an attachment. */
const longest = 4096;

export async function startNtfyServer(): Promise<NtfyServer> {
	const published: (Published & { headers: IncomingHttpHeaders })[] = [];
	const arrivals = new EventTarget();
	let waiting: (() => void)[] | undefined;
	let fixed: { status: number; body: object; headers?: Readonly<Record<string, string>> } | undefined;

	const answer: RequestListener = async (request, response) => {
		const reply = (status: number, body: object, headers = {}) =>
			response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
		if (request.url === "/v1/health") {
			reply(200, { healthy: true });
			return;
		}
		const message: Published = JSON.parse(await text(request));
		published.push({ ...message, headers: request.headers });
		const usual = () =>
			Buffer.byteLength(message.message) > longest
				? reply(413, { code: 41301, http: 413, error: "attachment too large, or bandwidth limit reached" })
				: reply(200, { id: `m${published.length}`, time: 1, event: "message", topic: message.topic });
		const act = () => (fixed === undefined ? usual() : reply(fixed.status, fixed.body, fixed.headers));
		waiting === undefined ? act() : waiting.push(act);
		arrivals.dispatchEvent(new Event("came"));
	};
	const server = createServer(answer).listen(0, "127.0.0.1");
	await once(server, "listening");
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		published,
		fallSilent: () => {
			waiting ??= [];
		},
		answerAll() {
			const all = waiting ?? [];
			waiting = undefined;
			for (const act of all) {
				act();
			}
		},
		answerWith(status, body, headers = {}) {
			fixed = { status, body, headers };
		},
		async came(count) {
			const signal = AbortSignal.timeout(15_000);
			while (published.length < count) {
				await once(arrivals, "came", { signal });
			}
		},
		async close() {
			server.closeAllConnections();
			server.close();
			await once(server, "close");
		},
	};
}

async function text(stream: AsyncIterable<Buffer>): Promise<string> {
	const parts: Buffer[] = [];
	for await (const part of stream) {
		parts.push(part);
	}
	return Buffer.concat(parts).toString();
}
