/** Complaints with their places in a file, and as people read them in a terminal. */
import { styleText } from "node:util";
import { type Complaint, errorTable, PosthasteError } from "@posthaste/core";
import { parsePath, valueAt } from "../databases/field-path.ts";
import { sentenceOf, unknownKeyPrefix } from "../databases/finding.ts";
import type { ConfigurationFile } from "./read.ts";

/**
 * The same error with file, line, column and an excerpt for each complaint about a field of the
 * document. A complaint that already has a file keeps its place.
 */
export function withPlaces(error: PosthasteError, file: ConfigurationFile): PosthasteError {
	const complaints = error.complaints.map((complaint) => place(complaint, file));
	const [first] = complaints;
	if (first === undefined) {
		return error;
	}
	const where = `${first.file}:${first.line}:${first.column}: ${sentenceOf(first)}`;
	const more = complaints.length > 1 ? `${complaints.length} things are wrong; the first is ` : "";
	return new PosthasteError(error.code, `${more}${where}`, complaints);
}

function place(complaint: Complaint, file: ConfigurationFile): Complaint {
	if (complaint.file !== undefined) {
		return complaint;
	}
	const key = complaint.message.startsWith(unknownKeyPrefix);
	const within = withinField(complaint, file);
	const found = file.locate(complaint.field, { key, ...(within !== undefined && { within }) });
	return { field: complaint.field, message: complaint.message, file: file.path, ...found };
}

/** A line and a column without a file count within the field's own text, as the checks say it. */
function withinField({ field, line, column, excerpt }: Complaint, { document }: ConfigurationFile) {
	const text = valueAt(document, parsePath(field) ?? []);
	if (line === undefined || column === undefined || typeof text !== "string") {
		return undefined;
	}
	const before = text.split("\n").slice(0, line - 1);
	const offset = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
	const length = /\^+$/.exec(excerpt ?? "")?.[0].length ?? 1;
	return { offset, length };
}

export interface FormatOptions {
	readonly colour?: boolean;
}

/**
 * An error as a terminal shows it: each complaint with its place and an excerpt, and the remedy.
 * @returns lines without a newline at the end
 */
export function formatComplaints(error: PosthasteError, { colour = false }: FormatOptions = {}): string {
	const paint = painter(colour);
	const parts = error.complaints.map((complaint) => formatComplaint(complaint, paint));
	const listed = parts.length > 0 ? parts : [paint("red", error.message)];
	return [...listed, paint("dim", errorTable[error.code].remedy)].join("\n");
}

type Paint = (style: "red" | "dim" | "bold" | "green" | "cyan", text: string) => string;

export function painter(colour: boolean): Paint {
	return colour ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text;
}

function formatComplaint(complaint: Complaint, paint: Paint): string {
	const { file, line, column, excerpt } = complaint;
	const where = file === undefined ? "" : `${[file, line, column].filter((part) => part !== undefined).join(":")}: `;
	const head = `${paint("bold", where)}${paint("red", sentenceOf(complaint))}`;
	if (excerpt === undefined) {
		return head;
	}
	const [text = "", carets = ""] = excerpt.split("\n");
	const number = file === undefined || line === undefined ? "" : String(line);
	const gutter = " ".repeat(number.length);
	return `${head}\n  ${paint("dim", `${number} | `)}${text}\n  ${paint("dim", `${gutter} | `)}${paint("red", carets)}`;
}
