/** What small tests never meet: several spans of an index, pages that would search or hold too much. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
	accepted,
	acceptOf,
	allPages,
	appendAll,
	appendTo,
	messageAt,
	settling,
	start,
} from "../conformance/fixtures.ts";
import { openSqliteStore, type SqliteStore } from "./index.ts";

let folder: string;
const stores: SqliteStore[] = [];

beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-large-"));
});
afterEach(async () => {
	await Promise.all(stores.splice(0).map((store) => store.close()));
	await rm(folder, { recursive: true, force: true });
});

async function open(thread: "worker" | "inline"): Promise<SqliteStore> {
	const store = await openSqliteStore({ folder, thread });
	stores.push(store);
	return store;
}

describe("a database of many messages", () => {
	/** More than two spans of the indexes, more steps than one page takes, more deliveries than are kept in mind. */
	const size = 21_000;
	const rare = (index: number) => index % 3000 === 5;

	async function large(): Promise<{ store: SqliteStore; ids: readonly string[] }> {
		const store = await open("inline");
		const messages = Array.from({ length: size }, (_, index) =>
			messageAt(start + index, rare(index) ? { to: ["ann"], from: "seldom" } : {}),
		);
		await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
		return { store, ids: messages.map(({ id }) => id) };
	}

	it("lists one recipient's and one sender's messages wherever they lie", async () => {
		const { store, ids } = await large();
		const expected = ids.filter((_, index) => rare(index)).reverse();
		for (const filter of [{ recipient: "ann" }, { sender: "seldom" }, { recipient: "ann", sender: "seldom" }]) {
			const items = await allPages((cursor) => store.listMessages({ ...filter, limit: 3, ...(cursor && { cursor }) }));
			expect(items.map(({ message }) => message.id)).toEqual(expected);
		}
	});

	it("ends a page that would search too long, and goes on from there", async () => {
		const { store, ids } = await large();
		await appendAll(store, settling(`${ids[0]}.1`, 1));
		const first = await store.listMessages({ state: "reached" });
		expect(first.items).toEqual([]);
		const second = await store.listMessages({ state: "reached", cursor: first.next as string });
		expect(second.items.map(({ message }) => message.id)).toEqual([ids[0]]);
		expect(second).not.toHaveProperty("next");
	});

	it("knows where a delivery stands that it has long not written", async () => {
		const { store, ids } = await large();
		const delivery = `${ids[0]}.1`;
		expect(await appendAll(store, appendTo(delivery, 2), appendTo(delivery, 1))).toEqual(["fenced", "written"]);
		expect(await appendAll(store, appendTo(`${ids[3]}.2`, 1))).toEqual(["fenced"]);
		expect((await store.loadDeliveries([delivery]))[0]?.row.sequence).toBe(1);
	});
});

describe("large messages", () => {
	/** Each of these characters takes six of JSON. */
	const body = "\u0001".repeat(256 * 1024);

	it("end a page before its limit, and the next one goes on from there", async () => {
		const store = await open("worker");
		const messages = Array.from({ length: 14 }, (_, index) => messageAt(start + index, { body }));
		await store.write({ accepts: messages.map((message) => acceptOf(message)), appends: [] });
		const newestFirst = messages.map(({ id }) => id).reverse();
		for (const filter of [{}, { recipient: messages[0]?.to[0] as string }]) {
			const sizes: number[] = [];
			const items = await allPages(async (cursor) => {
				const page = await store.listMessages({ ...filter, limit: 1000, ...(cursor && { cursor }) });
				sizes.push(page.items.length);
				return page;
			});
			expect(items.map(({ message }) => message.id)).toEqual(newestFirst);
			expect(sizes).toEqual([6, 6, 2]);
		}
	});

	it("count once for each recipient, since each delivery is read with its message", async () => {
		const store = await open("inline");
		const to = Array.from({ length: 6 }, (_, index) => `user-${index}`);
		const first = await accepted(store, { to, body });
		const second = await accepted(store, { acceptedAt: start + 1, to, body });
		const page = await store.listMessages({});
		expect(page.items.map(({ message }) => message.id)).toEqual([second.id]);
		const rest = await store.listMessages({ cursor: page.next as string });
		expect(rest.items.map(({ message }) => message.id)).toEqual([first.id]);
		expect(rest).not.toHaveProperty("next");
	});
});

describe("a message with very many recipients", () => {
	it("fills a page by itself", async () => {
		const store = await open("worker");
		const everybody = Array.from({ length: 6000 }, (_, index) => `user-${index}`);
		const first = await accepted(store, { to: everybody });
		const second = await accepted(store, { acceptedAt: start + 1, to: everybody });
		const page = await store.listMessages({});
		expect(page.items.map(({ message }) => message.id)).toEqual([second.id]);
		const rest = await store.listMessages({ cursor: page.next as string });
		expect(rest.items.map(({ message, deliveries }) => [message.id, deliveries.length])).toEqual([[first.id, 6000]]);
	});

	it("is refused beyond what a delivery's number can tell apart", async () => {
		const store = await open("inline");
		await expect(accepted(store, { to: Array(65_536).fill("jsmith") })).rejects.toThrow("recipients");
		await expect(accepted(store, { to: [] })).rejects.toThrow("recipients");
	});
});
