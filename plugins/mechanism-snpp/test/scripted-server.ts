/** An SNPP server that says what a test tells it to say, and remembers what it was told. */
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A reply; `undefined` says nothing; a function does as it likes with the connection. */
export type Answer = string | undefined | ((socket: Socket, line: string) => void);

export interface Script {
	/** `220 ready` when left out. */
	readonly greeting?: Answer;
	/** By command; those left out get a plain yes. */
	readonly answers?: Readonly<Record<string, Answer>>;
	/** What comes after the text of DATA. */
	readonly afterData?: Answer;
}

export interface ScriptedServer {
	readonly port: number;
	readonly url: string;
	/** Every command of every connection, in order; the lines after DATA count as one. */
	readonly lines: readonly string[];
	readonly connections: number;
	/** Resolves when commands beginning like this have come, so many in all. */
	told(beginning: string, times?: number): Promise<void>;
	/** Other answers from now on. */
	change(script: Script): void;
	stop(): Promise<void>;
}

const plainYes: Readonly<Record<string, string>> = { DATA: "354 go on", QUIT: "221 goodbye" };

export async function scriptedServer(script: Script = {}): Promise<ScriptedServer> {
	const state = new State(script);
	const server = createServer((socket) => state.serve(socket));
	await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
	const { port } = server.address() as AddressInfo;
	return {
		port,
		url: `snpp://127.0.0.1:${port}`,
		lines: state.lines,
		get connections() {
			return state.connections;
		},
		told: (beginning, times) => state.told(beginning, times),
		change: (changed) => {
			state.script = changed;
		},
		async stop() {
			const closed = new Promise((resolve) => server.close(resolve));
			state.cutAll();
			await closed;
		},
	};
}

class State {
	script: Script;
	readonly lines: string[] = [];
	connections = 0;
	readonly #sockets = new Set<Socket>();
	readonly #listeners: (() => void)[] = [];

	constructor(script: Script) {
		this.script = script;
	}

	told(beginning: string, times = 1): Promise<void> {
		return new Promise((resolve) => {
			const look = () => {
				if (this.lines.filter((line) => line.startsWith(beginning)).length >= times) {
					resolve();
				}
			};
			this.#listeners.push(look);
			look();
		});
	}

	cutAll(): void {
		for (const socket of this.#sockets) {
			socket.destroy();
		}
	}

	serve(socket: Socket): void {
		this.connections += 1;
		this.#sockets.add(socket);
		socket.on("close", () => this.#sockets.delete(socket));
		socket.on("error", () => socket.destroy());
		answer(socket, "greeting" in this.script ? this.script.greeting : "220 ready", "");
		let rest = "";
		let data: string[] | undefined;
		socket.setEncoding("utf8").on("data", (text) => {
			const parts = (rest + String(text)).split("\r\n");
			rest = parts.pop() ?? "";
			for (const line of parts) {
				data = this.#take(socket, line, data);
			}
		});
	}

	/** Answers the lines of DATA so far, or undefined outside of it. */
	#take(socket: Socket, line: string, data: string[] | undefined): string[] | undefined {
		if (data === undefined) {
			const reply = this.#answerTo(line.slice(0, 4));
			this.#told(line);
			answer(socket, reply, line);
			return typeof reply === "string" && reply.startsWith("354") ? [] : undefined;
		}
		if (line !== ".") {
			return [...data, line];
		}
		this.#told(data.join("\r\n"));
		answer(socket, "afterData" in this.script ? this.script.afterData : "250 fine", line);
		return undefined;
	}

	#told(line: string): void {
		this.lines.push(line);
		for (const listener of this.#listeners) {
			listener();
		}
	}

	#answerTo(command: string): Answer {
		const { answers = {} } = this.script;
		return command in answers ? answers[command] : (plainYes[command] ?? "250 fine");
	}
}

function answer(socket: Socket, reply: Answer, line: string): void {
	if (typeof reply === "function") {
		reply(socket, line);
	} else if (reply !== undefined) {
		socket.write(`${reply}\r\n`);
	}
}
