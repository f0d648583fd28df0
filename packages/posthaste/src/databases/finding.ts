/** What a check found wrong, and how findings become the one error that is thrown. */
import { type Complaint, type ErrorCode, PosthasteError } from "@posthaste/core";
import { excerpt } from "../config/excerpt.ts";
import { formatPath, type Path } from "./field-path.ts";

export interface Finding {
	readonly code: ErrorCode;
	readonly path: Path;
	readonly message: string;
	/** A place within the field's text, such as an error within a condition. */
	readonly within?: { readonly source: string; readonly offset: number; readonly length: number };
}

/** Complaints about unknown keys begin with this, so that a caret can stand under the key and not under its value. */
export const unknownKeyPrefix = "unknown key";

/** More complaints than this help nobody; the error says how many there were. */
const mostComplaints = 100;

/** @throws PosthasteError when anything was found */
export function throwFindings(findings: readonly Finding[]): void {
	if (findings.length > 0) {
		throw toError(findings);
	}
}

/** The error's code is the findings' own where they agree, `invalid-configuration` where they are of several kinds. */
export function toError(findings: readonly Finding[]): PosthasteError {
	const codes = new Set(findings.map((finding) => finding.code));
	const [code = "invalid-configuration"] = codes;
	const complaints = findings.slice(0, mostComplaints).map(toComplaint);
	const [first] = complaints;
	const sentence = first === undefined ? "it is not valid" : sentenceOf(first);
	const detail = findings.length === 1 ? sentence : `${findings.length} things are wrong; the first is ${sentence}`;
	return new PosthasteError(codes.size === 1 ? code : "invalid-configuration", detail, complaints);
}

export function sentenceOf({ field, message }: Complaint): string {
	return field === "" ? message : `${field}: ${message}`;
}

/**
 * A place within the field's text becomes a line and a column that count within that text; they are
 * positions in a file only where the complaint also names a file.
 */
function toComplaint({ path, message, within }: Finding): Complaint {
	const field = formatPath(path);
	if (within === undefined) {
		return { field, message };
	}
	const before = within.source.slice(0, within.offset).split("\n");
	const line = before.length;
	const column = (before.at(-1) ?? "").length + 1;
	const text = within.source.split("\n")[line - 1] ?? "";
	return { field, message, line, column, excerpt: excerpt(text, column, within.length) };
}
