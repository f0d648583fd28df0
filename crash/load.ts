/** Clients that send, repeat, cancel and answer, many at once, for as long as the program may be killed. */
import { setTimeout as delay } from "node:timers/promises";
import type { PageDocument, PromptDocument } from "@posthaste/core";
import { Random } from "../simulator/random.ts";
import { type Asked, askFor } from "./asked.ts";

/** Closed while the program is known to be down, so that clients do not spin. */
export class Gate {
	#opened = Promise.withResolvers<void>();
	#isOpen = false;

	get passed(): Promise<void> {
		return this.#opened.promise;
	}

	open(): void {
		this.#isOpen = true;
		this.#opened.resolve();
	}

	/** Whoever waits at a gate that is closed already goes on waiting for the same opening. */
	close(): void {
		if (this.#isOpen) {
			this.#isOpen = false;
			this.#opened = Promise.withResolvers<void>();
		}
	}
}

export interface LoadParts {
	readonly seed: number;
	readonly url: string;
	readonly gate: Gate;
	readonly workers: number;
	/** Told of an answer that must never be given. */
	readonly wrong: (asked: Asked, what: string) => void;
}

export interface Answers {
	requests: number;
	accepted: number;
	unanswered: number;
	/** Unanswered requests that turned out to be accepted when they were repeated. */
	replayed: number;
	cancelled: number;
	answered: number;
	/** Other answers, by status and the problem's code. */
	readonly others: Map<string, number>;
}

/** Statuses that say "not now": the request may be repeated. */
const busy = new Set([429, 500, 503]);

export class Load {
	/** Everything asked for since the last time, by token. */
	book = new Map<string, Asked>();
	readonly answers: Answers = {
		requests: 0,
		accepted: 0,
		unanswered: 0,
		replayed: 0,
		cancelled: 0,
		answered: 0,
		others: new Map(),
	};
	readonly #parts: LoadParts;
	/** All drafts come out of one stream, so that the seed alone decides what they are. */
	readonly #drafts: Random;
	readonly #open: Asked[] = [];
	#number = 0;
	#rounds = 0;
	#stop = new AbortController();
	#running: Promise<unknown> = Promise.resolve();

	constructor(parts: LoadParts) {
		this.#parts = parts;
		this.#drafts = new Random(parts.seed, "drafts");
	}

