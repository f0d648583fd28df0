/**
 * The door through which messages come in. What could not be on disk soon is sent away before its body is
 * read, with the time after which it may come again, so that what is let in is answered in good time.
 *
 * Two things make a message wait: the event loop that has to get to it, and the writes before it. Both
 * are measured where they arise. (@fastify/under-pressure knows the first of them, looks once a second,
 * refuses whole servers, and always names the same Retry-After.)
 */
import { type Milliseconds, PosthasteError } from "@posthaste/core";
import type { onRequestHookHandler } from "fastify";
import type { App } from "./app.ts";

/** A message that would wait longer until it is on disk is sent away. */
const longestWait: Milliseconds = 500;
/** Large bodies that are being read or answered, in bytes, together. */
const memory = 256 * 1024 * 1024;
/**
 * Smaller bodies are not counted, since counting would cost each usual message a listener. With as many connections
 * as there may be, and a request on each of them, they come to less than 64 MiB.
 */
const small = 64 * 1024;
/** How often the event loop's delay is looked at. */
const interval: Milliseconds = 50;
/** What came in while the event loop stood still is counted for as long as that lasted, up to this. */
const longestEcho: Milliseconds = 1000;
/** Nobody is sent away for longer, in seconds. */
const longestAbsence = 60;
/** A batch that is under way waits this long for room, and then takes what comes. */
const patience: Milliseconds = 30_000;

export interface Door {
	/** Lets requests in whose bodies have at most so many bytes. */
	admit(most: number): onRequestHookHandler;
	/** Lets requests in whose bodies are read piece by piece, of which so many bytes are in memory. */
	admitStream(held: number): onRequestHookHandler;
	/** Resolves when messages may come in again. What is read in a stream waits here. */
	room(): Promise<void>;
}

export function openDoor(app: App, { writeDelay = () => 0 }: { readonly writeDelay?: () => Milliseconds }): Door {
	const loop = new LoopDelay();
	app.addHook("onClose", async () => loop.stop());
	const wait = () => loop.now + writeDelay();
	const traffic = new Traffic();
	let held = 0;
	const hook =
		(sizeOf: (contentLength: string | undefined) => number): onRequestHookHandler =>
		(request, reply, done) => {
			const size = sizeOf(request.headers["content-length"]);
			const delay = wait();
			const isFull = held + size > memory;
			traffic.count(!isFull && delay <= longestWait);
			if (isFull || delay > longestWait) {
				reply.header("retry-after", traffic.absence(delay));
				done(isFull ? tooMuchAtOnce() : tooSlow(delay));
				return;
			}
			if (size > small) {
				held += size;
				reply.raw.once("close", () => {
					held -= size;
				});
			}
			done();
		};
	return {
		admit: (most) => hook((length) => Math.min(most, length === undefined ? most : Number(length))),
		admitStream: (bytes) => hook(() => bytes),
		async room() {
			const end = performance.now() + patience;
			while (wait() > longestWait && performance.now() < end) {
				await new Promise((resolve) => setTimeout(resolve, interval));
			}
		},
	};
}

function tooSlow(delay: Milliseconds): PosthasteError {
	return new PosthasteError("overloaded", `a message would wait about ${Math.round(delay)} ms until it is on disk`);
}

function tooMuchAtOnce(): PosthasteError {
	return new PosthasteError("overloaded", "the requests under way are as large as they may be together");
}

/** How late the event loop is: how long something that comes in now waits until it is looked at. */
class LoopDelay {
	#expected = performance.now() + interval;
	/** The moment until which the delays so far are felt. */
	#until = 0;
	#timer: NodeJS.Timeout;

	constructor() {
		this.#timer = this.#next();
	}

	/** What it has grown to, or what is left of it: what came in during a delay takes about as long to get through. */
	get now(): Milliseconds {
		const now = performance.now();
		return Math.max(0, this.#until - now, now - this.#expected);
	}

	stop(): void {
		clearTimeout(this.#timer);
	}

	#next(): NodeJS.Timeout {
		return setTimeout(() => {
			const now = performance.now();
			this.#until = Math.max(this.#until, now + Math.min(longestEcho, now - this.#expected));
			this.#expected = now + interval;
			this.#timer = this.#next();
		}, interval).unref();
	}
}

/** Who was let in and who was sent away lately. */
class Traffic {
	#second = 0;
	#now = { admitted: 0, refused: 0 };
	#before = { admitted: 0, refused: 0 };

	count(isAdmitted: boolean): void {
		const second = Math.floor(performance.now() / 1000);
		if (second !== this.#second) {
			this.#before = second === this.#second + 1 ? this.#now : { admitted: 0, refused: 0 };
			this.#now = { admitted: 0, refused: 0 };
			this.#second = second;
		}
		if (isAdmitted) {
			this.#now.admitted += 1;
		} else {
			this.#now.refused += 1;
		}
	}

	/**
	 * Seconds until somebody who is sent away may come again: until the writes before them are done, and
	 * those who were sent away with them could be taken too.
	 */
	absence(delay: Milliseconds): number {
		const admitted = this.#before.admitted + this.#now.admitted;
		const refused = this.#before.refused + this.#now.refused;
		const seconds = Math.ceil(delay / 1000) + Math.round(refused / Math.max(1, admitted));
		return Math.min(longestAbsence, Math.max(1, seconds));
	}
}
