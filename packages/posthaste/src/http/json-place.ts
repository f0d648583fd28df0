/**
 * Finds where a text stops being JSON (RFC 8259). `JSON.parse` is what reads requests; it does not
 * always say where it failed, so this runs afterwards, on texts that it refused.
 */
import { excerpt } from "../config/excerpt.ts";

/** Where and why. Lines and columns count from 1, columns in UTF-16 code units as editors count them. */
export interface JsonPlace {
	readonly message: string;
	readonly offset: number;
	readonly line: number;
	readonly column: number;
	/** The line's text, shortened around the place, with a caret below it. */
	readonly excerpt: string;
}

/** What may come next. Containers that are open stand on a stack of their own. */
type Expecting = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end" | "nothing";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON's strings may not have.
const plainCharacters = /[^"\\\u0000-\u001f]*/y;
const escapePattern = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;
const numberPattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const literalPattern = /true|false|null/y;
const whitespace = /[ \t\n\r]*/y;

/** The place where `text` stops being JSON; undefined when it is JSON. */
export function findJsonBreak(text: string): JsonPlace | undefined {
	const scanner = new Scanner(text);
	while (scanner.step()) {
		// Each step takes one token; the text is finite, and a step takes at least one character.
	}
	return scanner.broken === undefined ? undefined : place(text, scanner.broken.offset, scanner.broken.message);
}

class Scanner {
	broken: { readonly offset: number; readonly message: string } | undefined;
	readonly #text: string;
	readonly #open: ("{" | "[")[] = [];
	#offset = 0;
	#expecting: Expecting = "value";

	constructor(text: string) {
		this.#text = text;
	}

	/** Takes one token. False at the end, and where the text breaks. */
	step(): boolean {
		this.#take(whitespace);
		const character = this.#text[this.#offset];
		if (character === undefined) {
			return this.#expecting === "nothing" ? false : this.#breakHere("the text ends too early");
		}
		switch (this.#expecting) {
			case "nothing":
				return this.#breakHere("there is more after the end of the document");
			case "colon":
				return character === ":" ? this.#advance("value") : this.#breakHere("expected `:` after the key");
			case "comma-or-end":
				return this.#commaOrEnd(character);
			case "key":
			case "key-or-end":
				return this.#key(character);
			default:
				return this.#value(character);
		}
	}

	#commaOrEnd(character: string): boolean {
		const inObject = this.#open.at(-1) === "{";
		if (character === ",") {
			return this.#advance(inObject ? "key" : "value");
		}
		if (character === (inObject ? "}" : "]")) {
			return this.#close();
		}
		return this.#breakHere(inObject ? "expected `,` or `}`" : "expected `,` or `]`");
	}

	#key(character: string): boolean {
		if (character === "}" && this.#expecting === "key-or-end") {
			return this.#close();
		}
		if (character !== '"') {
			return this.#breakHere("expected a key in double quotes");
		}
		return this.#string("colon");
	}

	#value(character: string): boolean {
		if (character === "]" && this.#expecting === "value-or-end") {
			return this.#close();
		}
		if (character === "{" || character === "[") {
			this.#open.push(character);
			return this.#advance(character === "{" ? "key-or-end" : "value-or-end");
		}
		if (character === '"') {
			return this.#string(this.#afterValue());
		}
		if (this.#take(literalPattern) > 0 || this.#take(numberPattern) > 0) {
			this.#expecting = this.#afterValue();
			return true;
		}
		return this.#breakHere("expected a value");
	}

	#string(next: Expecting): boolean {
		this.#offset += 1;
		do {
			this.#take(plainCharacters);
		} while (this.#take(escapePattern) > 0);
		const character = this.#text[this.#offset];
		if (character === '"') {
			return this.#advance(next);
		}
		if (character === undefined) {
			return this.#breakHere("the string is not closed");
		}
		return this.#breakHere(
			character === "\\" ? "this escape is not one of JSON's" : "a control character has to be escaped in a string",
		);
	}

	#close(): boolean {
		this.#open.pop();
		return this.#advance(this.#afterValue());
	}

	#afterValue(): Expecting {
		return this.#open.length === 0 ? "nothing" : "comma-or-end";
	}

	#advance(next: Expecting): true {
		this.#offset += 1;
		this.#expecting = next;
		return true;
	}

	#take(pattern: RegExp): number {
		pattern.lastIndex = this.#offset;
		const length = pattern.exec(this.#text)?.[0].length ?? 0;
		this.#offset += length;
		return length;
	}

	#breakHere(message: string): false {
		this.broken = { offset: this.#offset, message };
		return false;
	}
}

/** Counts lines and columns up to an offset and cuts an excerpt. */
function place(text: string, offset: number, message: string): JsonPlace {
	const lineStart = text.lastIndexOf("\n", offset - 1) + 1;
	const lineEnd = text.indexOf("\n", offset);
	const line = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd);
	const column = offset - lineStart + 1;
	return {
		message,
		offset,
		line: text.slice(0, lineStart).split("\n").length,
		column,
		excerpt: excerpt(line, column),
	};
}
