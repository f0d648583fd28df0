/** Databases of every released schema, opened by this program; and the ways back. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFinal } from "@posthaste/core";
import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPosthaste, type PosthasteCore } from "../../create-posthaste.ts";
import { type MailServer, startMailServer } from "../../demo/mail-server.ts";
import { settling } from "../conformance/fixtures.ts";
import { migrate } from "./connection.ts";
import { openSqliteStore, restoreFolder } from "./index.ts";
import { first } from "./migrations/0001-first.ts";
import { migrations } from "./migrations/index.ts";

/** Made by the program as it was with that schema, stopped in the middle of its work; but see below. */
const fixtureOf = (schema: number) => new URL(`./fixtures/schema-${schema}.sqlite`, import.meta.url);
/** The store alone made this one: its deliveries have no policies, so that no manager could go on with them. */
const byStoreAlone: ReadonlySet<number> = new Set([2]);
/** Every schema below the one that this program writes. */
const earlier = migrations.slice(1).map((_, index) => index + 1);
const day = 86_400_000;

let folder: string;
let file: string;
let mail: MailServer;
let posthaste: PosthasteCore | undefined;

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-upgrade-"));
	file = join(folder, "posthaste.db");
	mail = await startMailServer({ mailboxes: ["jsmith@example.com", "adoe@example.com"] });
	await copyFile(fixtureOf(1), file);
});
afterEach(async () => {
	await posthaste?.close();
	posthaste = undefined;
	await mail.close();
	await rm(folder, { recursive: true, force: true });
});

/** The whole content, as text. */
function dump(path: string): string {
	const database = new Database(path, { readonly: true });
	try {
		const tables = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all() as { name: string }[];
		const rows = tables
			.filter(({ name }) => !name.includes("_") || name === "plugin_value")
			.map(({ name }) => [name, database.prepare(`SELECT * FROM ${name}`).raw().all()]);
		return JSON.stringify([database.pragma("user_version", { simple: true }), tables, rows]);
	} finally {
		database.close();
	}
}

async function open(): Promise<PosthasteCore> {
	posthaste = await createPosthaste({ data: folder, keep: 100_000 * day });
	return posthaste;
}

/** Messages were sent with what they were for as their subject. */
async function bySubject(running: PosthasteCore) {
	const { items } = await running.messages.list({ limit: 100 });
	const only = (subject: string) => {
		const [delivery] = items.find(({ message }) => message.subject === subject)?.deliveries ?? [];
		if (delivery === undefined) {
			throw new Error(`there is no message "${subject}"`);
		}
		return delivery;
	};
	return { count: items.length, only };
}

describe("a database of schema 1", () => {
	it("opens with every message, journal, question and record in it", async () => {
		const before = dump(file);
		const { count, only } = await bySubject(await open());
		expect(count).toBe(11);
		const ends = ["reached", "unreached", "answered", "resolved", "expired", "cancelled"];
		expect(ends.map((subject) => [only(subject).state, only(subject).journal.length])).toEqual([
			["reached", 5],
			["unreached", 5],
			["reached", 10],
			["unreached", 9],
			["expired", 8],
			["cancelled", 8],
		]);
		expect(only("held")).toMatchObject({ state: "held", reason: "unknown-held" });
		expect(["asked", "receipt"].map((subject) => only(subject).state)).toEqual(["waiting", "waiting"]);
		expect((await posthaste?.users.get("bgreen"))?.managedBy).toMatchObject({ by: "file", line: 5 });
		expect((await posthaste?.users.list())?.items.map(({ id }) => id)).toEqual(["adoe", "bgreen", "jsmith"]);
		expect((await posthaste?.managers.list())?.items).toHaveLength(5);
		expect((await posthaste?.selection.get())?.rules).toHaveLength(5);
		expect((await posthaste?.mechanisms.get("doubt"))?.disabled).toBe(true);
		const again = await posthaste?.send(
			{ to: ["jsmith"], from: "mary", body: "The reached one", subject: "reached", properties: { category: "email" } },
			{ idempotencyKey: "released-1" },
		);
		expect(again).toMatchObject({ id: only("reached").message, repeated: true });
		expect(dump(join(folder, "posthaste.before-schema-3.sqlite"))).toBe(before);
	});

	it("goes on with what waited: for an answer, for a person, for time", async () => {
		const running = await open();
		await running.mechanisms.put("email", {
			use: "email",
			settings: { url: mail.url, from: "posthaste@example.com" },
		});
		const { only } = await bySubject(running);
		const { items } = await running.prompts.list({ message: only("asked").message });
		await running.prompts.answer(items[0]?.id ?? "", "yes", "mary");
		await running.deliveries.resolve(only("held").id, "next", "ann");
		await running.messages.cancel(only("receipt").message);
		await running.idle();
		const after = await bySubject(running);
		expect(after.only("asked")).toMatchObject({ state: "reached", reason: "accepted" });
		expect(after.only("held")).toMatchObject({ state: "reached" });
		expect(after.only("receipt").state).toBe("cancelled");
		// Their time came while nothing ran: the one question is out of time, the pause is over, and both went on.
		const types = (subject: string) => after.only(subject).journal.map(({ type }) => type);
		expect(types("asked shortly").slice(5)).toContain("prompt-closed");
		expect(types("paused").slice(3)).not.toEqual([]);
		expect(mail.mails().map(({ subject }) => subject)).toEqual(expect.arrayContaining(["asked", "held"]));
	});

	it("is as it was when a migration fails in its middle", async () => {
		const before = dump(file);
		const database = new Database(file);
		const failing = [...migrations, "CREATE TABLE more (a); INSERT INTO message (id) VALUES (NULL); SELECT none;"];
		expect(() => migrate(database, failing)).toThrow("NOT NULL");
		database.close();
		expect(dump(file)).toBe(before);
		await open();
	});

	it("is refused, and as it was, when the copy of before cannot be made", async () => {
		const before = dump(file);
		const copy = join(folder, "posthaste.before-schema-3.sqlite");
		await mkdir(join(copy, "in the way"), { recursive: true });
		await expect(open()).rejects.toThrow(folder);
		expect(dump(file)).toBe(before);
		expect((await readdir(folder)).filter((name) => name.includes(".part"))).toEqual([]);
	});

	it("can be gone back to with the copy of before", async () => {
		const before = dump(file);
		await open();
		await posthaste?.close();
		posthaste = undefined;
		const copy = join(folder, "posthaste.before-schema-3.sqlite");
		expect((await stat(copy)).mode & 0o777).toBe(0o600);
		const restored = await restoreFolder(copy, folder, { force: true });
		expect(restored.schema).toBe(1);
		expect(dump(file)).toBe(before);
	});
});

