/** Whether a value is one that JSON can hold, and not nested beyond reason. */
import type { Path } from "./field-path.ts";
import type { Finding } from "./finding.ts";

const deepest = 32;

/** The first thing in a value that could not be stored; empty when all of it can. */
export function plainFindings(value: unknown, path: Path): readonly Finding[] {
	if (path.length > deepest) {
		return [complaint(path.slice(0, 4), "is nested too deeply")];
	}
	if (Array.isArray(value)) {
		return firstOf(value.entries(), path);
	}
	if (typeof value === "object" && value !== null) {
		const prototype: unknown = Object.getPrototypeOf(value);
		return prototype === Object.prototype || prototype === null
			? firstOf(Object.entries(value), path)
			: [complaint(path, "is not a plain value")];
	}
	return isPlain(value) ? [] : [complaint(path, "is not a value that JSON can hold")];
}

function firstOf(children: Iterable<[string | number, unknown]>, path: Path): readonly Finding[] {
	for (const [key, child] of children) {
		const found = plainFindings(child, [...path, key]);
		if (found.length > 0) {
			return found;
		}
	}
	return [];
}

function isPlain(value: unknown): boolean {
	return (
		value === null ||
		value === undefined ||
		typeof value === "string" ||
		typeof value === "boolean" ||
		(typeof value === "number" && Number.isFinite(value))
	);
}

function complaint(path: Path, message: string): Finding {
	return { code: "invalid-configuration", path, message };
}

/** A copy that shares nothing with the caller's value, without keys whose value is undefined. */
export function plainCopy<T>(value: T): T {
	return JSON.parse(JSON.stringify(value)) as T;
}
