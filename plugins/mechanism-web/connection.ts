/**
 * A connection that comes back: it says hello whenever it opens, notices a server that fell silent,
 * and connects again after growing pauses. It needs a WebSocket and nothing else of a browser.
 */
import { backoff } from "./backoff.ts";
import {
	type ClientFrame,
	type ClientFrames,
	closeCodes,
	parseServerFrame,
	type ServerFrame,
	type ServerFrames,
} from "./protocol.ts";

/** How the connection stands. */
export type ConnectionState =
	| { readonly state: "connecting" }
	| { readonly state: "open" }
	/** It will connect again in `retryIn` milliseconds. */
	| { readonly state: "waiting"; readonly retryIn: number; readonly reason: string }
	| { readonly state: "closed" };

/** What of a WebSocket is used, so that another one may stand in for the global. */
export interface WindowSocket {
	send(text: string): void;
	close(code?: number, reason?: string): void;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: never) => void) | null;
	onclose: ((event: never) => void) | null;
	onerror: ((event: never) => void) | null;
}

export type WindowSocketClass = new (url: string) => WindowSocket;

export interface ConnectionOptions {
	/** `ws://HOST/mechanisms/NAME/socket`. */
	readonly url: string;
	/** Shortest pause before connecting again, in milliseconds; 500 when left out. */
	readonly leastPause?: number;
	/** Longest pause, in milliseconds; 30 000 when left out. */
	readonly longestPause?: number;
	/** The global WebSocket when left out. */
	readonly WebSocket?: WindowSocketClass;
	/** `Math.random` when left out. */
	readonly random?: () => number;
}

export interface ConnectionEvents {
	hello(): ClientFrames["hello"];
	/** Any frame of the server but the ones that keep the connection alive. */
	frame(frame: Exclude<ServerFrame, ServerFrames["ping" | "pong" | "welcome"]>): void;
	state(state: ConnectionState): void;
}

/** A welcome has to come within this, in milliseconds. */
const welcomeWithin = 10_000;

/** A connection that lasted this long, in milliseconds, was a good one: the pauses begin anew. */
const goodAfter = 10_000;

export class Connection {
	readonly #options: ConnectionOptions;
	readonly #events: ConnectionEvents;
	#socket: WindowSocket | undefined;
	#state: ConnectionState = { state: "connecting" };
	#timer: ReturnType<typeof setTimeout> | undefined;
	/** How long the server may be silent, in milliseconds. */
	#patience = welcomeWithin;
	#failures = 0;
	#openedAt = 0;

	/** Connects at once. Throws on an address that is not one. */
	constructor(options: ConnectionOptions, events: ConnectionEvents) {
		this.#options = options;
		this.#events = events;
		this.#connect();
	}

	get state(): ConnectionState {
		return this.#state;
	}

	/** Sends a frame when the server has welcomed this window; otherwise drops it. */
	post(frame: ClientFrame): void {
		if (this.#state.state === "open") {
			this.#socket?.send(JSON.stringify(frame));
		}
	}

	close(): void {
		clearTimeout(this.#timer);
		this.#drop(1000, "closed");
		this.#become({ state: "closed" });
	}

	#connect(): void {
		const WebSocketClass = this.#options.WebSocket ?? (globalThis.WebSocket as unknown as WindowSocketClass);
		const socket = new WebSocketClass(this.#options.url);
		this.#socket = socket;
		socket.onopen = () => socket.send(JSON.stringify(this.#events.hello()));
		socket.onmessage = ({ data }: { data: unknown }) => this.#hear(data);
		socket.onclose = ({ code, reason }: { code?: number; reason?: string }) =>
			this.#lost(reason || `the connection closed (${code ?? "no code"})`);
		// A close always follows an error and says more; without a listener some environments would report it.
		socket.onerror = () => undefined;
		this.#patience = welcomeWithin;
		this.#watch();
		this.#become({ state: "connecting" });
	}

	/** The server pings every heartbeat, so silence for longer means that the connection is dead. */
	#watch(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			this.#drop(closeCodes.noHeartbeat, "the server was silent");
			this.#lost("the server was silent");
		}, this.#patience);
	}

	/** Lets go of the socket without waiting for its close, which a dead connection may delay for minutes. */
	#drop(code: number, reason: string): void {
		const socket = this.#socket;
		this.#socket = undefined;
		if (socket !== undefined) {
			socket.onopen = null;
			socket.onmessage = null;
			// Closing before the connection stands is an error event, so that listener stays.
			socket.onclose = null;
			socket.close(code, reason);
		}
	}

	#lost(reason: string): void {
		this.#socket = undefined;
		const wasGood = this.#state.state === "open" && performance.now() - this.#openedAt >= goodAfter;
		this.#failures = wasGood ? 1 : this.#failures + 1;
		const retryIn = backoff(this.#failures, {
			least: this.#options.leastPause ?? 500,
			most: this.#options.longestPause ?? 30_000,
			random: this.#options.random ?? Math.random,
		});
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#connect(), retryIn);
		this.#become({ state: "waiting", retryIn, reason });
	}

	#hear(data: unknown): void {
		this.#watch();
		const parsed = typeof data === "string" ? parseServerFrame(data) : { malformed: "the frame is not text" };
		// What only a newer server says is passed over.
		if ("frame" in parsed) {
			this.#take(parsed.frame);
		}
	}

	#take(frame: ServerFrame): void {
		switch (frame.type) {
			case "welcome":
				this.#open(frame.heartbeat);
				break;
			case "ping":
				this.#socket?.send(JSON.stringify({ type: "pong" } satisfies ClientFrame));
				break;
			case "pong":
				break;
			default:
				this.#events.frame(frame);
		}
	}

	#open(heartbeat: number): void {
		this.#patience = 2.5 * heartbeat;
		this.#openedAt = performance.now();
		this.#watch();
		this.#become({ state: "open" });
	}

	#become(state: ConnectionState): void {
		this.#state = state;
		this.#events.state(state);
	}
}
