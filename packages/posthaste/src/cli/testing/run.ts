/** Runs the real command as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export const bin = fileURLToPath(new URL("../../../bin/posthaste.js", import.meta.url));

export interface Ran {
	readonly code: number | null;
	readonly stdout: string;
	readonly stderr: string;
}

export interface RunOptions {
	readonly env?: Readonly<Record<string, string>>;
	/** Standard input; empty when left out. */
	readonly input?: string;
	readonly cwd?: string;
}

/** The environment of every run: nothing of the machine's own settings, a fixed sender and time zone. */
const plainEnvironment = {
	PATH: process.env.PATH ?? "",
	HOME: process.env.HOME ?? "/",
	USER: "alice",
	TZ: "UTC",
	LANG: "C.UTF-8",
};

const live = new Set<Command>();

/** Ends what a test left running, as one that failed may have. */
export async function endCommands(): Promise<void> {
	const left = [...live];
	for (const command of left) {
		command.process.kill("SIGKILL");
	}
	await Promise.all(left.map(({ done }) => done));
}

/** A command under way: what it has written so far, and what it comes to. */
export class Command {
	readonly process: ChildProcess;
	readonly done: Promise<Ran>;
	#stdout = "";
	#stderr = "";
	#waiting: (() => void)[] = [];

	constructor(file: string, args: readonly string[], options: RunOptions) {
		this.process = spawn(file, args, { env: { ...plainEnvironment, ...options.env }, cwd: options.cwd });
		this.process.stdout?.setEncoding("utf8").on("data", (text: string) => {
			this.#stdout += text;
			this.#wake();
		});
		this.process.stderr?.setEncoding("utf8").on("data", (text: string) => {
			this.#stderr += text;
			this.#wake();
		});
		live.add(this);
		this.done = new Promise((resolve) => {
			this.process.on("close", (code) => {
				live.delete(this);
				resolve({ code, stdout: this.#stdout, stderr: this.#stderr });
				this.#wake();
			});
		});
	}

	get stdout(): string {
		return this.#stdout;
	}

	type(text: string): void {
		this.process.stdin?.write(text);
	}

	/** Resolves when the output has shown `text`; throws when the command ended without. */
	async shows(text: string): Promise<void> {
		while (!`${this.#stdout}${this.#stderr}`.includes(text)) {
			if (this.process.exitCode !== null) {
				throw new Error(`It ended without “${text}”:\n${this.#stdout}${this.#stderr}`);
			}
			await new Promise<void>((resolve) => this.#waiting.push(resolve));
		}
	}

	#wake(): void {
		for (const resolve of this.#waiting.splice(0)) {
			resolve();
		}
	}
}

/** Starts `posthaste …` and leaves its standard input open. */
export function start(args: readonly string[], options: RunOptions = {}): Command {
	return new Command(process.execPath, [bin, ...args], options);
}

/** Runs `posthaste …` to its end. */
export function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
	const command = start(args, options);
	command.process.stdin?.end(options.input ?? "");
	return command.done;
}

/** Starts `posthaste …` at a terminal of its own (util-linux script), so that it asks questions. */
export function atTerminal(args: readonly string[], options: RunOptions & { readonly columns?: number } = {}): Command {
	const quoted = [process.execPath, bin, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
	const line = `stty cols ${options.columns ?? 100} rows 40 -echo; exec ${quoted}`;
	return new Command("script", ["-qefc", line, "/dev/null"], {
		...options,
		env: { TERM: "xterm", NO_COLOR: "1", SHELL: "/bin/sh", ...options.env },
	});
}
