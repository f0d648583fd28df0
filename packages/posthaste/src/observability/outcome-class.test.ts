/** Each way in which an outcome can come about has its class, whatever the evidence says besides. */
import type { Outcome } from "@posthaste/core";
import { expect, test } from "vitest";
import { outcomeClass } from "./outcome-class.ts";

test.each<[Outcome, string | undefined, string]>([
	["accepted", "250 queued; no answer within 5 ms", "answered"],
	["failed", undefined, "answered"],
	["rejected", "550 5.1.1 <jsmith@example.com>: no such user", "answered"],
	["failed", "connect ECONNREFUSED 127.0.0.1:25", "connection"],
	["failed", "getaddrinfo ENOTFOUND mail.example.com", "connection"],
	["unknown", "Connection closed; the message had left and no reply came", "connection"],
	["unknown", "the server closed the connection (waiting for the reply to SEND)", "connection"],
	["unknown", "no answer within 30000 ms", "timeout"],
	["unknown", "no answer within 5000 ms; the message had left and no reply came", "timeout"],
	["failed", "no reply within 300 ms (waiting for the reply to PAGE)", "timeout"],
	["failed", "no connection within 300 ms", "timeout"],
	["failed", "Greeting never received", "timeout"],
	["failed", "Timeout", "timeout"],
	["unknown", "Timeout; the message had left and no reply came", "timeout"],
	["failed", "TLS handshake timed out", "timeout"],
	["failed", "DNS lookup for mail.example.com timed out", "connection"],
	["failed", "Connection timeout", "connection"],
	["failed", "421 4.4.2 Timeout: no answer within 300 ms", "answered"],
	["failed", "the circuit breaker is open", "breaker-open"],
	["failed", "not sent: the message had expired", "not-sent"],
	["failed", "the mechanism is not running", "not-running"],
	["unknown", "the plugin threw: ECONNRESET", "plugin-threw"],
	["unknown", "the plugin gave no outcome", "no-outcome"],
	["unknown", "the program stopped before the outcome was known", "interrupted"],
	["failed", "the mechanism was closed", "interrupted"],
])("%s, %s: %s", (outcome, evidence, expected) => {
	expect(outcomeClass({ outcome, ...(evidence !== undefined && { evidence }) })).toBe(expected);
});
