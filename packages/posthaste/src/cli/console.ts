/** Lines that come while a question stands: printed above it, so that what a person types stays whole. */
import { createInterface, type Interface } from "node:readline";

export interface Question {
	readonly query: string;
	/** Takes a line; false puts the question again. */
	readonly take: (line: string) => boolean;
	/** Withdraws the question. */
	readonly signal?: AbortSignal;
}

export class LiveConsole {
	readonly #interrupted: () => void;
	#open: Interface | undefined;

	/** @param interrupted called when Ctrl-C is pressed at a question, where no signal comes. */
	constructor(interrupted: () => void) {
		this.#interrupted = interrupted;
	}

	print(lines: readonly string[]): void {
		if (lines.length === 0) {
			return;
		}
		this.#clear();
		process.stdout.write(`${lines.join("\n")}\n`);
		this.#open?.prompt(true);
	}

	/**
	 * Puts a question again and again until `take` is content with a line. Answers true then, and
	 * false when the question was withdrawn or the input ended.
	 */
	async ask({ query, take, signal }: Question): Promise<boolean> {
		const open = createInterface({ input: process.stdin, output: process.stdout, prompt: query });
		const { promise, resolve } = Promise.withResolvers<boolean>();
		const withdraw = () => resolve(false);
		this.#open = open;
		open.on("SIGINT", this.#interrupted);
		open.on("close", withdraw);
		open.on("line", (line) => (take(line) ? resolve(true) : open.prompt()));
		signal?.addEventListener("abort", withdraw, { once: true });
		open.prompt();
		const taken = !signal?.aborted && (await promise);
		signal?.removeEventListener("abort", withdraw);
		if (!taken) {
			this.#clear();
		}
		this.#open = undefined;
		open.close();
		return taken;
	}

	/** Takes the standing question off the screen, however many rows it has grown to. */
	#clear(): void {
		if (this.#open === undefined || !process.stdout.isTTY) {
			return;
		}
		const { rows } = this.#open.getCursorPos();
		process.stdout.moveCursor(0, -rows);
		process.stdout.cursorTo(0);
		process.stdout.clearScreenDown();
	}
}
