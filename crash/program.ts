/** The program as a process of its own, which can be killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const binary = fileURLToPath(new URL("../packages/posthaste/bin/posthaste.js", import.meta.url));

/** What of the program's own words is kept for a message about it. */
const kept = 4000;

export interface Launch {
	readonly listen: string;
	readonly data: string;
	readonly config: string;
	/** Has Node listen for a debugger, on a free port of 127.0.0.1; where, it says on standard error. */
	readonly inspect?: boolean;
}

export class Program {
	/** Resolves once the program says that it listens; undefined when it ended before. */
	readonly ready: Promise<string | undefined>;
	readonly gone: Promise<unknown>;
	readonly begun = performance.now();
	/** Milliseconds from its start until it listened. */
	startTime: number | undefined;
	/** Where a debugger may connect, when it was launched so. */
	inspector: string | undefined;
	readonly #child: ChildProcess;
	#said = "";

	constructor({ listen, data, config, inspect = false }: Launch) {
		const node = inspect ? ["--inspect=127.0.0.1:0"] : [];
		const args = ["serve", "--listen", listen, "--data", data, "--config", config, "--log-level", "error"];
		this.#child = spawn(process.execPath, [...node, binary, ...args], { stdio: ["ignore", "pipe", "pipe"] });
		this.gone = once(this.#child, "exit").catch(() => undefined);
		this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#said = (this.#said + text).slice(-kept);
			this.inspector ??= /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(this.#said)?.[0];
		});
		this.ready = this.#listens();
	}

	async #listens(): Promise<string | undefined> {
		const { stdout } = this.#child;
		if (stdout === null) {
			return undefined;
		}
		const first = await Promise.race([
			once(createInterface({ input: stdout }), "line"),
			this.gone.then(() => undefined),
		]);
		const url = first === undefined ? undefined : /http:\S+/.exec(String(first))?.[0];
		if (url !== undefined) {
			this.startTime = performance.now() - this.begun;
		}
		return url;
	}

	/** Its process's number; 0 when it could not be started. */
	get pid(): number {
		return this.#child.pid ?? 0;
	}

	/** What it wrote to standard error, the end of it. */
	get said(): string {
		return this.#said;
	}

	/** How it ended; undefined while it runs. */
	get end(): string | undefined {
		const { exitCode, signalCode } = this.#child;
		return signalCode ?? (exitCode === null ? undefined : `exit code ${exitCode}`);
	}

	async kill(): Promise<void> {
		this.#child.kill("SIGKILL");
		await this.gone;
	}

	/** Ends it in order, and without mercy when that takes longer than ten seconds. */
	async stop(): Promise<void> {
		this.#child.kill("SIGTERM");
		const mercy = setTimeout(() => this.#child.kill("SIGKILL"), 10_000);
		await this.gone;
		clearTimeout(mercy);
	}
}
