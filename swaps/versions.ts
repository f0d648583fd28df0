/** Makes folders with versions of the two plugins, sound ones and ones that are wrong in some way. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type PluginType = "manager" | "mechanism";

export const pluginIds = { manager: "swapped-course", mechanism: "swapped-line" } as const;
const sources = { manager: "course.ts", mechanism: "line.ts" } as const;

/**
 * - `load`: it throws as it is loaded.
 * - `settings`: it does not take the settings that are configured.
 * - `instance`: the plugin comes up, but its instance does not.
 */
export type Flaw = "load" | "settings" | "instance";

export class Versions {
	readonly #folder: string;
	readonly #made: Record<PluginType, number> = { manager: 0, mechanism: 0 };

	constructor(folder: string) {
		this.#folder = folder;
	}

	/** The folder of the next version, and which that is. */
	async next(type: PluginType, flaw?: Flaw): Promise<{ readonly folder: string; readonly version: string }> {
		this.#made[type] += 1;
		const version = `1.0.${this.#made[type]}`;
		const folder = join(this.#folder, `${type}-${version}`);
		await mkdir(folder, { recursive: true });
		const source = await readFile(new URL(`plugins/${sources[type]}`, import.meta.url), "utf8");
		const manifest = { name: pluginIds[type], version, type: "module", exports: "./plugin.ts" };
		await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
		await writeFile(join(folder, "plugin.ts"), spoiled(source.replace('"0.0.0"', `"${version}"`), type, flaw));
		return { folder, version };
	}
}

/** The source with a flaw; @throws Error when the source does not hold what has to be spoiled. */
function spoiled(source: string, type: PluginType, flaw: Flaw | undefined): string {
	switch (flaw) {
		case undefined:
			return source;
		case "load":
			return `${source}\nthrow new Error("its licence has run out");\n`;
		case "settings":
			return type === "manager"
				? replaced(source, "{ names: Type.Array(Type.String()) }", "{ names: Type.String() }")
				: replaced(source, "{ url: Type.String() }", "{ url: Type.Integer() }");
		case "instance":
			return replaced(source, 'await sink.ask("hello", { version });', 'throw new Error("the sink is shut");');
	}
}

function replaced(source: string, found: string, by: string): string {
	if (!source.includes(found)) {
		throw new Error(`the plugin has no ${found}`);
	}
	return source.replace(found, by);
}
