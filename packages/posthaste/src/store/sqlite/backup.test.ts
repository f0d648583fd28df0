/** Copies of a store that is being written, and putting them back. */
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { accepted, acceptOf, appendAll, messageAt, settling, start } from "../conformance/fixtures.ts";
import { backupFolder, openSqliteStore, restoreFolder, type SqliteStore, StoreError } from "./index.ts";

let place: string;
let folder: string;
let copy: string;
const stores: SqliteStore[] = [];

beforeEach(async () => {
	place = await mkdtemp(join(tmpdir(), "posthaste-backup-"));
	folder = join(place, "data");
	copy = join(place, "copy.sqlite");
});
afterEach(async () => {
	await Promise.all(stores.splice(0).map((store) => store.close()));
	await rm(place, { recursive: true, force: true });
});

async function open(data = folder, thread: "worker" | "inline" = "worker"): Promise<SqliteStore> {
	const store = await openSqliteStore({ folder: data, thread });
	stores.push(store);
	return store;
}

/** Writes more, and leaves the files as a process does that is killed. */
async function killed(): Promise<string> {
	const store = await open(folder, "inline");
	const { id } = await accepted(store);
	const names = ["posthaste.db", "posthaste.db-wal", "posthaste.pid"];
	const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
	await store.close();
	await Promise.all(names.map((name, index) => writeFile(join(folder, name), files[index] as Buffer)));
	return id;
}

