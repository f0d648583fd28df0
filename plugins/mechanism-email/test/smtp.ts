/** An SMTP server on loopback that does what a test's script says, and keeps what it took. */
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerOptions, type SMTPServerSession } from "smtp-server";

export interface TakenMail {
	readonly raw: string;
	readonly parsed: Email;
	readonly envelope: SMTPServerSession["envelope"];
}

export interface ScriptedServer {
	readonly url: string;
	readonly port: number;
	readonly taken: readonly TakenMail[];
	/** How many connections were made so far. */
	connections(): number;
	/** Cuts every connection without a word. */
	cut(): void;
	close(): Promise<void>;
}

/** A reply for one of smtp-server's handlers to give. */
export function reply(code: number, text: string): Error {
	return Object.assign(new Error(text), { responseCode: code });
}

async function readAll(stream: SMTPServerDataStream): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) {
		chunks.push(chunk as Buffer);
	}
	return Buffer.concat(chunks);
}

/** Starts the server. Where the options say nothing it takes every mail. */
export async function scriptedServer(options: SMTPServerOptions = {}): Promise<ScriptedServer> {
	const taken: TakenMail[] = [];
	const sockets = new Set<Socket>();
	let connections = 0;
	const server = new SMTPServer({
		authOptional: true,
		disabledCommands: ["AUTH", "STARTTLS"],
		disableReverseLookup: true,
		hideDSN: false,
		logger: false,
		onData(stream, session, callback) {
			const envelope = structuredClone(session.envelope);
			readAll(stream)
				.then(async (raw) => {
					taken.push({ raw: raw.toString("utf8"), parsed: await PostalMime.parse(raw), envelope });
					callback(null, `2.0.0 kept as number ${taken.length}`);
				})
				.catch(callback);
		},
		...options,
	});
	server.on("error", () => {
		// Connections that a test cuts end up here.
	});
	server.server.on("connection", (socket) => {
		connections += 1;
		sockets.add(socket);
		socket.once("close", () => sockets.delete(socket));
	});
	const listener = server.listen(0, "127.0.0.1");
	await once(listener, "listening");
	const { port } = listener.address() as AddressInfo;
	const cut = () => {
		for (const socket of sockets) {
			socket.destroy();
		}
	};
	return {
		url: `${options.secure === true ? "smtps" : "smtp"}://127.0.0.1:${port}`,
		port,
		taken,
		connections: () => connections,
		cut,
		close() {
			cut();
			return new Promise((resolve) => server.close(() => resolve()));
		},
	};
}
