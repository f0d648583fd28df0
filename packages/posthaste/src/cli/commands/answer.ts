/** `answer`: the questions that deliveries ask their senders. */
import { isCancel, select } from "@clack/prompts";
import type { PromptDocument } from "@posthaste/core";
import type { Command } from "commander";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { interruption, usageFailure } from "../failure.ts";
import { plain, table } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { columns, isInteractive, paint, writeJson, writeLine } from "../terminal.ts";
import { momentOf } from "../times.ts";
import { parseAnswer, postAnswer } from "../watching.ts";

interface AnswerOptions extends ServerOptions {
	readonly sender?: string;
	readonly message?: string;
}

export function addAnswer(program: Command): void {
	const command = withServer(
		program
			.command("answer")
			.summary("answer a question, or list those that are open")
			.description(
				"Answers a question that a delivery waits on. Without PROMPT it answers the only one that is open; " +
					"without an answer it lists the open questions, and at a terminal lets you choose.",
			)
			.argument("[prompt]", "the question's identifier")
			.argument("[answer]", "yes or no")
			.addOption(option("--sender <user>", "only questions to this sender"))
			.addOption(option("--message <id>", "only questions about this message")),
	).action(action(answer));
	examples(command, [
		["posthaste answer", "the open questions"],
		["posthaste answer yes", "yes to the only open question"],
		["posthaste answer 01981b2e-5a7c-7c3e-9d53-0c8f4b7f2a10.1.p1 no", "no to this one"],
	]);
}

async function answer(first: string | undefined, second: string | undefined, options: AnswerOptions): Promise<void> {
	const client = clientOf(options);
	const given = readArguments(first, second);
	if (given.prompt !== undefined && given.answer !== undefined) {
		await finish(client, given.prompt, given.answer, options);
		return;
	}
	const open = await openPrompts(client, options, given.prompt);
	if (given.answer !== undefined) {
		await finish(client, onlyOne(open), given.answer, options);
	} else if (options.json) {
		writeJson({ items: open });
	} else if (open.length > 0 && isInteractive()) {
		const prompt = await choosePrompt(open);
		await finish(client, prompt.id, await chooseAnswer(prompt), options);
	} else {
		promptLines(open).forEach(writeLine);
	}
}

/** One word alone is an answer when it reads like one, else a prompt. */
function readArguments(first?: string, second?: string): { prompt?: string; answer?: "yes" | "no" } {
	if (first === undefined) {
		return {};
	}
	const alone = parseAnswer(first);
	if (second === undefined) {
		return alone === undefined ? { prompt: first } : { answer: alone };
	}
	const parsed = parseAnswer(second);
	if (parsed === undefined) {
		throw usageFailure(`“${second}” is neither yes nor no`);
	}
	return { prompt: first, answer: parsed };
}

async function openPrompts(client: Client, { sender, message }: AnswerOptions, id: string | undefined) {
	const open = await client.all<PromptDocument>("/v1/prompts", { sender, message }, 1000);
	if (id === undefined) {
		return open;
	}
	const named = open.filter((prompt) => prompt.id === id);
	if (named.length === 0) {
		throw usageFailure(`There is no open question ${id}`, "`posthaste answer` lists those that are open.");
	}
	return named;
}

function onlyOne(open: readonly PromptDocument[]): string {
	const [only, another] = open;
	if (only === undefined) {
		throw usageFailure("No question is open");
	}
	if (another !== undefined) {
		throw usageFailure(`${open.length} questions are open: say which`, "`posthaste answer` lists them.");
	}
	return only.id;
}

function promptLines(open: readonly PromptDocument[]): readonly string[] {
	if (open.length === 0) {
		return [paint("dim", "No question is open.")];
	}
	const heads = ["prompt", "sender", "until", "otherwise", "question"].map((head) => paint("dim", head));
	const rows = open.map(({ id, sender, until, otherwise, question }) => [
		id,
		plain(sender),
		momentOf(until),
		otherwise,
		plain(question),
	]);
	return table([heads, ...rows], columns());
}

async function choosePrompt(open: readonly PromptDocument[]): Promise<PromptDocument> {
	const [only] = open;
	if (open.length === 1 && only !== undefined) {
		return only;
	}
	const chosen = await select({
		message: "Which question?",
		options: open.map((prompt, index) => ({
			value: index,
			label: plain(prompt.question),
			hint: `${plain(prompt.sender)} → ${plain(prompt.recipient)}, until ${momentOf(prompt.until)}`,
		})),
	});
	const prompt = isCancel(chosen) ? undefined : open[chosen];
	if (prompt === undefined) {
		throw interruption("Nothing was answered");
	}
	return prompt;
}

async function chooseAnswer({ question, until, otherwise }: PromptDocument): Promise<"yes" | "no"> {
	const chosen = await select<"yes" | "no">({
		message: `${plain(question)} (until ${momentOf(until)}, otherwise ${otherwise})`,
		options: [{ value: "yes" }, { value: "no" }],
	});
	if (isCancel(chosen)) {
		throw interruption("Nothing was answered");
	}
	return chosen;
}

async function finish(client: Client, prompt: string, given: "yes" | "no", { json }: ServerOptions): Promise<void> {
	const answered = await postAnswer(client, prompt, given);
	if (json) {
		writeJson(answered ?? { id: prompt, answer: given });
	} else {
		writeLine(`${paint("green", "✓")} answered ${given}`);
	}
}