describe("a backup", () => {
	it("is of one moment while thousands of writes go on, which do not wait for it", async () => {
		const store = await open();
		let writing = true;
		const acknowledged: string[] = [];
		const waits: number[] = [];
		async function writer(): Promise<void> {
			while (writing) {
				const messages = Array.from({ length: 20 }, () => messageAt(start, { body: "x".repeat(2000) }));
				const before = performance.now();
				await store.write({
					accepts: messages.map((message) => acceptOf(message)),
					appends: messages.map(({ id }) => settling(`${id}.1`, 1)),
				});
				waits.push(performance.now() - before);
				acknowledged.push(...messages.map(({ id }) => id));
			}
		}
		const writers = Promise.all([writer(), writer()]);
		while (acknowledged.length < 2000) {
			await new Promise((resolve) => setImmediate(resolve));
		}
		const before = [...acknowledged];
		const during = waits.length;
		const made = await store.backup(copy);
		writing = false;
		await writers;
		expect(made.bytes).toBe((await stat(copy)).size);
		expect(waits.length).toBeGreaterThan(during);
		await restoreFolder(copy, join(place, "other"), {});
		const restored = await open(join(place, "other"));
		const found = await Promise.all(before.map((id) => restored.loadMessage(id)));
		expect(found.filter((message) => message === undefined)).toEqual([]);
		// Message and first entry were one transaction: the copy has both or neither.
		const counts = await restored.countDeliveries();
		expect(counts.routing).toBe(0);
		expect(counts.reached).toBeGreaterThanOrEqual(before.length);
		expect(counts.reached).toBeLessThanOrEqual(acknowledged.length);
	});

	it("is one file, its owner's alone, with nothing left beside it", async () => {
		const store = await open();
		await accepted(store);
		await backupFolder(folder, copy);
		expect((await stat(copy)).mode & 0o777).toBe(0o600);
		expect((await readdir(place)).sort()).toEqual(["copy.sqlite", "data"]);
	});

	it("can be made of a folder that nobody uses, also of one whose process was killed", async () => {
		const store = await open(folder, "inline");
		const message = await accepted(store);
		const names = ["posthaste.db", "posthaste.db-wal"];
		const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
		const killed = join(place, "killed");
		await mkdir(killed);
		await Promise.all(names.map((name, index) => writeFile(join(killed, name), files[index] as Buffer)));
		await backupFolder(killed, copy);
		await restoreFolder(copy, join(place, "other"), {});
		expect(await (await open(join(place, "other"))).loadMessage(message.id)).toBeDefined();
	});

	it("replaces a file only with force, and never the database itself", async () => {
		const store = await open();
		await accepted(store);
		await writeFile(copy, "something else");
		await expect(store.backup(copy)).rejects.toMatchObject({ code: "file-exists" });
		expect(await readFile(copy, "utf8")).toBe("something else");
		await store.backup(copy, { force: true });
		expect((await stat(copy)).size).toBeGreaterThan(8192);
		await expect(backupFolder(folder, join(folder, "posthaste.db"), { force: true })).rejects.toMatchObject({
			code: "invalid-request",
		});
		await expect(store.backup(join(place, "none", "copy"))).rejects.toMatchObject({ code: "invalid-request" });
		await expect(backupFolder(join(place, "none"), copy)).rejects.toMatchObject({ code: "not-found" });
	});

	it("of a folder whose log is missing after a kill is refused, and hides it from no start", async () => {
		const store = await open(folder, "inline");
		await accepted(store);
		await store.close();
		await killed();
		await rm(join(folder, "posthaste.db-wal"));
		for (let times = 0; times < 2; times += 1) {
			await expect(backupFolder(folder, copy)).rejects.toMatchObject({
				code: "database-damaged",
				message: expect.stringContaining("posthaste.db-wal is missing"),
			});
			await expect(restoreFolder(join(folder, "posthaste.db"), join(place, "other"), {})).rejects.toMatchObject({
				code: "database-damaged",
			});
		}
		expect(existsSync(copy)).toBe(false);
		await expect(openSqliteStore({ folder, thread: "inline" })).rejects.toMatchObject({ code: "database-damaged" });
	});

	it("of a running store whose log was removed is refused", async () => {
		const store = await open();
		await accepted(store);
		const log = join(folder, "posthaste.db-wal");
		await rename(log, `${log}.gone`);
		await expect(store.backup(copy)).rejects.toMatchObject({ code: "database-damaged" });
		await rename(`${log}.gone`, log);
		await store.backup(copy);
	});

	it("is made of a folder whose process was killed before it wrote anything, whose log is empty", async () => {
		const id = await killed();
		await (await open(folder, "inline")).close();
		await writeFile(join(folder, "posthaste.db-wal"), "");
		await writeFile(join(folder, "posthaste.pid"), "1\nopen");
		await backupFolder(folder, copy);
		await restoreFolder(copy, join(place, "other"), {});
		expect(await (await open(join(place, "other"))).loadMessage(id)).toBeDefined();
		expect(await (await open()).loadMessage(id)).toBeDefined();
	});

	it("of a database that was emptied is refused, and its log is left as it is", async () => {
		await killed();
		const log = await readFile(join(folder, "posthaste.db-wal"));
		await truncate(join(folder, "posthaste.db"), 0);
		await expect(backupFolder(folder, copy)).rejects.toMatchObject({
			code: "database-damaged",
			message: expect.stringContaining("posthaste.db is empty"),
		});
		expect(await readFile(join(folder, "posthaste.db-wal"))).toEqual(log);
	});

	/** Enough for a copy to take several turns of the event loop. */
	async function large(): Promise<SqliteStore> {
		const store = await open(folder, "inline");
		const messages = Array.from({ length: 1000 }, () => messageAt(start, { body: "x".repeat(3000) }));
		await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
		return store;
	}

	/** The unfinished file of a copy that is under way, once SQLite writes to it. */
	async function written(): Promise<string> {
		for (;;) {
			const journal = readdirSync(place).find((name) => name.endsWith(".part-journal"));
			if (journal !== undefined) {
				return join(place, journal.replace("-journal", ""));
			}
			await new Promise((resolve) => setImmediate(resolve));
		}
	}

	it("to the same file as another at the same time is whole, as the other one is", async () => {
		const store = await large();
		const first = backupFolder(folder, copy, { force: true });
		await written();
		const made = await Promise.all([first, backupFolder(folder, copy, { force: true }), store.backup(copy)]);
		const { size } = await stat(copy);
		expect(made.map(({ bytes }) => bytes)).toEqual([size, size, size]);
		expect((await readdir(place)).sort()).toEqual(["copy.sqlite", "data"]);
		await restoreFolder(copy, join(place, "other"), {});
		expect((await (await open(join(place, "other"))).countDeliveries()).routing).toBe(1000);
	});

	/** The copy goes on in the file that has no name any more. */
	function replaceByEmpty(part: string): void {
		rmSync(part);
		writeFileSync(part, "");
	}

	it.each([
		["loses its unfinished file", (part: string) => rmSync(part)],
		["finds an empty file in its place", replaceByEmpty],
	])("that %s says so, and leaves the file before it", async (_, lose) => {
		await large();
		await writeFile(copy, "the one before");
		const made = backupFolder(folder, copy, { force: true });
		await Promise.all([written().then(lose), expect(made).rejects.toBeInstanceOf(StoreError)]);
		expect(await readFile(copy, "utf8")).toBe("the one before");
		expect((await readdir(place)).sort()).toEqual(["copy.sqlite", "data"]);
	});

	it("removes what a backup to the same file left that was killed, and nothing else", async () => {
		const store = await open();
		await accepted(store);
		const left = ["", "-journal", ".lock"].map((suffix) => `copy.sqlite.77-0123456789ab.part${suffix}`);
		const others = ["copy.sqlite.part", "other.sqlite.77-0123456789ab.part"];
		await Promise.all([...left, ...others].map((name) => writeFile(join(place, name), "")));
		await store.backup(copy);
		expect((await readdir(place)).sort()).toEqual(["copy.sqlite", ...others, "data"].sort());
	});

	it("of a damaged database is none", async () => {
		const store = await open(folder, "inline");
		await store.write({ accepts: Array.from({ length: 300 }, () => acceptOf(messageAt(start))), appends: [] });
		await store.close();
		const file = join(folder, "posthaste.db");
		const bytes = await readFile(file);
		bytes.fill(0x5a, 40_000, 60_000);
		await writeFile(file, bytes);
		await expect(backupFolder(folder, copy)).rejects.toMatchObject({ code: "database-damaged" });
		expect(await readdir(place)).toEqual(["data"]);
	});
});

