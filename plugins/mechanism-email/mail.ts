/** An attempt as a mail. */
import { domainToASCII } from "node:url";
import type { Attempt, Message, Priority } from "@posthaste/core";
import type { SendMailOptions } from "nodemailer";
import { markdownToHtml, textToHtml } from "./html.ts";
import type { EmailAddress, Mailbox } from "./settings.ts";

/** Longest subject, in characters, that is made from a body. */
const subjectLength = 120;

/** Control characters, line separators and halves of characters have no place in a header. */
function oneLine(text: string): string {
	return (
		text
			.toWellFormed()
			// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is to go
			.replace(/[\u0000-\u001F\u007F-\u009F\u2028\u2029]+/g, " ")
			.replace(/ {2,}/g, " ")
			.trim()
	);
}

/** NUL cannot travel in mail, and neither can half a character. */
function bodyText(text: string): string {
	return text.toWellFormed().replaceAll("\u0000", "\uFFFD");
}

function shorten(text: string, length: number): string {
	const characters = [...text];
	return characters.length <= length
		? text
		: `${characters
				.slice(0, length - 1)
				.join("")
				.trimEnd()}…`;
}

function firstLine(message: Message): string {
	const line = message.body.split(/[\r\n]+/).find((candidate) => oneLine(candidate) !== "") ?? "";
	return oneLine(message.format === "markdown" ? line.replace(/^\s*#{1,6}\s+/, "") : line);
}

/** The message's subject, else the first line of its body, shortened. */
export function subjectOf(message: Message): string {
	const given = oneLine(message.subject ?? "");
	const subject = given === "" ? shorten(firstLine(message), subjectLength) : given;
	return subject === "" ? `Message from ${oneLine(message.from)}` : subject;
}

/**
 * The same for every try of an attempt, so that mail stores which look at it keep one copy.
 * Angle brackets included (RFC 5322 section 3.6.4).
 */
export function messageIdOf(attempt: string, sender: Mailbox): string {
	const plain = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(attempt);
	const left = plain ? attempt : Buffer.from(attempt).toString("base64url");
	const domain = domainToASCII(sender.address.split("@").at(-1) ?? "");
	return `<${left}@${domain || "posthaste.invalid"}>`;
}

/** `Importance` (RFC 2156 section 5.3.4) and `X-Priority` are what mail programs show; `Priority` is what servers read. */
const priorityHeaders: Readonly<Record<Priority, Readonly<Record<string, string>>>> = {
	urgent: { "X-Priority": "1 (Highest)", Importance: "high", Priority: "urgent" },
	high: { "X-Priority": "2 (High)", Importance: "high" },
	normal: {},
	low: { "X-Priority": "5 (Lowest)", Importance: "low", Priority: "non-urgent" },
};

function page(content: string): string {
	return `<!doctype html>
<html><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"></head>
<body dir="auto" style="font-family: sans-serif">
${content}
</body></html>`;
}

export interface MailSettings {
	readonly sender: Mailbox;
	readonly replyTo?: string;
	readonly dsn?: boolean;
}

/** Success, failure and delay, and the attempt's identifier in every one of them (RFC 3461 sections 4.1 and 4.4). */
function notifications(attempt: string): NonNullable<SendMailOptions["dsn"]> {
	return { id: attempt, return: "headers", notify: ["success", "failure", "delay"] };
}

/** The same bytes but for multipart boundaries on every try of the attempt. */
export function mailOf(attempt: Attempt<EmailAddress>, settings: MailSettings): SendMailOptions {
	const { message, recipient } = attempt;
	const { sender, replyTo, dsn } = settings;
	const { email } = attempt.address;
	const text = bodyText(message.body);
	return {
		from: { name: sender.name ?? `${oneLine(message.from)} via Posthaste`, address: sender.address },
		to: { name: oneLine(recipient.name), address: email },
		...(replyTo !== undefined && { replyTo: { name: "", address: replyTo } }),
		// Named apart from the headers, so that nothing in a header can add a recipient.
		envelope: { from: sender.address, to: [email] },
		messageId: messageIdOf(attempt.id, sender),
		date: new Date(message.acceptedAt),
		subject: subjectOf(message),
		text,
		html: page(message.format === "markdown" ? markdownToHtml(text) : textToHtml(text)),
		headers: {
			// RFC 3834 section 5: no holiday notices in return.
			"Auto-Submitted": "auto-generated",
			"X-Posthaste-Message": oneLine(message.id),
			...priorityHeaders[message.priority],
		},
		...(dsn === true && { dsn: notifications(attempt.id) }),
	};
}
