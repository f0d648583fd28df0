/** The whole configuration as one document: its plugins are installed first, and the rest is applied then, or nothing. */
import { existsSync, statSync } from "node:fs";
import { dirname, isAbsolute, resolve } from "node:path";
import { ConfigurationDocumentSchema, PluginSourceSchema, PosthasteError } from "@posthaste/core";
import { checkName } from "../databases/check-common.ts";
import { type Finding, throwFindings } from "../databases/finding.ts";
import { shapeFindings } from "../databases/shape.ts";
import type { Version } from "../plugins/version.ts";
import type { ApplyOptions, ConfigurationDocument, PluginAdding, Posthaste } from "../posthaste.ts";
import { follow } from "./mechanisms.ts";
import type { Parts } from "./parts.ts";
import { activateAgain, install } from "./plugins.ts";

const invalid = "invalid-configuration";

export function configurationMethods(parts: Parts): Posthaste["configuration"] {
	const { databases, installed } = parts;
	return {
		async apply(document, options = {}) {
			const before = options.dryRun === true ? [] : await installAll(parts, document, options);
			try {
				const result = await databases.configuration.apply(document, options);
				await follow(parts);
				return result;
			} catch (error) {
				// What the plugins were before is part of what was to stay as it was.
				await activateAgain(parts, before);
				throw error;
			}
		},
		async export() {
			const plugins = installed.list().flatMap(({ plugin: { active, versions } }) => {
				const entry = active === null ? undefined : versions[active];
				return entry === undefined ? [] : [[entry.description.id, { from: entry.from }] as const];
			});
			const document = await databases.configuration.export();
			return plugins.length === 0 ? document : { plugins: Object.fromEntries(plugins), ...document };
		},
	};
}

/** What was active before, of the plugins that it changed. */
async function installAll(
	parts: Parts,
	document: ConfigurationDocument,
	options: ApplyOptions,
): Promise<readonly Replaced[]> {
	// Whatever is no document at all is for the databases to complain about.
	const plugins = (document as ConfigurationDocument | null)?.plugins ?? {};
	throwFindings(checkPlugins(plugins));
	const replaced: Replaced[] = [];
	for (const [id, adding] of Object.entries(plugins)) {
		try {
			const was = activeOf(parts, id);
			const version = await ensure(parts, id, located(adding, options));
			// A pinned version stays, whatever is installed.
			if (version !== undefined && version !== was && version === activeOf(parts, id)) {
				replaced.push({ version, was });
			}
		} catch (error) {
			await activateAgain(parts, replaced);
			throw error instanceof PosthasteError
				? new PosthasteError(error.code, `plugins.${id}: ${error.message}`, error.complaints)
				: error;
		}
	}
	return replaced;
}

/** A record's schema passes what stands under a name that does not fit, so names and entries are checked one by one. */
function checkPlugins(plugins: unknown): readonly Finding[] {
	const shape = shapeFindings(ConfigurationDocumentSchema.properties.plugins, plugins, ["plugins"], invalid);
	const entries = typeof plugins === "object" && plugins !== null ? Object.entries(plugins) : [];
	return shape.length > 0
		? shape
		: entries.flatMap(([id, adding]) => [
				...checkName(id, ["plugins", id]),
				...shapeFindings(PluginSourceSchema, adding, ["plugins", id], invalid),
			]);
}

/** A version that took over, and the one that it took over from. */
export interface Replaced {
	readonly version: Version;
	readonly was: Version | undefined;
}

/** Installs what is not there yet. A folder may have changed, so that is looked at each time. */
async function ensure(parts: Parts, id: string, adding: PluginAdding): Promise<Version | undefined> {
	const { from, version } = adding;
	const spec = version === undefined ? from : `${from}@${version}`;
	const active = activeOf(parts, id);
	const isFolder = isAbsolute(from) && existsSync(from) && statSync(from).isDirectory();
	if (active?.entry.from === spec && !isFolder) {
		return undefined;
	}
	const added = await install(parts, adding);
	const found = added.entry.description.id;
	if (found !== id) {
		throw new PosthasteError("invalid-plugin", `${spec} is the plugin "${found}"; name it so`);
	}
	return added;
}

function activeOf({ installed }: Parts, id: string): Version | undefined {
	return installed.active("manager", id) ?? installed.active("mechanism", id);
}

/** Paths in a file count from where the file is. */
function located(adding: PluginAdding, { file }: ApplyOptions): PluginAdding {
	const { from } = adding;
	if (!/^\.{1,2}(\/|$)/.test(from)) {
		return adding;
	}
	if (file === undefined) {
		throw new PosthasteError("invalid-configuration", `${from} is a relative path, which counts only in a file`);
	}
	return { ...adding, from: resolve(dirname(file.path), from) };
}
