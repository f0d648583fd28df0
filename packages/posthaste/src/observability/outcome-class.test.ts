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
	["unknown", "no answer within 30000 ms", "timeout"],
	["failed", "the circuit breaker is open", "breaker-open"],
	["failed", "not sent: the message had expired", "not-sent"],
	["failed", "the mechanism is not running", "not-running"],
	["unknown", "the plugin threw: ECONNRESET", "plugin-threw"],
	["unknown", "the plugin gave no outcome", "no-outcome"],
	["unknown", "the program stopped before the outcome was known", "interrupted"],
])("%s, %s: %s", (outcome, evidence, expected) => {
	expect(outcomeClass({ outcome, ...(evidence !== undefined && { evidence }) })).toBe(expected);
});
