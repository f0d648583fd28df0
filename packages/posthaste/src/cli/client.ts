/** Requests to a running server, each answer JSON or an RFC 9457 problem. */
import type { PageDocument, Problem } from "@posthaste/core";
import { exitCodeOfStatus } from "./exit-codes.ts";
import { Failure, refusal, unreachable, usageFailure } from "./failure.ts";

export interface RequestOptions {
	readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
	readonly headers?: Readonly<Record<string, string>>;
	/** Sent as JSON unless it is text, which goes as it is. */
	readonly body?: unknown;
	readonly signal?: AbortSignal;
	/** Milliseconds after which the answer counts as lost; 30 seconds when left out. */
	readonly timeout?: number;
}

/** A request that takes longer has lost its answer. */
const requestTimeout = 30_000;

export class Client {
	/** As people know it, without a slash at the end. */
	readonly server: string;

	/** @throws Failure when it is no HTTP address. */
	constructor(server: string) {
		const url = URL.parse(/^https?:\/\//i.test(server) ? server : `http://${server}`);
		if (url === null) {
			throw usageFailure(`--server ${server} is not an address such as http://127.0.0.1:7678`);
		}
		this.server = url.href.replace(/\/+$/, "");
	}

	get<T>(path: string, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>("GET", path, options);
	}

	post<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>("POST", path, { ...options, body });
	}

	put<T>(path: string, body: unknown, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>("PUT", path, { ...options, body });
	}

	delete<T>(path: string, options: RequestOptions = {}): Promise<T> {
		return this.#json<T>("DELETE", path, options);
	}

	/** A request whose answer counts whatever its status is. */
	async probe(path: string): Promise<{ readonly status: number; readonly document: unknown }> {
		const signal = AbortSignal.timeout(requestTimeout);
		const response = await fetch(this.#url(path), { signal }).catch((error: unknown) => {
			throw this.#lost(error);
		});
		return { status: response.status, document: parseJson(await response.text().catch(() => "")) };
	}

	/** All items of a list, page after page, at most `most`. */
	async *items<Item>(path: string, query: RequestOptions["query"] = {}, most = Number.POSITIVE_INFINITY) {
		let cursor: string | undefined;
		let left = most;
		do {
			const limit = Math.min(left, 200);
			const page: PageDocument<Item> = await this.get(path, { query: { ...query, limit, cursor } });
			yield* page.items.slice(0, left);
			left -= page.items.length;
			cursor = page.next;
		} while (cursor !== undefined && left > 0);
	}

	/** All items of a list at once. */
	async all<Item>(path: string, query?: RequestOptions["query"], most?: number): Promise<readonly Item[]> {
		const all: Item[] = [];
		for await (const item of this.items<Item>(path, query, most)) {
			all.push(item);
		}
		return all;
	}

	/** A request whose answer is read as it comes. Throws as the others do when it is an error. */
	async open(method: string, path: string, options: RequestOptions): Promise<Response> {
		const url = this.#url(path, options.query);
		const text = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
		const response = await fetch(url, {
			method,
			headers: {
				accept: "application/json",
				...(text !== undefined && { "content-type": "application/json" }),
				...options.headers,
			},
			...(text !== undefined && { body: text }),
			...(options.signal && { signal: options.signal }),
		}).catch((error: unknown) => {
			throw options.signal?.aborted && options.signal.reason?.name !== "TimeoutError" ? error : this.#lost(error);
		});
		if (!response.ok) {
			throw await this.#refusal(response);
		}
		return response;
	}

	async #json<T>(method: string, path: string, options: RequestOptions): Promise<T> {
		const timeout = AbortSignal.timeout(options.timeout ?? requestTimeout);
		const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
		const response = await this.open(method, path, { ...options, signal });
		const text = await response.text().catch((error: unknown) => {
			throw this.#lost(error);
		});
		const document = parseJson(text);
		if (document === undefined && text !== "") {
			throw this.#unexpected("something that is not JSON", response.status);
		}
		return document as T;
	}

	#url(path: string, query: RequestOptions["query"] = {}): URL {
		const url = new URL(`${this.server}${path}`);
		for (const [name, value] of Object.entries(query)) {
			if (value !== undefined) {
				url.searchParams.set(name, String(value));
			}
		}
		return url;
	}

	#lost(error: unknown): Failure {
		return unreachable(this.server, reasonOf(error));
	}

	async #refusal(response: Response): Promise<Failure> {
		const text = await response.text().catch(() => "");
		const problem = parseJson(text);
		if (isProblem(problem)) {
			return refusal(problem);
		}
		return this.#unexpected(`${response.status} ${response.statusText}`, response.status);
	}

	#unexpected(answer: string, status: number): Failure {
		return new Failure("unexpected-answer", `${this.server} answered ${answer}`, {
			exitCode: exitCodeOfStatus(Math.max(status, 400)),
			remedy: "This does not look like a Posthaste server; check --server.",
		});
	}
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

function isProblem(value: unknown): value is Problem {
	return typeof value === "object" && value !== null && "code" in value && "status" in value && "detail" in value;
}

/** fetch hides the cause behind "fetch failed". */
function reasonOf(error: unknown): string {
	if (!(error instanceof Error)) {
		return String(error);
	}
	if (error.name === "TimeoutError") {
		return "no answer in time";
	}
	const cause = error.cause;
	if (cause instanceof Error) {
		const code = "code" in cause ? String(cause.code) : "";
		return causes[code] ?? (cause.message || code);
	}
	return error.message;
}

const causes: Readonly<Record<string, string>> = {
	ECONNREFUSED: "connection refused",
	ECONNRESET: "the connection broke",
	UND_ERR_SOCKET: "the connection broke",
	ENOTFOUND: "no such host",
	EAI_AGAIN: "the name cannot be resolved now",
	ETIMEDOUT: "no answer in time",
};
