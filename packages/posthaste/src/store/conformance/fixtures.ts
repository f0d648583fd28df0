/** Messages, entries and appends for the tests of stores. */
import type { JournalEntry, Message, Milliseconds } from "@posthaste/core";
import { v7 } from "uuid";
import type { Accept, Append, AppendResult, Page, PromptRow, Store } from "../port.ts";

/** The moment at which tests begin. */
export const start: Milliseconds = Date.UTC(2026, 0, 5, 9);

let messages = 0;

/** A message whose identifier carries `acceptedAt`, as the engine makes them; later calls make later identifiers. */
export function messageAt(acceptedAt: Milliseconds, fields: Partial<Message> = {}): Message {
	messages += 1;
	return {
		id: v7({ msecs: acceptedAt, seq: messages }),
		to: ["jsmith"],
		from: "monitoring",
		body: `Message ${messages}: „Störung“ on \u{1f4df}`,
		format: "text",
		priority: "normal",
		confidential: false,
		prompts: "ask",
		properties: { number: messages },
		acceptedAt,
		...fields,
	};
}

export function acceptOf(message: Message, fields: Partial<Accept> = {}): Accept {
	return { message, recipients: message.to, claimedUntil: null, ...fields };
}

/** Accepts one message and answers it. */
export async function accepted(
	store: Store,
	fields: Partial<Message> = {},
	more: Partial<Accept> = {},
): Promise<Message> {
	const message = messageAt(fields.acceptedAt ?? start, fields);
	const { accepts } = await store.write({ accepts: [acceptOf(message, more)], appends: [] });
	if (accepts[0]?.result !== "accepted") {
		throw new Error(`the fixture was not accepted but ${accepts[0]?.result}`);
	}
	return message;
}

/** `count` consecutive entries. */
export function entries(first: number, count = 1): readonly JournalEntry[] {
	return Array.from({ length: count }, (_, index) => ({
		type: "note",
		text: `entry ${first + index}`,
		sequence: first + index,
		at: start + first + index,
	}));
}

/** An append of one note that leaves the delivery waiting for nothing. */
export function appendTo(delivery: string, first: number, fields: Partial<Append> = {}): Append {
	return { delivery, entries: entries(first), state: "waiting", due: null, claimedUntil: null, ...fields };
}

/** An append that brings the delivery to its end. */
export function settling(delivery: string, first: number, fields: Partial<Append> = {}): Append {
	return appendTo(delivery, first, { state: "reached", reason: "accepted", settledAt: start + 1000, ...fields });
}

/** Appends one by one; answers what came of each. */
export async function appendAll(store: Store, ...appends: readonly Append[]): Promise<readonly AppendResult[]> {
	return (await store.write({ accepts: [], appends })).appends;
}

export function promptOf(delivery: string, n: number, fields: Partial<PromptRow> = {}): PromptRow {
	return {
		id: `${delivery}.p${n}`,
		message: delivery.slice(0, 36),
		delivery,
		sender: "monitoring",
		recipient: "jsmith",
		question: "John Smith is not available on IM. Send a page?",
		askedAt: start + n,
		until: start + 300_000,
		otherwise: "no",
		...fields,
	};
}

/** Walks all pages of a list; `between` is called after each. */
export async function allPages<T>(
	list: (cursor: string | undefined) => Promise<Page<T>>,
	between: () => Promise<void> = async () => {},
): Promise<readonly T[]> {
	const items: T[] = [];
	let cursor: string | undefined;
	for (let pages = 0; pages < 1000; pages += 1) {
		const page = await list(cursor);
		items.push(...page.items);
		if (page.next === undefined) {
			return items;
		}
		cursor = page.next;
		await between();
	}
	throw new Error("the list does not end");
}
