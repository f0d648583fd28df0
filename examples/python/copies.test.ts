/** A plugin's folder holds all that the plugin needs, so each has its own copy of the helper. */
import { readdir, readFile } from "node:fs/promises";
import { expect, test } from "vitest";

test("every copy of posthaste_plugin.py is the same", async () => {
	const here = new URL(".", import.meta.url);
	const original = await readFile(new URL("posthaste_plugin.py", here), "utf8");
	const plugins = (await readdir(here, { withFileTypes: true }))
		.filter((entry) => entry.isDirectory() && entry.name !== "test")
		.map(({ name }) => name);
	expect(plugins).toEqual(expect.arrayContaining(["escalate", "ntfy"]));
	for (const plugin of plugins) {
		expect(await readFile(new URL(`${plugin}/posthaste_plugin.py`, here), "utf8"), plugin).toBe(original);
	}
});
