/**
 * Random documents, good and bad, by random owners: a refused apply leaves everything as it read
 * before, and a taken one leaves exactly what it says and what the other owners have.
 */
import { PosthasteError } from "@posthaste/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { ConfigurationDocument } from "../posthaste.ts";
import type { Databases } from "./index.ts";
import { openDatabases } from "./test/fixtures.ts";

const pool = ["a", "b", "c", "d", "e", "f", "g", "h"];
const conditions = fc.constantFrom("message.confidential", 'message.priority == "urgent"');
const settings = fc.constantFrom({ url: "tcp://127.0.0.1:1" }, { url: "tcp://127.0.0.1:2", port: 7 });

/** A document whose parts fit together. */
const good = fc
	.tuple(fc.subarray(pool, { maxLength: 3 }), fc.subarray(pool, { maxLength: 2 }), fc.subarray(pool, { maxLength: 3 }))
	.chain(([mechanisms, managers, users]) => {
		const selectors = fc.subarray([...mechanisms, "kind:im"], { minLength: 1 });
		const row = fc.record({
			name: fc.constant("last"),
			settings: fc.record({ steps: fc.tuple(fc.record({ attempt: selectors })) }),
		});
		const first = fc.record({
			name: fc.constant("first"),
			when: conditions,
			settings: fc.constant({ steps: [{ wait: "1m" }] }),
		});
		const manager = fc.record({
			use: fc.constant("steps"),
			configurations: fc.oneof(fc.tuple(row), fc.tuple(first, row)),
		});
		const entries = fc
			.subarray(mechanisms)
			.map((list) => list.map((name) => ({ mechanism: name, address: { jid: "someone" } })));
		const user = fc.record({ name: fc.constantFrom("N", "M"), mechanisms: entries });
		const all = <T>(keys: readonly string[], one: fc.Arbitrary<T>) =>
			fc.record(Object.fromEntries(keys.map((key) => [key, one]))) as fc.Arbitrary<Record<string, T>>;
		const rules = fc.constantFrom(
			[],
			managers.slice(0, 1).map((name) => ({ manager: name })),
		);
		return fc.record(
			{
				mechanisms: all(mechanisms, fc.record({ use: fc.constant("chatter"), settings })),
				managers: all(managers, manager),
				selection: rules,
				users: all(users, user),
			},
			{ requiredKeys: ["mechanisms", "managers", "users"] },
		);
	}) as fc.Arbitrary<ConfigurationDocument>;

/** What somebody may have got wrong, each as a part that does not fit. */
const faults = fc.constantFrom<ConfigurationDocument>(
	{ mechanisms: { "bad name": { use: "chatter", settings: { url: "tcp://127.0.0.1:1" } } } },
	{ mechanisms: { a: { use: "chatter", settings: { port: 1 } } } },
	{ mechanisms: { a: { use: "unknown" } } },
	{ managers: { a: { use: "steps", configurations: [{ name: "x", settings: { steps: [{ attempt: ["zz"] }] } }] } } },
	{ managers: { a: { use: "steps", configurations: [] } } },
	{ selection: [{ manager: "nobody" }] },
	{ users: { a: { name: "N", mechanisms: [{ mechanism: "zz", address: {} }] } } },
	{ users: { a: { name: "N", timezone: "Nowhere", mechanisms: [] } } },
	{ users: { z: 3 as never } },
	{ unknown: {} } as ConfigurationDocument,
);

const document = fc.oneof(
	{ weight: 3, arbitrary: good },
	{ weight: 1, arbitrary: fc.tuple(good, faults).map(([one, fault]) => ({ ...one, ...fault })) },
);

const owners = fc.constantFrom(undefined, "/one.yaml", "/two.yaml");
const applies = fc.array(fc.tuple(document, owners), { minLength: 1, maxLength: 8 });

/** Everything that can be read, revisions and snapshot included. */
async function everything(databases: Databases) {
	const { snapshot } = databases;
	return {
		revision: snapshot.revision,
		mechanisms: (await databases.mechanisms.list({ limit: 1000 })).items,
		managers: (await databases.managers.list({ limit: 1000 })).items,
		selection: await databases.selection.get(),
		users: (await databases.users.list({ limit: 1000 })).items,
		seen: [[...snapshot.mechanisms.keys()], [...snapshot.managers.keys()], snapshot.rules, snapshot.defaultManager],
	};
}

async function tryApply(databases: Databases, one: ConfigurationDocument, path: string | undefined): Promise<boolean> {
	try {
		await databases.configuration.apply(one, path === undefined ? {} : { file: { path, lineOf: () => 1 } });
		return true;
	} catch (error) {
		expect(error).toBeInstanceOf(PosthasteError);
		expect((error as PosthasteError).complaints.length).toBeGreaterThan(0);
		return false;
	}
}

it("applies all of a document or nothing", { timeout: 60_000 }, async () => {
	let taken = 0;
	let refused = 0;
	const property = fc.asyncProperty(applies, async (sequence) => {
		const databases = await openDatabases();
		for (const [one, path] of sequence) {
			const before = await everything(databases);
			if (await tryApply(databases, one, path)) {
				taken++;
				const mine = (owner: { by: string; file?: string }) => owner.file === path;
				const after = await everything(databases);
				expect(after.users.filter((row) => mine(row.managedBy)).map((row) => row.id)).toEqual(
					Object.keys(one.users ?? {}).sort(),
				);
				expect(after.users.filter((row) => !mine(row.managedBy))).toEqual(
					before.users.filter((row) => !mine(row.managedBy)),
				);
				expect(after.managers.filter((row) => mine(row.managedBy)).map((row) => row.name)).toEqual(
					Object.keys(one.managers ?? {}).sort(),
				);
				// What was taken once is taken again, and changes nothing.
				expect(await tryApply(databases, one, path)).toBe(true);
				expect(await everything(databases)).toEqual(after);
			} else {
				refused++;
				expect(await everything(databases)).toEqual(before);
			}
		}
		databases.close();
	});
	await fc.assert(property, { numRuns: 150 });
	// Both ends were really tried.
	expect(taken).toBeGreaterThan(30);
	expect(refused).toBeGreaterThan(30);
});
