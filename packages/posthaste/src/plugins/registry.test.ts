/** What the registry's file says is what counts, so nothing may be taken for it that is not. */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { scratchFolder } from "@posthaste/real-servers";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type InstalledPlugin, Registry } from "./registry.ts";

const plugin: InstalledPlugin = { active: "1.0.0", pinned: false, versions: {} };

let folder: Awaited<ReturnType<typeof scratchFolder>>;
beforeEach(async () => {
	folder = await scratchFolder();
});
afterEach(() => folder.remove());

test("a registry that is missing is a new one", async () => {
	expect((await Registry.open(folder.path)).content).toEqual({});
});

test("one that cannot be read is not taken for a new one", async () => {
	await mkdir(join(folder.path, "plugins.json"));
	await expect(Registry.open(folder.path)).rejects.toThrow("EISDIR");
});

test("one that was emptied is damaged", async () => {
	await writeFile(join(folder.path, "plugins.json"), "");
	await expect(Registry.open(folder.path)).rejects.toThrow("plugins.json is damaged");
});

test("a change that could not be written has not been made", async () => {
	const registry = await Registry.open(folder.path);
	await registry.set("manager:one", plugin);
	await mkdir(join(folder.path, "plugins.json.part"));
	await expect(registry.set("manager:one", { ...plugin, active: "2.0.0" })).rejects.toThrow();
	expect(registry.content).toEqual({ "manager:one": plugin });
	expect((await Registry.open(folder.path)).content).toEqual({ "manager:one": plugin });
	await rm(join(folder.path, "plugins.json.part"), { recursive: true });
	await registry.set("manager:one", undefined);
	expect((await Registry.open(folder.path)).content).toEqual({});
});