describe("restoring", () => {
	async function backedUp(): Promise<string> {
		const store = await open(folder, "inline");
		const { id } = await accepted(store);
		await store.backup(copy);
		await store.close();
		return id;
	}

	it("puts the database that is there aside, whole, and only with force", async () => {
		const old = await backedUp();
		const store = await open();
		const newer = await accepted(store);
		await appendAll(store, settling(`${newer.id}.1`, 1));
		await store.close();
		await expect(restoreFolder(copy, folder, {})).rejects.toMatchObject({ code: "file-exists" });
		const { aside } = await restoreFolder(copy, folder, { force: true });
		const restored = await open();
		expect(await restored.loadMessage(old)).toBeDefined();
		expect(await restored.loadMessage(newer.id)).toBeUndefined();
		await restoreFolder(aside ?? "", join(place, "other"), {});
		expect(await (await open(join(place, "other"))).loadMessage(newer.id)).toBeDefined();
	});

	it("takes the write-ahead log of a process that was killed aside with its database", async () => {
		await backedUp();
		const id = await killed();
		const { aside, asideLog } = await restoreFolder(copy, folder, { force: true });
		expect(asideLog).toBe(`${aside}-wal`);
		const restored = await open();
		expect(await restored.loadMessage(id)).toBeUndefined();
		await restoreFolder(aside ?? "", join(place, "other"), {});
		expect(await (await open(join(place, "other"))).loadMessage(id)).toBeDefined();
	});

	it("takes a log aside that lies there without its database, instead of having it written over the backup", async () => {
		const old = await backedUp();
		const newer = await killed();
		const log = await readFile(join(folder, "posthaste.db-wal"));
		await writeFile(join(folder, "posthaste.db-shm"), "an index of that log");
		await writeFile(join(folder, "posthaste.db-journal"), "what a change was to undo");
		await rm(join(folder, "posthaste.db"));
		const { aside, asideLog } = await restoreFolder(copy, folder, {});
		const restored = await open();
		expect(await restored.loadMessage(newer)).toBeUndefined();
		expect(await restored.loadMessage(old)).toBeDefined();
		const kept = (await readdir(folder)).filter((name) => name.includes("before-restore"));
		expect(kept.map((name) => name.replace(/.*Z/, "")).sort()).toEqual(["-journal", "-shm", "-wal"]);
		expect(aside).toBeUndefined();
		expect(await readFile(asideLog ?? "")).toEqual(log);
	});

	it("keeps the log of a database that was emptied", async () => {
		const old = await backedUp();
		await killed();
		const log = await readFile(join(folder, "posthaste.db-wal"));
		await truncate(join(folder, "posthaste.db"), 0);
		const { aside, asideLog } = await restoreFolder(copy, folder, { force: true });
		const kept = (await readdir(folder)).filter((name) => name.includes("before-restore"));
		expect(kept.map((name) => name.replace(/.*Z/, "")).sort()).toEqual(["", "-wal"]);
		expect((await stat(aside ?? "")).size).toBe(0);
		expect(await readFile(asideLog ?? "")).toEqual(log);
		expect(await (await open()).loadMessage(old)).toBeDefined();
	});

	it("is refused while a store is open there, and leaves it alone", async () => {
		const id = await backedUp();
		const store = await open();
		await expect(restoreFolder(copy, folder, { force: true })).rejects.toMatchObject({ code: "data-in-use" });
		expect(await store.loadMessage(id)).toBeDefined();
	});

	it("of a damaged one names the backup, and not the file that was made of it for a while", async () => {
		await backedUp();
		const bytes = await readFile(copy);
		// Cells of the first tree's pages that are no longer in order: only reading it whole finds that.
		bytes.fill("x", 3 * 4096, 7 * 4096);
		await writeFile(copy, bytes);
		const answer = String(await restoreFolder(copy, join(place, "other"), {}).catch((error: unknown) => error));
		expect(answer).toContain(copy);
		expect(answer).not.toContain(".part");
	});

	it("changes nothing when the file is no backup of ours", async () => {
		const id = await backedUp();
		const strange = join(place, "strange");
		await writeFile(strange, "Dear diary, ".repeat(1000));
		await expect(restoreFolder(strange, folder, { force: true })).rejects.toMatchObject({
			code: "database-damaged",
			message: expect.stringContaining(strange),
		});
		const bytes = await readFile(copy);
		await writeFile(strange, bytes.subarray(0, bytes.length - 8192));
		await expect(restoreFolder(strange, folder, { force: true })).rejects.toMatchObject({
			code: "database-damaged",
			message: expect.stringMatching(/strange.* Nothing was changed; name another backup$/),
		});
		await expect(restoreFolder(join(place, "none"), folder, {})).rejects.toMatchObject({ code: "not-found" });
		expect(existsSync(join(folder, "posthaste.db.restored"))).toBe(false);
		expect(await (await open()).loadMessage(id)).toBeDefined();
	});
});
