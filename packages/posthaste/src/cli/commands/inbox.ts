/** `inbox`: a user's instant messages in the terminal, through the same mechanism as a browser's window. */
import type { PageDocument } from "@posthaste/core";
import type { InboxClient, InboxMessage } from "@posthaste/mechanism-web/client";
import type { Command } from "commander";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { LiveConsole } from "../console.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import { interruptible } from "../interrupt.ts";
import { hanging, plain, wrap } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { columns, isInteractive, paint, write } from "../terminal.ts";
import { momentOf } from "../times.ts";

interface InboxOptions extends ServerOptions {
	readonly mechanism?: string;
	readonly receipts?: "delivered" | "read";
}

export function addInbox(program: Command): void {
	const command = withServer(
		program
			.command("inbox")
			.summary("read a user's instant messages here")
			.description(
				"Shows a user's instant messages as they come, and tells the sender so. At the prompt `a` acknowledges the last " +
					"message, `a 2` the second, `r TEXT` and `r 2 TEXT` reply, `q` leaves. While it runs, the user is available.",
			)
			.argument("<user>", "whose inbox")
			.addOption(option("--mechanism <name>", "which one, when the user has several of plugin `web`"))
			.addOption(
				option(
					"--receipts <level>",
					"what to tell of a message shown (default: read at a terminal, else delivered)",
				).choices(["delivered", "read"]),
			),
	).action(action(inbox));
	examples(command, [["posthaste inbox jsmith", "be John Smith, available by IM"]]);
}

async function inbox(user: string, options: InboxOptions): Promise<void> {
	const client = clientOf(options);
	const address = await findInbox(client, user, options.mechanism);
	const web = await import("@posthaste/mechanism-web/client");
	await interruptible("", async (signal, interrupt) => {
		const inboxClient = new web.InboxClient({
			url: web.socketUrl(`${client.server}/`, address.mechanism),
			inbox: address.inbox,
			history: true,
		});
		const session = new InboxSession(inboxClient, options, user, interrupt);
		try {
			await session.run(signal);
		} finally {
			inboxClient.close();
		}
	}).catch((error: unknown) => {
		// Leaving an inbox by Ctrl-C is how one leaves it.
		if (!(error instanceof Failure && error.code === "interrupted")) {
			throw error;
		}
	});
}

interface UserTable {
	readonly mechanisms: readonly { readonly mechanism: string; readonly address: Readonly<Record<string, unknown>> }[];
}

/** The user's entry whose mechanism is an instance of the plugin `web`. */
async function findInbox(client: Client, user: string, wanted: string | undefined) {
	const [{ mechanisms: entries }, { items }] = await Promise.all([
		client.get<UserTable>(`/v1/users/${encodeURIComponent(user)}`),
		client.get<PageDocument<{ name: string; use: string }>>("/v1/mechanisms", { query: { limit: 1000 } }),
	]);
	const web = new Set(items.filter((mechanism) => mechanism.use === "web").map((mechanism) => mechanism.name));
	const fitting = entries.filter(({ mechanism }) => web.has(mechanism) && (wanted ?? mechanism) === mechanism);
	const [entry, another] = fitting;
	const name = entry?.address.inbox;
	if (entry === undefined || typeof name !== "string") {
		throw new Failure("no-inbox", `${user} has no ${wanted ?? "mechanism of plugin web"} in the delivery table`, {
			exitCode: exitCodes.refused.code,
			remedy: "Add `{ mechanism: NAME, address: { inbox: USER } }` to the user's mechanisms.",
		});
	}
	if (another !== undefined) {
		throw usageFailure(
			`${user} has several inboxes: ${fitting.map(({ mechanism }) => mechanism).join(", ")}`,
			"Name one with --mechanism.",
		);
	}
	return { mechanism: entry.mechanism, inbox: name };
}

/** What a person does at the prompt. */
type Order = { readonly do: "acknowledge" | "reply"; readonly number: number; readonly text: string };

class InboxSession {
	readonly #client: InboxClient;
	readonly #console: LiveConsole;
	readonly #json: boolean;
	readonly #level: "delivered" | "read";
	readonly #user: string;
	readonly #shown: InboxMessage[] = [];
	#connected = false;

	constructor(client: InboxClient, options: InboxOptions, user: string, interrupt: () => void) {
		this.#client = client;
		this.#json = options.json === true;
		this.#level = options.receipts ?? (isInteractive() && !this.#json ? "read" : "delivered");
		this.#user = user;
		this.#console = new LiveConsole(interrupt);
		this.#listen();
	}

