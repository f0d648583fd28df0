/** Whole documents: what they replace, whose they are, and what they change. */
import { describe, expect, it } from "vitest";
import { secretMask } from "./index.ts";
import { brief, failure, openDatabases, reference } from "./test/fixtures.ts";

const file = (path: string, line = 1) => ({ path, lineOf: () => line });
const ann = { name: "Ann", mechanisms: [] };

describe("a document", () => {
	it("replaces everything of its owner at one revision, and says what changed", async () => {
		const databases = await openDatabases();
		const first = await databases.configuration.apply(reference());
		expect(first.applied).toBe(true);
		expect(first.changes.map(({ database, key, change }) => `${change} ${database}/${key}`)).toEqual([
			"added mechanisms/im2",
			"added mechanisms/pager",
			"added managers/standard",
			"added selection/selection",
			"added users/jsmith",
		]);
		expect((await databases.users.get("jsmith"))?.revision).toBe(first.revision);

		const { im2 } = reference().mechanisms;
		const second = await databases.configuration.apply({ mechanisms: { im2 }, users: { ann } });
		expect(second.changes.map(({ database, key, change }) => `${change} ${database}/${key}`)).toEqual([
			"removed mechanisms/pager",
			"removed managers/standard",
			"removed selection/selection",
			"added users/ann",
			"removed users/jsmith",
		]);
		expect(second.changes.at(-1)?.before).toEqual(reference().users.jsmith);
		expect((await databases.mechanisms.get("im2"))?.revision).toBe(first.revision);
		expect(databases.snapshot.rules).toEqual([]);
	});

	it("that changes nothing changes no revision", async () => {
		const databases = await openDatabases();
		const { revision } = await databases.configuration.apply(reference(), { file: file("/a.yaml", 3) });
		let told = 0;
		databases.onChange(() => told++);
		const again = await databases.configuration.apply(reference(), { file: file("/a.yaml", 8) });
		expect(again).toEqual({ changes: [], applied: true, revision });
		expect([databases.snapshot.revision, told]).toEqual([revision, 0]);
		// The records moved within their file all the same.
		expect((await databases.users.get("jsmith"))?.managedBy).toEqual({ by: "file", file: "/a.yaml", line: 8 });
		expect((await failure(databases.managers.delete("standard"))).message).toContain("line 8");
	});

	it("is only looked at in a dry run", async () => {
		const databases = await openDatabases();
		const dry = await databases.configuration.apply(reference(), { dryRun: true });
		expect([dry.applied, dry.changes.length, dry.revision]).toEqual([false, 5, 0]);
		expect(await databases.configuration.export()).toEqual({});
		const broken = { ...reference(), selection: [{ manager: "nobody" }] };
		expect((await failure(databases.configuration.apply(broken, { dryRun: true }))).code).toBe("unknown-manager");
	});

	it("is exported as it can be applied", async () => {
		const databases = await openDatabases();
		await databases.configuration.apply({ ...reference(), defaultManager: "standard" });
		const exported = await databases.configuration.export();
		expect(exported.mechanisms?.im2?.settings?.secret).toBe(`\${env:CHAT_SECRET}`);
		expect((await databases.configuration.apply(exported)).changes).toEqual([]);
		const other = await openDatabases();
		await other.configuration.apply(exported);
		expect(await other.configuration.export()).toEqual(exported);
	});

	it("keeps stored secrets where it has their mask, and never shows one among the changes", async () => {
		const databases = await openDatabases();
		const withSecret = (secret: string) => ({
			mechanisms: { im2: { use: "chatter", settings: { url: "tcp://127.0.0.1:1", secret } } },
		});
		await databases.configuration.apply(withSecret("hunter2"));
		expect((await databases.configuration.apply(withSecret(secretMask))).changes).toEqual([]);
		const { changes } = await databases.configuration.apply(withSecret("hunter3"));
		expect(changes).toEqual([
			{
				database: "mechanisms",
				key: "im2",
				change: "changed",
				before: { use: "chatter", settings: { url: "tcp://127.0.0.1:1", secret: secretMask } },
				after: { use: "chatter", settings: { url: "tcp://127.0.0.1:1", secret: `${secretMask} (changed)` } },
			},
		]);
		expect(databases.mechanismSettings("im2").secret).toBe("hunter3");
	});

	it("that is no document at all is refused", async () => {
		const databases = await openDatabases();
		for (const none of [null, 3, "x", [], [{}]]) {
			expect((await failure(databases.configuration.apply(none as never))).code).toBe("invalid-configuration");
		}
	});

	it("that names as a plugin what has not even a text is refused at its place", async () => {
		const databases = await openDatabases();
		const mechanisms = { im2: { use: JSON.parse('{"toString":null,"valueOf":null}') } };
		const refused = await failure(databases.configuration.apply({ mechanisms } as never));
		expect(refused).toMatchObject({ code: "invalid-configuration", message: expect.stringContaining("im2.use") });
	});
});

