/** From what the database answers to what the port promises. */
import type { AcceptResult, Page } from "../port.ts";
import type { RawAcceptResult } from "./write-messages.ts";

export function toAcceptResult(raw: RawAcceptResult): AcceptResult {
	if (typeof raw === "string") {
		return { result: "repeated", message: raw };
	}
	return { result: raw === 0 ? "accepted" : "conflict" };
}

export function parsed<T>(document: string | undefined): T | undefined {
	return document === undefined ? undefined : (JSON.parse(document) as T);
}

/** A page of one more document than it shows, which tells whether there is a next one. */
export function pageOf<T>(documents: readonly string[], limit: number, cursor: (last: T) => string): Page<T> {
	const items = documents.slice(0, limit).map((document) => JSON.parse(document) as T);
	const last = items.at(-1);
	return { items, ...(documents.length > limit && last !== undefined && { next: cursor(last) }) };
}
