/** An attempt as a page. */
import type { Attempt, Milliseconds } from "@posthaste/core";
import type { Address, Options } from "./settings.ts";
import { byteLength, oneLine, plain, shorten, textOf } from "./text.ts";
import type { Page } from "./transaction.ts";

/** The message cannot be a page; the words say why. */
export class Unsuited extends Error {}

/** Throws {@link Unsuited} when nothing readable is left of the message, or too much. */
export function pageOf(attempt: Attempt<Address>, options: Options, now: Milliseconds): Page {
	const { message, address } = attempt;
	const { subject, body } = textOf(message, options.charset);
	const inText = options.subject === "text" && subject !== "";
	const callerId = oneLine(plain(message.from, options.charset));
	return {
		pager: address.pager,
		...(address.pin !== undefined && { pin: address.pin }),
		text: fitting(inText ? `${subject}\n${body}` : body, options),
		...(options.subject === "command" && subject !== "" && { subject }),
		...(options.callerId && callerId !== "" && { callerId }),
		alert: message.priority === "urgent",
		urgent: message.priority === "urgent" || message.priority === "high",
		...(message.expiresAt !== undefined && { lifetime: message.expiresAt - now }),
	};
}

function fitting(text: string, options: Options): string {
	if (text.trim() === "") {
		throw new Unsuited("nothing is left of the message that a pager could show");
	}
	const size = byteLength(text);
	if (size > options.maxBytes && options.tooLong === "reject") {
		throw new Unsuited(`the text has ${size} bytes, the pagers take ${options.maxBytes}`);
	}
	return shorten(text, options.maxBytes);
}
