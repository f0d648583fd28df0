/** One client's session with the pager terminal: the commands of RFC 1861. */

/** A page as a client handed it in. */
export interface SubmittedPage {
	readonly pager: string;
	readonly text: string;
	readonly subject?: string;
	readonly caller?: string;
	readonly alert: boolean;
	/** The answers it offers, by their two-digit codes. */
	readonly responses: ReadonlyMap<string, string>;
	readonly wantsRead: boolean;
}

/** What a session asks of the terminal. */
export interface PagingNetwork {
	hasPager(pager: string): boolean;
	/** Takes a page; answers the tag and the pass code by which it can be asked about. */
	take(page: SubmittedPage): { readonly tag: string; readonly pass: string };
	/** The reply to MSTA, or undefined when tag and pass code belong to no page. */
	status(tag: string, pass: string): string | undefined;
	/** Takes a page back; false when tag and pass code belong to none. */
	kill(tag: string, pass: string): boolean;
}

/** What has been said about the page so far. */
interface Transaction {
	twoWay: boolean;
	pagers: string[];
	text?: string;
	subject?: string;
	caller?: string;
	alert: boolean;
	wantsRead: boolean;
	multipleChoice: boolean;
	responses: Map<string, string>;
}

const helpText = [
	"214 Level 1: PAGEr MESSage SEND RESEt HELP QUIT",
	"214 Level 2: DATA LOGIn SUBJect CALLerid ALERt LEVEl",
	"214 Level 3: 2WAY PING ACKRead RTYPe MCREsponse EXPTag NOQUeueing MSTAtus KTAG",
	"250 End of help",
];

/** Longest text of a page, in characters. */
const textLimit = 64 * 1024;

const pagersLimit = 32;

function newTransaction(): Transaction {
	return {
		twoWay: false,
		pagers: [],
		alert: false,
		wantsRead: false,
		multipleChoice: false,
		responses: new Map(),
	};
}

/** Answers commands. `over` turns true with QUIT. */
export class PagerSession {
	over = false;
	readonly #network: PagingNetwork;
	readonly #twoWay: boolean;
	#transaction = newTransaction();
	/** The lines after DATA; undefined outside of it. */
	#data: string[] | undefined;
	#dataSize = 0;

	constructor(network: PagingNetwork, twoWay: boolean) {
		this.#network = network;
		this.#twoWay = twoWay;
	}

	/** The reply to a line, if it calls for one. */
	take(line: string): string | undefined {
		if (this.#data !== undefined) {
			return this.#takeData(this.#data, line);
		}
		const [, name = "", argument = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
		const command = name.slice(0, 4).toUpperCase();
		const answer =
			this.#levelOne(command, argument) ??
			this.#levelTwo(command, argument) ??
			(this.#twoWay ? this.#levelThree(command, argument) : undefined);
		return answer ?? "500 Command not implemented, try again";
	}

	#levelOne(command: string, argument: string): string | undefined {
		switch (command) {
			case "PAGE":
				return this.#page(argument);
			case "MESS":
				return this.#text(argument);
			case "SEND":
				return this.#send();
			case "RESE":
				this.#transaction = newTransaction();
				return "250 Reset";
			case "HELP":
				return helpText.join("\r\n");
			case "QUIT":
				this.over = true;
				return "221 Goodbye";
			default:
				return undefined;
		}
	}

	#levelTwo(command: string, argument: string): string | undefined {
		const transaction = this.#transaction;
		switch (command) {
			case "DATA":
				if (transaction.text !== undefined) {
					return "503 There is a message already";
				}
				this.#data = [];
				this.#dataSize = 0;
				return "354 Begin input; end with a lone dot";
			case "LOGI":
				return argument === "" ? "550 Who is it?" : "250 Welcome";
			case "LEVE":
				return /^([0-9]|1[01])$/.test(argument) ? "250 Service level accepted" : "550 No such service level";
			case "SUBJ":
				transaction.subject = argument;
				return "250 Subject accepted";
			case "CALL":
				transaction.caller = argument;
				return "250 Caller accepted";
			case "ALER":
				transaction.alert = argument === "1";
				return /^[01]$/.test(argument) ? "250 Alert accepted" : "550 It is 0 or 1";
			default:
				return undefined;
		}
	}

