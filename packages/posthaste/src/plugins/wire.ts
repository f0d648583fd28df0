/**
 * What lies between the program and a plugin: a thread, a process, or a command. Each carries messages
 * as they are, says when and why it ended, and can be ended.
 */
import { openCommand } from "./command-wire.ts";
import { openProcess } from "./process-wire.ts";
import { openThread } from "./thread-wire.ts";

/** How a plugin is kept apart from the program. */
export type Isolation = "thread" | "process";

/** What an operator granted a plugin that runs in a process of its own. Everything else is refused by Node. */
export interface Grants {
	/** Folders and files it may read, besides its own and what the program lends it. */
	readonly read?: readonly string[];
	readonly write?: readonly string[];
	readonly childProcesses?: boolean;
	readonly workers?: boolean;
}

/** What is started. */
export interface Program {
	/** The plugin's folder. */
	readonly folder: string;
	/** The module in it; or the command, to be run in the folder. */
	readonly main: { readonly module: string } | { readonly command: readonly string[] };
	readonly isolation: Isolation;
	/** Megabytes: of heap, or of a command's resident memory where the system tells it. */
	readonly memory: number;
	readonly grants: Grants;
}

export interface Wire {
	send(message: object): void;
	/** Ends it at once. `onEnd` still hears of it. False when it cannot be ended and goes on. */
	kill(): Promise<boolean>;
}

export interface WireListener {
	onMessage(message: unknown): void;
	/** Once. */
	onEnd(reason: string): void;
	/** A line that the plugin wrote to where nobody reads. */
	onOutput(line: string): void;
}

/** What a plugin may say at once without having been asked: calls, notices and lines of output. */
const talkLimit = 10_000;
/** And in a second, for as long as it likes. */
const talkRate = 5000;

export function openWire(program: Program, listener: WireListener): Wire {
	const talk = new Talk();
	let wire: Wire | undefined;
	let ended = false;
	const end = (reason: string) => {
		if (!ended) {
			ended = true;
			listener.onEnd(reason);
		}
	};
	const heard = (message?: unknown): boolean => {
		if (!ended && talk.heard(message)) {
			end(`it said more than ${talkRate} things a second without being asked`);
			void wire?.kill();
		}
		return !ended;
	};
	wire = open(program, {
		onMessage: (message) => heard(message) && listener.onMessage(message),
		// What it said while it ended is what tells why.
		onOutput: (line) => (heard() || !talk.isTooMuch) && listener.onOutput(line),
		onEnd: end,
	});
	const { send, kill } = wire;
	return {
		send(message) {
			if ("method" in message && "id" in message) {
				talk.asked();
			}
			send(message);
		},
		kill,
	};
}

function open(program: Program, listener: WireListener): Wire {
	const { main, isolation } = program;
	if ("command" in main) {
		return openCommand(program, main.command, listener);
	}
	return isolation === "process"
		? openProcess(program, main.module, listener)
		: openThread(program, main.module, listener);
}

/** Weighs what a plugin says beyond answers: it grows with each thing said, and shrinks with time. */
class Talk {
	#weight = 0;
	#at = performance.now();
	#unanswered = 0;

	get isTooMuch(): boolean {
		return this.#weight > talkLimit;
	}

	asked(): void {
		this.#unanswered += 1;
	}

	/** Whether it is too much by now. A line of output is no message. */
	heard(message: unknown): boolean {
		if (this.#unanswered > 0 && isAnswer(message)) {
			this.#unanswered -= 1;
			return false;
		}
		const now = performance.now();
		this.#weight = Math.max(0, this.#weight - ((now - this.#at) * talkRate) / 1000) + 1;
		this.#at = now;
		return this.isTooMuch;
	}
}

function isAnswer(message: unknown): boolean {
	return typeof message === "object" && message !== null && !("method" in message);
}
