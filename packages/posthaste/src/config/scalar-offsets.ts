/**
 * Where within a file the characters of a YAML scalar stand. A value is not its source: quotes,
 * escapes, folded lines and indentation lie in between. Letters are found exactly; white space that was
 * folded is found near where it was.
 */

export type ScalarStyle = "plain" | "single" | "double" | "block";

/**
 * @param source the whole file
 * @param start where the scalar begins in it: its quote, its block header, or its first character
 * @param offset within the value, from 0 to its length
 * @returns the offset within the file; `start` when value and source do not go together
 */
export function sourceOffset(source: string, start: number, style: ScalarStyle, value: string, offset: number): number {
	let at = contentStart(source, start, style);
	let end = at;
	for (let index = 0; index < value.length; index++) {
		const unit = unitAt(source, at, value[index] ?? "", style);
		if (unit === undefined) {
			return start;
		}
		if (index === offset) {
			return unit.from;
		}
		// An escape may stand for two UTF-16 units, whose second has no source of its own.
		index += unit.units - 1;
		if (index >= offset) {
			return unit.from;
		}
		at = unit.to;
		end = unit.to;
	}
	return end;
}

function contentStart(source: string, start: number, style: ScalarStyle): number {
	if (style === "block") {
		const header = source.indexOf("\n", start);
		return header === -1 ? source.length : header + 1;
	}
	return style === "plain" ? start : start + 1;
}

interface Unit {
	readonly from: number;
	readonly to: number;
	readonly units: number;
}

/** The next stretch of source that stands for `character`. */
function unitAt(source: string, at: number, character: string, style: ScalarStyle): Unit | undefined {
	const isSpace = character === " " || character === "\n" || character === "\t";
	let from = style === "double" ? skipContinuations(source, at) : at;
	if (style === "double" && source[from] === "\\") {
		return escapeAt(source, from);
	}
	if (isSpace) {
		return { from, to: isWhite(source[from]) ? from + 1 : from, units: 1 };
	}
	while (isWhite(source[from])) {
		from++;
	}
	if (style === "double") {
		from = skipContinuations(source, from);
		if (source[from] === "\\") {
			return escapeAt(source, from);
		}
	}
	if (source[from] !== character) {
		return undefined;
	}
	const doubled = style === "single" && character === "'";
	return { from, to: from + (doubled ? 2 : 1), units: 1 };
}

function isWhite(character: string | undefined): boolean {
	return character === " " || character === "\n" || character === "\t" || character === "\r";
}

/** A backslash at the end of a line joins it to the next one's text, and stands for nothing. */
function skipContinuations(source: string, at: number): number {
	let here = at;
	while (source[here] === "\\" && /^\\\r?\n/.test(source.slice(here, here + 3))) {
		here++;
		while (isWhite(source[here])) {
			here++;
		}
	}
	return here;
}

const escapeLengths: Readonly<Record<string, number>> = { x: 4, u: 6, U: 10 };

function escapeAt(source: string, from: number): Unit {
	const letter = source[from + 1] ?? "";
	const length = escapeLengths[letter] ?? 2;
	const wide = letter === "U" && Number.parseInt(source.slice(from + 2, from + 10), 16) > 0xffff;
	return { from, to: from + length, units: wide ? 2 : 1 };
}
