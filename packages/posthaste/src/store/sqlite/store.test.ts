/** What is SQLite's own: files that cannot be opened, a full disk, commits shared by callers. */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, open as openFile, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	accepted,
	acceptOf,
	appendAll,
	appendTo,
	messageAt,
	promptOf,
	settling,
	start,
} from "../conformance/fixtures.ts";
import { openSqliteStore, type SqliteStore, StoreError } from "./index.ts";

const threads = ["inline", "worker"] as const;
let folder: string;
let file: string;
const stores: SqliteStore[] = [];
/** What was logged of the disk. */
let logged: string[];

beforeEach(async () => {
	logged = [];
	folder = await mkdtemp(join(tmpdir(), "posthaste-sqlite-"));
	file = join(folder, "posthaste.db");
});
afterEach(async () => {
	await Promise.all(stores.splice(0).map((store) => store.close()));
	await rm(folder, { recursive: true, force: true });
});

async function open(thread: "worker" | "inline", maxBytes?: number): Promise<SqliteStore> {
	const say = (_fields: object, text: string) => void logged.push(text);
	const log = { debug() {}, info: say, warn: say, error: say };
	const store = await openSqliteStore({ folder, thread, log, ...(maxBytes !== undefined && { maxBytes }) });
	stores.push(store);
	return store;
}

/** A store with some messages, closed again. */
async function filled(): Promise<void> {
	const store = await open("inline");
	const messages = Array.from({ length: 500 }, () => messageAt(start));
	await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
	await store.close();
}

/** The error that opening meets, the same on either thread. */
async function refusal(): Promise<StoreError> {
	const [first, second] = [await refusalOn("inline"), await refusalOn("worker")];
	expect(second).toMatchObject({ code: first.code, message: first.message });
	return first;
}

async function refusalOn(thread: "worker" | "inline"): Promise<StoreError> {
	const error = await open(thread).then(
		() => undefined,
		(caught: unknown) => caught,
	);
	expect(error).toBeInstanceOf(StoreError);
	return error as StoreError;
}

describe("opening", () => {
	it("makes the folder and the file", async () => {
		const nested = join(folder, "a", "b");
		const store = await openSqliteStore({ folder: nested, thread: "worker" });
		stores.push(store);
		await accepted(store);
		expect(existsSync(join(nested, "posthaste.db"))).toBe(true);
	});

	it("leaves one file with everything in it when it is closed", async () => {
		await filled();
		expect(existsSync(`${file}-wal`)).toBe(false);
		expect((await stat(file)).size).toBeGreaterThan(200_000);
	});

	it("works in memory without a file, inline only", async () => {
		const store = await openSqliteStore({ folder: ":memory:", thread: "inline" });
		const { id } = await accepted(store);
		expect(await store.loadMessage(id)).toBeDefined();
		await store.close();
		await expect(openSqliteStore({ folder: ":memory:", thread: "worker" })).rejects.toThrow("inline");
	});

	it("refuses a second store of the same process", async () => {
		await open("worker");
		expect((await refusal()).code).toBe("data-in-use");
	});

	it("refuses a file of a newer Posthaste, and leaves it alone", async () => {
		await filled();
		const database = new Database(file);
		database.pragma("user_version = 99");
		database.close();
		const before = await readFile(file);
		const error = await refusal();
		expect(error.code).toBe("newer-schema");
		expect(error.message).toContain(file);
		expect(error.message).toMatch(/schema 99/);
		expect(await readFile(file)).toEqual(before);
	});

	it("refuses a file that is no database", async () => {
		await writeFile(file, "Dear diary, ".repeat(1000));
		const error = await refusal();
		expect(error.code).toBe("database-damaged");
		expect(error.message).toContain(`posthaste restore BACKUP --data ${folder} --force`);
	});

	it("refuses another program's database", async () => {
		const database = new Database(file);
		database.exec("CREATE TABLE message (text)");
		database.close();
		expect((await refusal()).message).toContain("not one of Posthaste's");
	});

	it("refuses a file that lost its end", async () => {
		await filled();
		await truncate(file, (await stat(file)).size - 8192);
		expect((await refusal()).code).toBe("database-damaged");
	});

	it("refuses a file that was written over", async () => {
		await filled();
		const handle = await openFile(file, "r+");
		for (let at = 40_000; at < 200_000; at += 4000) {
			await handle.write(Buffer.alloc(2000, 0x5a), 0, 2000, at);
		}
		await handle.close();
		expect((await refusal()).code).toBe("database-damaged");
	});

	it("says that a folder cannot be made", async () => {
		await mkdir(folder, { recursive: true });
		await writeFile(join(folder, "file"), "");
		await expect(openSqliteStore({ folder: join(folder, "file", "data"), thread: "worker" })).rejects.toThrow(
			"ENOTDIR",
		);
	});
});

