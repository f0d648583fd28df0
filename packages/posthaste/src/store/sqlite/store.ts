/** The SQLite store: the port's operations, encoded for the writer and decoded from the readers. */
import { setImmediate as nextTurn } from "node:timers/promises";
import {
	type DeliveryState,
	type ManagerRecord,
	type MechanismRecord,
	type Milliseconds,
	PosthasteError,
	type Selection,
	type User,
} from "@posthaste/core";
import type {
	ChangeResult,
	DatabaseChange,
	DeliveryRow,
	MessageQuery,
	Page,
	PageQuery,
	PinCount,
	PromptRow,
	Store,
	StoredDelivery,
	StoredMessage,
	WriteBatch,
	WriteResult,
} from "../port.ts";
import { wroteAny } from "../wrote.ts";
import { type Backend, openBackend, type SqliteOptions, type StoreLog } from "./backend.ts";
import { type Backup, type BackupOptions, backupOnThread } from "./backup.ts";
import { decodeCursor, encodeCursor, pageLimit } from "./cursor.ts";
import { StoreError, toStoreError } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { floorUuid } from "./ids.ts";
import { code, encodeAccept, encodeAppend, type Primitive, states } from "./operations.ts";
import { PlaceCheck } from "./place-check.ts";
import { pageOf, parsed, toAcceptResult } from "./results.ts";
import { type RawDelivery, toDeliveryRow, toStoredDelivery, toStoredMessage } from "./rows.ts";
import { Trouble } from "./trouble.ts";
import type { RawAcceptResult } from "./write-messages.ts";
import { type RetentionStep, retentionStep } from "./write-retention.ts";

/**
 * With thousands of callers waiting, transactions of some hundred operations (about 10 ms) keep this
 * thread and the writer busy at the same time. Larger ones would make each wait for the other, smaller
 * ones write the same pages more often.
 */
const groupLimits = { operations: 256, primitives: 20_000, depth: 2 };
/** Deliveries loaded between two turns of the event loop. */
const loadStep = 32;

/**
 * Opens the store in its data folder.
 * @throws StoreError `data-in-use`, `database-damaged`, `newer-schema`, `disk-full`, `disk-failed`
 */
export async function openSqliteStore(options: SqliteOptions): Promise<SqliteStore> {
	return new SqliteStore(await openBackend(options), options.log);
}

export class SqliteStore implements Store {
	readonly #backend: Backend;
	readonly #group: GroupCommit;
	readonly #trouble: Trouble;
	readonly #listeners = new Set<(revision: number) => void>();
	#commits = 0;
	#closing: Promise<void> | undefined;

