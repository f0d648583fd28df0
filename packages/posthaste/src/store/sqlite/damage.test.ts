/** Files that lost something or were written over: refused with the way back, or whole. Never a crash, never silently less. */
import { mkdir, mkdtemp, open as openFile, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { acceptOf, messageAt, start } from "../conformance/fixtures.ts";
import { openSqliteStore, type SqliteStore, StoreError } from "./index.ts";

let whole: Buffer;
let ids: readonly string[];
let folder: string;
let file: string;

beforeAll(async () => {
	const made = await mkdtemp(join(tmpdir(), "posthaste-damage-"));
	const store = await openSqliteStore({ folder: made, thread: "inline" });
	const messages = Array.from({ length: 300 }, () => messageAt(start));
	await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
	await store.close();
	ids = messages.map(({ id }) => id);
	whole = await readFile(join(made, "posthaste.db"));
	await rm(made, { recursive: true });
});
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-damage-"));
	file = join(folder, "posthaste.db");
	await writeFile(file, whole);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function attempt(): Promise<SqliteStore | StoreError> {
	return openSqliteStore({ folder, thread: "inline" }).catch((error: unknown) => {
		expect(error).toBeInstanceOf(StoreError);
		return error as StoreError;
	});
}

/** Refused as damaged, with what to type. */
async function expectRefusal(): Promise<StoreError> {
	const error = await attempt();
	if (!(error instanceof StoreError)) {
		await error.close();
		throw new Error("it was opened");
	}
	expect(error.code).toBe("database-damaged");
	expect(error.message).toContain(`posthaste restore BACKUP --data ${folder} --force`);
	return error;
}

/** The files as a process leaves them that is killed. */
async function killed(): Promise<void> {
	const store = await openSqliteStore({ folder, thread: "inline" });
	await store.write({ accepts: [acceptOf(messageAt(start))], appends: [] });
	const names = ["posthaste.db", "posthaste.db-wal", "posthaste.pid"];
	const copies = await Promise.all(names.map((name) => readFile(join(folder, name))));
	await store.close();
	await Promise.all(names.map((name, index) => writeFile(join(folder, name), copies[index] as Buffer)));
}

describe("a database file", () => {
	it.each([0, 1, 15, 16, 99, 100, 512, 4096, 8191, 8192, 8193, 16_384, 100_000])(
		"cut off after %i bytes is refused, and left as it is",
		async (size) => {
			await truncate(file, size);
			await expectRefusal();
			expect((await stat(file)).size).toBe(size);
		},
	);

	it("that lost a page, half a page or a byte at its end is refused", async () => {
		for (const lost of [8192, 4096, 1]) {
			await writeFile(file, whole.subarray(0, whole.length - lost));
			await expectRefusal();
		}
	});

	it("of garbage is refused", async () => {
		await writeFile(file, Buffer.alloc(whole.length, "Dear diary, "));
		expect((await expectRefusal()).message).toContain(file);
	});

	it("that is missing or empty beside its log is refused, and the log is left as it is", async () => {
		await killed();
		const log = await readFile(`${file}-wal`);
		// Neither of the two that say that a database was here needs the other.
		for (const lost of [[file], [file, join(folder, "posthaste.pid")]]) {
			await Promise.all(lost.map((path) => rm(path, { force: true })));
			const { message } = await expectRefusal();
			expect(message).toContain(`${file} is missing`);
			expect(message).toContain(`remove ${file}-wal`);
			await writeFile(file, "");
			expect((await expectRefusal()).message).toContain(`${file} is empty, although`);
			expect(await readFile(`${file}-wal`)).toEqual(log);
		}
	});

	it("that is missing with its log after a kill is refused, each time, until somebody says to begin anew", async () => {
		await killed();
		await Promise.all([file, `${file}-wal`].map((path) => rm(path)));
		const mark = join(folder, "posthaste.pid");
		for (let times = 0; times < 2; times += 1) {
			expect((await expectRefusal()).message).toContain(`To begin anew without all that was in it, remove ${mark}.`);
		}
		await rm(mark);
		const store = (await attempt()) as SqliteStore;
		expect((await store.countDeliveries()).routing).toBe(0);
		await store.close();
	});

	it("that is empty is said to be of no use only where nothing was written to it", async () => {
		await writeFile(file, "");
		expect((await expectRefusal()).message).toContain("remove the file");
	});

	it("with any byte of its header flipped is whole or refused", async () => {
		const outcomes = new Set<string>();
		for (let at = 0; at < 100; at += 1) {
			const flipped = Buffer.from(whole);
			flipped[at] = (flipped[at] ?? 0) ^ 0xff;
			await writeFile(file, flipped);
			const opened = await attempt();
			if (opened instanceof StoreError) {
				outcomes.add(opened.code);
			} else {
				outcomes.add("opened");
				const found = await Promise.all(ids.map((id) => opened.loadMessage(id)));
				expect(found.filter((message) => message === undefined)).toEqual([]);
				await opened.close();
			}
			await rm(folder, { recursive: true });
			await mkdir(folder);
		}
		expect([...outcomes].sort()).toEqual(["database-damaged", "newer-schema", "opened"]);
	});
});

describe("a write-ahead log", () => {
	it("that is missing after a kill is noticed, each time, until somebody says to go on without", async () => {
		await killed();
		await rm(`${file}-wal`);
		for (let times = 0; times < 2; times += 1) {
			expect((await expectRefusal()).message).toContain(`${file}-wal is missing`);
		}
		await rm(join(folder, "posthaste.pid"));
		const store = await attempt();
		expect(store).not.toBeInstanceOf(StoreError);
		await (store as SqliteStore).close();
	});

	it("that is there after a kill is used", async () => {
		await killed();
		const store = (await attempt()) as SqliteStore;
		expect((await store.countDeliveries()).routing).toBe(301);
		await store.close();
	});

	it("is not missed after a start that was refused and put it into the file", async () => {
		await killed();
		const database = new Database(file);
		database.pragma("user_version = 99");
		const log = await readFile(`${file}-wal`);
		const bytes = await readFile(file);
		database.close();
		await writeFile(file, bytes);
		await writeFile(`${file}-wal`, log);
		expect(await attempt()).toMatchObject({ code: "newer-schema" });
		const newer = new Database(file);
		newer.pragma("user_version = 2");
		newer.close();
		const store = (await attempt()) as SqliteStore;
		expect((await store.countDeliveries()).routing).toBe(301);
		await store.close();
	});

	it("is not missed after an end in order", async () => {
		for (let times = 0; times < 2; times += 1) {
			const store = (await attempt()) as SqliteStore;
			expect((await store.countDeliveries()).routing).toBe(300);
			await store.close();
		}
	});
});

describe("damage that comes while the store is open", () => {
	it("is an error of the read that meets it, and the store answers what it still can", async () => {
		const store = await openSqliteStore({ folder, thread: "worker" });
		try {
			const handle = await openFile(file, "r+");
			const page = 8192;
			for (let at = 2 * page; at + page <= whole.length; at += page) {
				await handle.write(Buffer.alloc(page, 0x5a), 0, page, at);
			}
			await handle.close();
			const loaded = await Promise.allSettled(ids.map((id) => store.loadMessage(id)));
			const codes = loaded.flatMap((one) => (one.status === "rejected" ? [(one.reason as StoreError).code] : []));
			expect(new Set(codes)).toEqual(new Set(["database-damaged"]));
			await expect(store.listMessages({})).rejects.toMatchObject({ code: "database-damaged" });
		} finally {
			await store.close();
		}
	});
});

describe("an empty file", () => {
	it("is not left behind by a first start that failed", async () => {
		await rm(file);
		await expect(openSqliteStore({ folder, thread: "inline", maxBytes: 8192 })).rejects.toMatchObject({
			code: "disk-full",
		});
		const store = await openSqliteStore({ folder, thread: "inline" });
		await store.close();
	});
});

describe("a database that is moved away under a program that has it open", () => {
	afterEach(() => {
		vi.useRealTimers();
	});

	it("takes no more writes within a second, and takes them again once it is back", async () => {
		vi.useFakeTimers({ toFake: ["performance"] });
		const store = await openSqliteStore({ folder, thread: "inline" });
		const write = () => store.write({ accepts: [acceptOf(messageAt(start))], appends: [] });
		await write();
		await rename(file, `${file}.away`);
		vi.advanceTimersByTime(1000);
		const refused = {
			code: "database-damaged",
			message: expect.stringMatching(/is gone since Posthaste has opened it/),
		};
		await expect(write()).rejects.toMatchObject(refused);
		await expect(write()).rejects.toMatchObject(refused);
		await rename(`${file}.away`, file);
		await write();
		await store.close();
	});
});
