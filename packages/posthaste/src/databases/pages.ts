/** Keyset pages of a database that is held in memory. */
import { PosthasteError } from "@posthaste/core";
import type { Page, PageQuery } from "../store/port.ts";

const usual = 50;
const most = 1000;

/**
 * @param rows in the order of their keys
 * @throws PosthasteError `invalid-cursor`, or `invalid-request` for a limit out of 1 to 1000
 */
export function pageOf<Row>(rows: ReadonlyMap<string, Row>, { cursor, limit = usual }: PageQuery = {}): Page<Row> {
	if (!Number.isInteger(limit) || limit < 1 || limit > most) {
		throw new PosthasteError("invalid-request", `limit has to be a whole number from 1 to ${most}`, [
			{ field: "limit", message: `has to be a whole number from 1 to ${most}` },
		]);
	}
	const after = cursor === undefined ? undefined : fromCursor(cursor);
	const following = [...rows.keys()].filter((key) => after === undefined || key > after);
	const keys = following.slice(0, limit);
	const last = keys.at(-1);
	return {
		items: keys.flatMap((key) => rows.get(key) ?? []),
		...(last !== undefined && following.length > limit && { next: toCursor(last) }),
	};
}

const mark = "k:";

function toCursor(key: string): string {
	return Buffer.from(mark + key).toString("base64url");
}

function fromCursor(cursor: string): string {
	const text = Buffer.from(cursor, "base64url").toString();
	if (!text.startsWith(mark) || toCursor(text.slice(mark.length)) !== cursor) {
		throw new PosthasteError("invalid-cursor", "the cursor is not one that a page before it gave", [
			{ field: "cursor", message: "is not one of ours" },
		]);
	}
	return text.slice(mark.length);
}
