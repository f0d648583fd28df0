/** The parts of the program that commands start but do not load before: a client's command stays quick. */
import type { Backup, Restored } from "../store/sqlite/index.ts";
import type { Running } from "./interrupt.ts";

export interface ServeOptions {
	/** `HOST:PORT`, loopback only. */
	readonly listen: string;
	/** The folder that keeps the database. */
	readonly data: string;
	/** The configuration file. Missing when none was named and the default one does not exist. */
	readonly config?: string;
	readonly databaseUrl?: string;
	/** How installed plugins are kept apart when nothing else was said as they were installed. */
	readonly isolate?: "thread" | "process";
	readonly logLevel: string;
	readonly otlpEndpoint?: string;
}

export interface DemoOptions {
	readonly listen: string;
	/** Missing: a folder of its own, gone afterwards. */
	readonly data?: string;
	readonly logLevel: string;
}

export interface BenchOptions {
	/** Seconds for each measurement. */
	readonly seconds: number;
	readonly json: boolean;
}

interface ServePart {
	serve(options: ServeOptions): Promise<Running>;
}
interface DemoPart {
	runDemo(options: DemoOptions): Promise<Running>;
}
interface BenchPart {
	/** Prints its figures itself. */
	runBench(options: BenchOptions): Promise<void>;
}

interface BackupPart {
	backupFolder(folder: string, file: string, options: { readonly force: boolean }): Promise<Backup>;
	restoreFolder(file: string, folder: string, options: { readonly force: boolean }): Promise<Restored>;
}

export async function loadServe(): Promise<ServePart> {
	return (await load("../main.ts")) as ServePart;
}

export async function loadDemo(): Promise<DemoPart> {
	return (await load("../demo/demo.ts")) as DemoPart;
}

export async function loadBench(): Promise<BenchPart> {
	return (await load("../bench.ts")) as BenchPart;
}

export async function loadBackup(): Promise<BackupPart> {
	return (await load("../store/sqlite/index.ts")) as BackupPart;
}

function load(path: string): Promise<unknown> {
	return import(new URL(path, import.meta.url).href);
}
