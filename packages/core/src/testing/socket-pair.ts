/** A WebSocket connection without a network: two ends in memory. */
import type { HostSocket } from "../mechanism.ts";

/** The test's end of a connection: what a browser would hold. */
export interface ClientSocket {
	send(text: string): void;
	close(code?: number, reason?: string): void;
	/** Every text that came so far, also those `next` has given out. */
	readonly received: readonly string[];
	/** The next text that nobody has taken; rejects when the other side closes first. */
	next(): Promise<string>;
	onMessage(listener: (text: string) => void): void;
	/** How the connection ended; undefined while it is open. */
	readonly closed: { readonly code?: number; readonly reason?: string } | undefined;
	/** Resolves when the connection has ended, from either side. */
	readonly ended: Promise<void>;
}

/** The state both ends share: a connection is open for both or for neither. */
class Connection {
	closed: { code?: number; reason?: string } | undefined;
	readonly #onClose: (() => void)[] = [];

	onClose(listener: () => void): void {
		this.#onClose.push(listener);
	}

	close(code: number | undefined, reason: string | undefined): void {
		if (this.closed !== undefined) {
			return;
		}
		this.closed = { ...(code !== undefined && { code }), ...(reason !== undefined && { reason }) };
		queueMicrotask(() => {
			for (const listener of this.#onClose) {
				listener();
			}
		});
	}
}

/** One direction. Texts arrive in order and, as on a network, never within the call that sent them. */
class Pipe {
	readonly received: string[] = [];
	readonly #connection: Connection;
	readonly #listeners: ((text: string) => void)[] = [];

	constructor(connection: Connection) {
		this.#connection = connection;
	}

	onMessage(listener: (text: string) => void): void {
		this.#listeners.push(listener);
	}

	send(text: string): void {
		if (this.#connection.closed !== undefined) {
			return;
		}
		queueMicrotask(() => {
			this.received.push(text);
			for (const listener of this.#listeners) {
				listener(text);
			}
		});
	}
}

/** Both ends of a new connection: the plugin's and the test's. */
export function socketPair(): { readonly server: HostSocket; readonly client: ClientSocket } {
	const connection = new Connection();
	const toServer = new Pipe(connection);
	const toClient = new Pipe(connection);
	const server: HostSocket = {
		send: (text) => toClient.send(text),
		close: (code, reason) => connection.close(code, reason),
		onMessage: (listener) => toServer.onMessage(listener),
		onClose: (listener) => connection.onClose(listener),
	};
	return { server, client: clientOf(connection, toServer, toClient) };
}

function clientOf(connection: Connection, toServer: Pipe, toClient: Pipe): ClientSocket {
	let taken = 0;
	const ended = new Promise<void>((resolve) => connection.onClose(resolve));
	return {
		send: (text) => toServer.send(text),
		close: (code, reason) => connection.close(code, reason),
		received: toClient.received,
		onMessage: (listener) => toClient.onMessage(listener),
		get closed() {
			return connection.closed;
		},
		ended,
		next() {
			const index = taken;
			taken += 1;
			return new Promise((resolve, reject) => {
				const look = () => {
					const text = toClient.received[index];
					if (text !== undefined) {
						resolve(text);
					}
				};
				toClient.onMessage(look);
				ended.then(() => reject(new Error("the connection ended before the next text")));
				look();
			});
		},
	};
}
