/** Configuration files on disk: applied once, or followed as they change. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { PosthasteError } from "@posthaste/core";
import type { ConfigurationDatabase } from "../databases/configuration.ts";
import type { ApplyResult } from "../posthaste.ts";
import { withPlaces } from "./complaints.ts";
import { type ConfigurationFile, readConfiguration } from "./read.ts";
import { type WatchOptions, watchConfiguration } from "./watch.ts";

/** The part of the databases that is needed here. */
export interface Applies {
	readonly configuration: Pick<ConfigurationDatabase, "apply">;
}

export interface LoadOptions {
	/** Works out and checks the changes, and applies none. */
	readonly dryRun?: boolean;
	/** The file's text, where it is known already. */
	readonly text?: string;
}

/**
 * Applies a file: its records become `managedBy: file`, by its absolute path.
 * @throws PosthasteError with file, line, column and an excerpt for each complaint; nothing was applied
 */
export async function loadAndApply(databases: Applies, path: string, options: LoadOptions = {}): Promise<ApplyResult> {
	const absolute = resolve(path);
	const file = readConfiguration(options.text ?? (await readText(absolute)), absolute);
	return applyFile(databases, file, options.dryRun === true);
}

async function applyFile(databases: Applies, file: ConfigurationFile, dryRun: boolean): Promise<ApplyResult> {
	try {
		return await databases.configuration.apply(file.document, {
			dryRun,
			file: { path: file.path, lineOf: file.lineOf },
			abandoned: (other) => !existsSync(other),
		});
	} catch (error) {
		throw error instanceof PosthasteError ? withPlaces(error, file) : error;
	}
}

async function readText(path: string): Promise<string> {
	try {
		return await readFile(path, "utf8");
	} catch (error) {
		const { code } = error as NodeJS.ErrnoException;
		const message = code === "ENOENT" ? "there is no such file" : `cannot be read: ${(error as Error).message}`;
		throw new PosthasteError("invalid-configuration", `${path}: ${message}`, [{ field: "", message, file: path }]);
	}
}

export interface Following {
	/** What the first application changed. */
	readonly result: ApplyResult;
	/** Stops following. Resolves when a reload that was under way has ended. */
	close(): Promise<void>;
}

export interface FollowOptions extends WatchOptions {
	readonly onApplied?: (result: ApplyResult) => void;
	/** The file as it is now cannot be applied; what was applied before goes on serving. */
	readonly onRefused?: (error: Error) => void;
}

/**
 * Applies a file, and again whenever it changes.
 * @throws PosthasteError when the file as it is first read cannot be applied
 */
export async function followConfiguration(
	databases: Applies,
	path: string,
	options: FollowOptions = {},
): Promise<Following> {
	const absolute = resolve(path);
	const text = await readText(absolute);
	const result = await loadAndApply(databases, absolute, { text });
	const reload = async (now: string | undefined) => {
		try {
			options.onApplied?.(await loadAndApply(databases, absolute, now === undefined ? {} : { text: now }));
		} catch (error) {
			options.onRefused?.(error as Error);
		}
	};
	const watching = watchConfiguration(absolute, reload, { ...options, seen: text });
	return { result, close: () => watching.close() };
}
