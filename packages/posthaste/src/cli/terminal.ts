/** The terminal: how wide it is, whether a person sits at it, and how words are coloured there. */
import { styleText } from "node:util";

/** A colour or several styles, such as `["red", "bold"]`. */
export type Style = Parameters<typeof styleText>[0];

/** Colours text for standard output; plain where NO_COLOR is set or nobody looks. */
export function paint(style: Style, text: string): string {
	return styleText(style, text, { stream: process.stdout });
}

/** Colours text for standard error. */
export function paintError(style: Style, text: string): string {
	return styleText(style, text, { stream: process.stderr });
}

/** Columns to lay text out in. Text for a pipe is not broken, so that each line can be searched, unless COLUMNS says so. */
export function columns(): number {
	const told = Number(process.env.COLUMNS);
	return process.stdout.columns || (Number.isInteger(told) && told > 0 ? told : Number.POSITIVE_INFINITY);
}

/** A person can be asked: both ends are a terminal. */
export function isInteractive(): boolean {
	return Boolean(process.stdin.isTTY && process.stdout.isTTY);
}

export function write(text: string): void {
	process.stdout.write(text);
}

export function writeLine(line = ""): void {
	process.stdout.write(`${line}\n`);
}

export function writeError(text: string): void {
	process.stderr.write(text);
}

export function writeJson(document: unknown): void {
	process.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}