	/** Begins a new book. */
	start(): void {
		this.book = new Map();
		this.#open.length = 0;
		this.#stop = new AbortController();
		this.#rounds += 1;
		const names = Array.from({ length: this.#parts.workers }, (_, index) => `worker-${index}-${this.#rounds}`);
		this.#running = Promise.all(names.map((name) => this.#work(new Random(this.#parts.seed, name))));
	}

	/** Ends what is under way and nothing more; rejects when a client failed in a way it must not. */
	async stop(): Promise<void> {
		this.#stop.abort();
		this.#parts.gate.open();
		await this.#running;
	}

	/** Asks again for some of what got no answer, under the same keys. The program has to be up. */
	async repeatSome(most: number): Promise<void> {
		for (const asked of this.#open.splice(0, most)) {
			asked.repeated += 1;
			await this.#request(asked);
		}
	}

	async #work(random: Random): Promise<void> {
		const { signal } = this.#stop;
		while (!signal.aborted) {
			await this.#parts.gate.passed;
			if (signal.aborted) {
				return;
			}
			const burst = Array.from({ length: random.int(1, 4) }, () => this.#one(random));
			await Promise.all(burst);
			await delay(random.int(20, 250), undefined, { signal }).catch(() => undefined);
		}
	}

	async #one(random: Random): Promise<void> {
		const asked = this.#next(random);
		if ((await this.#request(asked)) !== "accepted" || asked.message === undefined) {
			return;
		}
		if (random.chance(0.05)) {
			await delay(random.int(0, 300));
			await this.#cancel(asked, asked.message);
		} else if (asked.manager === "standard" && random.chance(0.4)) {
			await delay(random.int(0, 600));
			await this.#answer(asked, asked.message, random.pick(["yes", "no"]));
		}
	}

	/** Mostly something new; now and then what got no answer, or what was answered long ago. */
	#next(random: Random): Asked {
		const again = random.chance(0.3) ? this.#open.shift() : undefined;
		const earlier = [...this.book.values()].slice(-50);
		// At the beginning of a round nothing was asked for yet.
		const answered = random.chance(0.03) && earlier.length > 0 ? random.pick(earlier) : undefined;
		const old = again ?? (answered?.message === undefined ? undefined : answered);
		if (old !== undefined) {
			old.repeated += 1;
			return old;
		}
		this.#number += 1;
		const asked = askFor(this.#drafts, this.#parts.seed, this.#number);
		this.book.set(asked.token, asked);
		return asked;
	}

	async #request(asked: Asked): Promise<"accepted" | "other"> {
		this.answers.requests += 1;
		const response = await this.#fetch("POST", "/v1/messages", asked.draft, { "idempotency-key": asked.token });
		if (response === undefined) {
			this.answers.unanswered += 1;
			asked.unanswered += 1;
			this.#open.push(asked);
			return "other";
		}
		if (response.status !== 202) {
			const problem = (await response.json().catch(() => ({}))) as { readonly type?: string };
			this.#other(asked, response.status, problem.type?.split(/[/:#]/).at(-1) ?? "");
			return "other";
		}
		this.answers.accepted += 1;
		const message = response.headers.get("location")?.split("/").at(-1) ?? "";
		if (asked.message !== undefined && asked.message !== message) {
			this.#parts.wrong(asked, `one key made two messages: ${asked.message}, then ${message}`);
		}
		if (asked.message === undefined && response.headers.get("idempotent-replayed") === "true") {
			this.answers.replayed += 1;
		}
		asked.message ??= message;
		return "accepted";
	}

	#other(asked: Asked, status: number, problem: string): void {
		const name = `${status} ${problem}`.trim();
		this.answers.others.set(name, (this.answers.others.get(name) ?? 0) + 1);
		if (busy.has(status)) {
			asked.unanswered += 1;
			this.#open.push(asked);
		} else if (asked.message === undefined) {
			asked.refused = status;
		} else {
			this.#parts.wrong(asked, `${asked.message} was accepted, and a repetition was answered with ${status}`);
		}
	}

	async #cancel(asked: Asked, message: string): Promise<void> {
		const response = await this.#fetch("DELETE", `/v1/messages/${message}`);
		if (response?.status === 200) {
			this.answers.cancelled += 1;
			asked.cancelledAt ??= Date.now();
		} else if (response?.status === 404) {
			this.#parts.wrong(asked, `${message} was answered with 202, and then it could not be found`);
		}
	}

	async #answer(asked: Asked, message: string, answer: "yes" | "no"): Promise<void> {
		const open = await this.#fetch("GET", `/v1/prompts?message=${message}`);
		const page = (await open?.json().catch(() => undefined)) as PageDocument<PromptDocument> | undefined;
		const prompt = page?.items[0];
		if (prompt === undefined) {
			return;
		}
		const response = await this.#fetch("POST", `/v1/prompts/${prompt.id}/answer`, { answer });
		if (response?.status === 204) {
			this.answers.answered += 1;
			asked.answers.set(prompt.id, answer);
		}
	}

	/** The response; undefined when the connection died. Its status and headers have come whole. */
	async #fetch(method: string, path: string, body?: unknown, headers = {}): Promise<Response | undefined> {
		try {
			const response = await fetch(new URL(path, this.#parts.url), {
				method,
				signal: AbortSignal.timeout(30_000),
				...(body !== undefined && { body: JSON.stringify(body) }),
				headers: { ...headers, ...(body !== undefined && { "content-type": "application/json" }) },
			});
			if (method !== "GET" && response.ok) {
				// The status is what counts; the connection is free for the next one once this has been read.
				await response.arrayBuffer().catch(() => undefined);
			}
			return response;
		} catch {
			return undefined;
		}
	}
}
