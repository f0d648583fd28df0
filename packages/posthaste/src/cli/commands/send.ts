/** `send`: hands in a message, and with `--watch` stays until it has come to its end. */
import { text as askText, isCancel } from "@clack/prompts";
import type { Command } from "commander";
import { action } from "../actions.ts";
import { type DraftOptions, defaultSender, draftOf, readBody, withDraft } from "../draft.ts";
import type { ExitCode } from "../exit-codes.ts";
import { interruption, usageFailure } from "../failure.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { isInteractive, paint, writeJson, writeLine } from "../terminal.ts";
import { watchMessage } from "../watching.ts";

export interface AcceptedDocument {
	readonly id: string;
	readonly acceptedAt: string;
	readonly deliveries: readonly { readonly id: string; readonly recipient: string }[];
}

interface SendOptions extends DraftOptions, ServerOptions {
	readonly watch?: boolean;
	readonly idempotencyKey?: string;
}

export function addSend(program: Command): void {
	const command = withServer(
		withDraft(program.command("send"))
			.summary("send a message to people")
			.description("Sends a message to people; how each is reached is decided for each of them when it is sent.")
			.addOption(option("-w, --watch", "show what happens until everybody is reached or not; asks you if need be"))
			.addOption(option("-k, --idempotency-key <key>", "sent again with the same key it is still one message")),
	).action(action(send));
	examples(command, [
		["posthaste send --to jsmith Lunch at noon?", "one message, by the selection rules' manager"],
		[
			"posthaste send --to jsmith,mjones --priority urgent --expires 10m --watch 'The database is down'",
			"two people, watched",
		],
		[
			"df -h | posthaste send --to ops --subject 'Disk report' --prompts no",
			"the body from a pipe, no questions asked",
		],
		[
			"posthaste send --to jsmith --property service=billing --property severity=2 'Payments fail'",
			"own properties for conditions",
		],
	]);
}

async function send(words: readonly string[], options: SendOptions): Promise<ExitCode | undefined> {
	const client = clientOf(options);
	// Recipients first, so that a forgotten --to does not wait for a body.
	const draft = draftOf("", options);
	const body = readBody(words) ?? (await askBody());
	const headers = options.idempotencyKey === undefined ? {} : { "idempotency-key": options.idempotencyKey };
	const accepted = await client.post<AcceptedDocument>("/v1/messages", { ...draft, body }, { headers });
	if (options.watch) {
		return watchMessage(client, accepted.id, { json: options.json === true, who: options.from ?? defaultSender() });
	}
	if (options.json) {
		writeJson(accepted);
	} else {
		const to = accepted.deliveries.map((delivery) => delivery.recipient).join(", ");
		writeLine(`${paint("green", "✓")} accepted for ${to}: ${paint("bold", accepted.id)}`);
		writeLine(paint("dim", `  posthaste watch ${accepted.id}  shows what becomes of it`));
	}
	return undefined;
}

async function askBody(): Promise<string> {
	if (!isInteractive()) {
		throw usageFailure("There is no text", "Write it after the options, or pipe it in.");
	}
	const typed = await askText({
		message: "What shall it say?",
		validate: (value) => (value?.trim() ? undefined : "A message needs some text."),
	});
	if (isCancel(typed)) {
		throw interruption("Nothing was sent");
	}
	return typed;
}
