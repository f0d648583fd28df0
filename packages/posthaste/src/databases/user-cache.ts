/** Users by key: a bounded cache in front of the store. */
import type { User } from "@posthaste/core";
import type { Store } from "../store/port.ts";
import { Recent } from "./recent.ts";

/** The store reads this many users in one go. */
const batch = 1000;

export class UserCache {
	readonly #store: Pick<Store, "readUsers">;
	readonly #users: Recent<string, User>;
	/** The read under way for each key. An invalidation forgets it, so that its late answer is not kept. */
	readonly #reads = new Map<string, symbol>();

	constructor(store: Pick<Store, "readUsers">, capacity: number) {
		this.#store = store;
		this.#users = new Recent(capacity);
	}

	cached(id: string): User | undefined {
		return this.#users.get(id);
	}

	/** Those that exist, by key. */
	async load(ids: Iterable<string>): Promise<Map<string, User>> {
		const found = new Map<string, User>();
		const missing: string[] = [];
		for (const id of new Set(ids)) {
			const user = this.#users.get(id);
			if (user === undefined) {
				missing.push(id);
			} else {
				found.set(id, user);
			}
		}
		for (let from = 0; from < missing.length; from += batch) {
			await this.#read(missing.slice(from, from + batch), found);
		}
		return found;
	}

	async #read(ids: readonly string[], found: Map<string, User>): Promise<void> {
		const read = Symbol("read");
		for (const id of ids) {
			this.#reads.set(id, read);
		}
		try {
			const users = await this.#store.readUsers(ids);
			for (const user of users) {
				if (user !== undefined) {
					found.set(user.id, user);
					this.#keep(user, read);
				}
			}
		} finally {
			for (const id of ids) {
				if (this.#reads.get(id) === read) {
					this.#reads.delete(id);
				}
			}
		}
	}

	#keep(user: User, read: symbol): void {
		if (this.#reads.get(user.id) === read) {
			this.#users.set(user.id, user);
		}
	}

	invalidate(ids: Iterable<string>): void {
		for (const id of ids) {
			this.#users.delete(id);
			this.#reads.delete(id);
		}
	}

	clear(): void {
		this.#users.clear();
		this.#reads.clear();
	}
}
