/**
 * Posts each message as JSON to a service of yours. What it posts (`documentOf`) and what the service's
 * answers mean (`resultOf`) are the two places to change.
 */
import {
	type Attempt,
	DurationSchema,
	defineMechanism,
	durationOf,
	type Health,
	type MechanismHost,
	type MechanismInstance,
	type SendResult,
} from "@posthaste/core";
import { type Static, Type } from "typebox";
import manifest from "./package.json" with { type: "json" };

const closed = { additionalProperties: false } as const;

const SettingsSchema = Type.Object(
	{
		url: Type.String({
			pattern: "^https?://[^\\s]+$",
			description: "Where messages are posted to",
			examples: ["https://chat.example.com/hooks/posthaste"],
		}),
		token: Type.Optional(
			Type.String({ pattern: "^[!-~]+$", secret: true, description: "Sent along as `Authorization: Bearer …`" }),
		),
		timeout: Type.Optional(
			Type.String({ ...DurationSchema, description: "How long to wait for an answer", default: "10s" }),
		),
	},
	{ ...closed, description: "Posts messages to a service as JSON" },
);

const AddressSchema = Type.Object(
	{ user: Type.String({ minLength: 1, maxLength: 256, description: "Who it is, by the name the service knows" }) },
	{ ...closed, description: "A user of the service" },
);

type Settings = Static<typeof SettingsSchema>;
type Address = Static<typeof AddressSchema>;

export default defineMechanism<Settings, Address>({
	id: "plugin-name",
	// The contract this was written for. Write the number: the program compares it with what it speaks.
	apiVersion: 1,
	version: manifest.version,
	kind: "webhook",
	title: "Plugin name",
	description: "Posts messages to a service as JSON.",
	settings: SettingsSchema,
	address: AddressSchema,
	// Promise what the service keeps: `idempotency: true` when it shows one Idempotency-Key once,
	// `receipts: "read"` when you call `host.receipt` as they come, and so on.
	capabilities: {},
	create: async (settings, host) => new Mechanism(settings, host),
});

class Mechanism implements MechanismInstance<Address> {
	readonly #settings: Settings;
	readonly #host: MechanismHost;
	readonly #closing = new AbortController();

	constructor(settings: Settings, host: MechanismHost) {
		this.#settings = settings;
		this.#host = host;
	}

	/** No retries here: the program has them, with pauses, deadlines and a breaker. */
	async send(attempt: Attempt<Address>, signal: AbortSignal): Promise<SendResult> {
		const given = AbortSignal.any([signal, this.#closing.signal]);
		if (given.aborted) {
			return { outcome: "failed", evidence: "given up before anything was sent" };
		}
		try {
			const response = await this.#request("POST", given, attempt);
			return resultOf(response, this.#host.now());
		} catch (error) {
			return resultOfError(error);
		}
	}

	/** Any answer will do but one of a service in trouble. */
	async health(signal: AbortSignal): Promise<Health> {
		try {
			const { status } = await this.#request("HEAD", AbortSignal.any([signal, this.#closing.signal]));
			return { healthy: status < 500, detail: `HTTP ${status}` };
		} catch (error) {
			return { healthy: false, detail: wordsOf(error) };
		}
	}

	async close(): Promise<void> {
		this.#closing.abort();
	}

	async #request(method: "POST" | "HEAD", signal: AbortSignal, attempt?: Attempt<Address>): Promise<Response> {
		const { url, token, timeout = "10s" } = this.#settings;
		const response = await fetch(url, {
			method,
			headers: {
				...(token !== undefined && { authorization: `Bearer ${token}` }),
				// The same on every resend, so that a service that looks at it shows the message once.
				...(attempt && { "content-type": "application/json", "idempotency-key": attempt.id }),
			},
			...(attempt && { body: JSON.stringify(documentOf(attempt)) }),
			redirect: "manual",
			signal: AbortSignal.any([signal, AbortSignal.timeout(durationOf(timeout))]),
		});
		// The status says it all; whatever else comes is not waited for.
		await response.body?.cancel().catch(() => undefined);
		return response;
	}
}

/** What the service is told. */
function documentOf({ id, address, message }: Attempt<Address>): object {
	const { from, subject, body, format, priority, category, acceptedAt } = message;
	return { id, user: address.user, from, subject, body, format, priority, category, sentAt: new Date(acceptedAt) };
}

/**
 * Who would be wrong to try again? `rejected`: this message will never pass. `failed`: it was certainly
 * not delivered, and may be later. `unknown`: it may have been delivered.
 */
function resultOf(response: Response, now: number): SendResult {
	const { status, statusText, headers } = response;
	const evidence = `HTTP ${status} ${statusText}`.trim();
	if (response.ok) {
		return { outcome: "accepted", evidence };
	}
	if (status === 504) {
		// A gateway passed it on and got no answer.
		return { outcome: "unknown", evidence };
	}
	// A wrong token (401) is the mechanism's trouble, and may be put right.
	if (status >= 500 || [401, 408, 425, 429].includes(status)) {
		const retryAfter = retryAfterOf(headers.get("retry-after"), now);
		return { outcome: "failed", evidence, ...(retryAfter !== undefined && { retryAfter }) };
	}
	return { outcome: "rejected", evidence };
}

/** Seconds or a date (RFC 9110 section 10.2.3), as milliseconds from now. */
function retryAfterOf(header: string | null, now: number): number | undefined {
	const length = /^\d+$/.test(header ?? "") ? Number(header) * 1000 : Date.parse(header ?? "") - now;
	return Number.isFinite(length) ? Math.max(0, length) : undefined;
}

/** Errors that come before the first byte of the message has left. */
const nothingLeft: ReadonlySet<unknown> = new Set([
	"ECONNREFUSED",
	"EHOSTUNREACH",
	"ENETUNREACH",
	"ENOTFOUND",
	"EAI_AGAIN",
	"UND_ERR_CONNECT_TIMEOUT",
	"CERT_HAS_EXPIRED",
	"DEPTH_ZERO_SELF_SIGNED_CERT",
	"SELF_SIGNED_CERT_IN_CHAIN",
	"UNABLE_TO_VERIFY_LEAF_SIGNATURE",
	"ERR_TLS_CERT_ALTNAME_INVALID",
]);

/** Whatever else went wrong, the message may have arrived, and nobody can say. */
function resultOfError(error: unknown): SendResult {
	const outcome = nothingLeft.has(causeOf(error).code) ? "failed" : "unknown";
	return { outcome, evidence: wordsOf(error) };
}

function wordsOf(error: unknown): string {
	const { code, message } = causeOf(error);
	return [code, message].filter((word) => typeof word === "string" && word !== "").join(": ");
}

/** fetch hides what happened behind "fetch failed". */
function causeOf(error: unknown): { readonly code?: unknown; readonly message?: unknown } {
	const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
	return cause instanceof Error ? cause : { message: String(cause) };
}