describe("two owners", () => {
	it("live beside each other, and refer to each other's records", async () => {
		const databases = await openDatabases();
		await databases.configuration.apply(reference(), { file: file("/a.yaml") });
		await databases.users.put("ann", { ...ann, mechanisms: [{ mechanism: "pager", address: { pager: "1" } }] });
		const { managers, mechanisms, selection } = reference();
		await databases.configuration.apply({ managers, mechanisms, selection }, { file: file("/a.yaml") });
		expect(await databases.users.get("jsmith")).toBeUndefined();
		expect((await databases.users.get("ann"))?.managedBy).toEqual({ by: "api" });
		// A document of the API's replaces what is the API's.
		await databases.configuration.apply({ users: { bob: ann } });
		expect([await databases.users.get("ann"), databases.snapshot.managers.size]).toEqual([undefined, 1]);
	});

	it("do not change each other's records one by one", async () => {
		const databases = await openDatabases();
		await databases.configuration.apply(reference(), { file: file("/a.yaml", 12) });
		const { standard } = reference().managers;
		const refused = await Promise.all([
			failure(databases.managers.put("standard", standard)),
			failure(databases.managers.delete("standard")),
			failure(databases.mechanisms.put("im2", reference().mechanisms.im2)),
			failure(databases.mechanisms.delete("im2")),
			failure(databases.users.put("jsmith", ann)),
			failure(databases.users.delete("jsmith")),
			failure(databases.selection.put({ rules: [] })),
		]);
		expect(new Set(refused.map((error) => error.code))).toEqual(new Set(["managed-by-file"]));
		expect(refused[0]?.message).toBe('manager "standard" is defined in /a.yaml, line 12');
		expect(refused[0]?.complaints[0]).toMatchObject({ file: "/a.yaml", line: 12 });
	});

	it("clash over one name, and both are named", async () => {
		const databases = await openDatabases();
		await databases.users.put("ann", ann);
		const overApi = await failure(databases.configuration.apply({ users: { ann } }, { file: file("/a.yaml", 4) }));
		expect(brief(overApi.complaints)).toEqual([
			'users.ann: user "ann" is defined both in /a.yaml, line 4 and over the API; remove it from one of them',
		]);
		await databases.configuration.apply({ users: { bob: ann } }, { file: file("/a.yaml", 2) });
		const overFile = await failure(databases.configuration.apply({ users: { bob: ann } }));
		expect([overFile.code, ...brief(overFile.complaints)]).toEqual([
			"managed-by-file",
			'users.bob: user "bob" is defined both over the API and in /a.yaml, line 2; remove it from one of them',
		]);
		const twoFiles = await failure(
			databases.configuration.apply({ users: { bob: ann } }, { file: file("/b.yaml", 9) }),
		);
		expect([twoFiles.code, twoFiles.message]).toEqual([
			"managed-by-file",
			'users.bob: user "bob" is defined both in /b.yaml, line 9 and in /a.yaml, line 2; remove it from one of them',
		]);
	});

	it("do not pull away what the other still uses", async () => {
		const databases = await openDatabases();
		const { mechanisms, ...rest } = reference();
		await databases.configuration.apply({ mechanisms }, { file: file("/a.yaml") });
		await databases.configuration.apply(rest);
		const refused = await failure(databases.configuration.apply({}, { file: file("/a.yaml") }));
		expect([refused.code, ...brief(refused.complaints)]).toEqual([
			"in-use",
			'mechanisms.im2: is still used by configuration "urgent" of manager "standard" and 2 more',
			'mechanisms.pager: is still used by configuration "urgent" of manager "standard" and 2 more',
		]);
		await databases.configuration.apply({});
		const { managers } = rest;
		await databases.configuration.apply({ mechanisms, managers }, { file: file("/a.yaml") });
		await databases.selection.put({ rules: [], defaultManager: "standard" });
		expect((await failure(databases.configuration.apply({}, { file: file("/a.yaml") }))).message).toContain(
			"managers.standard: is still used by the default manager",
		);
	});

	it("a file takes over the records of one that is there no longer", async () => {
		const databases = await openDatabases();
		await databases.configuration.apply(reference(), { file: file("/old/posthaste.yaml") });
		const { revision } = databases.snapshot;
		const moved = { file: file("/new/posthaste.yaml"), abandoned: (path: string) => path.startsWith("/old/") };
		const { changes } = await databases.configuration.apply({ ...reference(), users: {} }, moved);
		expect(changes.map(({ database, change }) => `${change} ${database}`)).toEqual([
			"changed mechanisms",
			"changed mechanisms",
			"changed managers",
			"changed selection",
			"removed users",
		]);
		expect(databases.snapshot.revision).toBe(revision + 1);
		expect((await databases.managers.get("standard"))?.managedBy).toMatchObject({ file: "/new/posthaste.yaml" });
	});
});
