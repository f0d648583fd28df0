/** A file is followed through all the ways in which editors and deployments change it. */
import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PosthasteError } from "@posthaste/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Databases } from "../databases/index.ts";
import { openDatabases } from "../databases/test/fixtures.ts";
import { type Following, followConfiguration } from "./load.ts";
import { type Watching, type WatchOptions, watchConfiguration } from "./watch.ts";

let folder: string;
let path: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-watch-"));
	path = join(folder, "posthaste.yaml");
});
/** Longer than any test, so that only what the system tells of is seen. */
const never = 3_600_000;
const closing: (Watching | Following)[] = [];
afterEach(async () => {
	await Promise.all(closing.splice(0).map((one) => one.close()));
	await rm(folder, { recursive: true });
});

const userNamed = (name: string) => `users:\n  ann: { name: ${name}, mechanisms: [] }\n`;

/** Writes at one stroke: a plain write is first seen as an empty file. */
async function replace(text: string): Promise<void> {
	const draft = join(folder, "draft");
	await writeFile(draft, text);
	await rename(draft, path);
}

/** Values in the order they come, each waited for. */
function queue<T>() {
	const values: T[] = [];
	let wake = () => {};
	return {
		push: (value: T) => {
			values.push(value);
			wake();
		},
		async next(): Promise<T> {
			while (values.length === 0) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			}
			return values.shift() as T;
		},
		/** Waits for this value, whatever comes before it. */
		async until(value: T): Promise<void> {
			while ((await this.next()) !== value) {
				// A plain write may be seen half done.
			}
		},
		get size() {
			return values.length;
		},
	};
}

async function watched(options: WatchOptions = {}) {
	const seen = queue<string | undefined>();
	closing.push(watchConfiguration(path, seen.push, { settle: 10, poll: never, ...options }));
	return seen;
}

describe("watching", () => {
	it("tells of a file that is written again, replaced, removed and made anew", async () => {
		await writeFile(path, "1");
		const seen = await watched({ seen: "1" });
		await writeFile(path, "2");
		await seen.until("2");
		await replace("3");
		expect(await seen.next()).toBe("3");
		await replace("4");
		expect(await seen.next()).toBe("4");
		await unlink(path);
		expect(await seen.next()).toBeUndefined();
		await writeFile(path, "5");
		await seen.until("5");
	});

	it("sees through a link that is switched to another folder", async () => {
		for (const version of ["one", "two"]) {
			await mkdir(join(folder, version));
			await writeFile(join(folder, version, "posthaste.yaml"), version);
		}
		await symlink("one", join(folder, "current"));
		await symlink(join("current", "posthaste.yaml"), path);
		const seen = await watched({ seen: "one" });
		await symlink("two", join(folder, "switch"));
		await rename(join(folder, "switch"), join(folder, "current"));
		expect(await seen.next()).toBe("two");
	});

	it("tells at once of what changed between reading and watching", async () => {
		await writeFile(path, "newer");
		expect(await (await watched({ seen: "older" })).next()).toBe("newer");
	});

	it("looks from time to time where the system tells of nothing", async () => {
		await writeFile(path, "1");
		const seen = await watched({ seen: "1", events: false, poll: 5 });
		await replace("2");
		expect(await seen.next()).toBe("2");
	});

	it("does not tell of a file whose text is the same", async () => {
		await writeFile(path, "1");
		const seen = await watched({ seen: "1", events: false, poll: 5 });
		await replace("1");
		await writeFile(join(folder, "other"), "x");
		await replace("2");
		expect(await seen.next()).toBe("2");
		expect(seen.size).toBe(0);
	});

	it("ends when it is closed", async () => {
		await writeFile(path, "1");
		const seen = await watched({ seen: "1", events: false, poll: 5 });
		await closing.pop()?.close();
		await replace("2");
		const after = await watched({ seen: "1", events: false, poll: 5 });
		expect(await after.next()).toBe("2");
		expect(seen.size).toBe(0);
	});
});

describe("following", () => {
	async function follow(databases: Databases, options: WatchOptions = {}) {
		const applied = queue<number>();
		const refused = queue<Error>();
		const following = await followConfiguration(databases, path, {
			settle: 10,
			poll: never,
			...options,
			onApplied: ({ changes }) => applied.push(changes.length),
			onRefused: refused.push,
		});
		closing.push(following);
		return { following, applied, refused };
	}

	it("applies the file, and again when it is edited", async () => {
		await writeFile(path, userNamed("Ann"));
		const databases = await openDatabases();
		const { following, applied } = await follow(databases);
		expect(following.result.changes).toHaveLength(1);
		await replace(userNamed("Anna"));
		expect(await applied.next()).toBe(1);
		expect((await databases.users.get("ann"))?.name).toBe("Anna");
	});

	it("goes on with what was applied while the file is bad, empty or gone, and says so", async () => {
		await writeFile(path, userNamed("Ann"));
		const databases = await openDatabases();
		const { applied, refused } = await follow(databases);
		const { revision } = databases.snapshot;
		await replace("users:\n  ann: { nmae: Anna, mechanisms: [] }\n");
		const error = await refused.next();
		expect(error).toBeInstanceOf(PosthasteError);
		expect((error as PosthasteError).complaints[0]).toMatchObject({ file: path, line: 2, column: 10 });
		await replace("");
		expect((await refused.next()).message).toContain("the file is empty");
		await unlink(path);
		expect((await refused.next()).message).toContain("there is no such file");
		expect([(await databases.users.get("ann"))?.name, databases.snapshot.revision]).toEqual(["Ann", revision]);
		await replace(userNamed("Anna"));
		expect(await applied.next()).toBe(1);
		expect((await databases.users.get("ann"))?.name).toBe("Anna");
	});

	it("does not begin with a file that cannot be applied", async () => {
		await writeFile(path, "nonsense: 1\n");
		await expect(followConfiguration(await openDatabases(), path)).rejects.toMatchObject({ code: "unknown-key" });
	});

	it("takes over what a file of another name defined that is there no longer", async () => {
		const databases = await openDatabases();
		await writeFile(path, userNamed("Ann"));
		await (await followConfiguration(databases, path)).close();
		const moved = join(folder, "moved.yaml");
		await rename(path, moved);
		path = moved;
		const { following } = await follow(databases);
		expect(following.result.changes).toHaveLength(1);
		expect((await databases.users.get("ann"))?.managedBy).toEqual({ by: "file", file: moved, line: 2 });
	});
});