	constructor(backend: Backend, log?: StoreLog) {
		this.#backend = backend;
		this.#trouble = new Trouble(log);
		const place = new PlaceCheck(() => backend.verify());
		this.#group = new GroupCommit(async (operations) => {
			try {
				await place.beforeWrite();
				const results = await backend.commit(operations);
				this.#commits += 1;
				return results;
			} catch (error) {
				throw this.#trouble.met(toStoreError(error, backend.folder));
			}
		}, groupLimits);
	}

	/** Transactions committed since it was opened. */
	get commits(): number {
		return this.#commits;
	}

	write({ accepts, appends }: WriteBatch): Promise<WriteResult> {
		const count = accepts.length + appends.length;
		if (count === 0) {
			return Promise.resolve({ accepts: [], appends: [] });
		}
		return this.#submit(
			count,
			(list) => {
				for (const accept of accepts) {
					encodeAccept(list, accept);
				}
				for (const append of appends) {
					encodeAppend(list, append);
				}
			},
			(results, from) => {
				const result: WriteResult = {
					accepts: accepts.map((_, index) => toAcceptResult(results[from + index] as RawAcceptResult)),
					appends: appends.map((_, index) => (results[from + accepts.length + index] === 1 ? "written" : "fenced")),
				};
				if (wroteAny(result)) {
					this.#trouble.over();
				}
				return result;
			},
		);
	}

	async claimDue(now: Milliseconds, limit: number, lease: Milliseconds): Promise<readonly DeliveryRow[]> {
		const rows = await this.#one<readonly RawDelivery[]>(code.claim, now, limit, lease);
		return rows.map(toDeliveryRow);
	}

	async renew(deliveries: readonly string[], now: Milliseconds, lease: Milliseconds): Promise<void> {
		await this.#one(code.renew, now + lease, deliveries.length, ...deliveries);
	}

	async releaseClaims(): Promise<void> {
		await this.#one(code.release);
	}

	async nextDue(): Promise<Milliseconds | null> {
		return this.#read((keyed) => keyed.nextDue());
	}

	async loadDeliveries(deliveries: readonly string[]): Promise<readonly (StoredDelivery | undefined)[]> {
		const loaded: (StoredDelivery | undefined)[] = [];
		for (let from = 0; from < deliveries.length; from += loadStep) {
			if (from > 0) {
				await nextTurn();
			}
			const step = deliveries.slice(from, from + loadStep);
			loaded.push(
				...this.#read((keyed) => keyed.deliveries(step).map((delivery) => delivery && toStoredDelivery(delivery))),
			);
		}
		return loaded;
	}

	async loadMessage(message: string): Promise<StoredMessage | undefined> {
		return this.#read((keyed) => {
			const raw = keyed.message(message);
			return raw && toStoredMessage(raw);
		});
	}

	async listMessages(query: MessageQuery): Promise<Page<StoredMessage>> {
		const { cursor, limit, recipient, sender, state } = query;
		const [before] = cursor === undefined ? [] : decodeCursor("messages", cursor, ["number"]);
		const asked = { before: before as number | undefined, limit: pageLimit(limit), recipient, sender, state };
		const { items, next } = await this.#list(async (lists) => {
			const page = await lists.messages(asked);
			return { items: page.items.map(toStoredMessage), next: page.next };
		});
		return { items, ...(next !== undefined && { next: encodeCursor("messages", next) }) };
	}

	async listPrompts(
		query: PageQuery & { readonly sender?: string; readonly message?: string },
	): Promise<Page<PromptRow>> {
		const { cursor, sender, message } = query;
		const after = cursor === undefined ? undefined : decodeCursor("prompts", cursor, ["number", "string"]);
		const limit = pageLimit(query.limit);
		const asked = { after: after as readonly [number, string] | undefined, limit: limit + 1, sender, message };
		const documents = await this.#list((lists) => lists.prompts(asked));
		return pageOf<PromptRow>(documents, limit, ({ askedAt, id }) => encodeCursor("prompts", askedAt, id));
	}

	async loadPrompt(prompt: string): Promise<PromptRow | undefined> {
		return this.#read((keyed) => parsed<PromptRow>(keyed.prompt(prompt)));
	}

	async countDeliveries(): Promise<Readonly<Record<DeliveryState, number>>> {
		const counts = await this.#list((lists) => lists.countDeliveries());
		return Object.fromEntries(states.map((state, index) => [state, counts[index] ?? 0])) as Record<
			DeliveryState,
			number
		>;
	}

	async countPins(): Promise<readonly PinCount[]> {
		return this.#list((lists) => lists.countPins());
	}

	async readDatabases(): ReturnType<Store["readDatabases"]> {
		return this.#read((keyed) => {
			const { revision, mechanisms, managers, selection } = keyed.databases();
			const [rules] = selection;
			return {
				revision,
				mechanisms: mechanisms.map((document) => JSON.parse(document) as MechanismRecord),
				managers: managers.map((document) => JSON.parse(document) as ManagerRecord),
				...(rules !== undefined && { selection: JSON.parse(rules) as Selection }),
			};
		});
	}

	async readUsers(users: readonly string[]): Promise<readonly (User | undefined)[]> {
		return this.#read((keyed) => keyed.users(users).map((document) => parsed<User>(document)));
	}

	async listUsers(query: PageQuery & { readonly managedBy?: "file" | "api" }): Promise<Page<User>> {
		const { cursor, managedBy } = query;
		const [after] = cursor === undefined ? [] : decodeCursor("users", cursor, ["string"]);
		const limit = pageLimit(query.limit);
		const asked = { after: after as string | undefined, limit: limit + 1, managedBy };
		const documents = await this.#list((lists) => lists.users(asked));
		return pageOf<User>(documents, limit, ({ id }) => encodeCursor("users", id));
	}

	async change(changes: readonly DatabaseChange[]): Promise<ChangeResult> {
		const result = await this.#one<ChangeResult>(code.change, JSON.stringify(changes));
		if (result.result === "changed" && changes.length > 0) {
			this.#trouble.over();
			this.#tell(result.revision);
		}
		return result;
	}

	watch(listener: (revision: number) => void): () => void {
		const own = (revision: number) => listener(revision);
		this.#listeners.add(own);
		return () => this.#listeners.delete(own);
	}

	/** One listener's error is no business of the others, nor of whoever made the change. */
	#tell(revision: number): void {
		for (const listener of this.#listeners) {
			try {
				listener(revision);
			} catch (error) {
				queueMicrotask(() => {
					throw error;
				});
			}
		}
	}

	verify(): Promise<void> {
		return this.#backend.verify();
	}

	async pluginGet(mechanism: string, key: string): Promise<unknown> {
		return this.#read((keyed) => parsed(keyed.pluginValue(mechanism, key)));
	}

	async pluginSet(mechanism: string, key: string, value: unknown): Promise<void> {
		await this.#one(code.pluginSet, mechanism, key, JSON.stringify(value ?? null));
		this.#trouble.over();
	}

	async pluginDelete(mechanism: string, key: string): Promise<void> {
		await this.#one(code.pluginDelete, mechanism, key);
	}

	async pluginList(
		mechanism: string,
		prefix: string,
	): Promise<readonly { readonly key: string; readonly value: unknown }[]> {
		return this.#read((keyed) => {
			const values = keyed.pluginValues(mechanism, prefix);
			return values.map(([key, document]) => ({ key, value: JSON.parse(document) as unknown }));
		});
	}

	async retain(before: Milliseconds, limit: number): Promise<number> {
		const bound = floorUuid(before);
		let removed = 0;
		let after: string | null = null;
		while (removed < limit) {
			const left: number = Math.min(limit - removed, retentionStep);
			const step: RetentionStep = await this.#one<RetentionStep>(code.retain, bound, left, after);
			removed += step.removed;
			if (step.after === undefined) {
				break;
			}
			after = step.after;
		}
		return removed;
	}

	async backup(file: string, options: BackupOptions = {}): Promise<Backup> {
		this.#refuseWhenClosing();
		const { folder } = this.#backend;
		if (folder === undefined) {
			throw new StoreError("store-failed", "a store in memory has no file to copy");
		}
		return backupOnThread(folder, file, options);
	}

	/** Waits for what is under way; further calls are refused. */
	close(): Promise<void> {
		this.#closing ??= this.#group.drained().then(() => this.#backend.close());
		return this.#closing;
	}

	/** @throws StoreError, whatever SQLite or a document that is none any more throws */
	#read<T>(read: (keyed: Backend["keyed"]) => T): T {
		this.#refuseWhenClosing();
		try {
			return read(this.#backend.keyed);
		} catch (error) {
			throw toStoreError(error, this.#backend.folder);
		}
	}

	/** As {@link #read}, of what stands on a thread of its own. */
	async #list<T>(ask: (lists: Backend["lists"]) => Promise<T>): Promise<T> {
		this.#refuseWhenClosing();
		try {
			return await ask(this.#backend.lists);
		} catch (error) {
			throw toStoreError(error, this.#backend.folder);
		}
	}

	#one<T>(...operation: Primitive[]): Promise<T> {
		return this.#submit(
			1,
			(list) => list.push(...operation),
			(results, from) => results[from] as T,
		);
	}

	/** No async function, since each would cost every message another promise. */
	#submit<T>(...[count, encode, decode]: Parameters<typeof GroupCommit.prototype.submit<T>>): Promise<T> {
		return this.#closing === undefined ? this.#group.submit(count, encode, decode) : Promise.reject(closed());
	}

	#refuseWhenClosing(): void {
		if (this.#closing !== undefined) {
			throw closed();
		}
	}
}

function closed(): PosthasteError {
	return new PosthasteError("closing", "the store is closed");
}
