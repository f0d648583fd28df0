/** The parts of the program that commands start but do not load before: a client's command stays quick. */
import type { Running } from "./interrupt.ts";

export interface ServeOptions {
	/** `HOST:PORT`, loopback only. */
	readonly listen: string;
	/** The folder that keeps the database. */
	readonly data: string;
	/** The configuration file. Missing when none was named and the default one does not exist. */
	readonly config?: string;
	readonly databaseUrl?: string;
	readonly logLevel: string;
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

export async function loadServe(): Promise<ServePart> {
	return (await load("../main.ts")) as ServePart;
}

export async function loadDemo(): Promise<DemoPart> {
	return (await load("../demo/demo.ts")) as DemoPart;
}

export async function loadBench(): Promise<BenchPart> {
	return (await load("../bench.ts")) as BenchPart;
}

function load(path: string): Promise<unknown> {
	return import(new URL(path, import.meta.url).href);
}
