/**
 * Lists, a page at a time. A page does bounded work: a filter that no index answers alone is checked
 * for so many candidates only, after which the page ends, shorter than asked for, with a cursor.
 */
import type { DeliveryState } from "@posthaste/core";
import type { Statement } from "better-sqlite3";
import type { PinCount } from "../port.ts";
import type { Connection } from "./connection.ts";
import { messagesPerSpan } from "./ids.ts";
import { stateNumber } from "./operations.ts";
import { KeyedReads } from "./read-keyed.ts";
import type { RawMessage } from "./rows.ts";

/** Steps of a search that one page may take; a step is a row looked at, or a span without one. */
const stepsPerPage = 20_000;
/** A page of messages ends when it holds this many deliveries. */
const deliveriesPerPage = 5000;
/**
 * Or this much of documents, in characters, each as often as it has deliveries, since each of these is loaded with its
 * message. Whoever asks for a page gets it as one string: of a thousand large messages, one that is longer than may be.
 */
const charactersPerPage = 8 * 1024 * 1024;
/** Rows read at a time where a filter is checked for each. */
const checkedRows = 500;

export interface MessageListQuery {
	/** Number of the last message of the page before. */
	readonly before: number | undefined;
	readonly limit: number;
	readonly recipient: string | undefined;
	readonly sender: string | undefined;
	readonly state: DeliveryState | undefined;
}

export interface RawMessagePage {
	readonly items: readonly RawMessage[];
	/** The `before` of the next page; undefined at the end. */
	readonly next: number | undefined;
}

export interface PromptListQuery {
	readonly after: readonly [askedAt: number, id: string] | undefined;
	readonly limit: number;
	readonly sender: string | undefined;
	readonly message: string | undefined;
}

export interface UserListQuery {
	readonly after: string | undefined;
	readonly limit: number;
	readonly managedBy: "file" | "api" | undefined;
}

type Check = (m: number) => boolean;
/** A message's number, and whether that message is a candidate. Every later step has a smaller number. */
type Step = readonly [m: number, candidate: boolean];
/** Messages before a number, newest first, reading `rows` at a time. */
type Source = (before: number, rows: number) => Iterable<Step>;

export class ListReads {
	readonly #keyed: KeyedReads;
	readonly #connection: Connection;
	readonly #statements = new Map<string, Statement<unknown[]>>();

	constructor(connection: Connection) {
		this.#connection = connection;
		this.#keyed = new KeyedReads(connection);
	}

