/**
 * Gathers what is written in one turn of the event loop into one call of the store, so that thousands
 * of deliveries do not cost a promise each. Sharing transactions is the store's business.
 */
import type { Milliseconds } from "@posthaste/core";
import type { Accept, AcceptResult, Append, AppendResult, Store } from "../store/port.ts";
import { Backlog } from "./backlog.ts";

type Done<Result> = (error: Error | undefined, result: Result | undefined) => void;

interface Batch {
	readonly accepts: Accept[];
	readonly appends: Append[];
	readonly acceptsDone: Done<AcceptResult>[];
	readonly appendsDone: Done<AppendResult>[];
}

export class Writer {
	readonly #store: Store;
	readonly #backlog = new Backlog();
	#batch: Batch | undefined;
	#pending = 0;

	constructor(store: Store) {
		this.#store = store;
	}

	/** Items not yet on disk. */
	get pending(): number {
		return this.#pending;
	}

	/** How long an item that is handed in now will wait until it is on disk, as far as can be told. */
	get delay(): Milliseconds {
		return this.#backlog.delay(this.#pending);
	}

	accept(accept: Accept, done: Done<AcceptResult>): void {
		const batch = this.#open();
		batch.accepts.push(accept);
		batch.acceptsDone.push(done);
	}

	append(append: Append, done: Done<AppendResult>): void {
		const batch = this.#open();
		batch.appends.push(append);
		batch.appendsDone.push(done);
	}

	#open(): Batch {
		this.#pending += 1;
		if (this.#batch === undefined) {
			this.#batch = { accepts: [], appends: [], acceptsDone: [], appendsDone: [] };
			queueMicrotask(() => void this.#write());
		}
		return this.#batch;
	}

	async #write(): Promise<void> {
		const batch = this.#batch;
		this.#batch = undefined;
		if (batch === undefined) {
			return;
		}
		const items = batch.accepts.length + batch.appends.length;
		this.#backlog.handedOver(batch);
		try {
			const { accepts, appends } = await this.#store.write(batch);
			this.#done(batch, items);
			batch.acceptsDone.forEach((done, index) => {
				done(undefined, accepts[index]);
			});
			batch.appendsDone.forEach((done, index) => {
				done(undefined, appends[index]);
			});
		} catch (thrown) {
			this.#done(batch, items);
			const error = thrown instanceof Error ? thrown : new Error(String(thrown));
			for (const done of [...batch.acceptsDone, ...batch.appendsDone]) {
				done(error, undefined);
			}
		}
	}

	#done(batch: Batch, items: number): void {
		this.#pending -= items;
		this.#backlog.done(batch, items);
	}
}
