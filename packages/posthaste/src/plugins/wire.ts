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
	/** Ends it at once. `onEnd` still hears of it. */
	kill(): Promise<void>;
}

export interface WireListener {
	onMessage(message: unknown): void;
	/** Once. */
	onEnd(reason: string): void;
	/** A line that the plugin wrote to where nobody reads. */
	onOutput(line: string): void;
}

/** What a plugin may say in a second without having been asked: calls, notices and lines of output. */
const talkLimit = 5000;

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
	const heard = (): boolean => {
		if (!ended && talk.heard()) {
			end(`it said more than ${talkLimit} things in a second without being asked`);
			void wire?.kill();
		}
		return !ended;
	};
	wire = open(program, {
		onMessage: (message) => heard() && listener.onMessage(message),
		// What it said while it ended is what tells why.
		onOutput: (line) => (heard() || !talk.isTooMuch) && listener.onOutput(line),
		onEnd: end,
	});
	const { send, kill } = wire;
	return {
		send(message) {
			if ("method" in message) {
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

/** Counts what a plugin says beyond answers, a second at a time. */
class Talk {
	#since = Date.now();
	#said = 0;
	#asked = 0;

	get isTooMuch(): boolean {
		return this.#said - this.#asked > talkLimit;
	}

	asked(): void {
		this.#asked += 1;
	}

	/** Whether it is too much by now. */
	heard(): boolean {
		const now = Date.now();
		if (now - this.#since >= 1000) {
			// What was asked in this second may be answered in the next one.
			this.#asked = Math.max(0, this.#asked - this.#said);
			this.#said = 0;
			this.#since = now;
		}
		this.#said += 1;
		return this.isTooMuch;
	}
}