describe.each(threads)("a full disk, %s", (thread) => {
	/** Writes batches of 20 until one is refused. */
	async function fill(store: SqliteStore): Promise<{ kept: string[]; refused: string[]; error: unknown }> {
		const kept: string[] = [];
		for (let batch = 0; batch < 1000; batch += 1) {
			const messages = Array.from({ length: 20 }, () => messageAt(start, { body: "x".repeat(1000) }));
			const ids = messages.map(({ id }) => id);
			try {
				await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
				kept.push(...ids);
			} catch (error) {
				return { kept, refused: ids, error };
			}
		}
		throw new Error("the disk was never full");
	}

	it("refuses the whole transaction, and the store goes on when there is room again", async () => {
		const store = await open(thread, 1_000_000);
		const old = await accepted(store, { acceptedAt: start - 1, body: "x".repeat(200_000) });
		await appendAll(store, settling(`${old.id}.1`, 1));
		const { kept, refused, error } = await fill(store);
		expect(error).toMatchObject({ code: "disk-full" });
		const stored = await Promise.all([...kept, ...refused].map((id) => store.loadMessage(id)));
		expect(stored.map((message) => message !== undefined)).toEqual([
			...kept.map(() => true),
			...refused.map(() => false),
		]);
		expect((await store.countDeliveries()).routing).toBe(kept.length);
		expect(await store.retain(start, 1000)).toBe(1);
		expect(await appendAll(store, appendTo(`${refused[0]}.1`, 1))).toEqual(["fenced"]);
		await accepted(store, { body: "x".repeat(100_000) });
		expect(await appendAll(store, settling(`${kept[0]}.1`, 1))).toEqual(["written"]);
		expect(await store.countDeliveries()).toMatchObject({ routing: kept.length, reached: 1 });
	});

	it("is told once, and is not over with a transaction in which nothing was written", async () => {
		const store = await open(thread, 1_000_000);
		const old = await accepted(store, { acceptedAt: start - 1, body: "x".repeat(200_000) });
		await appendAll(store, settling(`${old.id}.1`, 1));
		const { refused } = await fill(store);
		for (let time = 0; time < 3; time += 1) {
			expect(await appendAll(store, appendTo(`${refused[0]}.1`, 1))).toEqual(["fenced"]);
			expect(await store.claimDue(start - 1, 10, 1000)).toEqual([]);
			await expect(accepted(store, { body: "x".repeat(100_000) })).rejects.toMatchObject({ code: "disk-full" });
		}
		expect(logged).toEqual(["the store cannot write; messages are refused"]);
		await store.retain(start, 1000);
		await accepted(store, { body: "x".repeat(100_000) });
		expect(logged).toEqual(["the store cannot write; messages are refused", "the store writes again"]);
	});

	it("refuses every caller that shared the transaction", async () => {
		const store = await open(thread, 1_000_000);
		await fill(store);
		const large = () => accepted(store, { body: "x".repeat(100_000) });
		const results = await Promise.allSettled([large(), large(), large()]);
		expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
	});
});

describe.each(threads)("group commit, %s", (thread) => {
	it("shares commits among callers who do not know of each other", async () => {
		const store = await open(thread);
		const before = store.commits;
		async function caller(): Promise<void> {
			const { id } = await accepted(store);
			await appendAll(store, appendTo(`${id}.1`, 1));
			await appendAll(store, settling(`${id}.1`, 2));
		}
		await Promise.all(Array.from({ length: 500 }, caller));
		expect(store.commits - before).toBeLessThan(30);
		expect((await store.countDeliveries()).reached).toBe(500);
	});

	it("keeps one caller's error to itself", async () => {
		const store = await open(thread);
		const strange = acceptOf({ ...messageAt(start), from: null as never });
		const results = await Promise.allSettled([
			accepted(store),
			store.write({ accepts: [acceptOf(messageAt(start)), strange], appends: [] }),
			accepted(store),
		]);
		expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
		expect((await store.countDeliveries()).routing).toBe(2);
	});
});

describe("retention", () => {
	it("leaves no row of any table behind", async () => {
		const store = await open("worker");
		const idempotency = { key: "key", digest: "a" };
		const { id } = await accepted(store, { to: ["ann", "bob"] }, { idempotency });
		for (const delivery of [`${id}.1`, `${id}.2`]) {
			await appendAll(store, appendTo(delivery, 1, { openPrompt: promptOf(delivery, 1) }), appendTo(delivery, 2));
			await appendAll(store, settling(delivery, 3));
		}
		expect(await store.retain(start + 1, 10)).toBe(1);
		await store.close();
		const database = new Database(file, { readonly: true });
		const tables = ["message", "delivery", "journal", "prompt", "idempotency"];
		const left = tables.map((table) => database.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
		database.close();
		expect(left).toEqual(tables.map(() => 0));
	});
});

describe("a message that is handed in twice", () => {
	it("is the same message, or a conflict when it is another one", async () => {
		const store = await open("inline");
		const message = messageAt(start);
		const accepts = [message, message, { ...message, body: "other" }].map((one) => acceptOf(one));
		expect((await store.write({ accepts, appends: [] })).accepts).toEqual([
			{ result: "accepted" },
			{ result: "repeated", message: message.id },
			{ result: "conflict" },
		]);
	});
});

describe("a listener that fails", () => {
	it("is no business of the others, nor of whoever made the change", async () => {
		const store = await open("inline");
		const surfaced = new Promise((resolve) => {
			const previous = process.rawListeners("uncaughtException");
			process.removeAllListeners("uncaughtException");
			process.once("uncaughtException", (error) => {
				for (const listener of previous) {
					process.on("uncaughtException", listener as (error: Error) => void);
				}
				resolve(error);
			});
		});
		const told: number[] = [];
		store.watch(() => {
			throw new Error("the listener's own");
		});
		store.watch((revision) => told.push(revision));
		const change = { database: "users", key: "ann", value: null } as const;
		expect(await store.change([change])).toEqual({ result: "changed", revision: 1 });
		expect(told).toEqual([1]);
		expect(await surfaced).toMatchObject({ message: "the listener's own" });
	});
});
