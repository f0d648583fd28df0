/** Takes messages in: checks the draft, composes the message, and answers once it is on disk. */
import { createHash } from "node:crypto";
import {
	type Composed,
	compose,
	configure,
	type Draft,
	DraftSchema,
	PosthasteError,
	select,
	type User,
} from "@posthaste/core";
import { toError } from "../databases/finding.ts";
import { shapeFindings } from "../databases/shape.ts";
import type { Accepted } from "../posthaste.ts";
import type { Store } from "../store/port.ts";
import { lease } from "./claims.ts";
import type { Clock } from "./clock.ts";
import type { Engine } from "./engine.ts";
import { type IdSource, MessageIds } from "./ids.ts";
import type { Directory } from "./ports.ts";
import type { Writer } from "./writer.ts";

export interface IntakeParts {
	readonly store: Store;
	readonly writer: Writer;
	readonly directory: Directory;
	readonly engine: Engine;
	readonly clock: Clock;
	/** Items waiting to be written beyond which messages are refused rather than queued. */
	readonly pendingLimit: number;
	/** Identifiers of messages; UUIDv7 from the system's randomness when left out. */
	readonly ids?: IdSource;
}

export class Intake {
	readonly #parts: IntakeParts;
	readonly #ids: IdSource;
	#closed = false;

	constructor(parts: IntakeParts) {
		this.#parts = parts;
		this.#ids = parts.ids ?? new MessageIds();
	}

	/** Refuses everything from now on. */
	close(): void {
		this.#closed = true;
	}

	/** Resolves when the message is on disk; its deliveries begin by themselves. */
	async send(draft: Draft, options: { readonly idempotencyKey?: string } = {}): Promise<Accepted> {
		this.#admit();
		const known = recipientsAtHand(draft, this.#parts.directory);
		if (known === undefined) {
			checkShape(draft);
			await this.#parts.directory.loadUsers(draft.to);
		}
		const composed = this.prepare(draft);
		return this.#accept(composed, draft, options.idempotencyKey);
	}

	/**
	 * The message that a draft makes, checked against the databases as they are now.
	 * @throws PosthasteError for whatever is wrong with it
	 */
	prepare(draft: Draft): Composed {
		checkShape(draft);
		const now = this.#parts.clock.now();
		const composed = compose(draft, { id: this.#ids.next(now), now });
		const world = { snapshot: this.#parts.directory.snapshot, now };
		configure(select(composed, world), world);
		return composed;
	}

	/** The recipients of a message, in order. @throws PosthasteError `unknown-recipient` */
	async recipients({ message }: Composed): Promise<readonly User[]> {
		const users = await this.#parts.directory.loadUsers(message.to);
		return message.to.map((id, index) => users.get(id) ?? unknownRecipient(id, index));
	}

	#admit(): void {
		if (this.#closed) {
			throw new PosthasteError("closing", "Posthaste is shutting down and takes no more messages");
		}
		const { pending } = this.#parts.writer;
		if (pending > this.#parts.pendingLimit) {
			throw new PosthasteError("overloaded", `${pending} writes are waiting for the disk`);
		}
	}

	async #accept(composed: Composed, draft: Draft, key: string | undefined): Promise<Accepted> {
		const { message } = composed;
		const { directory, clock, writer, engine } = this.#parts;
		// Users that the cache could not hold are looked up once more; a missing one is refused.
		if (message.to.some((id) => directory.cachedUser(id) === undefined)) {
			await this.recipients(composed);
		}
		const accept = {
			message,
			recipients: message.to,
			claimedUntil: clock.now() + lease,
			...(key !== undefined && { idempotency: { key, digest: digestOf(draft) } }),
		};
		const deliveries = message.to.map((recipient, index) => ({ id: `${message.id}.${index + 1}`, recipient }));
		// With the recipients at hand, the deliveries' first decisions go into the transaction that accepts
		// the message. They are carried out only if it does: without the message they have no row to follow.
		const together = message.to.every((id) => directory.cachedUser(id) !== undefined);
		return new Promise((resolve, reject) => {
			writer.accept(accept, (error, result) => {
				if (error !== undefined || result === undefined) {
					reject(notWritten(error));
				} else if (result.result === "accepted") {
					if (!together) {
						engine.begin(composed, deliveries);
					}
					resolve({ id: message.id, acceptedAt: message.acceptedAt, deliveries, repeated: false });
				} else if (result.result === "conflict") {
					reject(
						new PosthasteError("idempotency-conflict", `the Idempotency-Key "${key}" came with another request before`),
					);
				} else {
					this.#repeat(result.message).then(resolve, reject);
				}
			});
			if (together) {
				engine.begin(composed, deliveries);
			}
		});
	}

	/** The answer that the first request with the same key got. */
	async #repeat(id: string): Promise<Accepted> {
		const stored = await this.#parts.store.loadMessage(id);
		if (stored === undefined) {
			throw new PosthasteError("not-found", `message ${id} is no longer kept`);
		}
		const deliveries = stored.deliveries.map((row) => ({ id: row.id, recipient: row.recipient }));
		return { id, acceptedAt: stored.message.acceptedAt, deliveries, repeated: true };
	}
}

/** The recipients' records when every one is at hand, so that the usual message needs no read. */
function recipientsAtHand(draft: Draft, directory: Directory): readonly User[] | undefined {
	if (!Array.isArray(draft?.to)) {
		return undefined;
	}
	const users = draft.to.map((id) => directory.cachedUser(id));
	return users.every((user) => user !== undefined) ? users : undefined;
}

function unknownRecipient(id: string, index: number): never {
	throw new PosthasteError("unknown-recipient", `there is no user "${id}"`, [
		{ field: `to[${index}]`, message: `"${id}" is not a user` },
	]);
}

/** @throws PosthasteError `invalid-request` or `unknown-key`, naming each field */
function checkShape(draft: Draft): void {
	const findings = shapeFindings(DraftSchema, draft, [], "invalid-request");
	if (findings.length > 0) {
		const { message, complaints } = toError(findings);
		const code = findings.every((finding) => finding.code === "unknown-key") ? "unknown-key" : "invalid-request";
		throw new PosthasteError(code, message, complaints);
	}
}

/** The same for every way to write the same draft: keys in order, no white space. */
function digestOf(draft: Draft): string {
	return createHash("sha256")
		.update(JSON.stringify(sorted(draft)))
		.digest("base64url");
}

function sorted(value: unknown): unknown {
	if (Array.isArray(value)) {
		return value.map(sorted);
	}
	if (value === null || typeof value !== "object") {
		return value;
	}
	const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
	return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}

/** The store could not write: nothing was accepted, and trying again may help. The store's own errors say what is wrong. */
function notWritten(error: Error | undefined): PosthasteError {
	if (error instanceof PosthasteError) {
		return error;
	}
	const reason = error?.message ?? "no result came";
	return new PosthasteError("overloaded", `the message could not be written: ${reason}`);
}
