/** One page, from the login to the answer to SEND. */
import type { Milliseconds, Outcome, ReceiptLevel, SendResult } from "@posthaste/core";
import type { Connection } from "./connection.ts";
import { isPositive, levelOf, lineOf, outcomeOfRefusal, type Reply } from "./reply.ts";
import type { Options } from "./settings.ts";
import { dotStuffed, oneLine } from "./text.ts";

/** What is to be sent, ready for the wire. */
export interface Page {
	readonly pager: string;
	readonly pin?: string;
	readonly text: string;
	/** For SUBJ; when the server has no SUBJ it goes before the text. */
	readonly subject?: string;
	readonly callerId?: string;
	/** Sound the alert even where the pager is set to silence. */
	readonly alert: boolean;
	/** Ahead of ordinary pages. */
	readonly urgent: boolean;
	/** After this time, from now, nobody should read it. */
	readonly lifetime?: Milliseconds;
}

/** By which name a two-way page can be asked about and taken back. */
export interface Ticket {
	readonly tag: string;
	readonly pass: string;
}

export interface Submission {
	readonly result: SendResult;
	readonly ticket?: Ticket;
}

/** The server said no, so no page has left. */
export class Refused extends Error {
	readonly outcome: Outcome;
	readonly reply: Reply;

	constructor(reply: Reply, outcome = outcomeOfRefusal(reply)) {
		super(lineOf(reply));
		this.name = "Refused";
		this.reply = reply;
		this.outcome = outcome;
	}
}

/** Longest text that goes out by MESS; servers need not read longer lines than they keep for a command. */
const messLimit = 200;

const hour: Milliseconds = 3_600_000;

/**
 * Sends one page. Throws {@link Refused} when the server declines, and `ConnectionLost`; the page may
 * have left only when that was while waiting for the reply to SEND.
 */
export async function submit(connection: Connection, page: Page, options: Options): Promise<Submission> {
	const talk = new Talk(connection, options);
	await talk.logIn();
	const twoWay = await talk.begin(page);
	const text = await talk.describe(page);
	if (twoWay) {
		await talk.askForReceipts(page);
	}
	await talk.text(text);
	return talk.send(twoWay);
}

/** Logs in where the settings say so. Throws {@link Refused}: a refusal is about the mechanism, so `failed`. */
export async function logIn(connection: Connection, options: Options): Promise<void> {
	const { login } = options;
	if (login === undefined) {
		return;
	}
	const words = ["LOGI", login.id, ...(login.password === undefined ? [] : [login.password])];
	const reply = await connection.command(words.join(" "), options.timeout);
	if (!isPositive(reply)) {
		throw new Refused(reply, "failed");
	}
}

/** The commands of one transaction, in groups. */
class Talk {
	readonly #connection: Connection;
	readonly #options: Options;

	constructor(connection: Connection, options: Options) {
		this.#connection = connection;
		this.#options = options;
	}

