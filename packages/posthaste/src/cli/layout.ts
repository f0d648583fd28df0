/** Laying out text: wrapping with a hanging indent, and tables whose last column wraps. Knows wide characters and colours. */

import { stripVTControlCharacters } from "node:util";
import stringWidth from "fast-string-width";
import { wrapAnsi } from "fast-wrap-ansi";

export { stringWidth };

/** Narrower than this, wrapping makes nothing more readable. */
const narrowest = 16;

/** The lines of `text`, each at most `width` columns wide where words allow. */
export function wrap(text: string, width: number): readonly string[] {
	if (!Number.isFinite(width)) {
		return text.split("\n");
	}
	return wrapAnsi(text, Math.max(narrowest, width), { hard: true }).split("\n");
}

/** `first` and the text beside it; what does not fit goes on below the text, behind `rest`. */
export function hanging(first: string, text: string, width: number, rest?: string): readonly string[] {
	const indent = rest ?? " ".repeat(stringWidth(first));
	return wrap(text, width - Math.max(stringWidth(first), stringWidth(indent))).map(
		(line, index) => (index === 0 ? first : indent) + line,
	);
}

export function pad(text: string, width: number): string {
	return text + " ".repeat(Math.max(0, width - stringWidth(text)));
}

/** Where less than this is left for a table's last column, it stands below the others. */
const narrowestColumn = 20;

/** Rows with aligned columns, two spaces apart; the last column wraps within `width`. */
export function table(rows: readonly (readonly string[])[], width: number, indent = ""): readonly string[] {
	const widths = columnWidths(rows);
	const taken = widths.slice(0, -1).reduce((sum, column) => sum + column + 2, indent.length);
	const below = width - taken < Math.min(narrowestColumn, widths.at(-1) ?? 0);
	return rows.flatMap((row) => {
		const last = row.at(-1) ?? "";
		const before =
			indent +
			row
				.slice(0, -1)
				.map((cell, index) => `${pad(cell, widths[index] ?? 0)}  `)
				.join("");
		const lines = below ? [before, ...hanging(`${indent}    `, last, width)] : hanging(before, last, width);
		return lines.map((line) => line.trimEnd()).filter((line) => line !== "");
	});
}

function columnWidths(rows: readonly (readonly string[])[]): readonly number[] {
	const widths: number[] = [];
	for (const row of rows) {
		for (const [index, cell] of row.entries()) {
			widths[index] = Math.max(widths[index] ?? 0, stringWidth(cell));
		}
	}
	return widths;
}

/** Text from elsewhere made safe for a terminal: no escape sequences, no control characters but line breaks. */
export function plain(text: string): string {
	return stripVTControlCharacters(text).replaceAll(/(?!\n)\p{Cc}/gu, " ");
}

/** Cuts text to one line of at most `width` columns. */
export function clip(text: string, width: number): string {
	const line = plain(text).replaceAll("\n", " ");
	if (stringWidth(line) <= width) {
		return line;
	}
	let kept = "";
	for (const character of line) {
		if (stringWidth(kept + character) > width - 1) {
			break;
		}
		kept += character;
	}
	return `${kept.trimEnd()}…`;
}
