/** Records one by one: revisions, owners, what is in use, the snapshot, the users' cache. */
import type { Message } from "@posthaste/core";
import { describe, expect, it } from "vitest";
import { openSqliteStore } from "../store/sqlite/index.ts";
import { type Databases, type DatabasesChange, secretMask } from "./index.ts";
import { brief, failure, openDatabases, openStore, reference, TestPlugins } from "./test/fixtures.ts";

const user = (name: string) => ({ name, mechanisms: [] });

async function filled(options: Parameters<typeof openDatabases>[0] = {}): Promise<Databases> {
	const databases = await openDatabases(options);
	await databases.configuration.apply(reference());
	return databases;
}

describe("a record", () => {
	it("is written, read, listed and deleted", async () => {
		const databases = await openDatabases();
		const record = await databases.users.put("ann", user("Ann"));
		expect(record).toEqual({
			id: "ann",
			name: "Ann",
			timezone: "UTC",
			mechanisms: [],
			managedBy: { by: "api" },
			revision: 1,
		});
		expect(await databases.users.get("ann")).toEqual(record);
		expect((await databases.users.list()).items).toEqual([record]);
		expect(await databases.users.delete("ann")).toBe(true);
		expect(await databases.users.delete("ann")).toBe(false);
		expect(await databases.users.get("ann")).toBeUndefined();
	});

	it("keeps its revision when it is written as it is", async () => {
		const databases = await filled();
		const { revision } = databases.snapshot;
		const { standard } = reference().managers;
		expect((await databases.managers.put("standard", standard)).revision).toBe(revision);
		expect(databases.snapshot.revision).toBe(revision);
	});

	it("does not change with the object it was written from", async () => {
		const databases = await filled();
		const { standard } = reference().managers;
		await databases.managers.put("other", standard);
		const [first] = standard.configurations;
		Object.assign(first ?? {}, { name: "changed later" });
		expect((await databases.managers.get("other"))?.configurations[0]?.name).toBe("urgent");
	});

	it("is refused when it is not as the caller saw it", async () => {
		const databases = await filled();
		const before = await databases.users.get("jsmith");
		const put = (options: object) => databases.users.put("jsmith", user("J"), options);
		const stale = await failure(put({ expected: 99 }));
		expect([stale.code, stale.message]).toEqual([
			"revision-conflict",
			`user "jsmith" is at revision ${before?.revision}, not at revision 99`,
		]);
		expect((await failure(put({ create: true }))).code).toBe("revision-conflict");
		expect((await failure(databases.users.delete("jsmith", { expected: 99 }))).code).toBe("revision-conflict");
		expect((await failure(databases.users.put("nobody", user("N"), { expected: 1 }))).message).toContain(
			"does not exist",
		);
		expect((await put({ expected: before?.revision ?? 0 })).name).toBe("J");
		expect((await databases.users.put("new", user("New"), { create: true })).name).toBe("New");
	});

	it("is checked as in a document", async () => {
		const databases = await filled();
		const manager = { use: "steps", configurations: [{ name: "x", settings: { steps: [{ attempt: ["im3"] }] } }] };
		const refused = await failure(databases.managers.put("mine", manager));
		expect([refused.code, ...brief(refused.complaints)]).toEqual([
			"unknown-mechanism",
			'managers.mine.configurations[0].settings.steps[0].attempt[0]: there is no mechanism "im3"; did you mean "im2"?',
		]);
		for (const broken of [null, undefined, 3, [], "x", { use: "steps" }]) {
			expect((await failure(databases.managers.put("mine", broken as never))).code).toBe("invalid-configuration");
			expect((await failure(databases.mechanisms.put("mine", broken as never))).status).toBeLessThan(500);
			expect((await failure(databases.users.put("mine", broken as never))).status).toBeLessThan(500);
			expect((await failure(databases.selection.put(broken as never))).status).toBeLessThan(500);
		}
		const rules = await failure(databases.selection.put({ rules: [{ manager: "nobody" }] }));
		expect(brief(rules.complaints)).toEqual(['selection.rules[0].manager: there is no manager "nobody"']);
	});

	it("survives many writers at once", async () => {
		const databases = await filled();
		const writes = Array.from({ length: 40 }, (_, n) => databases.users.put(`u${n % 4}`, user(`n${n}`)));
		const results = await Promise.all(writes);
		expect(new Set(results.map((record) => record.revision)).size).toBe(40);
		const last = Math.max(...results.map((record) => record.revision));
		expect(databases.snapshot.revision).toBe(last);
		const newest = results.find((record) => record.revision === last);
		expect(await databases.users.get(newest?.id ?? "")).toEqual(newest);
	});
});