	#levelThree(command: string, argument: string): string | undefined {
		const transaction = this.#transaction;
		switch (command) {
			case "2WAY":
				if (transaction.pagers.length > 0 || transaction.text !== undefined) {
					return "550 A one-way page is under way, use RESEt";
				}
				transaction.twoWay = true;
				return "250 Beginning a two-way page";
			case "PING":
				return this.#network.hasPager(argument) ? "250 It is on the air" : "550 No such pager";
			case "ACKR":
				transaction.wantsRead = argument === "1";
				return "250 Read confirmation noted";
			case "RTYP":
				transaction.multipleChoice = argument.toUpperCase() === "MULTICHOICE";
				return transaction.multipleChoice ? "250 Reply type accepted" : "550 Only MULTICHOICE";
			case "MCRE":
				return this.#response(argument);
			case "EXPT":
			case "NOQU":
				// Pages never queue here: a pager has its page at once, so neither can make a difference.
				return "250 Noted";
			case "MSTA":
				return this.#network.status(...pairOf(argument)) ?? "550 Unknown message tag or pass code";
			case "KTAG":
				return this.#network.kill(...pairOf(argument))
					? "250 Message tag killed"
					: "550 Unknown message tag or pass code";
			default:
				return undefined;
		}
	}

	#page(argument: string): string {
		const [pager = ""] = argument.split(/\s+/);
		const { pagers, twoWay } = this.#transaction;
		if (!this.#network.hasPager(pager)) {
			return "550 No such pager";
		}
		if (pagers.length >= (twoWay ? 1 : pagersLimit)) {
			return "552 No more pagers in one page";
		}
		pagers.push(pager);
		return "250 Pager accepted";
	}

	#text(text: string): string {
		if (this.#transaction.text !== undefined) {
			return "503 There is a message already";
		}
		if (text.trim() === "") {
			return "550 The message is empty";
		}
		this.#transaction.text = text;
		return "250 Message accepted";
	}

	#takeData(lines: string[], line: string): string | undefined {
		if (line !== ".") {
			this.#dataSize += line.length + 1;
			if (this.#dataSize <= textLimit) {
				lines.push(line.startsWith(".") ? line.slice(1) : line);
			}
			return undefined;
		}
		this.#data = undefined;
		return this.#dataSize > textLimit ? "550 The message is too long" : this.#text(lines.join("\n"));
	}

	#response(argument: string): string {
		const [, code, text] = /^(\d{1,2})\s+(.{1,15})$/.exec(argument) ?? [];
		const { multipleChoice, responses } = this.#transaction;
		if (!multipleChoice || code === undefined || text === undefined) {
			return "550 Not a response";
		}
		responses.set(code.padStart(2, "0"), text);
		return "250 Response added";
	}

	#send(): string {
		const { pagers, text, twoWay, subject, caller, alert, responses, wantsRead } = this.#transaction;
		if (pagers.length === 0 || text === undefined) {
			return "503 Pager or message missing";
		}
		this.#transaction = newTransaction();
		const tickets = pagers.map((pager) =>
			this.#network.take({
				pager,
				text,
				...(subject !== undefined && { subject }),
				...(caller !== undefined && { caller }),
				alert,
				responses,
				wantsRead,
			}),
		);
		const [ticket] = tickets;
		return twoWay && ticket !== undefined
			? `960 ${ticket.tag} ${ticket.pass} Message queued for delivery`
			: "250 Message sent";
	}
}

function pairOf(argument: string): [tag: string, pass: string] {
	const [tag = "", pass = ""] = argument.split(/\s+/);
	return [tag, pass];
}
