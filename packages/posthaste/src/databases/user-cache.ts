/** Users by key: a bounded cache in front of the store. */
import type { User } from "@posthaste/core";
import type { DatabaseChange, Store } from "../store/port.ts";
import { Recent } from "./recent.ts";

/** The store reads this many users in one go. */
const batch = 1000;

export class UserCache {
	readonly #store: Pick<Store, "readUsers">;
	/** A key without a user is of one that was deleted. */
	readonly #users: Recent<string, { readonly user: User | undefined }>;
	/** The read under way for each key. An invalidation forgets it, so that its late answer is not kept. */
	readonly #reads = new Map<string, symbol>();

	constructor(store: Pick<Store, "readUsers">, capacity: number) {
		this.#store = store;
		this.#users = new Recent(capacity);
	}

	cached(id: string): User | undefined {
		return this.#users.get(id)?.user;
	}

	/** Those that exist, by key. */
	async load(ids: Iterable<string>): Promise<Map<string, User>> {
		const found = new Map<string, User>();
		const missing: string[] = [];
		for (const id of new Set(ids)) {
			const known = this.#users.get(id);
			if (known === undefined) {
				missing.push(id);
			} else if (known.user !== undefined) {
				found.set(id, known.user);
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
			this.#users.set(user.id, { user });
		}
	}

	/** What was just written holds from now on, also while the store cannot read. */
	absorb(changes: readonly DatabaseChange[], revision: number): void {
		for (const change of changes) {
			if (change.database === "users") {
				const { key, value } = change;
				this.#reads.delete(key);
				this.#users.set(key, { user: value === null ? undefined : { ...value, revision } });
			}
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