describe("lists", () => {
	it("come in pages by key", async () => {
		const databases = await openDatabases();
		for (const name of ["c", "a", "d", "b"]) {
			await databases.mechanisms.put(name, reference().mechanisms.pager);
		}
		const first = await databases.mechanisms.list({ limit: 3 });
		expect(first.items.map((one) => one.name)).toEqual(["a", "b", "c"]);
		const second = await databases.mechanisms.list({ limit: 3, cursor: first.next ?? "" });
		expect([second.items.map((one) => one.name), second.next]).toEqual([["d"], undefined]);
		expect((await failure(databases.mechanisms.list({ cursor: "x" }))).code).toBe("invalid-cursor");
		expect((await failure(databases.managers.list({ limit: 0 }))).code).toBe("invalid-request");
	});
});

describe("what is in use", () => {
	it("is not deleted, and what uses it is named", async () => {
		const databases = await filled();
		const manager = await failure(databases.managers.delete("standard"));
		expect([manager.code, manager.message]).toEqual(["in-use", "managers.standard: is still used by selection rule 1"]);
		const mechanism = await failure(databases.mechanisms.delete("pager"));
		expect([mechanism.code, mechanism.message]).toEqual([
			"in-use",
			'mechanisms.pager: is still used by configuration "urgent" of manager "standard" and 2 more',
		]);
		await databases.selection.put({ rules: [] });
		expect(await databases.managers.delete("standard")).toBe(true);
		expect((await failure(databases.mechanisms.delete("pager"))).message).toContain('user "jsmith"');
		await databases.users.delete("jsmith");
		expect(await databases.mechanisms.delete("pager")).toBe(true);
	});
});

describe("mechanisms", () => {
	it("are switched off and on by the operator, whoever defined them", async () => {
		const databases = await openDatabases();
		await databases.configuration.apply(reference(), { file: { path: "/etc/posthaste.yaml", lineOf: () => 7 } });
		const inactive = () => databases.snapshot.mechanisms.get("im2")?.inactive(0);
		expect(inactive()).toBeUndefined();
		expect((await databases.mechanisms.setDisabled("im2", true)).disabled).toBe(true);
		expect(inactive()).toBe("disabled");
		// Applying the file again is not the operator's word.
		await databases.configuration.apply(reference(), { file: { path: "/etc/posthaste.yaml", lineOf: () => 7 } });
		expect(inactive()).toBe("disabled");
		await databases.mechanisms.setDisabled("im2", false);
		expect(inactive()).toBeUndefined();
		expect((await failure(databases.mechanisms.setDisabled("nope", true))).code).toBe("unknown-mechanism");
	});

	it("are as active as the host says at each moment", async () => {
		const down = new Set<string>();
		const databases = await filled({
			activity: (name, now) => (down.has(name) && now > 5 ? "breaker-open" : undefined),
		});
		const pager = databases.snapshot.mechanisms.get("pager");
		down.add("pager");
		expect([pager?.inactive(5), pager?.inactive(6)]).toEqual([undefined, "breaker-open"]);
	});

	it("show no secret, and keep it when its mask is written back", async () => {
		const databases = await filled();
		const settings = { url: "tcp://127.0.0.1:1", secret: "hunter2" };
		const shown = await databases.mechanisms.put("im2", { use: "chatter", settings });
		expect(shown.settings.secret).toBe(secretMask);
		expect((await databases.mechanisms.get("im2"))?.settings.secret).toBe(secretMask);
		expect((await databases.mechanisms.list()).items[0]?.settings.secret).toBe(secretMask);
		expect(JSON.stringify(await databases.configuration.export())).not.toContain("hunter2");
		expect(JSON.stringify(await databases.configuration.export({ secrets: true }))).toContain("hunter2");

		await databases.mechanisms.put("im2", { use: "chatter", settings: { ...shown.settings, port: 99 } });
		expect(databases.mechanismSettings("im2")).toEqual({ ...settings, port: 99 });
		const unknown = await failure(databases.mechanisms.put("im3", { use: "chatter", settings: shown.settings }));
		expect(brief(unknown.complaints)).toEqual([
			`mechanisms.im3.settings.secret: is the mask of a secret that is not stored; write the secret, or \${env:NAME}`,
		]);
	});

	it("give their plugin defaults and resolved secrets, and show the reference as it was written", async () => {
		const databases = await filled();
		expect(databases.mechanismSettings("im2")).toEqual({
			url: "tcp://127.0.0.1:5347",
			secret: "from the environment",
			port: 5222,
		});
		expect((await databases.mechanisms.get("im2"))?.settings.secret).toBe(`\${env:CHAT_SECRET}`);
	});

	it("take numbers and truth values from the environment", async () => {
		const databases = await openDatabases({ env: { PORT: "1234", TLS: "true", BAD: "many" } });
		const settings = { url: "tcp://127.0.0.1:1", port: `\${env:PORT}`, tls: `\${env:TLS}` };
		await databases.mechanisms.put("im2", { use: "chatter", settings });
		expect(databases.mechanismSettings("im2")).toMatchObject({ port: 1234, tls: true });
		const bad = { ...settings, port: `\${env:BAD}` };
		const refused = await failure(databases.mechanisms.put("im2", { use: "chatter", settings: bad }));
		expect(refused.message).toBe("mechanisms.im2.settings.port: has to be a whole number, and it is a string");
	});
});

