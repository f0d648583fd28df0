/** One connection to an SNPP server: a line goes out, a reply comes back, within a time. */
import { createConnection, type Socket } from "node:net";
import type { Milliseconds } from "@posthaste/core";
import { isPositive, lineOf, NotSnpp, type Reply, ReplyReader } from "./reply.ts";

export interface Server {
	readonly host: string;
	readonly port: number;
}

/** The connection is of no more use. `written` names the command whose bytes had left, if one had. */
export class ConnectionLost extends Error {
	readonly written: string | undefined;

	constructor(reason: string, written?: string) {
		super(written === undefined ? reason : `${reason} (waiting for the reply to ${written})`);
		this.name = "ConnectionLost";
		this.written = written;
	}
}

/** Replies that came before anybody asked; a server that sends more is not worth listening to. */
const earlyLimit = 16;

/** The server's last reply may take this long after QUIT before the connection is cut. */
const farewell: Milliseconds = 1000;

export class Connection {
	readonly greeting: Reply;
	readonly #wire: Wire;

	private constructor(wire: Wire, greeting: Reply) {
		this.#wire = wire;
		this.greeting = greeting;
	}

	/** Connects and waits for the greeting. Throws {@link ConnectionLost}, also when the server turns us away. */
	static async open(server: Server, timeout: Milliseconds, signal: AbortSignal): Promise<Connection> {
		if (signal.aborted) {
			throw new ConnectionLost("given up before connecting");
		}
		const wire = new Wire(createConnection({ host: server.host, port: server.port, noDelay: true }), signal);
		try {
			const greeting = await wire.reply(timeout);
			if (!isPositive(greeting)) {
				throw new ConnectionLost(lineOf(greeting));
			}
			return new Connection(wire, greeting);
		} catch (error) {
			wire.end("refused");
			throw error;
		}
	}

	/**
	 * Sends a line, or several with CRLF between them, and waits for the reply. `name` is what to call
	 * it where people read it. Throws {@link ConnectionLost} when the connection ends, the time is over
	 * or the call is aborted.
	 */
	async command(line: string, timeout: Milliseconds, name = line.slice(0, 4)): Promise<Reply> {
		const early = this.#wire.takeEarly();
		if (early?.code === 421) {
			return early;
		}
		if (early !== undefined) {
			this.#wire.end("out of step");
			throw new ConnectionLost(`a reply nobody asked for: ${lineOf(early)}`);
		}
		this.#wire.write(line);
		return this.#wire.reply(timeout, name);
	}

	/** Says goodbye without waiting for the answer. */
	quit(): void {
		this.#wire.leave();
	}

	/** Cuts the connection. */
	cut(): void {
		this.#wire.end("closed here");
	}
}

interface Waiter {
	readonly resolve: (reply: Reply) => void;
	readonly reject: (error: ConnectionLost) => void;
	readonly written: string | undefined;
}

/** The socket with its replies: either somebody waits for one, or they queue. */
class Wire {
	readonly #socket: Socket;
	readonly #reader = new ReplyReader();
	readonly #early: Reply[] = [];
	readonly #signal: AbortSignal;
	readonly #onAbort = () => this.end(this.#whyAborted());
	readonly #begun = Date.now();
	#waiter: Waiter | undefined;
	#over: string | undefined;

	constructor(socket: Socket, signal: AbortSignal) {
		this.#socket = socket;
		this.#signal = signal;
		signal.addEventListener("abort", this.#onAbort, { once: true });
		socket.on("data", (bytes) => this.#take(bytes));
		socket.on("error", (error) => this.end(error.message));
		socket.on("end", () => this.end("the server closed the connection"));
		socket.on("close", () => this.end("the connection was closed"));
	}

	takeEarly(): Reply | undefined {
		return this.#early.shift();
	}

	write(line: string): void {
		if (this.#over !== undefined) {
			throw new ConnectionLost(this.#over);
		}
		this.#socket.write(`${line}\r\n`, "utf8");
	}

	reply(timeout: Milliseconds, written?: string): Promise<Reply> {
		const early = this.takeEarly();
		if (early !== undefined) {
			return Promise.resolve(early);
		}
		if (this.#over !== undefined) {
			return Promise.reject(new ConnectionLost(this.#over, written));
		}
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => this.end(`no reply within ${timeout} ms`), timeout);
			this.#waiter = {
				written,
				resolve(reply) {
					clearTimeout(timer);
					resolve(reply);
				},
				reject(error) {
					clearTimeout(timer);
					reject(error);
				},
			};
		});
	}

	leave(): void {
		if (this.#over !== undefined) {
			return;
		}
		this.#socket.end("QUIT\r\n");
		const timer = setTimeout(() => this.end("left"), farewell);
		this.#socket.once("close", () => clearTimeout(timer));
	}

	end(reason: string): void {
		if (this.#over !== undefined) {
			return;
		}
		this.#over = reason;
		this.#signal.removeEventListener("abort", this.#onAbort);
		this.#socket.destroy();
		const waiter = this.#waiter;
		this.#waiter = undefined;
		waiter?.reject(new ConnectionLost(reason, waiter.written));
	}

	/** Whoever closes the mechanism aborts with a reason of ours; everybody else aborts because the time is over. */
	#whyAborted(): string {
		const reason: unknown = this.#signal.reason;
		return reason instanceof ConnectionLost ? reason.message : `no answer within ${Date.now() - this.#begun} ms`;
	}

	#take(bytes: Buffer): void {
		try {
			for (const reply of this.#reader.read(bytes)) {
				this.#deliver(reply);
			}
		} catch (error) {
			this.end(error instanceof NotSnpp ? `the server does not speak SNPP: ${error.message}` : String(error));
		}
	}

	#deliver(reply: Reply): void {
		const waiter = this.#waiter;
		this.#waiter = undefined;
		if (waiter !== undefined) {
			waiter.resolve(reply);
		} else if (this.#early.push(reply) > earlyLimit) {
			this.end("the server talks without being asked");
		}
	}
}
