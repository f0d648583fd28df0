/** A document that names plugins: they are installed first, and nothing of it is applied when something is wrong. */
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Bench, configured, mechanismPackage, openBench } from "../plugins/test/packages.ts";

let bench: Bench;
beforeEach(async () => {
	bench = await openBench();
});
afterEach(() => bench.close());

const installed = async () =>
	(await bench.posthaste.plugins.list()).flatMap((plugin) =>
		plugin.installed ? [[plugin.id, plugin.installed.active]] : [],
	);

test("installs its plugins, and then what uses them; relative paths count from the file", async () => {
	const folder = await mechanismPackage(bench.root);
	const file = { path: join(bench.root, "posthaste.yaml"), lineOf: () => 1 };
	const plugins = { line: { from: `.${folder.slice(bench.root.length)}` } };
	await bench.posthaste.configuration.apply({ plugins, ...configured({ line: true }) }, { file });
	expect(await installed()).toEqual([["line", "1.0.0"]]);
	expect((await bench.deliver("cat")).deliveries[0]?.state).toBe("reached");
	expect(await bench.posthaste.configuration.export()).toMatchObject({ plugins: { line: { from: folder } } });
});

test("leaves the plugins as they were when the rest of it is wrong", async () => {
	const before = { plugins: { line: { from: await mechanismPackage(bench.root) } }, ...configured({ line: true }) };
	await bench.posthaste.configuration.apply(before);
	const after = { plugins: { line: { from: await mechanismPackage(bench.root, { version: "2.0.0" }) } } };
	const wrong = { ...after, ...configured({ line: true }), defaultManager: "nobody" };
	await expect(bench.posthaste.configuration.apply(wrong)).rejects.toMatchObject({ code: "unknown-manager" });
	expect(await installed()).toEqual([["line", "1.0.0"]]);
	expect((await bench.deliver("cat")).deliveries[0]?.state).toBe("reached");
});

test.each([
	["no plugin of that name", { other: {} }, "invalid-plugin"],
	["a relative path without a file", { line: { from: "./line" } }, "invalid-configuration"],
	["a name that is none", { "": { from: "x" } }, "invalid-configuration"],
	["no source", { "-": {} }, "invalid-configuration"],
	["no mapping", 5, "invalid-configuration"],
])("refuses %s", async (_what, plugins, code) => {
	const from = await mechanismPackage(bench.root);
	const given = typeof plugins === "object" && "other" in plugins ? { other: { from } } : plugins;
	await expect(bench.posthaste.configuration.apply({ plugins: given } as never)).rejects.toMatchObject({ code });
});
