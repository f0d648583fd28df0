/** `watch`, `show`, `messages` and `cancel`: messages that are there already. */
import { type DeliveryState, deliveryStates, type EventDocument, type MessageDocument } from "@posthaste/core";
import type { Command } from "commander";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { defaultSender } from "../draft.ts";
import { follow } from "../events.ts";
import type { ExitCode } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { heldLines } from "../held.ts";
import { interruptible } from "../interrupt.ts";
import { clip, hanging, table } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { columns, paint, writeError, writeJson, writeLine } from "../terminal.ts";
import { stateText, Timeline } from "../timeline.ts";
import { momentOf } from "../times.ts";
import { messagePath, watchMessage, writeEvent } from "../watching.ts";

export function addWatch(program: Command): void {
	const command = withServer(
		program
			.command("watch")
			.summary("follow one message, or everything, as it happens")
			.description(
				"Follows a message until its end and exits with its result; without MESSAGE follows all messages until Ctrl-C. " +
					"Questions about your own messages are put to you. With --json prints one event a line.",
			)
			.argument("[message]", "a message's identifier")
			.addOption(option("-f, --from <user>", "who you are, for questions (default: you)")),
	).action(action(watch));
	examples(command, [
		["posthaste watch", "everything that happens from now on"],
		["posthaste watch 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10", "one message, until its end"],
	]);
}

interface WatchOptions extends ServerOptions {
	readonly from?: string;
}

async function watch(id: string | undefined, options: WatchOptions): Promise<ExitCode | undefined> {
	const client = clientOf(options);
	const json = options.json === true;
	return id === undefined
		? watchAll(client, json)
		: watchMessage(client, id, { json, who: options.from ?? defaultSender() });
}

/** Each message gets a timeline of its own; a message's title is said when the eye moves to it. */
async function watchAll(client: Client, json: boolean): Promise<ExitCode | undefined> {
	const timelines = new Map<string, Timeline>();
	let current: string | undefined;
	if (!json) {
		writeError(`Following ${client.server}; Ctrl-C ends it.\n`);
	}
	return interruptible("", async (signal) => {
		for await (const event of follow(client, "/v1/events", signal)) {
			if (json) {
				writeEvent(event);
			} else if (event.event === "entries") {
				const id = event.data.message;
				const lines = await linesOf(client, timelines, event.data, id !== current);
				current = id;
				lines.forEach(writeLine);
			}
		}
		return undefined;
	});
}

/** Timelines that are remembered; the oldest goes first. */
const rememberedTimelines = 1000;

async function linesOf(
	client: Client,
	timelines: Map<string, Timeline>,
	event: EventDocument,
	moved: boolean,
): Promise<readonly string[]> {
	const known = timelines.get(event.message);
	if (known !== undefined && !known.misses(event)) {
		const lines = known.entries(event);
		return moved && lines.length > 0 ? ["", paint("dim", `message ${event.message}`), ...lines] : lines;
	}
	const timeline = known ?? new Timeline(columns());
	timelines.set(event.message, timeline);
	const oldest = timelines.keys().next();
	if (timelines.size > rememberedTimelines && !oldest.done) {
		timelines.delete(oldest.value);
	}
	return ["", ...timeline.message(await client.get<MessageDocument>(messagePath(event.message)))];
}

export function addShow(program: Command): void {
	const command = withServer(
		program
			.command("show")
			.summary("show what happened to a message")
			.description("Shows a message and its whole timeline, each recipient's.")
			.argument("<message>", "a message's identifier"),
	).action(
		action(async (id: string, options: ServerOptions) => {
			const client = clientOf(options);
			const message = await client.get<MessageDocument>(messagePath(id));
			if (options.json) {
				writeJson(message);
				return;
			}
			const timeline = new Timeline(columns());
			const lines = [...timeline.message(message), "", ...statesOf(message), ...heldLines([message], client.server)];
			lines.forEach(writeLine);
		}),
	);
	examples(command, [["posthaste show 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10", "its timeline from the beginning"]]);
}

function statesOf({ deliveries }: MessageDocument): readonly string[] {
	const rows = deliveries.map(({ recipient, state, due }) => [
		recipient,
		stateText(state),
		due === null ? "" : paint("dim", `until ${momentOf(due)}`),
	]);
	return table(rows, columns());
}

interface ListOptions extends ServerOptions {
	readonly sender?: string;
	readonly recipient?: string;
	readonly state?: DeliveryState;
	readonly limit: number;
}

export function addMessages(program: Command): void {
	const command = withServer(
		program
			.command("messages")
			.summary("list messages, newest first")
			.description("Lists messages, newest first, with the state of each recipient's delivery.")
			.addOption(option("--sender <user>", "only from this sender"))
			.addOption(option("--recipient <user>", "only to this recipient"))
			.addOption(option("--state <state>", "only with a delivery in this state").choices(deliveryStates))
			.addOption(option("-n, --limit <number>", "how many at most").argParser(parseLimit).default(20)),
	).action(action(list));
	examples(command, [["posthaste messages --recipient jsmith --state unreached", "what did not reach John"]]);
}

function parseLimit(text: string): number {
	const limit = Number(text);
	if (!Number.isInteger(limit) || limit < 1 || limit > 10_000) {
		throw usageFailure(`--limit ${text} is not a whole number from 1 to 10000`);
	}
	return limit;
}

async function list({ limit, sender, recipient, state, ...options }: ListOptions): Promise<void> {
	const query = { sender, recipient, state };
	const client = clientOf(options);
	const items = await client.all<MessageDocument>("/v1/messages", query, limit);
	if (options.json) {
		writeJson({ items });
	} else if (items.length === 0) {
		writeLine(paint("dim", "No such messages."));
	} else {
		const width = columns();
		const lines =
			width < widestBlock ? items.flatMap((item) => listBlock(item, width)) : table(items.map(listRow), width);
		[...lines, ...heldLines(items, client.server)].forEach(writeLine);
	}
}

/** On a terminal narrower than this a message takes two lines. */
const widestBlock = 140;

function listRow(message: MessageDocument): readonly string[] {
	return [paint("dim", momentOf(message.acceptedAt)), message.id, clip(titleOf(message), 40), peopleOf(message)];
}

function listBlock(message: MessageDocument, width: number): readonly string[] {
	return [
		`${message.id}  ${paint("dim", momentOf(message.acceptedAt))}`,
		`  ${clip(titleOf(message), width - 2)}`,
		...hanging("  ", peopleOf(message), width),
	];
}

function titleOf({ from, subject, body }: MessageDocument): string {
	return `${from}: ${subject ?? body}`;
}

/** Each recipient's state; more than a few of them by their number. */
function peopleOf({ deliveries }: MessageDocument): string {
	const shown = deliveries.slice(0, 3).map(({ recipient, state }) => `${recipient} ${stateText(state)}`);
	const more = deliveries.length - shown.length;
	return shown.join(", ") + (more > 0 ? `, ${more} more` : "");
}

export function addCancel(program: Command): void {
	const command = withServer(
		program
			.command("cancel")
			.summary("cancel a message, and take back what can be taken back")
			.description(
				"Ends a message's deliveries that are still under way, and takes back what mechanisms can take back.",
			)
			.argument("<message>", "a message's identifier"),
	).action(
		action(async (id: string, options: ServerOptions) => {
			const message = await clientOf(options).delete<MessageDocument>(messagePath(id));
			if (options.json) {
				writeJson(message);
			} else {
				statesOf(message).forEach(writeLine);
			}
		}),
	);
	examples(command, [["posthaste cancel 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10", "it has solved itself"]]);
}
