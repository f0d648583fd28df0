/**
 * One connection of a browser window. It says hello, then frames go both ways; a window that is
 * silent for a whole heartbeat after a ping counts as gone, whatever TCP believes.
 */
import type { HostSocket, Milliseconds } from "@posthaste/core";
import {
	type ClientFrame,
	type ClientFrames,
	closeCodes,
	type ErrorCode,
	frameLimit,
	parseClientFrame,
	protocolVersion,
	type ServerFrame,
	type WindowState,
} from "./protocol.ts";

/** Malformed frames after which a window is told to go. */
const malformedLimit = 16;

/** Frames of one window that may be worked on at once. */
const busyLimit = 2000;

/**
 * Characters written before the window has to say something, a pong at the least. Servers let go of
 * windows that leave too much unread, and a long inbox, opened over a slow line, would never get through.
 */
const unreadLimit = 512 * 1024;

/** What a window asks for once it has said hello. */
export type Request = Exclude<ClientFrame, ClientFrames["hello" | "ping" | "pong" | "presence"]>;

/** Whom a window belongs to. A rejection of `hello` or `request` ends the connection, so that the window repeats. */
export interface WindowOwner {
	readonly heartbeat: Milliseconds;
	now(): Milliseconds;
	hello(window: Window, hello: ClientFrames["hello"]): Promise<void>;
	request(window: Window, request: Request): Promise<void>;
	stateChanged(window: Window): void;
	gone(window: Window): void;
	broke(error: unknown): void;
}

export class Window {
	/** When anything last came from it. */
	lastHeard: Milliseconds;
	state: WindowState = "available";
	/** The inbox it said hello to. */
	inbox: string | undefined;
	readonly #socket: HostSocket;
	readonly #owner: WindowOwner;
	#timer: NodeJS.Timeout;
	#gone = false;
	#welcomed = false;
	#answered = true;
	#malformed = 0;
	#busy = 0;
	/** Characters written since it last said anything. */
	#unread = 0;
	/** Frames that wait until it does, in order. */
	#held: ServerFrame[] = [];

	constructor(socket: HostSocket, owner: WindowOwner) {
		this.#socket = socket;
		this.#owner = owner;
		this.lastHeard = owner.now();
		this.#timer = setTimeout(() => this.close(closeCodes.noHello, "no hello came"), owner.heartbeat).unref();
		socket.onMessage((text) => this.#hear(text));
		socket.onClose(() => this.#end());
	}

	get gone(): boolean {
		return this.#gone;
	}

	/** Sends a frame, as soon as the window has read what it was sent before; false when the window is gone. */
	post(frame: ServerFrame): boolean {
		if (this.#gone) {
			return false;
		}
		if (this.#unread >= unreadLimit) {
			this.#held.push(frame);
			return true;
		}
		const isWritten = this.#write(frame);
		return this.#unread < unreadLimit ? isWritten : this.#write({ type: "ping" });
	}

	#write(frame: ServerFrame): boolean {
		const text = JSON.stringify(frame);
		try {
			this.#socket.send(text);
		} catch {
			this.close(closeCodes.goingAway, "the connection broke");
			return false;
		}
		this.#unread += text.length;
		return true;
	}

	#postHeld(): void {
		this.#unread = 0;
		const held = this.#held;
		this.#held = [];
		for (const frame of held) {
			this.post(frame);
		}
	}

	/** Lets requests in: the window now belongs to its inbox. */
	welcome(inbox: string): void {
		this.#welcomed = true;
		this.post({ type: "welcome", inbox, version: protocolVersion, heartbeat: this.#owner.heartbeat });
	}

	error(code: ErrorCode, detail: string, attempt?: string): void {
		this.post({ type: "error", code, detail, ...(attempt !== undefined && { attempt }) });
	}

	/** Ends the connection. The window counts as gone at once: a half-open socket may take minutes to close. */
	close(code: number, reason: string): void {
		if (!this.#gone) {
			this.#end();
			this.#socket.close(code, reason);
		}
	}

	#end(): void {
		if (!this.#gone) {
			this.#gone = true;
			clearTimeout(this.#timer);
			this.#owner.gone(this);
		}
	}

	/** The server asks, since browsers slow the timers of hidden pages down but answer messages at once. */
	#beat(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => {
			if (!this.#answered) {
				this.close(closeCodes.noHeartbeat, "no answer to a ping");
				return;
			}
			this.#answered = false;
			if (this.#write({ type: "ping" })) {
				this.#beat();
			}
		}, this.#owner.heartbeat).unref();
	}

	#hear(text: string): void {
		if (this.#gone) {
			return;
		}
		this.lastHeard = this.#owner.now();
		this.#answered = true;
		this.#postHeld();
		if (text.length > frameLimit) {
			this.error("too-large", `a frame has ${frameLimit} characters at the most`);
			this.close(closeCodes.tooLarge, "a frame was too large");
			return;
		}
		const parsed = parseClientFrame(text);
		if ("malformed" in parsed) {
			this.#complain(parsed.malformed);
		} else {
			this.#take(parsed.frame);
		}
	}

	#complain(detail: string): void {
		this.error("malformed", detail);
		this.#malformed += 1;
		if (this.#malformed >= malformedLimit) {
			this.close(closeCodes.policy, "too many malformed frames");
		}
	}

	#take(frame: ClientFrame): void {
		switch (frame.type) {
			case "ping":
				this.post({ type: "pong" });
				return;
			case "pong":
				return;
			case "hello":
				this.#hello(frame);
				return;
			default:
				if (this.#welcomed) {
					this.#request(frame);
				} else {
					this.error("hello-first", "say hello and wait for the welcome first");
				}
		}
	}

	#hello(hello: ClientFrames["hello"]): void {
		if (this.inbox !== undefined) {
			this.error("hello-twice", "a connection belongs to one inbox: open another one");
			return;
		}
		if (hello.version !== protocolVersion) {
			this.error("version", `this server speaks version ${protocolVersion}`);
			this.close(closeCodes.version, "another version of the protocol");
			return;
		}
		this.inbox = hello.inbox;
		this.state = hello.state ?? "available";
		this.#beat();
		this.#work(this.#owner.hello(this, hello));
	}

	#request(frame: Request | ClientFrames["presence"]): void {
		if (frame.type === "presence") {
			this.state = frame.state;
			this.#owner.stateChanged(this);
		} else if (this.#busy >= busyLimit) {
			this.error("too-many", "too many frames at once");
			this.close(closeCodes.tryLater, "too many frames at once");
		} else {
			this.#work(this.#owner.request(this, frame));
		}
	}

	/** What fails was not confirmed, so the window connects again and repeats it. */
	#work(work: Promise<void>): void {
		this.#busy += 1;
		work
			.catch((error: unknown) => {
				this.#owner.broke(error);
				this.close(closeCodes.internal, "try again");
			})
			.finally(() => {
				this.#busy -= 1;
			});
	}
}
