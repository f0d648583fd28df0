/**
 * The demo's pagers: an SNPP server (RFC 1861) on 127.0.0.1 with levels 1 and 2 and, of level 3, what
 * receipts need. A page is on its pager's display at once, and the person can acknowledge it there.
 */
import { randomInt } from "node:crypto";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Milliseconds } from "@posthaste/core";
import { PagerSession, type PagingNetwork, type SubmittedPage } from "./pager-session.ts";

/** A page on a pager's display. */
export interface Page {
	readonly id: string;
	readonly pager: string;
	readonly text: string;
	readonly subject?: string;
	/** Who sent it, as the client said with CALL. */
	readonly caller?: string;
	readonly alert: boolean;
	readonly receivedAt: Milliseconds;
	/** When the person acknowledged it. */
	readonly acknowledgedAt?: Milliseconds;
	/** When the sender took it back. */
	readonly retractedAt?: Milliseconds;
}

export interface PagerTerminalOptions {
	/** Any free port when left out. */
	readonly port?: number;
	/** The pagers there are. */
	readonly pagers: readonly string[];
	/** False for a terminal of levels 1 and 2 only. */
	readonly twoWay?: boolean;
	/** How many pages are kept; the oldest go first. 1,000 when left out. */
	readonly keep?: number;
	readonly onPage?: (page: Page) => void;
	/** A page was acknowledged or taken back. */
	readonly onChange?: (page: Page) => void;
	readonly now?: () => Milliseconds;
}

export interface PagerTerminal {
	readonly port: number;
	/** For the `snpp` mechanism's settings. */
	readonly url: string;
	readonly isOn: boolean;
	/** Oldest first. */
	pages(): readonly Page[];
	/** The person pressed the button: a two-way client learns of it. False when there is no such page. */
	acknowledge(pageId: string): boolean;
	/** Stops listening and cuts every connection. The pages stay. */
	off(): Promise<void>;
	/** Listens again, on the same port. */
	on(): Promise<void>;
	close(): Promise<void>;
}

/** A page with what only the network knows. */
interface Stored {
	page: Page;
	readonly pass: string;
	readonly responses: ReadonlyMap<string, string>;
	readonly wantsRead: boolean;
}

/** Longest command or line of text, in bytes. */
const lineLimit = 128 * 1024;

const idleLimit: Milliseconds = 300_000;

/** Starts the terminal; rejects when the port is taken. */
export async function startPagerTerminal(options: PagerTerminalOptions): Promise<PagerTerminal> {
	const network = new Network(options);
	const listener = new Listener(() => new PagerSession(network, options.twoWay ?? true));
	await listener.on(options.port ?? 0);
	const { port } = listener;
	return {
		port,
		url: `snpp://127.0.0.1:${port}`,
		get isOn() {
			return listener.isOn;
		},
		pages: () => network.pages(),
		acknowledge: (pageId) => network.acknowledge(pageId),
		off: () => listener.off(),
		on: () => listener.on(port),
		close: () => listener.off(),
	};
}

/** The pages, by tag. */
class Network implements PagingNetwork {
	readonly #options: PagerTerminalOptions;
	readonly #stored = new Map<string, Stored>();
	#last = 0;

	constructor(options: PagerTerminalOptions) {
		this.#options = options;
	}

