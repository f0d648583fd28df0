/** The options that describe a message, for `send` and `explain` alike, and the draft they make. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { type Draft, priorities } from "@posthaste/core";
import type { Command } from "commander";
import { usageFailure } from "./failure.ts";
import { collectNames, option } from "./options.ts";

export interface DraftOptions {
	readonly to?: readonly string[];
	readonly from?: string;
	readonly subject?: string;
	readonly priority?: string;
	readonly expires?: string;
	readonly category?: string;
	readonly confidential?: boolean;
	readonly prompts?: string;
	readonly manager?: string;
	readonly property?: Readonly<Record<string, unknown>>;
	readonly markdown?: boolean;
}

export function withDraft(command: Command): Command {
	return command
		.argument("[body...]", "the text; `-` or a pipe reads it from standard input")
		.addOption(option("-t, --to <user>", "recipient; again, or with commas, for more").argParser(collectNames))
		.addOption(option("-f, --from <user>", "sender, who is asked when there is a question (default: you)"))
		.addOption(option("--subject <text>", "subject line"))
		.addOption(option("-p, --priority <priority>", "how urgent it is").choices(priorities))
		.addOption(option("-e, --expires <when>", "a length of time such as 10m, or a moment (RFC 3339)"))
		.addOption(option("-c, --category <name>", "what it is about; conditions can read it"))
		.addOption(option("--confidential", "only through mechanisms that encrypt to the recipient"))
		.addOption(option("--prompts <answer>", "your standing answer to questions").choices(["ask", "yes", "no"]))
		.addOption(option("-m, --manager <name>", "the delivery manager, instead of the selection rules'"))
		.addOption(option("--property <key=value>", "a property of your own; again for more").argParser(collectProperty))
		.addOption(option("--markdown", "the body is Markdown"));
}

/** Values that read as JSON are that (`3`, `true`, `["a"]`); all else is text. */
function collectProperty(
	written: string,
	before: Readonly<Record<string, unknown>> | undefined,
): Readonly<Record<string, unknown>> {
	const equals = written.indexOf("=");
	if (equals < 1) {
		throw usageFailure(`--property ${written} is not of the form key=value`);
	}
	return { ...before, [written.slice(0, equals)]: propertyValue(written.slice(equals + 1)) };
}

function propertyValue(written: string): unknown {
	try {
		return JSON.parse(written);
	} catch {
		return written;
	}
}

/** Who sends when nobody is named. */
export function defaultSender(): string {
	return process.env.USER || process.env.LOGNAME || userInfo().username;
}

/** @throws Failure when there is no recipient. */
export function draftOf(body: string, options: DraftOptions): Draft {
	if (options.to === undefined || options.to.length === 0) {
		throw usageFailure("There is no recipient", "Name one with --to USER.");
	}
	const properties = { ...options.property, ...wellKnown(options) };
	return {
		to: options.to,
		from: options.from ?? defaultSender(),
		body,
		...(options.subject !== undefined && { subject: options.subject }),
		...(options.markdown && { format: "markdown" as const }),
		...(Object.keys(properties).length > 0 && { properties }),
		...(options.manager !== undefined && { manager: options.manager }),
	};
}

function wellKnown({ priority, expires, category, confidential, prompts }: DraftOptions): Record<string, unknown> {
	const given = { priority, expires, category, confidential, prompts };
	return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/**
 * The body from the arguments, from standard input when they are `-` or missing and something is
 * piped in, else undefined.
 */
export function readBody(words: readonly string[]): string | undefined {
	if (words.length > 0 && !(words.length === 1 && words[0] === "-")) {
		return words.join(" ");
	}
	if (words.length === 0 && process.stdin.isTTY) {
		return undefined;
	}
	return readFileSync(0, "utf8").replace(/\r?\n$/, "");
}
