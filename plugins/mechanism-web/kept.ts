/**
 * The messages of one inbox, in memory as on disk. A message waits until a window confirms it; then
 * it is remembered for a while, so that a resend shows once and late receipts find their attempt.
 */
import type { Attempt, MechanismStorage, Milliseconds } from "@posthaste/core";
import { covers, type MessageFrame, type ShownLevel } from "./protocol.ts";

const day = 86_400_000;

/** How long a message is remembered after it need not be shown any more. */
export const rememberFor: Milliseconds = 7 * day;

/** Why a message will not be shown although no window confirmed it. */
export type Withdrawal = "retracted" | "expired" | "kept too long";

/** One message of an inbox, as it stands in the mechanism's storage. */
export interface Kept {
	readonly attempt: string;
	/** When it came, made unique within the inbox: messages are shown in this order. */
	readonly order: Milliseconds;
	/** Missing once it is acknowledged or withdrawn, since nobody will be shown it again. */
	readonly content?: MessageFrame;
	readonly expiresAt?: Milliseconds;
	/** The best receipt that is on disk. */
	readonly level?: ShownLevel;
	readonly withdrawn?: Withdrawal;
	/** Identifiers of replies that were passed on. */
	readonly replies?: readonly string[];
}

/** A message that some window has yet to show. */
export type Waiting = Kept & { readonly content: MessageFrame };

export function isWaiting(kept: Kept): kept is Waiting {
	return kept.content !== undefined && kept.level === undefined && kept.withdrawn === undefined;
}

export interface KeptLimits {
	/** Most messages that wait, and most that are remembered, in one inbox. */
	readonly maxKept: number;
	/** How long a message waits to be shown. */
	readonly keepFor: Milliseconds;
}

/**
 * Memory changes after the disk did. Callers run one changing method at a time (see `Inbox.run`).
 */
export class KeptMessages {
	readonly #storage: MechanismStorage;
	readonly #prefix: string;
	readonly #limits: KeptLimits;
	#byAttempt = new Map<string, Kept>();
	#loaded = false;

	constructor(storage: MechanismStorage, inbox: string, limits: KeptLimits) {
		this.#storage = storage;
		// An inbox's name holds no slash, so no inbox's prefix begins another's.
		this.#prefix = `${inbox}/`;
		this.#limits = limits;
	}

	/** Reads the inbox once. */
	async load(): Promise<void> {
		if (!this.#loaded) {
			await this.reload();
		}
	}

	/** Reads the inbox again: an instance with other settings may have written to it before it closed. */
	async reload(): Promise<void> {
		const entries = await this.#storage.list(this.#prefix);
		const all = entries.map(({ value }) => value as Kept);
		all.sort((a, b) => a.order - b.order);
		this.#byAttempt = new Map(all.map((kept) => [kept.attempt, kept]));
		this.#loaded = true;
	}

	get(attempt: string): Kept | undefined {
		return this.#byAttempt.get(attempt);
	}

	/** Every message that may be shown, oldest first; shown ones among them are history. */
	*withContent(): Generator<Waiting> {
		for (const kept of this.#byAttempt.values()) {
			if (kept.content !== undefined) {
				yield kept as Waiting;
			}
		}
	}

	get waiting(): number {
		return this.#count(isWaiting);
	}

	/** The order that a message coming now gets. */
	nextOrder(now: Milliseconds): Milliseconds {
		let last = 0;
		for (const { order } of this.#byAttempt.values()) {
			last = Math.max(last, order);
		}
		return Math.max(now, last + 1);
	}

	async put(kept: Kept): Promise<void> {
		await this.#storage.set(this.#key(kept.attempt), kept);
		this.#byAttempt.set(kept.attempt, kept);
	}

	async delete(attempt: string): Promise<void> {
		await this.#storage.delete(this.#key(attempt));
		this.#byAttempt.delete(attempt);
	}

	/** Raises a message's level; nothing happens when it has come as far or is forgotten. */
	async raise(attempt: string, level: ShownLevel): Promise<void> {
		const kept = this.#byAttempt.get(attempt);
		if (kept === undefined || covers(kept.level, level)) {
			return;
		}
		const raised = { ...kept, level };
		await this.put(level === "acknowledged" ? withoutContent(raised) : raised);
	}

	/** Makes sure that a message is not shown from now on, and remembers why. */
	async withdraw(attempt: string, why: Withdrawal): Promise<void> {
		const kept = this.#byAttempt.get(attempt);
		if (kept !== undefined && kept.withdrawn !== why) {
			await this.put(withoutContent({ ...kept, withdrawn: why }));
		}
	}

	/** Withdraws what waited beyond its time and forgets what need not be remembered any longer. */
	async tidy(now: Milliseconds): Promise<void> {
		for (const kept of [...this.#byAttempt.values()].filter(isWaiting)) {
			if (hasExpired(kept, now)) {
				await this.withdraw(kept.attempt, "expired");
			} else if (kept.order + this.#limits.keepFor <= now) {
				await this.withdraw(kept.attempt, "kept too long");
			}
		}
		const remembered = [...this.#byAttempt.values()].filter((kept) => !isWaiting(kept));
		const surplus = remembered.length - this.#limits.maxKept;
		// A message may have waited long before it was shown, so its time of being remembered comes on top.
		const forgetBefore = now - this.#limits.keepFor - rememberFor;
		for (const [index, kept] of remembered.entries()) {
			if (index < surplus || kept.order < forgetBefore) {
				await this.delete(kept.attempt);
			}
		}
	}

	#count(holds: (kept: Kept) => boolean): number {
		let count = 0;
		for (const kept of this.#byAttempt.values()) {
			count += holds(kept) ? 1 : 0;
		}
		return count;
	}

	#key(attempt: string): string {
		return `${this.#prefix}${attempt}`;
	}
}

export function hasExpired(message: { readonly expiresAt?: Milliseconds }, now: Milliseconds): boolean {
	return message.expiresAt !== undefined && message.expiresAt <= now;
}

function withoutContent({ content: _, ...rest }: Kept): Kept {
	return rest;
}

/** A kept message as windows get it. */
export function withLevel(kept: Waiting): MessageFrame {
	return kept.level === undefined ? kept.content : { ...kept.content, level: kept.level };
}

/** An attempt's message as windows get it. */
export function frameOf({ id, message }: Attempt): MessageFrame {
	return {
		type: "message",
		attempt: id,
		id: message.id,
		from: message.from,
		...(message.subject !== undefined && { subject: message.subject }),
		body: message.body,
		format: message.format,
		priority: message.priority,
		sentAt: new Date(message.acceptedAt).toISOString(),
		...(message.expiresAt !== undefined && { expiresAt: new Date(message.expiresAt).toISOString() }),
	};
}