	pages(): readonly Page[] {
		return [...this.#stored.values()].map(({ page }) => page);
	}

	hasPager(pager: string): boolean {
		return this.#options.pagers.includes(pager);
	}

	take(submitted: SubmittedPage): { readonly tag: string; readonly pass: string } {
		const { responses, wantsRead, ...shown } = submitted;
		this.#last += 1;
		const page: Page = { id: String(this.#last), ...shown, receivedAt: this.#now() };
		const pass = String(randomInt(1_000_000_000)).padStart(9, "0");
		this.#stored.set(page.id, { page, pass, responses, wantsRead });
		for (const [oldest] of [...this.#stored].slice(0, -(this.#options.keep ?? 1000))) {
			this.#stored.delete(oldest);
		}
		this.#options.onPage?.(page);
		return { tag: page.id, pass };
	}

	acknowledge(pageId: string): boolean {
		const stored = this.#stored.get(pageId);
		if (stored === undefined) {
			return false;
		}
		if (stored.page.acknowledgedAt === undefined) {
			this.#change(stored, { acknowledgedAt: this.#now() });
		}
		return true;
	}

	status(tag: string, pass: string): string | undefined {
		const stored = this.#find(tag, pass);
		if (stored === undefined) {
			return undefined;
		}
		const { page, responses, wantsRead } = stored;
		if (page.acknowledgedAt !== undefined) {
			const [code] = responses.keys();
			const when = `${tag} ${stamp(page.acknowledgedAt)}`;
			return code === undefined ? `889 ${when} Acknowledged` : `888 ${when} ${code} Reply received`;
		}
		const when = `${tag} ${stamp(page.receivedAt)}`;
		if (responses.size > 0) {
			return `861 ${when} Delivered, awaiting reply`;
		}
		return wantsRead ? `860 ${when} Delivered, awaiting read confirmation` : `880 ${when} Delivered`;
	}

	kill(tag: string, pass: string): boolean {
		const stored = this.#find(tag, pass);
		if (stored !== undefined) {
			this.#change(stored, { retractedAt: this.#now() });
		}
		return stored !== undefined;
	}

	/** Tags are easy to guess, which is what pass codes are for. */
	#find(tag: string, pass: string): Stored | undefined {
		const stored = this.#stored.get(tag);
		return stored?.pass === pass && stored.page.retractedAt === undefined ? stored : undefined;
	}

	#change(stored: Stored, change: Partial<Page>): void {
		stored.page = { ...stored.page, ...change };
		this.#options.onChange?.(stored.page);
	}

	#now(): Milliseconds {
		return (this.#options.now ?? Date.now)();
	}
}

/** `YYMMDDHHMMSS+0`, the time in UTC. */
function stamp(moment: Milliseconds): string {
	const digits = new Date(moment).toISOString().replace(/\D/g, "");
	return `${digits.slice(2, 14)}+0`;
}

/** The listening socket and the connections through it. */
class Listener {
	readonly #newSession: () => PagerSession;
	readonly #sockets = new Set<Socket>();
	#server: Server | undefined;
	#port = 0;
	#turn: Promise<void> = Promise.resolve();

	constructor(newSession: () => PagerSession) {
		this.#newSession = newSession;
	}

	get isOn(): boolean {
		return this.#server !== undefined;
	}

	/** The port it listens on, or listened on last. */
	get port(): number {
		return this.#port;
	}

	on(port: number): Promise<void> {
		return this.#inTurn(() => this.#listen(port));
	}

	off(): Promise<void> {
		return this.#inTurn(() => this.#stop());
	}

	/** Whoever switches it on and off in haste gets one after the other. */
	#inTurn(work: () => Promise<void>): Promise<void> {
		const turn = this.#turn.then(work);
		this.#turn = turn.catch(() => {});
		return turn;
	}

	async #listen(port: number): Promise<void> {
		if (this.#server !== undefined) {
			return;
		}
		const server = createServer((socket) => this.#serve(socket));
		await new Promise<void>((resolve, reject) => {
			server.once("error", reject);
			server.listen(port, "127.0.0.1", resolve);
		});
		this.#port = (server.address() as AddressInfo).port;
		this.#server = server;
	}

	async #stop(): Promise<void> {
		const server = this.#server;
		this.#server = undefined;
		if (server === undefined) {
			return;
		}
		const closed = new Promise((resolve) => server.close(resolve));
		for (const socket of this.#sockets) {
			socket.destroy();
		}
		await closed;
	}

	#serve(socket: Socket): void {
		const session = this.#newSession();
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		// A client that goes away without a word has said all it had to say.
		socket.on("error", () => socket.destroy());
		socket.setTimeout(idleLimit, () => socket.end("421 Idle for too long, goodbye\r\n"));
		socket.write("220 Posthaste pager terminal ready\r\n");
		let rest: Buffer = Buffer.alloc(0);
		socket.on("data", (bytes) => {
			rest = takeLines(Buffer.concat([rest, bytes]), session, socket);
			if (rest.length > lineLimit) {
				rest = Buffer.alloc(0);
				session.over = true;
				socket.end("421 That line is too long, goodbye\r\n");
			}
		});
	}
}

/** Gives the session every whole line; answers what is left of the bytes. */
function takeLines(bytes: Buffer, session: PagerSession, socket: Socket): Buffer {
	let rest = bytes;
	for (let end = rest.indexOf(10); end >= 0 && !session.over; end = rest.indexOf(10)) {
		const answer = session.take(rest.subarray(0, end).toString("utf8").replace(/\r$/, ""));
		rest = rest.subarray(end + 1);
		if (answer !== undefined) {
			socket.write(`${answer}\r\n`);
		}
	}
	if (session.over) {
		// What was said last still goes out; the client need not close its side first.
		socket.destroySoon();
	}
	return session.over ? Buffer.alloc(0) : rest;
}