	/** Until `q`, the end of the input, or the signal. */
	async run(signal: AbortSignal): Promise<void> {
		const query = isInteractive() ? `${paint("cyan", this.#user)}> ` : "";
		const left = await this.#console.ask({ query, take: (line) => this.#obey(line), signal });
		if (!left && !signal.aborted) {
			// A pipe that ended says nothing more; the messages still come.
			await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
		}
		await Promise.race([this.#client.settled(), new Promise((resolve) => setTimeout(resolve, 2000).unref())]);
	}

	#listen(): void {
		const client = this.#client;
		client.onMessage((message) => this.#show(message));
		client.onRetract(({ attempt }) => this.#tell("retract", attempt, "was taken back by the sender"));
		client.onSeen(({ attempt, level }) => this.#tell("seen", attempt, `was ${level} in another window`));
		client.onConfirmed(({ attempt, level }) => {
			if (level === "acknowledged") {
				this.#tell("acknowledged", attempt, "acknowledged");
			}
		});
		client.onError(({ code, detail }) => this.#say({ event: "error", code, detail }, paint("red", `✗ ${detail}`)));
		client.onState((state) => {
			if (state.state === "open") {
				this.#connected = true;
				this.#say({ event: "open" }, paint("dim", `${this.#user} is available here; messages appear as they come`));
			} else if (state.state === "waiting") {
				const text = `${this.#connected ? "the connection broke" : "no connection"}: ${state.reason}; trying again`;
				this.#say({ event: "waiting", reason: state.reason }, paint("yellow", `… ${text}`));
			}
		});
	}

	#show(message: InboxMessage): void {
		this.#shown.push(message);
		this.#say({ event: "message", ...message }, ...messageLines(message, this.#shown.length));
		this.#client.received(message.attempt);
		if (this.#level === "read") {
			this.#client.read(message.attempt);
		}
	}

	#tell(event: string, attempt: string, what: string): void {
		const number = this.#shown.findIndex((message) => message.attempt === attempt) + 1;
		this.#say({ event, attempt }, paint("dim", `[${number}] ${what}`));
	}

	#say(document: object, ...lines: readonly string[]): void {
		if (this.#json) {
			write(`${JSON.stringify(document)}\n`);
		} else {
			this.#console.print(lines);
		}
	}

	/** True when the person leaves. */
	#obey(typed: string): boolean {
		if (/^(q|quit)$/i.test(typed.trim())) {
			return true;
		}
		const order = parseOrder(typed, this.#shown.length);
		if (typeof order !== "string") {
			this.#carryOut(order);
		} else if (order !== "") {
			this.#say({ event: "usage", detail: order }, paint("yellow", order));
		}
		return false;
	}

	#carryOut(order: Order): void {
		const message = this.#shown[order.number - 1];
		if (message === undefined) {
			this.#say({ event: "usage", detail: "no such message" }, paint("yellow", `There is no message ${order.number}`));
		} else if (order.do === "acknowledge") {
			this.#client.acknowledge(message.attempt);
		} else {
			this.#client.reply(message.attempt, order.text);
			this.#say({ event: "reply", attempt: message.attempt }, paint("dim", `[${order.number}] replied`));
		}
	}
}

/** An order, or what to say when it is none; nothing to an empty line. */
export function parseOrder(typed: string, last: number): Order | string {
	const line = typed.trim();
	const [, word, number, text = ""] = /^(a|ack|r|reply)(?:\s+(\d+))?(?:\s+(.+))?$/is.exec(line) ?? [];
	if (word === undefined) {
		return line === "" ? "" : "a [NUMBER] acknowledges, r [NUMBER] TEXT replies, q leaves";
	}
	const at = number === undefined ? last : Number(number);
	if (word.toLowerCase().startsWith("a")) {
		return text === "" ? { do: "acknowledge", number: at, text: "" } : "a [NUMBER] acknowledges; for words use r";
	}
	return text === "" ? "r [NUMBER] TEXT: the text is missing" : { do: "reply", number: at, text };
}

function messageLines(message: InboxMessage, number: number): readonly string[] {
	const { from, subject, body, priority, sentAt, level } = message;
	const urgent = priority === "urgent" || priority === "high" ? ` ${paint(["red", "bold"], priority)}` : "";
	const before = level === undefined ? "" : paint("dim", ` (${level})`);
	const head = `${paint("cyan", `[${number}]`)} ${paint("bold", plain(from))}${urgent} ${paint("dim", momentOf(sentAt))}${before}`;
	return [
		head,
		...(subject === undefined ? [] : hanging("    ", paint("bold", plain(subject)), columns())),
		...plain(body)
			.split("\n")
			.flatMap((line) => wrap(line, columns() - 4).map((part) => `    ${part}`)),
	];
}
