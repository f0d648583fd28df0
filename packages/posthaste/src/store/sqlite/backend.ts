/** Where the store's work is done: on the caller's own thread, or on threads of the store's. */
import { dirname, join, resolve } from "node:path";
import type { PinCount } from "../port.ts";
import { type Connection, openReader } from "./connection.ts";
import { SqliteCore } from "./core.ts";
import { StoreError } from "./errors.ts";
import { DataFiles, guardPlace, withWayBack } from "./files.ts";
import { makeFolder } from "./folder.ts";
import type { Commit } from "./group-commit.ts";
import { databaseName } from "./identity.ts";
import { type FolderLock, lockFolder } from "./lock.ts";
import { copyBeforeMigrating } from "./migrate.ts";
import type { Primitive } from "./operations.ts";
import { KeyedReads } from "./read-keyed.ts";
import {
	ListReads,
	type MessageListQuery,
	type PromptListQuery,
	type RawMessagePage,
	type UserListQuery,
} from "./read-lists.ts";
import { StoreThread } from "./thread.ts";

export interface SqliteOptions {
	/** The data folder, made when it is missing; `:memory:` keeps everything in memory (inline only). */
	readonly folder: string;
	/** `worker`: transactions and lists on threads of their own; `inline`: on the caller's. */
	readonly thread: "worker" | "inline";
	/** The database may not grow beyond this many bytes; writes are then refused as on a full disk. */
	readonly maxBytes?: number;
	/** Told when the database was upgraded, when the disk begins to refuse, and when it takes writes again. */
	readonly log?: StoreLog;
}

export interface StoreLog {
	info(fields: object, text: string): void;
	error(fields: object, text: string): void;
}

export interface Lists {
	messages(query: MessageListQuery): Promise<RawMessagePage>;
	prompts(query: PromptListQuery): Promise<readonly string[]>;
	users(query: UserListQuery): Promise<readonly string[]>;
	countDeliveries(): Promise<readonly number[]>;
	countPins(): Promise<readonly PinCount[]>;
}

export interface Backend {
	/** The data folder; undefined in memory. */
	readonly folder: string | undefined;
	readonly commit: Commit;
	readonly keyed: KeyedReads;
	readonly lists: Lists;
	/** @throws StoreError `database-damaged` when the database is no longer where it was opened */
	verify(): Promise<void>;
	close(): Promise<void>;
}

/** @throws StoreError `data-in-use`, `database-damaged`, `newer-schema`, `disk-full`, `disk-failed` */
export async function openBackend(options: SqliteOptions): Promise<Backend> {
	if (options.folder === ":memory:") {
		if (options.thread === "worker") {
			throw new StoreError("store-failed", "a store in memory has no file that threads could share; open it inline");
		}
		return inlineBackend(":memory:", options.maxBytes);
	}
	const folder = resolve(options.folder);
	makeFolder(folder);
	const lock = lockFolder(folder);
	const path = join(folder, databaseName);
	const files = new DataFiles(path, lock);
	try {
		files.check();
		const copy = await copyBeforeMigrating(path);
		const open = options.thread === "worker" ? workerBackend : inlineBackend;
		const backend = await open(path, options.maxBytes);
		lock.opened();
		if (copy !== undefined) {
			options.log?.info({ copy }, "the database was upgraded; the copy is as it was before");
		}
		return locked(backend, lock);
	} catch (error) {
		files.failed();
		lock.release();
		throw withWayBack(error, folder);
	}
}

function locked(backend: Backend, lock: FolderLock): Backend {
	return {
		...backend,
		close: async () => {
			try {
				lock.closing();
				await backend.close();
			} finally {
				lock.release();
			}
		},
	};
}

async function inlineBackend(path: string, maxBytes: number | undefined): Promise<Backend> {
	const core = new SqliteCore({ path, ...(maxBytes !== undefined && { maxBytes }) });
	const lists = new ListReads(core.connection);
	return {
		folder: path === ":memory:" ? undefined : dirname(path),
		commit: async (operations: readonly Primitive[]) => core.commit(operations),
		keyed: new KeyedReads(core.connection),
		lists: {
			messages: async (query) => lists.messages(query),
			prompts: async (query) => lists.prompts(query),
			users: async (query) => lists.users(query),
			countDeliveries: async () => lists.countDeliveries(),
			countPins: async () => lists.countPins(),
		},
		verify: path === ":memory:" ? async () => undefined : guardPlace(path),
		close: async () => core.close(),
	};
}

async function workerBackend(path: string, maxBytes: number | undefined): Promise<Backend> {
	const writer = await StoreThread.start({ role: "writer", path, ...(maxBytes !== undefined && { maxBytes }) });
	const connection = openReader(path);
	const reader = listThread(path);
	return {
		folder: dirname(path),
		commit: (operations) => writer.call("commit", operations),
		keyed: new KeyedReads(connection),
		lists: reader.lists,
		verify: guardPlace(path),
		close: () => closeAll(reader, connection, writer),
	};
}

interface ListThread {
	readonly lists: Lists;
	close(): Promise<void>;
}

/** The thread for lists starts with the first list: a program that only sends never needs it. */
function listThread(path: string): ListThread {
	let thread: Promise<StoreThread> | undefined;
	async function ask<T>(call: string, query: unknown): Promise<T> {
		thread ??= StoreThread.start({ role: "reader", path }).catch((error: unknown) => {
			thread = undefined;
			throw error;
		});
		return (await thread).call<T>(call, query);
	}
	return {
		lists: {
			messages: (query) => ask("messages", query),
			prompts: (query) => ask("prompts", query),
			users: (query) => ask("users", query),
			countDeliveries: () => ask("countDeliveries", null),
			countPins: () => ask("countPins", null),
		},
		close: async () => (await thread)?.close(),
	};
}

/** The writer goes last, so that its connection is the one that empties the write-ahead log. */
async function closeAll(reader: ListThread, connection: Connection, writer: StoreThread): Promise<void> {
	await reader.close();
	connection.close();
	await writer.close();
}
