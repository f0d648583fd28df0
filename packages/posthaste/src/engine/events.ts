/** Tells whoever listens what happens to messages. Listeners never slow the engine: a full one loses events. */
import type { MessageEvent } from "../posthaste.ts";

/** Events that one listener may lag behind before it loses some. */
const lagLimit = 10_000;

type Listener = (event: MessageEvent) => void;

export class Events {
	readonly #all = new Set<Listener>();
	readonly #byMessage = new Map<string, Set<Listener>>();

	/** Whether anybody would hear of this message: lets the engine skip making the event. */
	heard(message: string): boolean {
		return this.#all.size > 0 || this.#byMessage.has(message);
	}

	publish(event: MessageEvent): void {
		for (const listener of this.#all) {
			listener(event);
		}
		for (const listener of this.#byMessage.get(event.message) ?? []) {
			listener(event);
		}
	}

	/** Calls back with every event, at once. The callback must be quick and must not throw. */
	observe(listener: (event: MessageEvent) => void): () => void {
		this.#all.add(listener);
		return () => this.#all.delete(listener);
	}

	/** Events of one message, or of all, until the signal aborts. Listening begins with the call, not with the first read. */
	listen(message: string | undefined, signal?: AbortSignal): AsyncIterableIterator<MessageEvent> {
		const queue = new EventQueue();
		const listener: Listener = (event) => queue.push(event);
		const stop = () => {
			this.#remove(message, listener);
			queue.end();
		};
		this.#add(message, listener);
		if (signal?.aborted === true) {
			stop();
		} else {
			signal?.addEventListener("abort", stop, { once: true });
		}
		return stoppable(queue.iterate(stop), stop);
	}

	#add(message: string | undefined, listener: Listener): void {
		if (message === undefined) {
			this.#all.add(listener);
			return;
		}
		const listeners = this.#byMessage.get(message) ?? new Set();
		this.#byMessage.set(message, listeners.add(listener));
	}

	#remove(message: string | undefined, listener: Listener): void {
		if (message === undefined) {
			this.#all.delete(listener);
			return;
		}
		const listeners = this.#byMessage.get(message);
		listeners?.delete(listener);
		if (listeners?.size === 0) {
			this.#byMessage.delete(message);
		}
	}
}

/** A generator that was never read runs none of its own cleaning up, and one that waits must be woken to end. */
export function stoppable<Item>(items: AsyncGenerator<Item>, stop: () => void): AsyncIterableIterator<Item> {
	return {
		next: () => items.next(),
		return() {
			stop();
			return items.return(undefined);
		},
		[Symbol.asyncIterator]() {
			return this;
		},
	};
}

class EventQueue {
	readonly #waiting: MessageEvent[] = [];
	#wake: (() => void) | undefined;
	#ended = false;

	push(event: MessageEvent): void {
		if (this.#waiting.length < lagLimit) {
			this.#waiting.push(event);
			this.#wake?.();
		}
	}

	end(): void {
		this.#ended = true;
		this.#wake?.();
	}

	async *iterate(stop: () => void): AsyncGenerator<MessageEvent, undefined> {
		try {
			while (true) {
				yield* this.#waiting.splice(0);
				if (this.#ended) {
					return;
				}
				await new Promise<void>((resolve) => {
					this.#wake = resolve;
					if (this.#waiting.length > 0 || this.#ended) {
						resolve();
					}
				});
			}
		} finally {
			stop();
		}
	}
}
