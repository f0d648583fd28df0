/**
 * What became of two-way pages: asks the server with MSTA (section 4.6.10) at intervals, reports what
 * is new as receipts and replies, and stops when nothing more can come or the time is over. What is
 * being watched stands in the mechanism's storage, so that a restart goes on.
 */
import { type MechanismHost, type Milliseconds, type ReceiptLevel, receiptLevels } from "@posthaste/core";
import type { Connection } from "./connection.ts";
import { isFinalStatus, levelOf, lineOf, type Reply } from "./reply.ts";
import { responseCode, type Ticket } from "./transaction.ts";

export interface WatchedPage extends Ticket {
	/** Nobody asks after this moment. */
	readonly until: Milliseconds;
	/** The highest level reported so far. */
	readonly level?: ReceiptLevel;
}

export interface WatchOptions {
	readonly host: MechanismHost;
	readonly every: Milliseconds;
	readonly responses: readonly string[];
	readonly timeout: Milliseconds;
	/** A connection on which one can ask; rejects when there is none to be had. */
	connect(): Promise<Connection>;
}

/** Pages asked about in one round; the others come first in the next. */
const roundLimit = 100;

const prefix = "page/";

export class ReceiptWatch {
	readonly #options: WatchOptions;
	readonly #pages = new Map<string, WatchedPage>();
	#timer: NodeJS.Timeout | undefined;
	#round: Promise<void> = Promise.resolve();
	#closed = false;

	constructor(options: WatchOptions) {
		this.#options = options;
	}

	/** Takes up what was being watched before a restart. */
	async resume(): Promise<void> {
		for (const { key, value } of await this.#options.host.storage.list(prefix)) {
			this.#pages.set(key.slice(prefix.length), value as WatchedPage);
		}
		this.#schedule();
	}

	async add(attempt: string, page: WatchedPage): Promise<void> {
		this.#pages.set(attempt, page);
		await this.#options.host.storage.set(prefix + attempt, page);
		this.#schedule();
	}

	/** The page of an attempt, while it is watched. */
	find(attempt: string): WatchedPage | undefined {
		return this.#pages.get(attempt);
	}

	async forget(attempt: string): Promise<void> {
		this.#pages.delete(attempt);
		await this.#options.host.storage.delete(prefix + attempt);
	}

	/** Resolves when the round under way has ended; nothing is reported afterwards. */
	async close(): Promise<void> {
		this.#closed = true;
		clearTimeout(this.#timer);
		await this.#round;
	}

	#schedule(): void {
		if (this.#closed || this.#timer !== undefined || this.#pages.size === 0) {
			return;
		}
		this.#timer = setTimeout(() => {
			this.#round = this.#askAll().finally(() => {
				this.#timer = undefined;
				this.#schedule();
			});
		}, this.#options.every);
		this.#timer.unref();
	}

	async #askAll(): Promise<void> {
		const { host } = this.#options;
		try {
			await this.#dropOutdated();
			if (this.#pages.size === 0) {
				return;
			}
			const connection = await this.#options.connect();
			try {
				for (const [attempt, page] of [...this.#pages].slice(0, roundLimit)) {
					await this.#ask(connection, attempt, page);
				}
			} finally {
				connection.quit();
			}
		} catch (error) {
			if (!this.#closed) {
				host.log.debug({ error: String(error) }, "could not ask what became of pages; will ask again");
			}
		}
	}

	async #dropOutdated(): Promise<void> {
		const now = this.#options.host.now();
		for (const [attempt, page] of [...this.#pages]) {
			if (page.until <= now && !this.#closed) {
				await this.forget(attempt);
			}
		}
	}

	async #ask(connection: Connection, attempt: string, page: WatchedPage): Promise<void> {
		const reply = await connection.command(`MSTA ${page.tag} ${page.pass}`, this.#options.timeout);
		// It may have been retracted, or everything closed, while the server thought.
		if (this.#closed || !this.#pages.has(attempt)) {
			return;
		}
		const level = levelOf(reply);
		if (level !== undefined && isHigher(level, page.level)) {
			await this.#report(attempt, level, reply);
		}
		if (isFinalStatus(reply)) {
			await this.forget(attempt);
		} else {
			await this.#keep(attempt, page, level);
		}
	}

	async #report(attempt: string, level: ReceiptLevel, reply: Reply): Promise<void> {
		const { host, responses } = this.#options;
		await host.receipt({ attempt, level, evidence: lineOf(reply) });
		const body = answerIn(reply, responses);
		if (body !== undefined && !this.#closed) {
			await host.reply({ attempt, body });
		}
	}

	/** To the end of the line, so that more pages than fit into a round all get their turn. */
	async #keep(attempt: string, page: WatchedPage, level: ReceiptLevel | undefined): Promise<void> {
		this.#pages.delete(attempt);
		const changed = level !== undefined && isHigher(level, page.level);
		const kept = changed ? { ...page, level } : page;
		this.#pages.set(attempt, kept);
		if (changed && !this.#closed) {
			await this.#options.host.storage.set(prefix + attempt, kept);
		}
	}
}

function isHigher(level: ReceiptLevel, than: ReceiptLevel | undefined): boolean {
	return than === undefined || receiptLevels.indexOf(level) > receiptLevels.indexOf(than);
}

/** The answer in `888 SEQUENCE TIME [ZONE] CODE words` or `889 SEQUENCE TIME [ZONE] the person's own words`. */
export function answerIn(reply: Reply, responses: readonly string[]): string | undefined {
	const [, said] = /^\s*\S+\s+\d{12,14}(?:\s*[+-]\d{1,4})?\s+(.*)$/.exec(reply.text) ?? [];
	if (said === undefined || reply.code < 888 || reply.code > 889) {
		return undefined;
	}
	if (reply.code === 889) {
		return said;
	}
	const code = said.split(/\s+/, 1)[0] ?? "";
	return responses.find((_, index) => responseCode(index) === code.padStart(2, "0")) ?? said;
}
