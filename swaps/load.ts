/** A constant stream of messages, whatever else happens. */
import { setTimeout as delay } from "node:timers/promises";
import type { PageDocument, PromptDocument } from "@posthaste/core";
import { Random } from "../simulator/random.ts";
import { Api } from "./api.ts";
import { draftMessage, type Way } from "./world.ts";

export interface Sent {
	readonly way: Way;
	readonly to: readonly string[];
	readonly requestedAt: number;
}

const tick = 20;
/** The warm-up sends so many times as much, and not more, so that it leaves no memory behind that the load does not need. */
const warmUpFactor = 4;
/** Requests that may be unanswered at the same time; what would be more is not sent, and counted. */
const mostOpen = 1000;

export class Load {
	/** By identifier, as its 202 said. */
	readonly accepted = new Map<string, Sent>();
	/** Answers other than 202. */
	readonly refused = new Map<string, number>();
	notSent = 0;
	readonly #api: Api;
	readonly #random: Random;
	readonly #rate: number;
	readonly #open = new Set<Promise<void>>();
	#number = 0;
	#running: Promise<void> | undefined;
	#stop = new AbortController();

	/** @param rate messages a second */
	constructor(url: string, seed: number, rate: number) {
		this.#api = new Api(url);
		this.#random = new Random(seed, "load");
		this.#rate = rate;
	}

	/** More messages than there will be, until so many are accepted. */
	async warmUp(count: number): Promise<void> {
		while (this.accepted.size < count) {
			const drafted = Array.from({ length: 50 }, (_, index) => draftMessage(this.#random, this.#number + index + 1));
			this.#number += drafted.length;
			const requestedAt = Date.now();
			const response = await fetch(new URL("/v1/messages/batch", this.#api.url), {
				method: "POST",
				signal: AbortSignal.timeout(60_000),
				body: drafted.map(({ draft }) => JSON.stringify(draft)).join("\n"),
				headers: { "content-type": "application/x-ndjson" },
			});
			const lines = (await response.text()).trim().split("\n");
			lines.forEach((line, index) => {
				const { id } = JSON.parse(line) as { readonly id?: string };
				const { way, draft } = drafted[index] ?? {};
				if (id !== undefined && way !== undefined && draft !== undefined) {
					this.accepted.set(id, { way, to: draft.to, requestedAt });
				}
			});
			const each = (drafted.length / (this.#rate * warmUpFactor)) * 1000;
			await delay(Math.max(0, each - (Date.now() - requestedAt)));
		}
	}

	start(): void {
		this.#stop = new AbortController();
		this.#running = this.#run(this.#stop.signal);
	}

	/** Sends no more, and resolves when everything that was sent is answered. */
	async stop(): Promise<void> {
		this.#stop.abort();
		await this.#running;
		await Promise.all(this.#open);
	}

	async #run(signal: AbortSignal): Promise<void> {
		const began = performance.now();
		let begun = 0;
		while (!signal.aborted) {
			const due = Math.floor(((performance.now() - began) / 1000) * this.#rate);
			for (; begun < due; begun += 1) {
				this.#one();
			}
			await delay(tick, undefined, { signal }).catch(() => undefined);
		}
	}

	#one(): void {
		if (this.#open.size >= mostOpen) {
			this.notSent += 1;
			return;
		}
		this.#number += 1;
		const { way, draft } = draftMessage(this.#random, this.#number);
		const isAnswered = way === "question" && this.#random.chance(0.4);
		const sent = { way, to: draft.to, requestedAt: Date.now() };
		const sending = this.#send(draft, sent)
			.then((id) => (isAnswered && id !== undefined ? this.#answer(id) : undefined))
			.catch(() => this.#count("no answer"))
			.finally(() => this.#open.delete(sending));
		this.#open.add(sending);
	}

	async #send(draft: object, sent: Sent): Promise<string | undefined> {
		const response = await fetch(new URL("/v1/messages", this.#api.url), {
			method: "POST",
			signal: AbortSignal.timeout(60_000),
			body: JSON.stringify(draft),
			headers: { "content-type": "application/json" },
		});
		const body = (await response.json()) as { readonly id: string; readonly detail?: string };
		if (response.status !== 202) {
			// How long it would have waited differs each time.
			this.#count(`${response.status} (${body.detail?.replace(/\d+ ms/, "too long")})`);
			return undefined;
		}
		this.accepted.set(body.id, sent);
		return body.id;
	}

	/** The sender answers; a question that is closed meanwhile is none any more. */
	async #answer(message: string): Promise<void> {
		await delay(200);
		const { items } = await this.#api.ask<PageDocument<PromptDocument>>("GET", `/v1/prompts?message=${message}`);
		for (const { id } of items) {
			await this.#api.ask("POST", `/v1/prompts/${id}/answer`, { answer: "yes" }).catch(() => undefined);
		}
	}

	#count(status: string): void {
		this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
	}
}