describe("the snapshot", () => {
	it("shows each change before the call that made it resolves, and earlier snapshots stay as they were", async () => {
		const databases = await filled();
		const before = databases.snapshot;
		await databases.mechanisms.put("im3", reference().mechanisms.pager);
		expect(before.mechanisms.has("im3")).toBe(false);
		expect(databases.snapshot.mechanisms.get("im3")?.kind).toBe("pager");
		expect(databases.snapshot.revision).toBe(before.revision + 1);
		// What did not change is not compiled again.
		expect(databases.snapshot.managers.get("standard")).toBe(before.managers.get("standard"));
	});

	it("grows with changes of users too, and is the same object otherwise", async () => {
		const databases = await filled();
		const before = databases.snapshot;
		expect(databases.snapshot).toBe(before);
		await databases.users.put("ann", user("Ann"));
		expect(databases.snapshot.revision).toBe(before.revision + 1);
	});

	it("holds what the flow needs", async () => {
		const databases = await filled();
		const { managers, rules, mechanisms, condition } = databases.snapshot;
		const [urgent, normal] = managers.get("standard")?.configurations ?? [];
		expect(urgent).toMatchObject({ name: "urgent", unknown: "resend", allows: ["im2", "pager"], revision: 1 });
		expect(normal?.settings).toEqual({ steps: [{ attempt: ["im2"] }, { attempt: ["pager"] }], rounds: 1 });
		expect(urgent?.when?.holds({ priority: "urgent" } as Message, 0)).toBe(true);
		expect(rules).toEqual([{ manager: "standard" }]);
		const fits = mechanisms.get("pager")?.addressFits;
		expect([fits?.({ pager: "1" }), fits?.({ pager: "x" }), fits?.(null)]).toEqual([true, false, false]);
		expect(condition("message.body ==")).toBeUndefined();
		expect(condition("message.confidential")).toBe(condition("message.confidential"));
	});

	it("leaves out what its plugin no longer takes, and says so, until the plugin is back", async () => {
		const plugins = new TestPlugins();
		const databases = await filled({ plugins });
		const steps = plugins.plugins.get("steps");
		plugins.plugins.delete("steps");
		await databases.rebuild();
		expect(databases.snapshot.managers.size).toBe(0);
		expect(databases.leftOut).toEqual([
			{ database: "managers", name: "standard", reason: 'there is no manager plugin "steps"' },
		]);
		plugins.plugins.set("steps", steps as never);
		await databases.rebuild();
		expect([databases.snapshot.managers.size, databases.leftOut]).toEqual([1, []]);
	});

	it("is told of, with what changed", async () => {
		const databases = await filled();
		const changes: DatabasesChange[] = [];
		const stop = databases.onChange((change) => changes.push(change));
		await databases.mechanisms.setDisabled("im2", true);
		await databases.users.put("ann", user("Ann"));
		stop();
		await databases.users.delete("ann");
		expect(changes.map(({ snapshot, ...rest }) => rest)).toEqual([
			{ revision: 2, mechanisms: ["im2"], managers: [], selection: false, users: [] },
			{ revision: 3, mechanisms: [], managers: [], selection: false, users: ["ann"] },
		]);
		expect(changes[0]?.snapshot.mechanisms.get("im2")?.inactive(0)).toBe("disabled");
	});
});

