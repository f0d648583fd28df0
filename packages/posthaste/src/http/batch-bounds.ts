/** What a batch may hold, and how long it may stand still: it goes on for as long as its client likes, otherwise. */
import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { type Milliseconds, PosthasteError } from "@posthaste/core";
import { type Admission, full, small } from "./admissions.ts";

/** A batch under way: how much of it is in memory, and since when it has stood still. */
export class OpenBatch {
	readonly #admission: Admission | undefined;
	readonly #longestLine: number;
	#begun = 0;
	#lines = 0;
	#answers: Readable | undefined;
	#moved = performance.now();

	constructor(admission: Admission | undefined, longestLine: number) {
		this.#admission = admission;
		this.#longestLine = longestLine;
	}

	/** How long neither its client nor we have done anything. While lines are being worked on the client may well wait. */
	get still(): Milliseconds {
		return this.#lines > 0 ? 0 : performance.now() - this.#moved;
	}

	/** Where the answers wait to be taken, which is memory too. */
	answers(answers: Readable): Readable {
		this.#answers = answers;
		return answers;
	}

	/** @throws PosthasteError `overloaded` when all batches together have no room for it */
	received(piece: Buffer): void {
		this.#moved = performance.now();
		const end = piece.lastIndexOf("\n");
		// What comes of a line that is too long is not kept.
		this.#begun = Math.min(this.#longestLine, end === -1 ? this.#begun + piece.length : piece.length - end - 1);
		if (!this.#measure()) {
			throw new PosthasteError("overloaded", full);
		}
	}

	/** Counts lines of so many bytes until the work on them is done. */
	async during<T>(bytes: number, work: () => Promise<T>): Promise<T> {
		this.#lines += bytes;
		try {
			return await work();
		} finally {
			this.#lines -= bytes;
			this.#moved = performance.now();
			this.#measure();
		}
	}

	#measure(): boolean {
		const held = small + this.#begun + this.#lines + (this.#answers?.readableLength ?? 0);
		return this.#admission?.resize(held) ?? true;
	}
}

/** The pieces of a batch as they come. Breaks off when it has stood still for too long, or finds no room. */
export async function* receive(body: Readable, batch: OpenBatch, patience: Milliseconds): AsyncGenerator<Buffer, void> {
	// Ending the reading must not end the connection, on which the last answers are still to go.
	const pieces = body.iterator({ destroyOnReturn: false });
	let next = pieces.next();
	while (batch.still < patience) {
		const step = await within(next, patience - batch.still);
		if (step?.done === true) {
			return;
		}
		if (step !== undefined) {
			batch.received(step.value);
			yield step.value;
			next = pieces.next();
		}
	}
	const seconds = Math.round(patience / 1000);
	throw new PosthasteError("invalid-request", `The batch ends here, since nothing of it came for ${seconds} seconds`);
}

/** Undefined when it takes longer. */
async function within<T>(promise: Promise<T>, patience: Milliseconds): Promise<T | undefined> {
	const late = Promise.withResolvers<undefined>();
	const timer = setTimeout(() => late.resolve(undefined), patience);
	try {
		return await Promise.race([promise, late.promise]);
	} finally {
		clearTimeout(timer);
	}
}

/** Lets a client go that has taken none of its answers for so long: nobody else can use the memory in which they wait. */
export function letGoUnread(response: ServerResponse, patience: Milliseconds): void {
	let before = -1;
	const looking = setInterval(() => {
		const written = response.socket?.bytesWritten ?? -1;
		if (response.writableNeedDrain && written === before) {
			response.destroy();
		}
		before = written;
	}, patience);
	looking.unref();
	response.once("close", () => clearInterval(looking));
}
