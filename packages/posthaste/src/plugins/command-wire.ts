/**
 * A plugin that is a command in any language: messages are lines of JSON on its standard input and
 * output, and what it writes to its standard error is for the log. Nothing that it writes, or fails
 * to read, makes the program hold more than a bounded amount.
 */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { whenGone } from "./child.ts";
import { LastWords, Lines, readOutput } from "./output.ts";
import type { Program, Wire, WireListener } from "./wire.ts";

const megabyte = 1024 * 1024;
/** Bytes of a message. */
const longestLine = 8 * megabyte;
/** Bytes of messages that wait until the command reads them. */
const mostUnread = 64 * megabyte;
/** A command that closes its input or output is expected to be ending, for this long. */
const ending = 1000;
/** How often its memory is looked at. */
const lookInterval = 1000;

export function openCommand(program: Program, command: readonly string[], listener: WireListener): Wire {
	return new CommandWire(program, command, listener);
}

class CommandWire implements Wire {
	readonly #child: ChildProcessWithoutNullStreams;
	readonly #listener: WireListener;
	readonly #words = new LastWords();
	readonly #kill: () => Promise<true>;
	#over = false;

	constructor({ folder, memory }: Program, command: readonly string[], listener: WireListener) {
		const [file = "", ...args] = command;
		const { PATH, HOME, LANG } = process.env;
		// What was installed is what runs: Python would write its caches beside it.
		const env = { PATH, HOME, LANG, PYTHONDONTWRITEBYTECODE: "1" };
		this.#listener = listener;
		this.#child = spawn(file, args, { cwd: folder, env, stdio: "pipe", detached: true });
		this.#child.on("error", (error) => listener.onEnd(`"${file}" could not be run: ${error.message}`));
		this.#kill = whenGone(this.#child, (how) =>
			listener.onEnd(this.#words.after(`the command ended with ${how}`, memory)),
		);
		this.#read();
		this.#watchMemory(memory);
	}

	readonly send = (message: object): void => {
		const { stdin } = this.#child;
		if (this.#over || !stdin.writable) {
			return;
		}
		stdin.write(`${JSON.stringify(message)}\n`);
		if (stdin.writableLength > mostUnread) {
			this.#end(`it does not read its standard input: more than ${mostUnread / megabyte} MB wait for it`);
		}
	};

	readonly kill = (): Promise<true> => {
		this.#over = true;
		return this.#kill();
	};

	#read(): void {
		const { stdin, stdout, stderr } = this.#child;
		const lines = new Lines(
			longestLine,
			(line) => this.#heard(line),
			() => this.#end(`it wrote a line of more than ${longestLine / megabyte} MB`),
		);
		stdout.on("data", (chunk: Buffer) => this.#over || lines.feed(chunk));
		stdout.on("end", () => {
			lines.flush();
			this.#closed("output");
		});
		stdout.on("error", () => this.#closed("output"));
		stdin.on("error", () => this.#closed("input"));
		readOutput(stderr, (line) => {
			this.#words.hear(line);
			this.#listener.onOutput(line);
		});
	}

	#heard(line: string): void {
		if (this.#over) {
			return;
		}
		const message = messageOf(line);
		if (message === undefined) {
			this.#listener.onOutput(line);
		} else {
			this.#listener.onMessage(message);
		}
	}

	/** One that ends closes both; one that only closes them can be spoken to no more. */
	#closed(which: "input" | "output"): void {
		const timer = setTimeout(() => this.#end(`it closed its standard ${which}`), ending).unref();
		this.#child.once("exit", () => clearTimeout(timer));
		this.#child.once("error", () => clearTimeout(timer));
	}

	/** Where the system tells how much memory a process holds, as Linux does. */
	#watchMemory(memory: number): void {
		const { pid } = this.#child;
		const timer = setInterval(async () => {
			const held = await residentMegabytes(pid).catch(() => 0);
			if (held > memory) {
				this.#end(`it used more than ${memory} MB of memory`);
			}
		}, lookInterval).unref();
		this.#child.once("exit", () => clearInterval(timer));
		this.#child.once("error", () => clearInterval(timer));
	}

	#end(reason: string): void {
		if (!this.#over) {
			this.#listener.onEnd(reason);
			void this.kill();
		}
	}
}

/** What is no message, such as what a library prints, is a line for the log. */
function messageOf(line: string): object | undefined {
	try {
		const value: unknown = JSON.parse(line);
		return typeof value === "object" && value !== null && "jsonrpc" in value ? value : undefined;
	} catch {
		return undefined;
	}
}

async function residentMegabytes(pid: number | undefined): Promise<number> {
	const status = await readFile(`/proc/${pid}/status`, "utf8");
	return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
}
