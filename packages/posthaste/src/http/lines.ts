/** Cuts a stream of bytes into lines of bounded length. */
import { PosthasteError } from "@posthaste/core";

/** A line without its end, numbered from 1. `bytes` is missing when the line was too long to keep. */
export interface Line {
	readonly number: number;
	readonly bytes?: Buffer;
	/** Why the lines end with this one, which has not come or not whole. */
	readonly problem?: PosthasteError;
}

const newline = 0x0a;
const carriageReturn = 0x0d;

/**
 * Yields the lines that each piece of input completes, together. Blank lines are counted and left out.
 * An input that was broken off on purpose, with a PosthasteError, ends with a line that has it as its problem.
 * @param limit most bytes of a line; the rest of a longer one is passed over.
 */
export async function* splitLines(input: AsyncIterable<Buffer>, limit: number): AsyncGenerator<readonly Line[], void> {
	const splitter = new LineSplitter(limit);
	try {
		for await (const piece of input) {
			const lines = splitter.take(piece);
			if (lines.length > 0) {
				yield lines;
			}
		}
	} catch (error) {
		if (!(error instanceof PosthasteError)) {
			throw error;
		}
		yield [splitter.breakOff(error)];
		return;
	}
	const last = splitter.finish();
	if (last.length > 0) {
		yield last;
	}
}

class LineSplitter {
	readonly #limit: number;
	#kept: Buffer[] = [];
	#length = 0;
	#number = 1;

	constructor(limit: number) {
		this.#limit = limit;
	}

	take(piece: Buffer): Line[] {
		const lines: Line[] = [];
		let from = 0;
		for (let to = piece.indexOf(newline); to !== -1; to = piece.indexOf(newline, from)) {
			this.#keep(piece.subarray(from, to));
			lines.push(...this.#complete());
			from = to + 1;
		}
		this.#keep(piece.subarray(from));
		return lines;
	}

	/** The last line need not have an end. */
	finish(): Line[] {
		return this.#length === 0 ? [] : this.#complete();
	}

	/** What was begun of a line is left out: its client would not know what became of it. */
	breakOff(problem: PosthasteError): Line {
		return { number: this.#number, problem };
	}

	#keep(part: Buffer): void {
		this.#length += part.length;
		if (this.#length > this.#limit) {
			this.#kept = [];
		} else if (part.length > 0) {
			this.#kept.push(part);
		}
	}

	#complete(): Line[] {
		const number = this.#number;
		const isTooLong = this.#length > this.#limit;
		const bytes = withoutReturn(this.#kept.length === 1 && this.#kept[0] ? this.#kept[0] : Buffer.concat(this.#kept));
		this.#kept = [];
		this.#length = 0;
		this.#number += 1;
		if (isTooLong) {
			return [{ number }];
		}
		return isBlank(bytes) ? [] : [{ number, bytes }];
	}
}

function withoutReturn(line: Buffer): Buffer {
	return line.at(-1) === carriageReturn ? line.subarray(0, -1) : line;
}

function isBlank(line: Buffer): boolean {
	return line.every((byte) => byte === 0x20 || byte === 0x09);
}
