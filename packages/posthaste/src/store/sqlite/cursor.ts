/** Cursors: the last item's key, marked with the list it belongs to, as one opaque word. */
import { PosthasteError } from "@posthaste/core";

export type List = "messages" | "prompts" | "users";

export function encodeCursor(list: List, ...key: readonly (string | number)[]): string {
	return Buffer.from(JSON.stringify([list, ...key])).toString("base64url");
}

/**
 * The key that a cursor of this list holds, its parts being of the given types.
 * @throws PosthasteError `invalid-cursor`
 */
export function decodeCursor(
	list: List,
	cursor: string,
	types: readonly ("string" | "number")[],
): readonly (string | number)[] {
	const parts = parse(cursor);
	const fits = parts.length === types.length + 1 && types.every((type, index) => typeof parts[index + 1] === type);
	if (parts[0] !== list || !fits) {
		throw new PosthasteError("invalid-cursor", `the cursor ${cursor} is not one of the list of ${list}`);
	}
	return parts.slice(1) as readonly (string | number)[];
}

function parse(cursor: string): readonly unknown[] {
	try {
		const parts: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
		return Array.isArray(parts) ? parts : [];
	} catch {
		return [];
	}
}

const defaultLimit = 50;
const largestLimit = 1000;

/** @throws PosthasteError `invalid-request` */
export function pageLimit(limit: number | undefined): number {
	const chosen = limit ?? defaultLimit;
	if (!Number.isInteger(chosen) || chosen < 1 || chosen > largestLimit) {
		throw new PosthasteError("invalid-request", `\`limit\` is a whole number from 1 to ${largestLimit}, not ${limit}`, [
			{ field: "limit", message: `is not a whole number from 1 to ${largestLimit}` },
		]);
	}
	return chosen;
}
