/**
 * Which plugins are installed, in which versions, and which of these new deliveries use: a file in the
 * data folder, replaced as a whole so that it is never half written.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Description } from "./protocol.ts";
import type { Grants, Isolation, Program } from "./wire.ts";

/** One installed version. */
export interface InstalledVersion {
	/** Below the registry's folder. */
	readonly folder: string;
	/** The package's name, and what was asked for. */
	readonly name: string;
	readonly from: string;
	readonly resolved: string;
	/** Of the tarball. */
	readonly integrity: string;
	/** Of the files as they were installed. */
	readonly digest: string;
	readonly installedAt: number;
	readonly description: Description;
	readonly main: Program["main"];
	readonly isolation: Isolation;
	readonly memory: number;
	readonly grants: Grants;
}

export interface InstalledPlugin {
	/** What new deliveries use; null when the plugin that the program brings is used instead. */
	readonly active: string | null;
	/** What was active before: where a rollback leads. */
	readonly previous?: string;
	/** Installing another version does not make it active. */
	readonly pinned: boolean;
	readonly versions: Readonly<Record<string, InstalledVersion>>;
}

export type RegistryContent = Readonly<Record<string, InstalledPlugin>>;

export function keyOf({ type, id }: Pick<Description, "type" | "id">): string {
	return `${type}:${id}`;
}

export class Registry {
	readonly folder: string;
	content: RegistryContent;

	private constructor(folder: string, content: RegistryContent) {
		this.folder = folder;
		this.content = content;
	}

	/** @throws Error when the file cannot be read as what it is */
	static async open(folder: string): Promise<Registry> {
		const path = join(folder, "plugins.json");
		const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
			if (error.code === "ENOENT") {
				return undefined;
			}
			throw error;
		});
		if (text === undefined) {
			return new Registry(folder, {});
		}
		try {
			return new Registry(folder, JSON.parse(text).plugins ?? {});
		} catch (error) {
			throw new Error(`${path} is damaged (${error}); restore it, or move it away and install the plugins again`);
		}
	}

	/** Changes one plugin's entry; undefined removes it. On disk when it resolves, and not made when it rejects. One change follows another. */
	async set(key: string, plugin: InstalledPlugin | undefined): Promise<void> {
		const { [key]: _, ...others } = this.content;
		const content = plugin === undefined ? others : { ...others, [key]: plugin };
		await this.#save(content);
		this.content = content;
	}

	async #save(plugins: RegistryContent): Promise<void> {
		await mkdir(this.folder, { recursive: true });
		const path = join(this.folder, "plugins.json");
		const file = await open(`${path}.part`, "w");
		try {
			await file.writeFile(`${JSON.stringify({ format: 1, plugins }, undefined, "\t")}\n`);
			await file.sync();
		} finally {
			await file.close();
		}
		await rename(`${path}.part`, path);
	}
}
