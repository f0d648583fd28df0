/** Reads deliveries back from the store, many at once: what wakes up together costs few reads. */
import type { User } from "@posthaste/core";
import { PassingMap } from "../passing-map.ts";
import type { Store, StoredDelivery } from "../store/port.ts";
import type { Directory } from "./ports.ts";

/** Deliveries of one read. */
const pageSize = 256;
/** Reads at the same time: while one is being made, what came of the other is gone through. */
const depth = 2;

export interface LoadsParts<Waiting> {
	readonly store: Pick<Store, "loadDeliveries">;
	readonly directory: Pick<Directory, "loadUsers">;
	/** Hears of each delivery with what waits for it, in the order asked. `stored` is missing when there is no such delivery. */
	readonly loaded: (delivery: string, waiting: readonly Waiting[], result: Loaded) => void;
}

export type Loaded =
	| { readonly stored: StoredDelivery | undefined; readonly user: User | undefined }
	| { readonly error: Error };

export class Loads<Waiting> {
	readonly #parts: LoadsParts<Waiting>;
	readonly #waiting = new PassingMap<string, Waiting[]>();
	/** Those of them that are not being read yet. */
	#unread: string[] = [];
	#reads = 0;

	constructor(parts: LoadsParts<Waiting>) {
		this.#parts = parts;
	}

	/** Deliveries being read or to be read. */
	get underWay(): number {
		return this.#waiting.size;
	}

	/** Reads a delivery for somebody. Whoever asks meanwhile is told with the others, in order. */
	load(delivery: string, waiting: Waiting): void {
		const others = this.#waiting.get(delivery);
		if (others !== undefined) {
			others.push(waiting);
			return;
		}
		this.#waiting.set(delivery, [waiting]);
		this.#unread.push(delivery);
		if (this.#unread.length === 1) {
			queueMicrotask(() => this.#readOn());
		}
	}

	#readOn(): void {
		while (this.#unread.length > 0 && this.#reads < depth) {
			const ids = this.#unread.slice(0, pageSize);
			this.#unread = this.#unread.slice(pageSize);
			this.#reads += 1;
			void this.#read(ids).finally(() => {
				this.#reads -= 1;
				this.#readOn();
			});
		}
	}

	async #read(ids: readonly string[]): Promise<void> {
		const { store, directory } = this.#parts;
		let found: readonly (StoredDelivery | undefined)[];
		let users: ReadonlyMap<string, User>;
		try {
			found = await store.loadDeliveries(ids);
			users = await directory.loadUsers([...new Set(found.flatMap((one) => (one ? [one.row.recipient] : [])))]);
		} catch (error) {
			await this.#afterFailure(ids, error);
			return;
		}
		for (const [index, id] of ids.entries()) {
			const stored = found[index];
			this.#tell(id, { stored, user: stored && users.get(stored.row.recipient) });
		}
	}

	/** One that cannot be read must not keep the others from it. */
	async #afterFailure(ids: readonly string[], error: unknown): Promise<void> {
		const [only] = ids;
		if (ids.length > 1) {
			for (const id of ids) {
				await this.#read([id]);
			}
		} else if (only !== undefined) {
			this.#tell(only, { error: error instanceof Error ? error : new Error(String(error)) });
		}
	}

	#tell(delivery: string, result: Loaded): void {
		const waiting = this.#waiting.get(delivery) ?? [];
		this.#waiting.delete(delivery);
		this.#parts.loaded(delivery, waiting, result);
	}
}
