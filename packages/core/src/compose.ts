/** Step 1: from a draft to a message. */
import { Temporal } from "temporal-polyfill";
import { parseDuration } from "./duration.ts";
import { PosthasteError } from "./errors.ts";
import type { Composed } from "./flow.ts";
import type { Draft, DraftProperties, Message, Milliseconds } from "./model.ts";
import { bodyLimit } from "./schema.ts";

/** What only the outside can give: the identifier (UUIDv7) and the moment of acceptance. */
export interface Acceptance {
	readonly id: string;
	readonly now: Milliseconds;
}

const ownless = new Set(["priority", "expires", "category", "confidential", "prompts"]);

/**
 * Checks what the draft's schema cannot say and makes a message of it. Recipients named twice get
 * one delivery.
 * @throws PosthasteError `no-recipients`, `empty-body`, `too-large`, `invalid-request`, `already-expired`
 */
export function compose(draft: Draft, { id, now }: Acceptance): Composed {
	checkBody(draft.body);
	if (draft.to.length === 0) {
		throw new PosthasteError("no-recipients", "`to` is empty", [{ field: "to", message: "names nobody" }]);
	}
	const properties = draft.properties ?? {};
	const expiresAt = expiry(properties.expires, now);
	const message: Message = {
		id,
		to: [...new Set(draft.to)],
		from: draft.from,
		body: draft.body,
		...(draft.subject !== undefined && { subject: draft.subject }),
		format: draft.format ?? "text",
		priority: properties.priority ?? "normal",
		...(properties.category !== undefined && { category: properties.category }),
		confidential: properties.confidential ?? false,
		prompts: properties.prompts ?? "ask",
		...(expiresAt !== undefined && { expiresAt }),
		properties: ownProperties(properties),
		...(draft.manager !== undefined && { manager: draft.manager }),
		acceptedAt: now,
	};
	return { message };
}

function checkBody(body: string): void {
	if (body.trim() === "") {
		throw new PosthasteError("empty-body", "`body` is empty", [{ field: "body", message: "is empty" }]);
	}
	if (exceeds(body, bodyLimit)) {
		const size = encoder.encode(body).byteLength;
		throw new PosthasteError("too-large", `\`body\` has ${size} bytes; the limit is ${bodyLimit}`, [
			{ field: "body", message: `has ${size} bytes, more than ${bodyLimit}` },
		]);
	}
}

const encoder = new TextEncoder();

/** Whether a text has more bytes of UTF-8 than a limit. Most texts are so short that counting is not needed. */
export function exceeds(text: string, limit: number): boolean {
	return text.length * 3 > limit && encoder.encode(text).byteLength > limit;
}

const moment = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;

function expiry(written: string | undefined, now: Milliseconds): Milliseconds | undefined {
	if (written === undefined) {
		return undefined;
	}
	const length = parseDuration(written);
	const expiresAt = length !== undefined ? now + length : parseMoment(written);
	if (expiresAt === undefined) {
		const message = `is neither a length of time such as 10m nor a moment such as 2026-12-24T18:00:00Z: ${written}`;
		throw new PosthasteError("invalid-request", `properties.expires ${message}`, [
			{ field: "properties.expires", message },
		]);
	}
	if (expiresAt <= now) {
		throw new PosthasteError("already-expired", `\`expires\` (${written}) is not later than now`, [
			{ field: "properties.expires", message: "is not later than now" },
		]);
	}
	return expiresAt;
}

/** Temporal, and not `Date.parse`, which takes 30 February for 2 March. */
function parseMoment(written: string): Milliseconds | undefined {
	try {
		return moment.test(written) ? Temporal.Instant.from(written).epochMilliseconds : undefined;
	} catch {
		return undefined;
	}
}

function ownProperties(properties: DraftProperties): Readonly<Record<string, unknown>> {
	return Object.fromEntries(Object.entries(properties).filter(([name]) => !ownless.has(name)));
}
