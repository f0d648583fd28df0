/** A server that answers what a test wrote for it, in the shapes of the real one, and remembers what it was asked. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { PosthasteError } from "@posthaste/core";

export interface ScriptedRequest {
	readonly method: string;
	readonly path: string;
	readonly query: URLSearchParams;
	readonly headers: IncomingMessage["headers"];
	readonly body: string;
}

export interface Reply {
	readonly status?: number;
	readonly json?: unknown;
	/** Keeps the answer open as an event stream. */
	readonly stream?: EventStream;
}

type Handler = (request: ScriptedRequest) => Reply;

/** An open event stream: every connection gets what was sent before, then what is sent. */
export class EventStream {
	#connections = new Set<ServerResponse>();
	#sent = "";

	send(event: "message" | "entries" | "end" | string, data: unknown = {}): void {
		const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
		this.#sent += text;
		for (const connection of this.#connections) {
			connection.write(text);
			if (event === "end") {
				connection.end();
			}
		}
	}

	/** Breaks every connection, as a crash does. */
	drop(): void {
		for (const connection of this.#connections) {
			connection.destroy();
		}
		this.#connections.clear();
	}

	attach(response: ServerResponse): void {
		response.writeHead(200, { "content-type": "text/event-stream" });
		response.write(`: hello\n\n${this.#sent}`);
		this.#connections.add(response);
		response.on("close", () => this.#connections.delete(response));
		if (this.#sent.includes("event: end\n")) {
			response.end();
		}
	}
}

export class ScriptedServer {
	readonly requests: ScriptedRequest[] = [];
	readonly #handlers = new Map<string, Handler>();
	readonly #server: Server;
	#waiting: (() => void)[] = [];

	constructor() {
		this.#server = createServer((request, response) => void this.#answer(request, response));
	}

	get url(): string {
		return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
	}

	async listen(): Promise<this> {
		await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
		return this;
	}

	/** `on("GET /v1/users/jsmith", …)`; the newest handler counts. */
	on(route: string, handler: Handler | Reply): this {
		this.#handlers.set(route, typeof handler === "function" ? handler : () => handler);
		return this;
	}

	/** Resolves with the first request to a route, now or later. */
	async asked(route: string): Promise<ScriptedRequest> {
		for (;;) {
			const found = this.requests.find(({ method, path }) => `${method} ${path}` === route);
			if (found !== undefined) {
				return found;
			}
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
	}

	async close(): Promise<void> {
		this.#server.closeAllConnections();
		await new Promise((resolve) => this.#server.close(resolve));
	}

	async #answer(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
		const url = new URL(incoming.url ?? "/", "http://scripted");
		let body = "";
		for await (const chunk of incoming.setEncoding("utf8")) {
			body += chunk;
		}
		const { method = "", headers } = incoming;
		const request = { method, path: decodeURIComponent(url.pathname), query: url.searchParams, headers, body };
		this.requests.push(request);
		const handler = this.#handlers.get(`${method} ${request.path}`) ?? notFound;
		const { status = 200, json, stream } = handler(request);
		if (stream !== undefined) {
			stream.attach(response);
		} else {
			response.writeHead(status, { "content-type": status < 400 ? "application/json" : "application/problem+json" });
			response.end(json === undefined ? "" : JSON.stringify(json));
		}
		for (const resolve of this.#waiting.splice(0)) {
			resolve();
		}
	}
}

function notFound({ path }: ScriptedRequest): Reply {
	return problem("not-found", `There is no ${path}`);
}

/** An error as the real server answers it. */
export function problem(...args: ConstructorParameters<typeof PosthasteError>): Reply {
	const error = new PosthasteError(...args);
	return { status: error.status, json: error.toProblem() };
}
