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

/**
 * What an append is answered when the message of its delivery was handed in with it and could not be accepted: as
 * far as anybody can tell there is no such delivery, so there is nothing to try again.
 */
export class NotAccepted extends Error {}

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
		let isWritten = false;
		try {
			const { accepts, appends } = await this.#store.write(batch);
			isWritten = true;
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
			const refused = new Set(isWritten ? [] : batch.accepts.map(({ message }) => message.id));
			for (const done of batch.acceptsDone) {
				done(error, undefined);
			}
			batch.appends.forEach(({ delivery }, index) => {
				const isRefused = refused.has(messageOf(delivery));
				batch.appendsDone[index]?.(isRefused ? new NotAccepted(error.message) : error, undefined);
			});
		}
	}

	#done(batch: Batch, items: number): void {
		this.#pending -= items;
		this.#backlog.done(batch, items);
	}
}

/** A delivery's identifier begins with its message's. */
function messageOf(delivery: string): string {
	return delivery.slice(0, delivery.lastIndexOf("."));
}
