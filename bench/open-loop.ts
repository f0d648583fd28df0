/**
 * A load generator that does not wait for anybody. In an open loop requests come at their moments
 * whatever becomes of those before them, each on a connection that is free or on a new one, and the
 * latency counts from the moment at which the request was to come, so that nothing that waits is left out.
 */
import { connect, type Socket } from "node:net";
import { quantile } from "./quantile.ts";

export interface Answers {
	/** Requests that were to be made. */
	readonly asked: number;
	/** Requests that were not made, because every connection was taken. */
	readonly unsent: number;
	/** Connections that broke before the answer came. */
	readonly broken: number;
	readonly byStatus: ReadonlyMap<number, number>;
	/** Milliseconds by which the generator itself was late with its requests. */
	readonly late: readonly number[];
	/** Milliseconds to the answers 202, in no order. */
	readonly accepted: readonly number[];
	/** Milliseconds to all others. */
	readonly refused: readonly number[];
	/** The `Retry-After` of those that had one, in seconds. */
	readonly retryAfter: readonly number[];
	readonly connections: number;
	readonly seconds: number;
}

/** Most connections at once, when nothing else was said. What would need another is counted as unsent. */
const usualConnections = 4000;

export class Load {
	readonly #most: number;
	readonly #port: number;
	readonly #request: Buffer;
	readonly #free: Connection[] = [];
	readonly #open = new Set<Connection>();
	readonly #byStatus = new Map<number, number>();
	#accepted: number[] = [];
	#refused: number[] = [];
	#retryAfter: number[] = [];
	#late: number[] = [];
	#connections = 0;
	#unsent = 0;
	#broken = 0;

	/** @param connections most of them at once */
	constructor(url: string, body: string, connections = usualConnections) {
		this.#most = connections;
		const { host, port, pathname } = new URL(url);
		this.#port = Number(port);
		const head = `POST ${pathname} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n`;
		this.#request = Buffer.from(`${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
	}

	/** Opens as many connections as there may be, so that what follows does not measure how fast they open. */
	async connect(): Promise<void> {
		while (this.#open.size < this.#most) {
			const some = Array.from({ length: Math.min(64, this.#most - this.#open.size) }, () => this.#connect());
			await Promise.all(some.map((connection) => connection?.opened));
			this.#free.push(...some.flatMap((connection) => (connection && this.#open.has(connection) ? [connection] : [])));
		}
	}

	/** So many requests a second, for so many seconds. */
	async open(rate: number, seconds: number): Promise<Answers> {
		const start = performance.now();
		const total = Math.round(rate * seconds);
		let asked = 0;
		while (asked < total) {
			const due = Math.min(total, Math.floor(((performance.now() - start) * rate) / 1000));
			for (; asked < due; asked++) {
				this.#send(start + (asked * 1000) / rate);
			}
			await new Promise((resolve) => setTimeout(resolve, 1));
		}
		const elapsed = (performance.now() - start) / 1000;
		await this.#end();
		return this.#answers(asked, elapsed);
	}

	/** So many clients, each of which waits for its answer before it asks again. */
	async closed(clients: number, seconds: number): Promise<Answers> {
		const end = performance.now() + seconds * 1000;
		let asked = 0;
		const next = () => {
			if (performance.now() < end) {
				asked += 1;
				this.#send(performance.now(), next);
			}
		};
		for (let client = 0; client < clients; client++) {
			next();
		}
		await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
		await this.#end();
		return this.#answers(asked, seconds);
	}

	#send(at: number, then?: () => void): void {
		this.#late.push(performance.now() - at);
		const connection = this.#free.pop() ?? this.#connect();
		if (connection === undefined) {
			this.#unsent += 1;
			return;
		}
		connection.send(this.#request, (status, retryAfter) => {
			const time = performance.now() - at;
			if (status === undefined) {
				this.#broken += 1;
			} else {
				if (connection.isClosing) {
					this.#open.delete(connection);
				} else {
					this.#free.push(connection);
				}
				this.#byStatus.set(status, (this.#byStatus.get(status) ?? 0) + 1);
				(status === 202 ? this.#accepted : this.#refused).push(time);
				if (retryAfter !== undefined) {
					this.#retryAfter.push(retryAfter);
				}
			}
			then?.();
		});
	}

	#connect(): Connection | undefined {
		if (this.#open.size >= this.#most) {
			return undefined;
		}
		const connection = new Connection(this.#port, () => this.#forget(connection));
		this.#open.add(connection);
		this.#connections = Math.max(this.#connections, this.#open.size);
		return connection;
	}

	/** A request on a connection that is gone would be neither answered nor broken. */
	#forget(connection: Connection): void {
		this.#open.delete(connection);
		const place = this.#free.indexOf(connection);
		if (place !== -1) {
			this.#free.splice(place, 1);
		}
	}

	/** Waits for the answers that are still to come, and closes. */
	async #end(): Promise<void> {
		const end = performance.now() + 30_000;
		while (this.#free.length < this.#open.size && performance.now() < end) {
			await new Promise((resolve) => setTimeout(resolve, 10));
		}
		for (const connection of this.#open) {
			connection.close();
		}
		this.#open.clear();
		this.#free.length = 0;
	}