	async logIn(): Promise<void> {
		await logIn(this.#connection, this.#options);
		for (const words of this.#options.site) {
			await this.#offer(`SITE ${words}`);
		}
	}

	/** Opens the transaction and names the pager; answers whether it is a two-way one. */
	async begin(page: Page): Promise<boolean> {
		const command = ["PAGE", page.pager, ...(page.pin === undefined ? [] : [page.pin])].join(" ");
		if (!this.#options.twoWay || !(await this.#offer("2WAY"))) {
			await this.#require(command);
			return false;
		}
		if (await this.#offer(command)) {
			return true;
		}
		// The server pages two-way, but perhaps not this pager: once more, the plain way.
		await this.#require("RESE");
		await logIn(this.#connection, this.#options);
		await this.#require(command);
		return false;
	}

	/** What level 2 lets one say about a page. Answers the text, with what found no command of its own. */
	async describe(page: Page): Promise<string> {
		if (page.callerId !== undefined) {
			await this.#offer(`CALL ${page.callerId}`);
		}
		if (page.urgent) {
			await this.#offer("LEVE 0");
		}
		if (page.alert) {
			await this.#offer("ALER 1");
		}
		const kept = page.subject === undefined || (await this.#offer(`SUBJ ${page.subject}`));
		return kept ? page.text : `${page.subject}\n${page.text}`;
	}

	/** What level 3 lets one ask for: confirmation of reading, answers to choose from, an end to trying. */
	async askForReceipts(page: Page): Promise<void> {
		await this.#offer("ACKR 1");
		if (page.lifetime !== undefined) {
			const hours = Math.floor(page.lifetime / hour);
			// EXPT counts whole hours. What will not live that long must go out now or not at all.
			await this.#offer(hours === 0 ? "NOQU" : `EXPT ${hours}`);
		}
		if (this.#options.responses.length > 0 && (await this.#offer("RTYP MULTICHOICE"))) {
			for (const [index, response] of this.#options.responses.entries()) {
				await this.#offer(`MCRE ${responseCode(index)} ${response}`);
			}
		}
	}

	/** A short line goes out by MESS, all else by DATA, and by MESS again where the server has no DATA. */
	async text(text: string): Promise<void> {
		const short = !text.includes("\n") && Buffer.byteLength(text) <= messLimit;
		if (!short) {
			const reply = await this.#command("DATA");
			if (reply.code === 354) {
				await this.#require(`${dotStuffed(text)}\r\n.`, "the text");
				return;
			}
			if (reply.code !== 500 && reply.code !== 502) {
				throw new Refused(reply);
			}
		}
		await this.#require(`MESS ${oneLine(text)}`);
	}

	async send(twoWay: boolean): Promise<Submission> {
		const reply = await this.#connection.command("SEND", this.#options.sendTimeout);
		if (!isPositive(reply)) {
			// Pager and text were fine, so this is not about the page: HylaFAX says 550 of its own troubles.
			throw reply.code === 550 ? new Refused(reply, "failed") : new Refused(reply);
		}
		const ticket = twoWay ? ticketOf(reply) : undefined;
		return {
			result: acceptance(evidenceOf(reply, ticket), levelOf(reply), ticket),
			...(ticket !== undefined && { ticket }),
		};
	}

	#command(line: string, name?: string): Promise<Reply> {
		return this.#connection.command(line, this.#options.timeout, name);
	}

	async #require(line: string, name?: string): Promise<void> {
		const reply = await this.#command(line, name);
		if (!isPositive(reply)) {
			throw new Refused(reply);
		}
	}

	/** For commands a server may lack: answers whether it took it. Only the end of the session is an error. */
	async #offer(line: string): Promise<boolean> {
		const reply = await this.#command(line);
		if (reply.code === 421) {
			throw new Refused(reply);
		}
		return isPositive(reply);
	}
}

/** MCRE codes have two digits. */
export function responseCode(index: number): string {
	return String(index + 1).padStart(2, "0");
}

/** Section 4.6.9: the reply to a two-way SEND begins with the message's tag and its pass code. */
function ticketOf(reply: Reply): Ticket | undefined {
	const [, tag, pass] = /^(\S+)\s+(\S+)(?:\s|$)/.exec(reply.text) ?? [];
	const numbered = reply.code >= 800 && tag !== undefined && pass !== undefined;
	return numbered ? { tag, pass } : undefined;
}

/** Whoever knows the pass code can take the page back, so it is not shown. */
function evidenceOf(reply: Reply, ticket: Ticket | undefined): string {
	return ticket === undefined ? lineOf(reply) : lineOf(reply).replace(` ${ticket.pass}`, " ***");
}

function acceptance(evidence: string, level: ReceiptLevel | undefined, ticket: Ticket | undefined): SendResult {
	return {
		outcome: "accepted",
		evidence,
		...(level !== undefined && { level }),
		...(ticket !== undefined && { reference: ticket.tag }),
	};
}
