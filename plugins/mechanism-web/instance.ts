/** The mechanism at work: inboxes by name, and the connections that windows open to them. */
import {
	type Attempt,
	type HostSocket,
	type MechanismHost,
	type MechanismInstance,
	type Milliseconds,
	type Presence,
	parseDuration,
	type SendResult,
} from "@posthaste/core";
import { Inbox, type InboxRules } from "./inbox.ts";
import { type ClientFrames, closeCodes, socketPath } from "./protocol.ts";
import { type Request, Window, type WindowOwner } from "./window.ts";

export interface WebSettings {
	readonly absent?: "refuse" | "keep";
	readonly keepFor?: string;
	readonly heartbeat?: string;
	readonly maxKept?: number;
}

export interface WebAddress {
	readonly inbox: string;
}

export const defaults = { absent: "refuse", keepFor: "7d", heartbeat: "30s", maxKept: 1000 } as const;

/** Shorter heartbeats would take a window for gone that only works hard. */
const shortestHeartbeat: Milliseconds = 100;

/** `setTimeout` takes no longer time than this. */
const longestHeartbeat: Milliseconds = 2 ** 31 - 1;

/** Beyond this many inboxes in memory, those leave it that no window shows. */
const idleInboxes = 256;

/** Inboxes looked at for leaving the memory whenever one comes in. */
const looks = 8;

export class WebInstance implements MechanismInstance<WebAddress>, WindowOwner {
	readonly heartbeat: Milliseconds;
	readonly #host: MechanismHost;
	readonly #rules: InboxRules;
	/** Those looked at last stand last. */
	readonly #inboxes = new Map<string, Inbox>();
	readonly #windows = new Set<Window>();
	#closing: Promise<void> | undefined;

	/** Throws on lengths of time that cannot be. */
	constructor(settings: WebSettings, host: MechanismHost) {
		const { absent, keepFor, heartbeat, maxKept } = { ...defaults, ...settings };
		this.#host = host;
		this.#rules = { absent, keepFor: duration("keepFor", keepFor, 1), maxKept };
		this.heartbeat = duration("heartbeat", heartbeat, shortestHeartbeat, longestHeartbeat);
		host.webSocket(socketPath, (socket) => this.#accept(socket));
	}

	#accept(socket: HostSocket): void {
		if (this.#closing !== undefined) {
			socket.close(closeCodes.goingAway, "the mechanism is closing");
			return;
		}
		this.#windows.add(new Window(socket, this));
	}

	send(attempt: Attempt<WebAddress>, signal: AbortSignal): Promise<SendResult> {
		const { inbox } = attempt.address;
		return this.#inbox(inbox).send({ ...attempt, address: { inbox } }, signal);
	}

	async presence(address: WebAddress): Promise<Presence> {
		return this.#inboxes.get(address.inbox)?.presence() ?? { state: "unavailable", at: this.#host.now() };
	}

	retract(attempt: { readonly id: string; readonly address: WebAddress }): Promise<boolean> {
		return this.#inbox(attempt.address.inbox).retract(attempt.id);
	}

	close(): Promise<void> {
		this.#closing ??= this.#close();
		return this.#closing;
	}

	async #close(): Promise<void> {
		const closed = [...this.#inboxes.values()].map((inbox) => inbox.close());
		// Windows come back by themselves: to this program's next run, or to the instance that follows.
		for (const window of [...this.#windows]) {
			window.close(closeCodes.goingAway, "the mechanism is closing");
		}
		await Promise.all(closed);
	}

	now(): Milliseconds {
		return this.#host.now();
	}

	async hello(window: Window, hello: ClientFrames["hello"]): Promise<void> {
		const attached = await this.#inbox(hello.inbox).attach(window, hello);
		if (!attached) {
			window.close(closeCodes.tryLater, "too many windows show this inbox");
		}
	}

	async request(window: Window, request: Request): Promise<void> {
		const inbox = this.#inbox(window.inbox as string);
		switch (request.type) {
			case "received":
				return inbox.receipt(window, request.attempt, "delivered");
			case "read":
				return inbox.receipt(window, request.attempt, "read");
			case "acknowledge":
				return inbox.receipt(window, request.attempt, "acknowledged");
			case "reply":
				return inbox.reply(window, request);
		}
	}

	stateChanged(window: Window): void {
		this.#inbox(window.inbox as string).tellPresence();
	}

	gone(window: Window): void {
		this.#windows.delete(window);
		if (window.inbox !== undefined) {
			this.#inboxes.get(window.inbox)?.detach(window);
		}
	}

	broke(error: unknown): void {
		this.#host.log.error({ err: error }, "a window's frame could not be worked on; the window is to connect again");
	}

	/** The inbox of a name, in memory from now on. */
	#inbox(name: string): Inbox {
		let inbox = this.#inboxes.get(name);
		if (inbox === undefined) {
			this.#forgetIdle();
			inbox = new Inbox(name, this.#host, this.#rules);
			this.#inboxes.set(name, inbox);
		}
		return inbox;
	}

	/** Makes room for one more: looks at those that were looked at longest ago, a few each time. */
	#forgetIdle(): void {
		const surplus = Math.max(0, this.#inboxes.size - idleInboxes);
		for (const [name, inbox] of [...this.#inboxes.entries().take(Math.min(surplus, looks))]) {
			this.#inboxes.delete(name);
			if (!inbox.idle) {
				this.#inboxes.set(name, inbox);
			}
		}
	}
}

function duration(name: string, text: string, least: Milliseconds, most = Number.MAX_SAFE_INTEGER): Milliseconds {
	const length = parseDuration(text);
	if (length === undefined || length < least || length > most) {
		throw new RangeError(`${name} is ${text}, and has to be between ${least} ms and ${most} ms`);
	}
	return length;
}
