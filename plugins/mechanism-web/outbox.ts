/** What a window has to say until the server confirms it: the best receipt of each message, and replies. */
import { type ClientFrame, covers, replyLimit, type ShownLevel } from "./protocol.ts";

const frameTypes = { delivered: "received", read: "read", acknowledged: "acknowledge" } as const;

export class Outbox {
	readonly #post: (frame: ClientFrame) => void;
	/** The level to be confirmed, by attempt. */
	readonly #receipts = new Map<string, ShownLevel>();
	/** By the identifier of the reply. */
	readonly #replies = new Map<string, { readonly attempt: string; readonly body: string }>();
	#waiting: (() => void)[] = [];
	#replyCount = 0;

	constructor(post: (frame: ClientFrame) => void) {
		this.#post = post;
	}

	get size(): number {
		return this.#receipts.size + this.#replies.size;
	}

	receipt(attempt: string, level: ShownLevel): void {
		// A level includes the ones before it, so the best one that is unconfirmed is all there is to repeat.
		if (!covers(this.#receipts.get(attempt), level)) {
			this.#receipts.set(attempt, level);
		}
		this.#post({ type: frameTypes[level], attempt });
	}

	/** `random` keeps the replies of two windows apart. */
	reply(attempt: string, body: string, random: number): void {
		if (body.length === 0 || body.length > replyLimit) {
			throw new RangeError(`a reply has between 1 and ${replyLimit} characters`);
		}
		this.#replyCount += 1;
		const id = `${random.toString(36).slice(2, 14)}.${this.#replyCount}`;
		this.#replies.set(id, { attempt, body });
		this.#post({ type: "reply", attempt, body, id });
	}

	confirmed(attempt: string, level: ShownLevel): void {
		const awaited = this.#receipts.get(attempt);
		if (awaited !== undefined && covers(level, awaited)) {
			this.#receipts.delete(attempt);
			this.#look();
		}
	}

	replied(id: string | undefined): void {
		if (id !== undefined && this.#replies.delete(id)) {
			this.#look();
		}
	}

	/** The server does not know the message, so nothing about it will ever be confirmed. */
	forget(attempt: string): void {
		this.#receipts.delete(attempt);
		for (const [id, reply] of this.#replies) {
			if (reply.attempt === attempt) {
				this.#replies.delete(id);
			}
		}
		this.#look();
	}

	/** Says everything again, on a new connection. */
	repeat(): void {
		for (const [attempt, level] of this.#receipts) {
			this.#post({ type: frameTypes[level], attempt });
		}
		for (const [id, { attempt, body }] of this.#replies) {
			this.#post({ type: "reply", attempt, body, id });
		}
	}

	settled(): Promise<void> {
		return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiting.push(resolve));
	}

	close(): void {
		for (const resolve of this.#waiting.splice(0)) {
			resolve();
		}
	}

	#look(): void {
		if (this.size === 0) {
			this.close();
		}
	}
}
