/**
 * Reads JSON as requests carry it: UTF-8 (RFC 8259 §8.1), not nested beyond reason, and without the
 * one key that could change an object's prototype further on.
 */
import { isUtf8 } from "node:buffer";
import { PosthasteError } from "@posthaste/core";
import { findJsonBreak } from "./json-place.ts";

/** Deepest nesting of arrays and objects. Writing a document much deeper than this overflows the stack. */
export const depthLimit = 100;

/**
 * @param firstLine the number of the text's first line in what the caller sent, for NDJSON.
 * @throws PosthasteError `invalid-json` with the place where it breaks, `unknown-key`, `invalid-request`
 */
export function readJson(bytes: Buffer, firstLine = 1): unknown {
	if (!isUtf8(bytes)) {
		throw new PosthasteError("invalid-json", "The body is not UTF-8");
	}
	const text = bytes.toString("utf8");
	checkDepth(text);
	try {
		return suspicious.test(text) ? JSON.parse(text, refusePrototype) : JSON.parse(text);
	} catch (error) {
		throw error instanceof PosthasteError ? error : brokenJson(text, firstLine);
	}
}

/** `__proto__` as it stands or with one of its letters escaped. */
const suspicious = /__proto__|\\u00(?:5[fF]|6[fF]|7[024])/;

function refusePrototype(key: string, value: unknown): unknown {
	if (key === "__proto__") {
		const message = "is not a key that a document may have";
		throw new PosthasteError("unknown-key", `\`__proto__\` ${message}`, [{ field: "__proto__", message }]);
	}
	return value;
}

function brokenJson(text: string, firstLine: number): PosthasteError {
	const place = findJsonBreak(text);
	if (place === undefined) {
		return new PosthasteError("invalid-json", "The body is not JSON");
	}
	const line = firstLine + place.line - 1;
	return new PosthasteError("invalid-json", `Line ${line}, column ${place.column}: ${place.message}`, [
		{ field: "", message: place.message, line, column: place.column, excerpt: place.excerpt },
	]);
}

const quote = 0x22;
const backslash = 0x5c;

/** Counts open brackets outside strings. Texts too short to reach the limit are not looked at. */
function checkDepth(text: string): void {
	if (text.length <= depthLimit * 2) {
		return;
	}
	let depth = 0;
	for (let at = 0; at < text.length; at++) {
		const code = text.charCodeAt(at);
		if (code === quote) {
			at = endOfString(text, at);
		} else if (code === 0x7b || code === 0x5b) {
			depth += 1;
			if (depth > depthLimit) {
				throw new PosthasteError("invalid-request", `The body is nested more than ${depthLimit} levels deep`);
			}
		} else if (code === 0x7d || code === 0x5d) {
			depth -= 1;
		}
	}
}

/** Offset of the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
	let end = text.indexOf('"', start + 1);
	while (end !== -1 && isEscaped(text, end)) {
		end = text.indexOf('"', end + 1);
	}
	return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
	let backslashes = 0;
	while (text.charCodeAt(at - 1 - backslashes) === backslash) {
		backslashes += 1;
	}
	return backslashes % 2 === 1;
}