	#answers(asked: number, seconds: number): Answers {
		const [accepted, refused, retryAfter, late] = [this.#accepted, this.#refused, this.#retryAfter, this.#late];
		this.#late = [];
		this.#accepted = [];
		this.#refused = [];
		this.#retryAfter = [];
		const byStatus = new Map(this.#byStatus);
		this.#byStatus.clear();
		const { unsent, broken, connections } = {
			unsent: this.#unsent,
			broken: this.#broken,
			connections: this.#connections,
		};
		return { asked, unsent, broken, byStatus, accepted, refused, retryAfter, late, connections, seconds };
	}
}

type Answered = (status: number | undefined, retryAfter?: number) => void;

/** One connection with one request at a time. */
class Connection {
	readonly #socket: Socket;
	/** Resolves when it is open, or cannot be. */
	readonly opened: Promise<void>;
	/** The server has said that it closes it. */
	isClosing = false;
	#text = "";
	#answered: Answered | undefined;

	constructor(port: number, closed: () => void) {
		this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
		this.#socket.setEncoding("latin1");
		this.#socket.on("data", (text: string) => this.#read(text));
		this.#socket.on("error", () => this.#settle(undefined));
		this.#socket.on("close", () => {
			closed();
			this.#settle(undefined);
		});
		this.opened = new Promise((resolve) => {
			this.#socket.once("connect", resolve);
			this.#socket.once("close", () => resolve());
		});
	}

	send(request: Buffer, answered: Answered): void {
		this.#answered = answered;
		this.#socket.write(request);
	}

	close(): void {
		this.#socket.destroy();
	}

	#read(text: string): void {
		this.#text += text;
		const head = this.#text.indexOf("\r\n\r\n");
		if (head === -1) {
			return;
		}
		const headers = this.#text.slice(0, head).toLowerCase();
		const length = Number(/content-length: (\d+)/.exec(headers)?.[1] ?? 0);
		if (this.#text.length < head + 4 + length) {
			return;
		}
		this.#text = "";
		this.isClosing = headers.includes("\r\nconnection: close");
		const retryAfter = /retry-after: (\d+)/.exec(headers)?.[1];
		this.#settle(Number(headers.slice(9, 12)), retryAfter === undefined ? undefined : Number(retryAfter));
	}

	#settle(status: number | undefined, retryAfter?: number): void {
		const answered = this.#answered;
		this.#answered = undefined;
		answered?.(status, retryAfter);
	}
}

/** The value below which this share of the figures lies, to a tenth of a millisecond; 0 when there is none. */
export function percentile(figures: readonly number[], share: number): number {
	return figures.length === 0 ? 0 : Math.round(quantile(figures, share) * 10) / 10;
}
