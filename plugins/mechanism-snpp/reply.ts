/** The replies of an SNPP server (RFC 1861): three digits, a space, words for people. */
import type { Outcome, ReceiptLevel } from "@posthaste/core";

export interface Reply {
	readonly code: number;
	/** The words of the last line, without the code. */
	readonly text: string;
	/** Every line as it came. */
	readonly lines: readonly string[];
}

/** The server does not speak SNPP. */
export class NotSnpp extends Error {}

/** Longest reply that is read, in bytes: help texts are the longest there are. */
const replyLimit = 64 * 1024;

/** Makes replies of bytes, however they were cut on the way. */
export class ReplyReader {
	#rest: Buffer = Buffer.alloc(0);
	#lines: string[] = [];
	#continued: string | undefined;
	#size = 0;

	/** The replies that these bytes complete. Throws {@link NotSnpp} at what cannot be a reply. */
	read(bytes: Buffer): Reply[] {
		const replies: Reply[] = [];
		this.#rest = Buffer.concat([this.#rest, bytes]);
		for (let end = this.#rest.indexOf(10); end >= 0; end = this.#rest.indexOf(10)) {
			const line = this.#rest.subarray(0, end).toString("utf8").replace(/\r$/, "");
			this.#rest = this.#rest.subarray(end + 1);
			const reply = this.#take(line);
			if (reply !== undefined) {
				replies.push(reply);
			}
		}
		if (this.#size + this.#rest.length > replyLimit) {
			throw new NotSnpp(`a reply of more than ${replyLimit} bytes`);
		}
		return replies;
	}

	/**
	 * RFC 1861 knows one reply of several lines, help, whose every line says 214 and which another
	 * code ends. Servers that grew out of FTP write `250-` and end with `250 ` (RFC 959 section 4.2).
	 */
	#take(line: string): Reply | undefined {
		const [, code, mark, text] = /^(\d{3})(?:([ -])(.*))?$/.exec(line) ?? [];
		const inside = this.#continued !== undefined && this.#continued !== "214" && code !== this.#continued;
		if (code === undefined && this.#continued === undefined) {
			throw new NotSnpp(`not a reply: ${line.slice(0, 80)}`);
		}
		this.#lines.push(line);
		this.#size += line.length;
		if (code === undefined || inside) {
			return undefined;
		}
		if (code === "214" || mark === "-") {
			this.#continued = code;
			return undefined;
		}
		const reply = { code: Number(code), text: text ?? "", lines: this.#lines };
		this.#lines = [];
		this.#continued = undefined;
		this.#size = 0;
		return reply;
	}
}

/** 2xx, and for two-way transactions 8xx (done) and 9xx (queued). */
export function isPositive(reply: Reply): boolean {
	return [2, 8, 9].includes(Math.floor(reply.code / 100));
}

/** The last line as it came: what people are shown. */
export function lineOf(reply: Reply): string {
	return reply.lines.at(-1)?.trim() ?? String(reply.code);
}

/**
 * What a refusal means for the page. 421 ends the session and 554 is a technical reason (section
 * 4.3.4), so another try may help; so it may after 530, where it is the mechanism's login that is
 * lacking. 7xx says that the two-way device cannot be had now. Every other 5xx is about the page.
 */
export function outcomeOfRefusal(reply: Reply): Outcome {
	if (reply.code >= 700 && reply.code < 800) {
		return "unavailable";
	}
	const aboutPage = reply.code >= 500 && reply.code < 600 && reply.code !== 530 && reply.code !== 554;
	return aboutPage ? "rejected" : "failed";
}

/** Sections 4.6.9 and 4.6.10: what the two-way codes say about the page. */
const levelOfCode: Readonly<Record<number, ReceiptLevel>> = {
	860: "delivered",
	861: "delivered",
	870: "read",
	880: "delivered",
	881: "read",
	888: "acknowledged",
	889: "acknowledged",
};

export function levelOf(reply: Reply): ReceiptLevel | undefined {
	return levelOfCode[reply.code];
}

/** After these a status does not change any more: nothing is pending, an answer came, or it is lost. */
const finalCodes: ReadonlySet<number> = new Set([880, 881, 888, 889, 780]);

export function isFinalStatus(reply: Reply): boolean {
	return finalCodes.has(reply.code) || (reply.code >= 500 && reply.code < 600);
}