describe("a database of schema 2", () => {
	it("keeps the pins of deliveries that are not final, and takes those of the others away", async () => {
		await copyFile(fixtureOf(2), file);
		const store = await openSqliteStore({ folder, thread: "inline" });
		expect(await store.countPins()).toEqual([
			{ pin: "escalate@1.0.0", deliveries: 1 },
			{ pin: "rota@2.0.0", deliveries: 2 },
		]);
		const [stored] = (await store.listMessages({})).items;
		expect(stored?.deliveries.map(({ state, pin }) => [state, pin])).toEqual([
			["held", "rota@2.0.0"],
			["waiting", "rota@2.0.0"],
			["routing", "escalate@1.0.0"],
			["waiting", undefined],
			["reached", undefined],
		]);
		const ends = stored?.deliveries.map(({ id, sequence }) => settling(id, sequence + 1)) ?? [];
		await store.write({ accepts: [], appends: ends });
		expect(await store.countPins()).toEqual([]);
		await store.close();
	});
});

/** Deliveries in the file, whatever else its schema has. */
function countDeliveries(path: string): unknown {
	const database = new Database(path, { readonly: true });
	try {
		return database.prepare("SELECT count(*) FROM delivery").pluck().get();
	} finally {
		database.close();
	}
}

async function deliveriesOf(running: PosthasteCore) {
	const { items } = await running.messages.list({ limit: 100 });
	return items.flatMap(({ deliveries }) => deliveries);
}

/** Answers every question, ends what is held, and calls off whatever else is under way. */
async function bringToEnd(running: PosthasteCore): Promise<void> {
	for (const { id } of (await running.prompts.list({ limit: 100 })).items) {
		await running.prompts.answer(id, "yes", "mary");
	}
	await running.idle();
	for (const { id } of (await deliveriesOf(running)).filter(({ state }) => state === "held")) {
		await running.deliveries.resolve(id, "end", "ann");
	}
	for (const { message } of (await deliveriesOf(running)).filter(({ state }) => !isFinal(state))) {
		await running.messages.cancel(message);
	}
	await running.idle();
}

describe("every released schema", () => {
	it("has a database here that was made with it", () => {
		expect(earlier.filter((schema) => !existsSync(fixtureOf(schema)))).toEqual([]);
	});

	it.each(earlier)("opens with all its deliveries, and goes on with them to their ends: schema %i", async (schema) => {
		await copyFile(fixtureOf(schema), file);
		const count = countDeliveries(file);
		const running = await open();
		const before = await deliveriesOf(running);
		expect(before).toHaveLength(Number(count));
		if (byStoreAlone.has(schema)) {
			return;
		}
		await bringToEnd(running);
		const after = await deliveriesOf(running);
		expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
		expect(after.filter(({ state }) => !isFinal(state))).toEqual([]);
		for (const [index, { journal }] of after.entries()) {
			const earlierEntries = before[index]?.journal ?? [];
			expect(journal.slice(0, earlierEntries.length)).toEqual(earlierEntries);
		}
	});

	it("comes to the same tables as a new database", () => {
		const made = (known: readonly string[]) => {
			const database = new Database(":memory:");
			for (let length = 1; length <= known.length; length += 1) {
				migrate(database, known.slice(0, length));
			}
			return database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
		};
		const fresh = new Database(":memory:");
		migrate(fresh);
		expect(made(migrations)).toEqual(fresh.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all());
		expect(migrations[0]).toBe(first);
	});
});

describe("a newer schema", () => {
	it("is refused; the message names the copy of before, when there is one", async () => {
		const store = await openSqliteStore({ folder, thread: "inline" });
		await store.close();
		const database = new Database(file);
		database.pragma("user_version = 99");
		database.close();
		const before = await readFile(file);
		const copy = join(folder, "posthaste.before-schema-3.sqlite");
		await expect(open()).rejects.toMatchObject({
			code: "newer-schema",
			message: expect.stringContaining(`posthaste restore ${copy} --data ${folder} --force`),
		});
		await rm(copy);
		await expect(open()).rejects.toMatchObject({
			code: "newer-schema",
			message: expect.stringContaining("has schema 99, this Posthaste knows schema 3"),
		});
		expect(await readFile(file)).toEqual(before);
	});
});
