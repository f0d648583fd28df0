/**
 * Where the swapped mechanism delivers to: a server in the test's process that writes down every
 * attempt that arrives, apart from what the program says about it.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createListener } from "node:net";

/** What arrived. */
export interface Arrival {
	readonly attempt: string;
	readonly try: number;
	/** Of the plugin that handed it over. */
	readonly version: string;
	readonly mechanism: string;
	readonly box: string;
	/** The address of the sink that it came to. */
	readonly door: string;
	readonly at: number;
	/** The sink took it; it refuses some. */
	readonly isTaken: boolean;
}

interface Handed extends Pick<Arrival, "attempt" | "try" | "version" | "box"> {
	readonly hints: { readonly refuse?: boolean; readonly slow?: number; readonly receipt?: number };
}

/** A mechanism that asks for receipts waits this long for one. */
const longestPoll = 1000;
/** A receipt that was handed out and not confirmed is handed out again after this time. */
const lease = 2000;

export class Sink {
	readonly arrivals: Arrival[] = [];
	/** Addresses, each of which reaches it. */
	readonly doors: readonly string[];
	/** An address at which nobody answers. */
	readonly shut: string;
	readonly #servers: readonly Server[];
	readonly #receipts = new Receipts();

	private constructor(servers: readonly Server[], doors: readonly string[], shut: string) {
		this.#servers = servers;
		this.doors = doors;
		this.shut = shut;
		servers.forEach((server, index) => {
			server.on("request", (request, response) => void this.#answer(request, response, doors[index] ?? ""));
		});
	}

	static async open(): Promise<Sink> {
		const servers = Array.from({ length: 3 }, () => createServer({ keepAliveTimeout: 120_000 }));
		const doors = await Promise.all(servers.map((server) => listen(server)));
		const shut = createListener();
		const address = await listen(shut);
		shut.close();
		return new Sink(servers, doors, address);
	}

	async close(): Promise<void> {
		for (const server of this.#servers) {
			server.closeAllConnections();
			server.close();
		}
	}

	async #answer(request: IncomingMessage, response: ServerResponse, door: string): Promise<void> {
		const [, mechanism = "", what = ""] = (request.url ?? "").split("/");
		const body = JSON.parse((await request.setEncoding("utf8").toArray()).join(""));
		const say = (status: number, answer: object = {}) => void response.writeHead(status).end(JSON.stringify(answer));
		if (what === "attempts") {
			await this.#take(body, mechanism, door, say);
		} else if (what === "receipts") {
			say(200, { receipts: await this.#receipts.next(mechanism, request) });
		} else if (what === "confirm") {
			this.#receipts.confirm(mechanism, body.receipts);
			say(200);
		} else {
			say(200);
		}
	}

	async #take(
		{ hints, ...handed }: Handed,
		mechanism: string,
		door: string,
		say: (status: number) => void,
	): Promise<void> {
		const isTaken = !(hints.refuse === true && mechanism === "line");
		this.arrivals.push({ ...handed, mechanism, door, at: Date.now(), isTaken });
		if (hints.slow !== undefined) {
			await new Promise((resolve) => setTimeout(resolve, hints.slow));
		}
		if (isTaken && hints.receipt !== undefined && mechanism === "line") {
			setTimeout(() => this.#receipts.add(mechanism, handed.attempt), hints.receipt).unref();
		}
		say(isTaken ? 200 : 410);
	}
}

/** Receipts by mechanism, kept until they are confirmed. */
class Receipts {
	/** When each may be handed out. */
	readonly #due = new Map<string, Map<string, number>>();

	add(mechanism: string, attempt: string): void {
		this.#of(mechanism).set(attempt, 0);
	}

	confirm(mechanism: string, attempts: readonly string[]): void {
		for (const attempt of attempts) {
			this.#of(mechanism).delete(attempt);
		}
	}

	/** What is due, as soon as anything is; nothing once the asker waited long enough, or has gone. */
	async next(mechanism: string, asker: IncomingMessage): Promise<readonly string[]> {
		const end = Date.now() + longestPoll;
		while (Date.now() < end && !asker.socket.destroyed) {
			const now = Date.now();
			const due = [...this.#of(mechanism)].filter(([, at]) => at <= now).map(([attempt]) => attempt);
			if (due.length > 0) {
				due.forEach((attempt) => void this.#of(mechanism).set(attempt, now + lease));
				return due;
			}
			await new Promise((resolve) => setTimeout(resolve, 25));
		}
		return [];
	}

	#of(mechanism: string): Map<string, number> {
		const found = this.#due.get(mechanism) ?? new Map<string, number>();
		this.#due.set(mechanism, found);
		return found;
	}
}

async function listen(server: Server | ReturnType<typeof createListener>): Promise<string> {
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
