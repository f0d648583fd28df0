/** The four databases: revisions, conflicts, watching; and mechanisms' own storage. */
import type { ManagerRecord, MechanismRecord, Selection, User } from "@posthaste/core";
import { describe, expect, it, vi } from "vitest";
import type { Open } from "../conformance.ts";
import type { DatabaseChange } from "../port.ts";
import { allPages } from "./fixtures.ts";

const api = { by: "api" } as const;
const file = { by: "file", file: "posthaste.yaml", line: 7 } as const;

function user(id: string, fields: Partial<User> = {}): User {
	return { id, name: `User ${id}`, timezone: "UTC", mechanisms: [], managedBy: api, revision: 0, ...fields };
}

function userChange(id: string, expected?: number, fields: Partial<User> = {}): DatabaseChange {
	return { database: "users", key: id, value: user(id, fields), ...(expected !== undefined && { expected }) };
}

const mechanism: MechanismRecord = {
	name: "im",
	use: "web",
	settings: { deep: { list: [1, "two", null] } },
	disabled: false,
	managedBy: file,
	revision: 0,
};
const manager: ManagerRecord = {
	name: "standard",
	use: "sequence",
	configurations: [{ name: "normal", settings: { steps: [] } }],
	managedBy: api,
	revision: 0,
};
const selection: Selection = { rules: [{ manager: "standard" }], managedBy: api, revision: 0 };

export function databaseConformance(open: Open): void {
	changeTests(open);
	userTests(open);
	watchTests(open);
	pluginTests(open);
}

function changeTests(open: Open): void {
	describe("the databases", () => {
		it("begin empty", async () => {
			const { store } = await open();
			expect(await store.readDatabases()).toEqual({ revision: 0, mechanisms: [], managers: [] });
		});

		it("give one revision to all records of a change", async () => {
			const { store } = await open();
			const changes: DatabaseChange[] = [
				{ database: "mechanisms", key: "im", value: mechanism },
				{ database: "managers", key: "standard", value: manager },
				{ database: "selection", key: "selection", value: selection },
				userChange("ann"),
			];
			expect(await store.change(changes)).toEqual({ result: "changed", revision: 1 });
			expect(await store.readDatabases()).toEqual({
				revision: 1,
				mechanisms: [{ ...mechanism, revision: 1 }],
				managers: [{ ...manager, revision: 1 }],
				selection: { ...selection, revision: 1 },
			});
			expect(await store.readUsers(["ann"])).toEqual([user("ann", { revision: 1 })]);
		});

		it("change as a whole or not at all", async () => {
			const { store } = await open();
			await store.change([userChange("ann")]);
			const refused = await store.change([userChange("bob"), userChange("ann", 9), userChange("cy")]);
			expect(refused).toEqual({ result: "conflict", database: "users", key: "ann", revision: 1 });
			expect(await store.readUsers(["bob", "cy"])).toEqual([undefined, undefined]);
			expect((await store.readDatabases()).revision).toBe(1);
		});

		it("guard creating, replacing and removing by the expected revision", async () => {
			const { store } = await open();
			const remove = (expected: number): DatabaseChange => ({ database: "users", key: "ann", value: null, expected });
			expect(await store.change([userChange("ann", 0)])).toEqual({ result: "changed", revision: 1 });
			expect(await store.change([userChange("ann", 0)])).toMatchObject({ result: "conflict", revision: 1 });
			expect(await store.change([userChange("ann", 1, { name: "Ann" })])).toEqual({ result: "changed", revision: 2 });
			expect(await store.change([remove(1)])).toMatchObject({ result: "conflict", revision: 2 });
			expect(await store.change([remove(2)])).toEqual({ result: "changed", revision: 3 });
			expect(await store.readUsers(["ann"])).toEqual([undefined]);
			expect(await store.change([userChange("ann", 2)])).toMatchObject({ result: "conflict", revision: 0 });
		});

		it("let one of many concurrent changes of the same revision through", async () => {
			const { store } = await open();
			await store.change([userChange("ann")]);
			const rivals = await Promise.all(Array.from({ length: 10 }, () => store.change([userChange("ann", 1)])));
			expect(rivals.filter(({ result }) => result === "changed")).toHaveLength(1);
		});

		it("remove what is removed, and replace without expectation", async () => {
			const { store } = await open();
			await store.change([{ database: "mechanisms", key: "im", value: mechanism }]);
			await store.change([{ database: "mechanisms", key: "im", value: { ...mechanism, disabled: true } }]);
			expect((await store.readDatabases()).mechanisms).toEqual([{ ...mechanism, disabled: true, revision: 2 }]);
			await store.change([{ database: "mechanisms", key: "im", value: null }]);
			expect(await store.readDatabases()).toEqual({ revision: 3, mechanisms: [], managers: [] });
		});

		it("stay as they are when nothing is to be changed", async () => {
			const { store } = await open();
			expect(await store.change([])).toEqual({ result: "changed", revision: 0 });
		});
	});
}

