/** What a plugin writes, in lines of bounded length, and the last of it that tells why it ended. */
import type { Readable } from "node:stream";

const newline = 0x0a;
const carriageReturn = 0x0d;

/** Cuts bytes into lines. Of a line that is longer than the limit only the beginning is kept. */
export class Lines {
	readonly #limit: number;
	readonly #onLine: (line: string) => void;
	readonly #onTooLong: () => void;
	#held: Buffer[] = [];
	#length = 0;

	/**
	 * @param limit bytes, without the line's end
	 * @param onTooLong called once for each line that grows beyond the limit, as soon as it does
	 */
	constructor(limit: number, onLine: (line: string) => void, onTooLong: () => void = () => undefined) {
		this.#limit = limit;
		this.#onLine = onLine;
		this.#onTooLong = onTooLong;
	}

	feed(chunk: Buffer): void {
		let from = 0;
		for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, from)) {
			this.#hold(chunk.subarray(from, at));
			this.flush();
			from = at + 1;
		}
		this.#hold(chunk.subarray(from));
	}

	/** What is held counts as a line, though its end never came. */
	flush(): void {
		const bytes = Buffer.concat(this.#held);
		this.#held = [];
		this.#length = 0;
		const text = bytes.toString("utf8", 0, bytes.at(-1) === carriageReturn ? bytes.length - 1 : bytes.length);
		if (text !== "") {
			this.#onLine(text);
		}
	}

	#hold(part: Buffer): void {
		const room = this.#limit - this.#length;
		if (part.length > 0 && room > 0) {
			this.#held.push(part.subarray(0, room));
		}
		if (part.length > room && room >= 0) {
			this.#length = this.#limit + 1;
			this.#onTooLong();
		} else {
			this.#length += part.length;
		}
	}
}

/** Bytes of a line of the log; what is more of it is dropped. */
const longestOutput = 8 * 1024;

/** Hands on each line of a stream. */
export function readOutput(stream: Readable | null, onLine: (line: string) => void): void {
	const lines = new Lines(longestOutput, onLine);
	stream?.on("data", (chunk: Buffer) => lines.feed(Buffer.from(chunk)));
	stream?.on("end", () => lines.flush());
	// Whoever breaks it has ended, which is told elsewhere.
	stream?.on("error", () => undefined);
}

const stackFrame = /^\s+at |^\s+File "|^\s*\d+: 0x/;
const errorLike = /(^|[\s.\w])(\w*Error|\w*Exception)\b|\b(error|panic(ked)?|fatal|cannot|can't)\b/i;
const outOfMemory = /heap out of memory|^MemoryError\b/;
const longestWords = 300;

/** Remembers what a plugin said that looks like the error it ended with. */
export class LastWords {
	#error: string | undefined;
	#any: string | undefined;
	#spent = false;

	hear(line: string): void {
		if (stackFrame.test(line) || line.trim() === "") {
			return;
		}
		this.#spent ||= outOfMemory.test(line);
		this.#any = line;
		if (errorLike.test(line)) {
			this.#error = line;
		}
	}

	/** Why it ended, with these words. `memory` is its limit, in megabytes. */
	after(reason: string, memory: number): string {
		if (this.#spent) {
			return `it used more than ${memory} MB of memory`;
		}
		const words = (this.#error ?? this.#any)?.trim();
		return words === undefined ? reason : `${reason}: ${words.slice(0, longestWords)}`;
	}
}
