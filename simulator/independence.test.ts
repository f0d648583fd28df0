/** The auditor shares no code with what it audits: it takes types from elsewhere, and nothing that runs. */
import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const folder = new URL("./audit/", import.meta.url);

it("the auditor imports types only, but from its own folder", async () => {
	const files = await readdir(folder);
	expect(files.length).toBeGreaterThan(5);
	for (const file of files) {
		const source = await readFile(new URL(file, folder), "utf8");
		const imports = [...source.matchAll(/^import\s+(type\s)?[^;]*?from\s+"([^"]+)";/gms)];
		const foreign = imports.filter(([, type, from]) => type === undefined && !/^\.\/[\w-]+\.ts$/.test(from ?? ""));
		expect(foreign.map(([text]) => text)).toEqual([]);
	}
});
