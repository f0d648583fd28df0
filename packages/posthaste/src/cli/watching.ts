/** Following one message to its end: the live timeline, and the sender's questions answered where they sit. */
import type { EventDocument, MessageDocument } from "@posthaste/core";
import type { Client } from "./client.ts";
import { LiveConsole } from "./console.ts";
import { follow, type StreamEvent } from "./events.ts";
import { type ExitCode, exitCodeOfStates } from "./exit-codes.ts";
import { Failure } from "./failure.ts";
import { commandLines, heldOf } from "./held.ts";
import { interruptible } from "./interrupt.ts";
import { columns, isInteractive, paint, write, writeError } from "./terminal.ts";
import { type OpenQuestion, Timeline } from "./timeline.ts";

export interface WatchOptions {
	readonly json: boolean;
	/** Who sits here: only their own messages' questions are put to them. */
	readonly who: string;
}

/** Shows a message until all its deliveries are final, and answers the exit code that their states deserve. */
export function watchMessage(client: Client, id: string, options: WatchOptions): Promise<ExitCode> {
	const hint = `The message goes on without you; \`posthaste watch ${id}\` follows it again`;
	return interruptible(hint, async (signal, interrupt) => {
		const watch = new Watch(client, id, options, interrupt);
		try {
			for await (const event of follow(client, messagePath(id, "/events"), signal)) {
				await watch.take(event);
			}
		} finally {
			watch.close();
		}
		return exitCodeOfStates(watch.timeline.states);
	});
}

export function messagePath(id: string, below = ""): string {
	return `/v1/messages/${encodeURIComponent(id)}${below}`;
}

class Watch {
	readonly timeline = new Timeline(columns());
	readonly #client: Client;
	readonly #id: string;
	readonly #options: WatchOptions;
	readonly #console: LiveConsole;
	#mine = false;
	#asking: { readonly question: OpenQuestion; readonly withdraw: AbortController } | undefined;

	constructor(client: Client, id: string, options: WatchOptions, interrupt: () => void) {
		this.#client = client;
		this.#id = id;
		this.#options = options;
		this.#console = new LiveConsole(interrupt);
	}

	async take(event: StreamEvent): Promise<void> {
		const lines = await this.#linesOf(event);
		if (this.#options.json) {
			writeEvent(event);
			return;
		}
		this.#withdrawClosed();
		this.#console.print(lines);
		this.#askNext();
	}

	close(): void {
		this.#asking?.withdraw.abort();
	}

	async #linesOf(event: StreamEvent): Promise<readonly string[]> {
		switch (event.event) {
			case "message":
				return this.#message(event.data);
			case "entries":
				return this.#entries(event.data);
			case "interrupted":
				return [paint("dim", `(the connection broke; trying again in ${event.delay / 1000} s)`)];
			case "end":
				return this.timeline.summary();
			default:
				return event satisfies never;
		}
	}

	#message(message: MessageDocument): readonly string[] {
		this.#mine = message.from === this.#options.who;
		return this.#withCommands(this.timeline.message(message), heldOf([message]));
	}

	async #entries(event: EventDocument): Promise<readonly string[]> {
		if (this.timeline.misses(event)) {
			return this.#message(await this.#client.get<MessageDocument>(messagePath(this.#id)));
		}
		const lines = this.timeline.entries(event);
		const { delivery, state, reason, entries } = event;
		const isNowHeld = state === "held" && entries.some(({ type }) => type === "held");
		const recipient = this.timeline.recipientOf(delivery);
		const held = isNowHeld ? [{ id: delivery, recipient, reason, journal: entries }] : [];
		return this.#withCommands(lines, held);
	}

	/** Whoever watches a held delivery waits for a person, and may be the one. What has been said is not said again. */
	#withCommands(lines: readonly string[], held: Parameters<typeof commandLines>[0]): readonly string[] {
		const isNew = lines.length > 0 && held.length > 0;
		return isNew ? [...lines, ...commandLines(held, this.#client.server)] : lines;
	}

	/** A question that was answered elsewhere, or that a receipt has settled, leaves the screen. */
	#withdrawClosed(): void {
		const asked = this.#asking;
		if (asked !== undefined && !this.timeline.questions.some(({ id }) => id === asked.question.id)) {
			asked.withdraw.abort();
			this.#asking = undefined;
		}
	}

	#askNext(): void {
		const question = this.timeline.questions[0];
		if (question === undefined || this.#asking !== undefined || !this.#mine || !isInteractive()) {
			return;
		}
		const withdraw = new AbortController();
		this.#asking = { question, withdraw };
		void this.#ask(question, withdraw.signal);
	}

	async #ask(question: OpenQuestion, signal: AbortSignal): Promise<void> {
		let answer: "yes" | "no" | undefined;
		const take = (line: string) => {
			answer = parseAnswer(line);
			return answer !== undefined;
		};
		await this.#console.ask({ query: paint("cyan", "          your answer, y or n: "), take, signal });
		if (answer === undefined) {
			return;
		}
		await postAnswer(this.#client, question.id, answer).catch((error: unknown) => {
			// The timeline tells who answered first; anything else is worth saying.
			if (!(error instanceof Failure && error.code === "already-answered")) {
				writeError(`${error instanceof Error ? error.message : error}\n`);
			}
		});
	}
}

export function parseAnswer(typed: string): "yes" | "no" | undefined {
	const word = typed.trim().toLowerCase();
	if (word === "y" || word === "yes") {
		return "yes";
	}
	return word === "n" || word === "no" ? "no" : undefined;
}

export function postAnswer(client: Client, prompt: string, answer: "yes" | "no"): Promise<unknown> {
	return client.post(`/v1/prompts/${encodeURIComponent(prompt)}/answer`, { answer });
}

/** One event a line, as NDJSON. */
export function writeEvent(event: StreamEvent): void {
	write(`${JSON.stringify(event)}\n`);
}
