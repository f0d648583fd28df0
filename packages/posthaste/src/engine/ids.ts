/** Identifiers of messages: UUIDv7 (RFC 9562 §5.7), each greater than the one before. */
import { randomFillSync } from "node:crypto";
import type { Milliseconds } from "@posthaste/core";
import { v7 } from "uuid";

const randomBytes = 16;
/** Random bytes are fetched for this many identifiers at once: a call for each costs more than the rest of the identifier. */
const pooled = 256;

/** The sequence has 32 bits; starting in its lower half leaves room for two thousand million in one millisecond. */
const sequenceStart = () => Math.floor(Math.random() * 0x7fffffff);

/** Makes identifiers, each greater than the one before. */
export interface IdSource {
	next(now: Milliseconds): string;
}

export class MessageIds implements IdSource {
	#moment = 0;
	#sequence = sequenceStart();
	readonly #pool = Buffer.alloc(randomBytes * pooled);
	#used = pooled;

	/** Messages of the same millisecond keep their order, and a clock that is set back does not break it. */
	next(now: Milliseconds): string {
		if (now > this.#moment) {
			this.#moment = now;
			this.#sequence = sequenceStart();
		} else {
			this.#sequence += 1;
		}
		return v7({ msecs: this.#moment, seq: this.#sequence, random: this.#random() });
	}

	#random(): Uint8Array {
		if (this.#used === pooled) {
			randomFillSync(this.#pool);
			this.#used = 0;
		}
		const start = this.#used * randomBytes;
		this.#used += 1;
		return this.#pool.subarray(start, start + randomBytes);
	}
}
