/**
 * A registry on 127.0.0.1 that has what lies in this repository's node_modules, so that tests need no
 * network. It has nothing of this repository's own.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { scratchFolder } from "@posthaste/real-servers";

const root = fileURLToPath(new URL("../../../../..", import.meta.url));

export interface LocalRegistry {
	/** For `npm_config_registry`. */
	readonly url: string;
	/** The packages it was asked about, in order. */
	readonly asked: readonly string[];
	close(): Promise<void>;
}

export async function startRegistry(): Promise<LocalRegistry> {
	const scratch = await scratchFolder();
	const asked: string[] = [];
	const server = createServer(async (request, response) => {
		const [, name = "", version] = decodeURIComponent(request.url ?? "").split(/^\/|\/-\//);
		const found = foldersOf(name);
		if (version !== undefined) {
			const folder = found.find((one) => manifestIn(one).version === version);
			response.end(await packed(scratch.path, folder ?? ""));
			return;
		}
		asked.push(name);
		response.writeHead(found.length === 0 ? 404 : 200, { "content-type": "application/json" });
		response.end(JSON.stringify(documentOf(name, found, registry.url)));
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const registry = {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
		asked,
		async close() {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
			await scratch.remove();
		},
	};
	return registry;
}

/** What npm wants to know of a package. */
function documentOf(name: string, folders: readonly string[], url: string): object {
	const versions = folders.map((folder) => {
		const manifest = manifestIn(folder);
		return [manifest.version, { ...manifest, dist: { tarball: `${url}${name}/-/${manifest.version}` } }] as const;
	});
	return { name, "dist-tags": { latest: versions[0]?.[0] }, versions: Object.fromEntries(versions) };
}

function manifestIn(folder: string): { readonly name: string; readonly version: string } {
	return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** Wherever the package lies: at the top, or below one that needs another version of it. */
function foldersOf(name: string): readonly string[] {
	const top = join(root, "node_modules");
	const packages = readdirSync(top).flatMap((entry) =>
		entry.startsWith("@") ? readdirSync(join(top, entry)).map((one) => join(entry, one)) : [entry],
	);
	const plugins = readdirSync(join(root, "plugins")).map((one) => join(root, "plugins", one));
	return [root, ...packages.map((one) => join(top, one)), ...plugins]
		.map((folder) => join(folder, "node_modules", name))
		.filter((folder) => name !== "" && existsSync(join(folder, "package.json")) && !lstatSync(folder).isSymbolicLink());
}

async function packed(scratch: string, folder: string): Promise<Buffer> {
	const made = await mkdtemp(join(scratch, "packed-"));
	const filter = (path: string) => path === folder || basename(path) !== "node_modules";
	await cp(folder, join(made, "package"), { recursive: true, dereference: true, filter });
	await promisify(execFile)("tar", ["-czf", join(made, "package.tgz"), "-C", made, "package"]);
	return readFile(join(made, "package.tgz"));
}