function userTests(open: Open): void {
	describe("users", () => {
		it("are read in the order asked for, gaps included", async () => {
			const { store } = await open();
			await store.change([userChange("ann"), userChange("bob")]);
			const read = await store.readUsers(["bob", "nobody", "ann", "bob"]);
			expect(read.map((one) => one?.id)).toEqual(["bob", undefined, "ann", "bob"]);
		});

		it("are listed by key, page by page, and by who manages them", async () => {
			const { store } = await open();
			const ids = ["ö", "a", "Z", "b", "b1", "\u{1f4df}"];
			await store.change(ids.map((id, index) => userChange(id, 0, { managedBy: index % 2 === 0 ? file : api })));
			const list = (managedBy?: "file" | "api") =>
				allPages((cursor) =>
					store.listUsers({ limit: 2, ...(cursor !== undefined && { cursor }), ...(managedBy && { managedBy }) }),
				);
			expect((await list()).map(({ id }) => id).sort()).toEqual([...ids].sort());
			expect((await list("file")).map(({ id }) => id).sort()).toEqual(["ö", "Z", "b1"].sort());
			expect((await list("api")).map(({ id }) => id).sort()).toEqual(["a", "b", "\u{1f4df}"].sort());
		});
	});
}

function watchTests(open: Open): void {
	describe("watching", () => {
		it("tells of each change that was made, until it is stopped", async () => {
			const { store } = await open();
			const [listener, other] = [vi.fn(), vi.fn()];
			const stop = store.watch(listener);
			store.watch(other);
			await store.change([userChange("ann")]);
			await store.change([userChange("ann", 9)]);
			await store.change([]);
			await store.change([userChange("bob")]);
			await vi.waitFor(() => expect(listener.mock.calls).toEqual([[1], [2]]));
			stop();
			await store.change([userChange("cy")]);
			await vi.waitFor(() => expect(other.mock.calls).toEqual([[1], [2], [3]]));
			expect(listener).toHaveBeenCalledTimes(2);
		});

		it("shows the listener what was changed", async () => {
			const { store } = await open();
			const seen = new Promise((resolve) => store.watch(() => resolve(store.readDatabases())));
			await store.change([{ database: "managers", key: "standard", value: manager }]);
			expect(await seen).toMatchObject({ revision: 1, managers: [{ name: "standard" }] });
		});
	});
}

function pluginTests(open: Open): void {
	describe("a mechanism's storage", () => {
		it("keeps JSON by key, apart from other mechanisms'", async () => {
			const { store } = await open();
			const value = { text: "ä", list: [1, null, { deep: true }] };
			await store.pluginSet("im", "key", value);
			await store.pluginSet("email", "key", 7);
			expect(await store.pluginGet("im", "key")).toEqual(value);
			await store.pluginSet("im", "key", null);
			expect(await store.pluginGet("im", "key")).toBeNull();
			await store.pluginDelete("im", "key");
			expect(await store.pluginGet("im", "key")).toBeUndefined();
			expect(await store.pluginGet("email", "key")).toBe(7);
			await expect(store.pluginDelete("im", "never was")).resolves.toBeUndefined();
		});

		it("lists what begins with a prefix, taken literally", async () => {
			const { store } = await open();
			for (const key of ["a", "a/1", "a/2", "a%", "a_", "ab", "b", "A"]) {
				await store.pluginSet("im", key, key.length);
			}
			await store.pluginSet("email", "a/3", 0);
			const list = async (prefix: string) => (await store.pluginList("im", prefix)).map(({ key }) => key).sort();
			expect(await list("a/")).toEqual(["a/1", "a/2"]);
			expect(await list("a%")).toEqual(["a%"]);
			expect(await list("")).toEqual(["A", "a", "a%", "a/1", "a/2", "a_", "ab", "b"]);
			expect(await store.pluginList("im", "ab")).toEqual([{ key: "ab", value: 2 }]);
		});
	});
}