	messages(query: MessageListQuery): RawMessagePage {
		return this.#keyed.consistently(() => {
			const { found, searchedTo } = this.#find(query);
			return this.#messagePage(found, query.limit, searchedTo);
		});
	}

	/** Up to one message more than asked for; `searchedTo` says where the search was broken off. */
	#find(query: MessageListQuery): { readonly found: readonly number[]; readonly searchedTo?: number } {
		const { source, checks } = this.#searchFor(query);
		const found: number[] = [];
		const rows = checks.length === 0 ? query.limit + 1 : checkedRows;
		let steps = 0;
		for (const [m, candidate] of source(query.before ?? Number.MAX_SAFE_INTEGER, rows)) {
			if (candidate && checks.every((check) => check(m)) && found.push(m) > query.limit) {
				return { found };
			}
			steps += 1;
			if (steps === stepsPerPage) {
				return { found, searchedTo: m };
			}
		}
		return { found };
	}

	/** The filter whose index leaves the fewest candidates leads; the others are checked for each. */
	#searchFor({ recipient, sender, state }: MessageListQuery): { readonly source: Source; readonly checks: Check[] } {
		if (recipient !== undefined) {
			const sql =
				"SELECT d >> 16 FROM delivery WHERE d >> 29 = ? AND recipient = ? AND d < ? << 16 ORDER BY d DESC LIMIT ?";
			const checks = [...this.#senderCheck(sender), ...this.#stateCheck(state)];
			return { source: this.#spans(sql, recipient), checks };
		}
		if (sender !== undefined) {
			const sql = "SELECT m FROM message WHERE m >> 13 = ? AND sender = ? AND m < ? ORDER BY m DESC LIMIT ?";
			return { source: this.#spans(sql, sender), checks: this.#stateCheck(state) };
		}
		if (state !== undefined && state !== "reached") {
			// The second term is what tells SQLite that the partial index holds all of them.
			const sql = `SELECT d >> 16 FROM delivery INDEXED BY delivery_state WHERE state = ${stateNumber(state)} AND state > 0 AND d < ? << 16 ORDER BY d DESC LIMIT ?`;
			return { source: this.#rows(sql), checks: [] };
		}
		const sql = "SELECT m FROM message WHERE m < ? ORDER BY m DESC LIMIT ?";
		return { source: this.#rows(sql), checks: this.#stateCheck(state) };
	}

	/** Candidates that an index gives in order. A message stands once, however many of its deliveries the index names. */
	#rows(sql: string): Source {
		const statement = this.#prepare(sql).pluck();
		return function* (before, rows) {
			let last = Math.min(before, 2 ** 37);
			let numbers: number[];
			do {
				numbers = statement.all(last, rows) as number[];
				for (const m of numbers) {
					if (m !== last) {
						yield [m, true];
					}
					last = m;
				}
			} while (numbers.length === rows);
		};
	}

	/** Candidates of an index that begins with the span: one span after the other, from the newest. */
	#spans(sql: string, value: string): Source {
		const statement = this.#prepare(sql).pluck();
		const [oldest, newest] = this.#extent();
		return function* (before, rows) {
			let last = Math.min(before, newest + 1);
			for (let span = spanOf(last - 1); span >= spanOf(oldest); span -= 1) {
				let numbers: number[];
				do {
					numbers = statement.all(span, value, last, rows) as number[];
					for (const m of numbers) {
						yield [m, true];
						last = m;
					}
				} while (numbers.length === rows);
				last = span * messagesPerSpan;
				yield [last, false];
			}
		};
	}

	/** Numbers of the oldest and the newest message; a span of none when there is no message. */
	#extent(): readonly [oldest: number, newest: number] {
		const oldest = this.#prepare("SELECT min(m) FROM message").pluck().get() as number | null;
		const newest = this.#prepare("SELECT max(m) FROM message").pluck().get() as number | null;
		return [oldest ?? messagesPerSpan, newest ?? 0];
	}

	#senderCheck(sender: string | undefined): Check[] {
		const statement = this.#prepare("SELECT 1 FROM message WHERE m = ? AND sender = ?");
		return sender === undefined ? [] : [(m) => statement.get(m, sender) !== undefined];
	}

	#stateCheck(state: DeliveryState | undefined): Check[] {
		const sql = "SELECT 1 FROM delivery WHERE d > ? << 16 AND d < (? + 1) << 16 AND state = ? LIMIT 1";
		const statement = this.#prepare(sql);
		return state === undefined ? [] : [(m) => statement.get(m, m, stateNumber(state)) !== undefined];
	}

	#messagePage(found: readonly number[], limit: number, searchedTo: number | undefined): RawMessagePage {
		const items: RawMessage[] = [];
		let deliveries = 0;
		let characters = 0;
		for (const [index, m] of found.slice(0, limit).entries()) {
			const item = this.#keyed.numberedMessage(m);
			if (item !== undefined) {
				items.push(item);
				deliveries += item.deliveries.length;
				characters += item.document.length * Math.max(1, item.deliveries.length);
			}
			const isLast = index + 1 === found.length;
			const isFull = index + 1 === limit || deliveries >= deliveriesPerPage || characters >= charactersPerPage;
			if (!isLast && isFull) {
				return { items, next: m };
			}
		}
		return { items, next: searchedTo };
	}

	prompts({ after, limit, sender, message }: PromptListQuery): readonly string[] {
		const conditions = ["(asked_at, id) > (?, ?)"];
		const values: unknown[] = after === undefined ? [-1, ""] : [...after];
		if (sender !== undefined) {
			conditions.push("sender = ?");
			values.push(sender);
		}
		if (message !== undefined) {
			conditions.push("id > ? AND id < ?");
			values.push(`${message}.`, `${message}/`);
		}
		const sql = `SELECT document FROM prompt WHERE ${conditions.join(" AND ")} ORDER BY asked_at, id LIMIT ?`;
		return this.#prepare(sql)
			.pluck()
			.all(...values, limit) as string[];
	}

	users({ after, limit, managedBy }: UserListQuery): readonly string[] {
		const [index, condition, values] =
			managedBy === undefined ? ["", "", []] : ["INDEXED BY record_managed_by", "AND managed_by = ?", [managedBy]];
		const sql = `SELECT document FROM record ${index}
			WHERE database = 'users' AND key > ? ${condition} ORDER BY key LIMIT ?`;
		return this.#prepare(sql)
			.pluck()
			.all(after ?? "", ...values, limit) as string[];
	}

	/** Deliveries by state's number; `reached` is what is left of all. */
	countDeliveries(): readonly number[] {
		const sql = `SELECT state, count(*) FROM delivery WHERE state > 0 GROUP BY state
			UNION ALL SELECT 0, value FROM counter WHERE name = 'deliveries'`;
		const counts = [0, 0, 0, 0, 0, 0, 0];
		for (const [state, count] of this.#prepare(sql).raw().all() as [number, number][]) {
			counts[state] = count;
		}
		counts[0] = counts.slice(1).reduce((left, count) => left - count, counts[0] as number);
		return counts;
	}

	/** Only deliveries that are not final have a pin. The condition is the index's own, which is what lets it answer. */
	countPins(): readonly PinCount[] {
		const sql = `SELECT pin, count(*) AS deliveries FROM delivery INDEXED BY delivery_pin
			WHERE pin IS NOT NULL GROUP BY pin ORDER BY pin`;
		return this.#prepare(sql).all() as PinCount[];
	}

	#prepare(sql: string): Statement<unknown[]> {
		const known = this.#statements.get(sql);
		if (known !== undefined) {
			return known;
		}
		const statement = this.#connection.prepare(sql);
		this.#statements.set(sql, statement);
		return statement;
	}
}

function spanOf(m: number): number {
	return Math.floor(m / messagesPerSpan);
}
