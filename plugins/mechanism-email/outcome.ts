/**
 * What became of a mail, from what the server said and how far the message had got. Until the dot that
 * ends the message is sent, a server must not deliver it (RFC 5321 section 4.1.1.4); once it has been
 * sent and no reply came, nobody can say.
 */
import type { SendResult } from "@posthaste/core";
import type { NodemailerError } from "nodemailer";

const evidenceLength = 500;

/** The words on one line, of bounded length. */
export function evidenceOf(text: string): string {
	const line = text.replace(/\s+/g, " ").trim();
	return line.length > evidenceLength ? `${line.slice(0, evidenceLength - 1)}…` : line;
}

/**
 * Replies that speak of the session or of this mechanism's credentials, not of the message or its
 * recipient: another try, or an operator, can help (RFC 5321 section 4.2.3, RFC 4954 section 6).
 */
const aboutSession = new Set([503, 530, 534, 535, 538]);

/** The commands whose refusal is about this message. A refused greeting, TLS or sign-in is about the mechanism. */
const aboutMessage = new Set(["MAIL FROM", "RCPT TO", "DATA"]);

function refusal(code: number, command: string | undefined): "rejected" | "failed" {
	const permanent = code >= 500 && !aboutSession.has(code) && aboutMessage.has(command ?? "");
	return permanent ? "rejected" : "failed";
}

/** Nodemailer itself refuses what the server said it would: a message over its SIZE, an address it cannot carry. */
function refusedHere(error: NodemailerError): boolean {
	return !error.response && (error.code === "EMESSAGE" || error.code === "EENVELOPE");
}

/**
 * The outcome of a try that ended in an error. `left`: the whole message may have left, dot and all.
 * `whyAborted`: what to say of a try that was aborted, since nodemailer says of all of them only that they were.
 */
export function outcomeOfError(thrown: unknown, left: boolean, whyAborted: string): SendResult {
	const error: NodemailerError = thrown instanceof Error ? thrown : new Error(String(thrown));
	const words = error.code === "EABORT" ? whyAborted : error.message;
	const evidence = evidenceOf(error.response || words);
	const code = error.responseCode || 0;
	if (code >= 400 && code < 600) {
		return { outcome: refusal(code, error.command), evidence };
	}
	if (left) {
		return { outcome: "unknown", evidence: `${evidence}; the message had left and no reply came` };
	}
	return { outcome: refusedHere(error) ? "rejected" : "failed", evidence };
}
