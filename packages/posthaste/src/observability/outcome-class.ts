/**
 * Puts an outcome into one of a few classes. Evidence is free text for people, and may quote what a
 * server said about an address, so that neither metrics, nor logs, nor traces carry it: they carry this.
 */
import type { JournalEntry } from "@posthaste/core";

/** What an outcome rests on. */
export const outcomeClasses = {
	answered: "the mechanism said so itself: the other side's answer, or its own knowledge",
	connection: "no connection, or it broke: refused, reset, not found, unreachable, TLS",
	timeout: "the mechanism gave no answer in time",
	"breaker-open": "the circuit breaker rested the mechanism",
	"not-sent": "the attempt was not wanted any more before it was made: expired, ended, no free place in time, stopping",
	"not-running": "the mechanism has no running instance",
	"plugin-threw": "the plugin threw an error instead of answering",
	"no-outcome": "the plugin answered with something that is no outcome",
	interrupted: "the program, or the mechanism alone, stopped before the outcome was known",
} as const;
export type OutcomeClass = keyof typeof outcomeClasses;

type OutcomeEntry = Extract<JournalEntry, { type: "outcome" }>;

/** What nodemailer calls a connection on which nothing comes any more; from the start of the line, where no server's reply can stand. */
const nodemailersTimeouts = /^(Greeting never received|Timeout|TLS handshake timed out)(;|$)/;

/** The words with which the engine, the guard and the bundled mechanisms explain an outcome that nobody answered. */
const ours: readonly (readonly [RegExp, OutcomeClass])[] = [
	[/^not sent: /, "not-sent"],
	[/^the circuit breaker is open/, "breaker-open"],
	[/^no (answer|reply|connection) within \d/, "timeout"],
	[nodemailersTimeouts, "timeout"],
	[/^the plugin threw: /, "plugin-threw"],
	[/^the plugin gave no outcome/, "no-outcome"],
	[/^the mechanism is not running/, "not-running"],
	[/^the program stopped before/, "interrupted"],
	[/^the mechanism was closed/, "interrupted"],
];

/** Node's and OpenSSL's words for connections that did not come about (https://nodejs.org/api/errors.html#common-system-errors). */
const connection =
	/\b(ECONN\w+|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|ESOCKET|EDNS|ETLS|ERR_TLS\w*|ERR_SSL\w*|socket hang up|DNS lookup|closed the connection|connection (was )?(closed|lost|refused|reset|timed? ?out|timeout))\b/i;

export function outcomeClass({ outcome, evidence }: Pick<OutcomeEntry, "outcome" | "evidence">): OutcomeClass {
	if (outcome === "accepted" || evidence === undefined) {
		return "answered";
	}
	const own = ours.find(([words]) => words.test(evidence));
	return own?.[1] ?? (connection.test(evidence) ? "connection" : "answered");
}
