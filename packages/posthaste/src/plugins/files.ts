/** The files of an installed plugin: what they are is written down once, and looked at before they run. */
import { createHash } from "node:crypto";
import { readdir, readFile, readlink } from "node:fs/promises";
import { join, relative } from "node:path";

/** A digest over all files below a folder, their paths and contents. */
export async function digestOf(folder: string): Promise<string> {
	const hash = createHash("sha256");
	for (const path of (await filesBelow(folder)).sort()) {
		hash.update(`${relative(folder, path)}\0`);
		hash.update(await contentOf(path));
		hash.update("\0");
	}
	return `sha256-${hash.digest("base64")}`;
}

async function filesBelow(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true });
	const nested = entries.map((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? filesBelow(path) : Promise.resolve([path]);
	});
	return (await Promise.all(nested)).flat();
}

/** A link counts as where it leads. */
async function contentOf(path: string): Promise<Buffer | string> {
	try {
		return await readlink(path);
	} catch {
		return readFile(path);
	}
}