describe("users", () => {
	it("are read once, until they change", async () => {
		const store = await openStore();
		const reads: string[][] = [];
		const counting = new Proxy(store, {
			get: (target, name) => {
				const value: unknown = Reflect.get(target, name);
				if (name === "readUsers") {
					return (ids: string[]) => {
						reads.push(ids);
						return target.readUsers(ids);
					};
				}
				return typeof value === "function" ? value.bind(target) : value;
			},
		});
		await filled({ store });
		const databases = await openDatabases({ store: counting });
		reads.length = 0;
		expect(databases.cachedUser("jsmith")).toBeUndefined();
		const loaded = await databases.loadUsers(["jsmith", "nobody", "jsmith"]);
		expect([...loaded.keys()]).toEqual(["jsmith"]);
		expect(databases.cachedUser("jsmith")).toBe(loaded.get("jsmith"));
		await databases.loadUsers(["jsmith"]);
		expect(reads).toEqual([["jsmith", "nobody"]]);
		await databases.users.put("jsmith", user("New name"));
		const written = await databases.users.get("jsmith");
		reads.length = 0;
		expect((await databases.loadUsers(["jsmith"])).get("jsmith")).toEqual(written);
		expect(written?.name).toBe("New name");
		await databases.users.delete("jsmith");
		reads.length = 0;
		expect((await databases.loadUsers(["jsmith"])).size).toBe(0);
		expect(reads).toEqual([]);
	});

	it("are not cached from a read that a change overtook", async () => {
		const store = await openStore();
		const held = Promise.withResolvers<void>();
		let hold = false;
		const slow = new Proxy(store, {
			get: (target, name) => {
				const value: unknown = Reflect.get(target, name);
				if (name === "readUsers") {
					return async (ids: string[]) => {
						const users = await target.readUsers(ids);
						if (hold) {
							hold = false;
							await held.promise;
						}
						return users;
					};
				}
				return typeof value === "function" ? value.bind(target) : value;
			},
		});
		await filled({ store });
		const databases = await openDatabases({ store: slow });
		hold = true;
		const early = databases.loadUsers(["jsmith"]);
		await databases.users.put("jsmith", user("New name"));
		held.resolve();
		expect((await early).get("jsmith")?.name).toBe("John Smith");
		expect((await databases.users.get("jsmith"))?.name).toBe("New name");
	});

	it("take no more room than they were given", async () => {
		const databases = await openDatabases({ cachedUsers: 10 });
		const ids = Array.from({ length: 50 }, (_, n) => `u${n}`);
		await databases.configuration.apply({ users: Object.fromEntries(ids.map((id) => [id, user(id)])) });
		expect((await databases.loadUsers(ids)).size).toBe(50);
		expect(ids.filter((id) => databases.cachedUser(id) !== undefined).length).toBeLessThanOrEqual(10);
	});
});

describe("two processes on one store", () => {
	it("see each other's changes", async () => {
		const store = await openStore();
		const left = await filled({ store });
		const right = await openDatabases({ store });
		expect(right.snapshot.mechanisms.has("im2")).toBe(true);
		await right.loadUsers(["jsmith"]);
		const told = Promise.withResolvers<DatabasesChange>();
		right.onChange(told.resolve);
		await left.users.put("jsmith", user("New name"));
		expect((await told.promise).users).toBe("all");
		expect(right.snapshot.revision).toBe(left.snapshot.revision);
		expect((await right.users.get("jsmith"))?.name).toBe("New name");
	});

	it("do not lose each other's changes", async () => {
		const store = await openStore();
		const left = await filled({ store });
		const right = await openDatabases({ store });
		const writes = Array.from({ length: 20 }, (_, n) =>
			(n % 2 === 0 ? left : right).mechanisms.put(`m${n}`, reference().mechanisms.pager),
		);
		await Promise.all(writes);
		const names = Array.from({ length: 20 }, (_, n) => `m${n}`);
		await left.users.put("last", user("Last"));
		await right.users.put("last", user("Very last"));
		for (const databases of [left, right]) {
			expect(names.filter((name) => !databases.snapshot.mechanisms.has(name))).toEqual([]);
		}
	});

	it("find out what they missed when they write themselves", async () => {
		const store = await openStore();
		const deaf = new Proxy(store, {
			get: (target, name) => {
				const value: unknown = Reflect.get(target, name);
				return name === "watch" ? () => () => {} : typeof value === "function" ? value.bind(target) : value;
			},
		});
		const left = await filled({ store: deaf });
		const right = await openDatabases({ store });
		await left.loadUsers(["jsmith"]);
		await right.mechanisms.put("new", reference().mechanisms.pager);
		await right.users.put("jsmith", user("New name"));
		expect(left.snapshot.mechanisms.has("new")).toBe(false);
		await left.users.put("ann", user("Ann"));
		expect(left.snapshot.mechanisms.has("new")).toBe(true);
		expect((await left.users.get("jsmith"))?.name).toBe("New name");
	});

	it("come back with what was stored", async () => {
		const store = await openSqliteStore({ folder: ":memory:", thread: "inline" });
		const databases = await filled({ store });
		const exported = await databases.configuration.export();
		databases.close();
		const again = await openDatabases({ store });
		expect(await again.configuration.export()).toEqual(exported);
		expect(again.snapshot.revision).toBe(1);
	});
});
