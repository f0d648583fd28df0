/**
 * The window's side, for browsers and Node alike. It connects again by itself, shows each message
 * once, and repeats every receipt and reply until the server has confirmed that it is on disk. What
 * is unconfirmed is held in memory: it outlives the server, not the page.
 */
import { Connection, type ConnectionOptions, type ConnectionState } from "./connection.ts";
import { Outbox } from "./outbox.ts";
import {
	type ClientFrames,
	type ErrorCode,
	type MessageFrame,
	protocolVersion,
	type ServerFrames,
	type ShownLevel,
	shownLimit,
	socketPath,
	type WindowState,
} from "./protocol.ts";

export type { ConnectionState, WindowSocket, WindowSocketClass } from "./connection.ts";
export type { ErrorCode, ShownLevel, WindowState } from "./protocol.ts";

/** A message as a window shows it. `level` is set when an earlier window showed it. */
export type InboxMessage = Omit<MessageFrame, "type">;

export interface InboxClientOptions extends ConnectionOptions {
	readonly inbox: string;
	/** `available` when left out. */
	readonly state?: WindowState;
	/** Also show what was shown before and is not acknowledged: for a page that has nothing on it yet. */
	readonly history?: boolean;
}

export interface InboxEvents {
	readonly message: InboxMessage;
	readonly state: ConnectionState;
	readonly retract: { readonly attempt: string };
	readonly seen: { readonly attempt: string; readonly level: ShownLevel };
	readonly confirmed: { readonly attempt: string; readonly level: ShownLevel };
	readonly error: { readonly code: ErrorCode; readonly detail: string; readonly attempt?: string };
}

type Listener<Event> = (event: Event) => void;

/** The address of a mechanism's socket: `base` is the program's HTTP address, such as `http://127.0.0.1:7678`. */
export function socketUrl(base: string | URL, mechanism: string): string {
	const url = new URL(`/mechanisms/${encodeURIComponent(mechanism)}/${socketPath}`, base);
	url.protocol = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
	return url.href;
}

/** Attempts remembered as shown; the oldest are forgotten beyond it. */
const remembered = 5000;

export class InboxClient {
	readonly #inbox: string;
	readonly #history: boolean;
	readonly #random: () => number;
	readonly #connection: Connection;
	readonly #outbox = new Outbox((frame) => this.#connection.post(frame));
	readonly #shown = new Set<string>();
	readonly #listeners: { readonly [Name in keyof InboxEvents]: Set<Listener<InboxEvents[Name]>> } = {
		message: new Set(),
		state: new Set(),
		retract: new Set(),
		seen: new Set(),
		confirmed: new Set(),
		error: new Set(),
	};
	#presence: WindowState;

	/** Connects at once; listeners added in the same turn miss nothing. Throws on an address that is not one. */
	constructor(options: InboxClientOptions) {
		this.#inbox = options.inbox;
		this.#history = options.history ?? false;
		this.#random = options.random ?? Math.random;
		this.#presence = options.state ?? "available";
		this.#connection = new Connection(options, {
			hello: () => this.#hello(),
			frame: (frame) => this.#take(frame),
			state: (state) => this.#stateChanged(state),
		});
	}

	get state(): ConnectionState {
		return this.#connection.state;
	}

	/** How many receipts and replies the server has not confirmed yet. */
	get unconfirmed(): number {
		return this.#outbox.size;
	}

	/** Each message once. Call `received` when it is on the screen: until then the server keeps it. */
	onMessage(listener: Listener<InboxMessage>): () => void {
		return this.#on("message", listener);
	}

	onState(listener: Listener<ConnectionState>): () => void {
		return this.#on("state", listener);
	}

	/** A message that is shown here was taken back. */
	onRetract(listener: Listener<InboxEvents["retract"]>): () => void {
		return this.#on("retract", listener);
	}

	/** Another window of the inbox read or acknowledged a message that is shown here. */
	onSeen(listener: Listener<InboxEvents["seen"]>): () => void {
		return this.#on("seen", listener);
	}

	/** A receipt is on the server's disk. */
	onConfirmed(listener: Listener<InboxEvents["confirmed"]>): () => void {
		return this.#on("confirmed", listener);
	}

	/** The server refused something. */
	onError(listener: Listener<InboxEvents["error"]>): () => void {
		return this.#on("error", listener);
	}

	/** The message is on the screen. */
	received(attempt: string): void {
		this.#outbox.receipt(attempt, "delivered");
	}

	/** The person has read it. */
	read(attempt: string): void {
		this.#outbox.receipt(attempt, "read");
	}

	/** The person says that they have taken it up. */
	acknowledge(attempt: string): void {
		this.#outbox.receipt(attempt, "acknowledged");
	}

	/** Writes back. Throws a RangeError on an empty body and on one of more than 16 384 characters. */
	reply(attempt: string, body: string): void {
		this.#outbox.reply(attempt, body, this.#random());
	}

	setPresence(state: WindowState): void {
		this.#presence = state;
		this.#connection.post({ type: "presence", state });
	}

	/** Resolves when everything is confirmed, or this client is closed. */
	settled(): Promise<void> {
		return this.state.state === "closed" ? Promise.resolve() : this.#outbox.settled();
	}

	/** Leaves for good. What is unconfirmed is lost: await `settled` first where that matters. */
	close(): void {
		if (this.state.state !== "closed") {
			this.#connection.close();
			this.#outbox.close();
		}
	}

	#hello(): ClientFrames["hello"] {
		const shown = [...this.#shown].slice(-shownLimit);
		return {
			type: "hello",
			inbox: this.#inbox,
			version: protocolVersion,
			state: this.#presence,
			...(shown.length > 0 && { shown }),
			...(this.#history && { history: true }),
		};
	}

	#stateChanged(state: ConnectionState): void {
		this.#emit("state", state);
		if (state.state === "open") {
			this.#outbox.repeat();
		}
	}

	#take(frame: ServerFrames["message" | "retract" | "seen" | "confirmed" | "replied" | "error"]): void {
		const { type: _, ...event } = frame;
		switch (frame.type) {
			case "message":
				this.#show(event as InboxMessage);
				break;
			case "retract":
			case "seen":
				if (this.#shown.has(frame.attempt)) {
					this.#emit(frame.type, event as InboxEvents["seen"]);
				}
				break;
			case "confirmed":
				this.#outbox.confirmed(frame.attempt, frame.level);
				this.#emit("confirmed", event as InboxEvents["confirmed"]);
				break;
			case "replied":
				this.#outbox.replied(frame.id);
				break;
			case "error":
				this.#refused(event as InboxEvents["error"]);
		}
	}

	#refused(error: InboxEvents["error"]): void {
		if (error.code === "unknown-attempt" && error.attempt !== undefined) {
			this.#outbox.forget(error.attempt);
		}
		this.#emit("error", error);
	}

	#show(message: InboxMessage): void {
		if (this.#shown.has(message.attempt)) {
			return;
		}
		this.#shown.add(message.attempt);
		if (this.#shown.size > remembered) {
			const [oldest] = this.#shown;
			this.#shown.delete(oldest as string);
		}
		this.#emit("message", message);
	}

	#on<Name extends keyof InboxEvents>(name: Name, listener: Listener<InboxEvents[Name]>): () => void {
		this.#listeners[name].add(listener);
		return () => this.#listeners[name].delete(listener);
	}

	#emit<Name extends keyof InboxEvents>(name: Name, event: InboxEvents[Name]): void {
		for (const listener of [...this.#listeners[name]]) {
			listener(event);
		}
	}
}
