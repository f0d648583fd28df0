/** A line of text with a caret below one place of it. */

const widest = 120;

/**
 * @param column from 1, in UTF-16 units
 * @param length of what is marked; at least one caret is drawn, and none beyond the line
 * @returns two lines: the text, and the carets below it
 */
export function excerpt(line: string, column: number, length = 1): string {
	const clipped = clip(line.replace(/\r$/, ""), column);
	const text = printable(clipped.text);
	const start = Math.min(clipped.column - 1, text.length);
	const end = Math.min(start + Math.max(1, length), Math.max(text.length, start + 1));
	const marked = text.slice(start, end);
	return `${text}\n${padding(text.slice(0, start))}${"^".repeat(Math.max(1, widthOf(marked)))}`;
}

/** A long line is cut to a window around the column. */
function clip(line: string, column: number): { text: string; column: number } {
	if (line.length <= widest) {
		return { text: line, column };
	}
	const from = Math.max(0, Math.min(column - 1 - widest / 2, line.length - widest));
	const head = from > 0 ? "…" : "";
	const tail = from + widest < line.length ? "…" : "";
	return { text: `${head}${line.slice(from, from + widest)}${tail}`, column: column - from + head.length };
}

/** Control characters other than tabs would move a terminal's cursor, or worse. */
function printable(text: string): string {
	return text.replace(/[^\P{Cc}\t]/gu, "\uFFFD");
}

/** As much room as the text takes: tabs stay tabs. */
function padding(text: string): string {
	return Array.from(text, (character) => (character === "\t" ? "\t" : " ".repeat(widthOf(character)))).join("");
}

const wide =
	/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uFF01-\uFF60]/u;

/** Columns of a terminal that a text takes; combining marks take none. */
function widthOf(text: string): number {
	let width = 0;
	for (const character of text) {
		width += wide.test(character) ? 2 : /\p{Mark}/u.test(character) ? 0 : 1;
	}
	return width;
}
