/**
 * The state behind the databases: the tables at one revision, the snapshot made of them, and the cache
 * of users, kept in step with the store whoever changes it.
 */
import type { Snapshot } from "@posthaste/core";
import type { DatabaseChange, Store } from "../store/port.ts";
import { type DatabasesChange, differences, keysOf } from "./change-log.ts";
import type { LeftOut, Snapshots } from "./snapshots.ts";
import { type Tables, toTables, withChanges } from "./tables.ts";
import { UserCache } from "./user-cache.ts";

export type StateStore = Pick<Store, "readDatabases" | "readUsers" | "listUsers" | "change" | "watch">;
export type ChangeListener = (change: DatabasesChange) => void;

/** The record that somebody else changed in the meantime. */
export type Conflict = Extract<Awaited<ReturnType<Store["change"]>>, { result: "conflict" }>;

export class State {
	readonly users: UserCache;
	tables: Tables;
	snapshot: Snapshot;
	leftOut: readonly LeftOut[];
	readonly #store: StateStore;
	readonly #snapshots: Snapshots;
	readonly #listeners = new Set<ChangeListener>();
	readonly #unwatch: () => void;
	#writing = 0;
	/** The highest revision the store has told of. */
	#announced = 0;
	#reloading: Promise<void> | undefined;

	/** Follows the store from before the first read on, so that no change falls in between. */
	static async open(store: StateStore, snapshots: Snapshots, capacity: number): Promise<State> {
		const state = new State(store, snapshots, capacity);
		await state.reload();
		return state;
	}

	private constructor(store: StateStore, snapshots: Snapshots, capacity: number) {
		this.#store = store;
		this.#snapshots = snapshots;
		this.users = new UserCache(store, capacity);
		this.tables = toTables({ revision: 0, mechanisms: [], managers: [] });
		({ snapshot: this.snapshot, leftOut: this.leftOut } = snapshots.make(this.tables));
		this.#unwatch = store.watch((revision) => {
			this.#announced = Math.max(this.#announced, revision);
			void this.#catchUp();
		});
	}

	onChange(listener: ChangeListener): () => void {
		this.#listeners.add(listener);
		return () => this.#listeners.delete(listener);
	}

	/** Writes, and has the tables and the snapshot show it before it resolves. */
	async write(changes: readonly DatabaseChange[]): Promise<{ readonly revision: number } | Conflict> {
		this.#writing++;
		try {
			const result = await this.#store.change(changes);
			if (result.result === "conflict") {
				await this.reload();
				return result;
			}
			await this.#absorb(changes, result.revision);
			return { revision: result.revision };
		} finally {
			this.#writing--;
			void this.#catchUp();
		}
	}

	/** Our own change is taken over as it is; after a gap, where others wrote too, everything is read again. */
	async #absorb(changes: readonly DatabaseChange[], revision: number): Promise<void> {
		if (revision === this.tables.revision + 1) {
			this.users.absorb(changes, revision);
			this.#become(withChanges(this.tables, changes, revision), changes);
		} else {
			this.users.invalidate(keysOf(changes));
			if (revision > this.tables.revision) {
				await this.reload();
			}
		}
	}

	/** A change that the store tells of while we write may be our own, so it is looked at afterwards. */
	async #catchUp(): Promise<void> {
		if (this.#writing === 0 && this.#announced > this.tables.revision) {
			// The next announcement tries again, and so does the next write.
			await this.reload().catch(() => {});
		}
	}

	/** Reads everything again. Calls that come while one is under way wait for one more. */
	async reload(): Promise<void> {
		const before = this.#reloading ?? Promise.resolve();
		const mine = before.catch(() => {}).then(() => this.#readAgain());
		this.#reloading = mine;
		try {
			await mine;
		} finally {
			if (this.#reloading === mine) {
				this.#reloading = undefined;
			}
		}
	}

	async #readAgain(): Promise<void> {
		const read = await this.#store.readDatabases();
		if (read.revision > this.tables.revision) {
			const tables = toTables(read, this.tables);
			await this.#snapshots.prepare(tables);
			this.users.clear();
			this.#become(tables, "all");
		}
	}

	/** Makes the snapshot anew after plugins came or went, whose settings may have to be judged first. */
	async prepareAgain(): Promise<void> {
		await this.#snapshots.prepare(this.tables);
		this.rebuild();
	}

	/** Makes the snapshot anew. */
	rebuild(): void {
		({ snapshot: this.snapshot, leftOut: this.leftOut } = this.#snapshots.make(this.tables));
	}

	#become(tables: Tables, users: readonly DatabaseChange[] | "all"): void {
		const difference = differences(this.tables, tables, users);
		this.tables = tables;
		if (difference.mechanisms.length > 0 || difference.managers.length > 0 || difference.selection) {
			this.rebuild();
		} else {
			this.snapshot = { ...this.snapshot, revision: tables.revision };
		}
		for (const listener of this.#listeners) {
			listener({ ...difference, snapshot: this.snapshot });
		}
	}

	close(): void {
		this.#unwatch();
		this.#listeners.clear();
	}
}
