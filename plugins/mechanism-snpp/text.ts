/** What a message becomes on a pager: plain lines in a character set the paging network carries. */
import type { Message } from "@posthaste/core";

export type Charset = "utf-8" | "ascii";

/** Letters that do not fall apart into an ASCII letter and an accent. */
const spellings: Readonly<Record<string, string>> = {
	ß: "ss",
	ẞ: "SS",
	æ: "ae",
	Æ: "AE",
	œ: "oe",
	Œ: "OE",
	ø: "o",
	Ø: "O",
	đ: "d",
	Đ: "D",
	ð: "d",
	Ð: "D",
	þ: "th",
	Þ: "Th",
	ł: "l",
	Ł: "L",
	ı: "i",
	"€": "EUR",
	"£": "GBP",
	"“": '"',
	"”": '"',
	"„": '"',
	"«": '"',
	"»": '"',
	"‘": "'",
	"’": "'",
	"‚": "'",
	"–": "-",
	"—": "-",
	"‑": "-",
	"−": "-",
	"…": "...",
	"•": "*",
	"→": "->",
	"×": "x",
	"\u00a0": " ",
};

/** ASCII as near as it gets: accents fall off, known letters are spelt out, whatever is left is a `?`. */
export function toAscii(text: string): string {
	const spelt = [...text].map((character) => spellings[character] ?? character).join("");
	return spelt
		.normalize("NFKD")
		.replace(/\p{Mark}/gu, "")
		.replace(/[^\n -~]/gu, "?");
}

/** Lines end with LF, no control character is left, and every character is a whole one. */
export function plain(text: string, charset: Charset): string {
	const clean = text
		.toWellFormed()
		.replace(/\r\n?|\u2028|\u2029/g, "\n")
		.replace(/\t/g, " ")
		.replace(/(?!\n)\p{Cc}/gu, "")
		.replace(/[ ]+$/gm, "")
		.replace(/^\n+|\n+$/g, "");
	return charset === "ascii" ? toAscii(clean) : clean.normalize("NFC");
}

/** The text in one line, for commands whose argument ends with the line. */
export function oneLine(text: string): string {
	return text.replace(/\s*\n\s*/g, " ").trim();
}

export function byteLength(text: string): number {
	return Buffer.byteLength(text, "utf8");
}

/** As many whole characters as fit into `limit` bytes with `...` after them. */
export function shorten(text: string, limit: number): string {
	if (byteLength(text) <= limit) {
		return text;
	}
	let kept = "";
	let size = 3;
	for (const character of text) {
		size += byteLength(character);
		if (size > limit) {
			break;
		}
		kept += character;
	}
	return `${kept.trimEnd()}...`;
}

/** DATA as sent, without the line that ends it: CRLF, and leading dots doubled as in SMTP (RFC 5321 section 4.5.2). */
export function dotStuffed(text: string): string {
	return text.replace(/^\./gm, "..").replaceAll("\n", "\r\n");
}

/** Subject and body apart, both plain; the subject in one line. */
export function textOf(message: Message, charset: Charset): { readonly subject: string; readonly body: string } {
	return {
		subject: oneLine(plain(message.subject ?? "", charset)),
		body: plain(message.body, charset),
	};
}
