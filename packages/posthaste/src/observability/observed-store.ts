/**
 * A store seen from outside: how long each operation takes, what fails, and which messages deliveries
 * belong to. Whatever the port has or gets passes through.
 */
import type { Message, Milliseconds, Priority } from "@posthaste/core";
import { PassingMap } from "../passing-map.ts";
import type { Store, StoredDelivery, WriteBatch, WriteResult } from "../store/port.ts";

/** What is told of a store. Callbacks must be quick and must not throw. */
export interface StoreObserver {
	/** One call ended, with an error or with what it answered. */
	ended(operation: string, seconds: number, error?: unknown, answer?: unknown): void;
	/** A message that deliveries will speak of: accepted, or read again. */
	met?(message: Message): void;
	/** A message was accepted: it is on disk. */
	accepted?(message: Message): void;
	/** A message that was met and was not accepted after all. */
	refused?(message: Message): void;
}

type Method = (...given: readonly unknown[]) => unknown;

/** The same store, which tells the observer. */
export function observeStore(inner: Store, observer: StoreObserver): Store {
	const methods = new Map<PropertyKey, Method>();
	return new Proxy(inner, {
		get(target, key) {
			const known = methods.get(key);
			if (known !== undefined) {
				return known;
			}
			const value: unknown = Reflect.get(target, key, target);
			if (typeof value !== "function") {
				return value;
			}
			const method = told(String(key), measured(String(key), value.bind(target) as Method, observer), observer);
			methods.set(key, method);
			return method;
		},
	});
}

/** Only what answers with a promise is an operation; `watch` is none. */
function measured(operation: string, method: Method, observer: StoreObserver): Method {
	return (...given) => {
		const start = performance.now();
		const ended = (error?: unknown, answered?: unknown) =>
			observer.ended(operation, (performance.now() - start) / 1000, error, answered);
		try {
			const answer = method(...given);
			if (answer instanceof Promise) {
				answer.then((answered) => ended(undefined, answered), ended);
			}
			return answer;
		} catch (error) {
			ended(error);
			throw error;
		}
	};
}

/** What two of the operations say about messages. */
function told(operation: string, method: Method, observer: StoreObserver): Method {
	if (observer.met === undefined) {
		return method;
	}
	if (operation === "write") {
		return (batch) => tellAccepts(batch as WriteBatch, method(batch) as Promise<WriteResult>, observer);
	}
	if (operation === "loadDeliveries") {
		return async (ids) => {
			const loaded = (await method(ids)) as readonly (StoredDelivery | undefined)[];
			for (const delivery of loaded) {
				if (delivery !== undefined) {
					observer.met?.(delivery.message);
				}
			}
			return loaded;
		};
	}
	return method;
}

/** Deliveries may come to their end in the transaction that accepts their message, so it is met beforehand. */
function tellAccepts({ accepts }: WriteBatch, written: Promise<WriteResult>, observer: StoreObserver) {
	if (accepts.length === 0) {
		return written;
	}
	for (const { message } of accepts) {
		observer.met?.(message);
	}
	return written.then(
		(result) => {
			accepts.forEach(({ message }, index) => {
				const accepted = result.accepts[index]?.result === "accepted";
				accepted ? observer.accepted?.(message) : observer.refused?.(message);
			});
			return result;
		},
		(error: unknown) => {
			for (const { message } of accepts) {
				observer.refused?.(message);
			}
			throw error;
		},
	);
}

/** What is known of a message beside its identifier. */
export interface MetMessage {
	readonly priority: Priority;
	readonly acceptedAt: Milliseconds;
	/** Deliveries that have not ended, as far as is known. */
	open: number;
}

/**
 * The messages that deliveries in memory belong to. A delivery that was dropped from memory is read
 * again before anything happens to it, and so its message is met again; the oldest may be forgotten.
 */
export class MetMessages {
	readonly #met = new PassingMap<string, MetMessage>();
	readonly #limit: number;

	constructor(limit = 50_000) {
		this.#limit = limit;
	}

	get size(): number {
		return this.#met.size;
	}

	meet({ id, priority, acceptedAt, to }: Message): void {
		if (this.#met.has(id)) {
			return;
		}
		this.#met.set(id, { priority, acceptedAt, open: to.length });
		if (this.#met.size > this.#limit) {
			this.#met.delete(this.#met.oldest as string);
		}
	}

	get(message: string): MetMessage | undefined {
		return this.#met.get(message);
	}

	/** A delivery of this message came to its end. */
	ended(message: string): void {
		const met = this.#met.get(message);
		if (met !== undefined) {
			met.open -= 1;
			if (met.open <= 0) {
				this.#met.delete(message);
			}
		}
	}

	forget(message: string): void {
		this.#met.delete(message);
	}
}
