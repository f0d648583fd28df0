import { expect, it } from "vitest";
import { openDatabases, reference } from "../databases/test/fixtures.ts";
import { formatChanges } from "./diff.ts";

it("shows what an apply adds, changes and removes", async () => {
	const databases = await openDatabases();
	await databases.configuration.apply(reference());
	const { mechanisms, managers, selection, users } = reference();
	const { jsmith } = users;
	const next = {
		mechanisms,
		managers,
		selection,
		users: { ann: { name: "Ann", mechanisms: [] }, jsmith: { ...jsmith, timezone: "Europe/Berlin" } },
	};
	const { changes } = await databases.configuration.apply(next, { dryRun: true });
	expect(formatChanges(changes)).toBe(`\
+ users.ann
    +name: Ann
    +timezone: UTC
    +mechanisms: []
~ users.jsmith
     name: John Smith
    -timezone: America/New_York
    +timezone: Europe/Berlin
     mechanisms:
       - mechanism: im2

1 added, 1 changed, 0 removed`);
	const removed = await databases.configuration.apply({ mechanisms, managers, selection }, { dryRun: true });
	expect(formatChanges(removed.changes)).toContain("- users.jsmith\n    -name: John Smith\n");
	expect(formatChanges(removed.changes, { colour: true })).toContain("\u001b[31m-name: John Smith");
});

it("says when nothing changes", () => {
	expect(formatChanges([])).toBe("Nothing changes.");
});

it("says when a record only moved to another owner", async () => {
	const databases = await openDatabases();
	const file = (path: string) => ({ path, lineOf: () => 1 });
	await databases.configuration.apply(reference(), { file: file("/old") });
	const { changes } = await databases.configuration.apply(reference(), {
		file: file("/new"),
		abandoned: () => true,
		dryRun: true,
	});
	expect(formatChanges(changes)).toContain("~ users.jsmith\n    is defined elsewhere now, and the same");
});
