/** The demo's mail server: real SMTP on loopback, into mailboxes held in memory. */
import { randomUUID } from "node:crypto";
import type { AddressInfo, Socket } from "node:net";
import type { Milliseconds } from "@posthaste/core";
import { sanitizeHtml, textToHtml } from "@posthaste/mechanism-email/html";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions } from "smtp-server";

export interface MailServerOptions {
	/** A free one when left out or 0. */
	readonly port?: number;
	/** The addresses that exist here; every other recipient is answered with 550. */
	readonly mailboxes: readonly string[];
	/** Called for each mail once it lies in its mailbox. */
	readonly onMail?: (mail: Mail) => void;
	/** Largest mail taken, in bytes; 1 MiB when left out. */
	readonly sizeLimit?: number;
	/** How many mails are kept, the newest; 200 when left out. */
	readonly keep?: number;
}

/** A mail in one mailbox. */
export interface Mail {
	readonly id: string;
	/** The mailbox it lies in, as the server's options write it. */
	readonly to: string;
	/** As the header says: `Name <address>`. */
	readonly from: string;
	readonly subject: string;
	readonly text: string;
	/** Safe to show: sanitised, and made of the text when the mail had no HTML. */
	readonly html: string;
	/** The Message-ID header, angle brackets included; empty when there was none. */
	readonly messageId: string;
	readonly receivedAt: Milliseconds;
}

export interface MailServer {
	readonly port: number;
	/** `smtp://127.0.0.1:PORT` */
	readonly url: string;
	readonly isOn: boolean;
	/** What lies in the mailboxes, newest first. */
	mails(): readonly Mail[];
	/** Stops listening and cuts every connection; what lies in the mailboxes stays. */
	off(): Promise<void>;
	/** Listens again, at the same port. Rejects when something else took the port, or after `close`. */
	on(): Promise<void>;
	/** Off for good. */
	close(): Promise<void>;
}

/** A server that listens, and how to end it. */
interface Listening {
	readonly port: number;
	end(): Promise<void>;
}

function refusal(code: number, text: string): Error {
	return Object.assign(new Error(text), { responseCode: code });
}

/** Reads to the end even what is too large, since the reply has to wait for it, but keeps only what may come. */
async function readMail(stream: SMTPServerDataStream): Promise<Email> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) {
		if (!stream.sizeExceeded) {
			chunks.push(chunk as Buffer);
		}
	}
	if (stream.sizeExceeded) {
		throw refusal(552, "5.3.4 the mail is too large");
	}
	return PostalMime.parse(Buffer.concat(chunks));
}

function mailFrom(email: Email, to: string): Mail {
	const { name = "", address = "" } = email.from ?? {};
	const text = (email.text ?? "").replace(/\n$/, "");
	return {
		id: randomUUID(),
		to,
		from: name === "" ? address : `${name} <${address}>`,
		subject: email.subject ?? "",
		text,
		html: email.html === undefined ? textToHtml(text) : sanitizeHtml(email.html),
		messageId: email.messageId ?? "",
		receivedAt: Date.now(),
	};
}

/** The mailboxes: which exist, and the newest mails in them. */
class Mailboxes {
	readonly #names: ReadonlyMap<string, string>;
	readonly #keep: number;
	#mails: readonly Mail[] = [];

	constructor(names: readonly string[], keep: number) {
		this.#names = new Map(names.map((name) => [name.toLowerCase(), name]));
		this.#keep = keep;
	}

	/** The mailbox of an address, as the options write it. */
	find(address: string): string | undefined {
		return this.#names.get(address.toLowerCase());
	}

	add(mail: Mail): void {
		this.#mails = [mail, ...this.#mails].slice(0, this.#keep);
	}

	mails(): readonly Mail[] {
		return this.#mails;
	}
}

function handlers(mailboxes: Mailboxes, onMail: (mail: Mail) => void): SMTPServerOptions {
	return {
		onRcptTo({ address }, _session, done) {
			done(mailboxes.find(address) === undefined ? refusal(550, `5.1.1 <${address}>: no such mailbox here`) : null);
		},
		onData(stream, session, done) {
			readMail(stream)
				.then((email) => {
					const names = new Set(session.envelope.rcptTo.map(({ address }) => mailboxes.find(address) ?? address));
					const mails = [...names].map((name) => mailFrom(email, name));
					for (const mail of mails) {
						mailboxes.add(mail);
						onMail(mail);
					}
					done(null, `2.0.0 kept as ${mails.map(({ id }) => id).join(", ")}`);
				})
				.catch(done);
		},
	};
}

async function listen(port: number, options: SMTPServerOptions): Promise<Listening> {
	const server = new SMTPServer({
		// Loopback only, so neither signing in nor encryption would protect anything.
		disabledCommands: ["AUTH", "STARTTLS"],
		authOptional: true,
		disableReverseLookup: true,
		hideSMTPUTF8: false,
		maxClients: 100,
		socketTimeout: 60_000,
		logger: false,
		...options,
	});
	const sockets = new Set<Socket>();
	server.server.on("connection", (socket) => {
		sockets.add(socket);
		socket.once("close", () => sockets.delete(socket));
	});
	const opened = Promise.withResolvers<void>();
	// Once the server listens, an error is a client that went away, and there is nobody left to tell.
	server.on("error", opened.reject);
	const listener = server.listen(port, "127.0.0.1", opened.resolve);
	await opened.promise;
	return {
		port: (listener.address() as AddressInfo).port,
		end() {
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			for (const socket of sockets) {
				socket.destroy();
			}
			return closed;
		},
	};
}

/** Starts the server. Rejects when the port is taken. */
export async function startMailServer(options: MailServerOptions): Promise<MailServer> {
	const { sizeLimit = 1024 * 1024, keep = 200, onMail = () => undefined } = options;
	const mailboxes = new Mailboxes(options.mailboxes, keep);
	const smtp: SMTPServerOptions = { ...handlers(mailboxes, onMail), size: sizeLimit };
	let listening: Listening | undefined = await listen(options.port ?? 0, smtp);
	const { port } = listening;
	let closed = false;
	// One switch after another, so that a quick off and on ends as the last one said.
	let switched: Promise<void> = Promise.resolve();

	function after(step: () => Promise<void>): Promise<void> {
		const done = switched.then(step);
		switched = done.catch(() => undefined);
		return done;
	}

	async function off(): Promise<void> {
		const running = listening;
		listening = undefined;
		await running?.end();
	}

	return {
		port,
		url: `smtp://127.0.0.1:${port}`,
		get isOn() {
			return listening !== undefined;
		},
		mails: () => mailboxes.mails(),
		off: () => after(off),
		on: () =>
			after(async () => {
				if (closed) {
					throw new Error("the mail server was closed");
				}
				listening ??= await listen(port, smtp);
			}),
		close() {
			closed = true;
			return after(off);
		},
	};
}
