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
 * Requests that were let in and are not answered yet. Each of thousands that are worked on at the same time waits for all
 * the others, so that nobody would be answered in good time. Connections that ask for nothing do not count.
 */
const mostAtOnce = 1000;
/** What a client has sent with its headers, or soon will have. */
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
	let inside = 0;
	const hook =
		(sizeOf: (contentLength: string | undefined) => number): onRequestHookHandler =>
		(request, reply, done) => {
			const size = sizeOf(request.headers["content-length"]);
			const refusal = refusalOf({ delay: wait(), inside, held: held + size });
			traffic.count(refusal === undefined);
			if (refusal !== undefined) {
				// Otherwise thousands of clients that ask again at once keep the event loop with nothing but sending them away: libuv
				// reads on for as long as over a thousand connections have something to say, and whoever was let in waits. While
				// a large body is still being sent, closing would cut the answer off.
				if (size <= small) {
					reply.header("connection", "close");
				}
				reply.header("retry-after", traffic.absence(refusal.delay));
				done(refusal.error);
				return;
			}
			inside += 1;
			held += size;
			reply.raw.once("close", () => {
				inside -= 1;
				held -= size;
			});
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

interface Crowd {
	readonly delay: Milliseconds;
	/** Requests before this one. */
	readonly inside: number;
	/** Bytes, with this one's. */
	readonly held: number;
}

/** Why a request is sent away, if it is, and how long what is here already will take. */
function refusalOf({ delay, inside, held }: Crowd): { error: PosthasteError; delay: Milliseconds } | undefined {
	const because = (detail: string) => ({ error: new PosthasteError("overloaded", detail), delay });
	if (delay > longestWait) {
		return because(`a message would wait about ${Math.round(delay)} ms until it is on disk`);
	}
	if (inside >= mostAtOnce) {
		return because(`${mostAtOnce} messages are being taken in at this moment`);
	}
	return held > memory ? because("the requests under way are as large as they may be together") : undefined;
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

/** Of the most that were let in within a second, this much still counts a second later. */
const memoryOfRate = 0.8;

/** Who was let in and who was sent away lately. */
class Traffic {
	#second = 0;
	#admitted = 0;
	/** Within this second and the one before. */
	#refused: [before: number, now: number] = [0, 0];
	/** How many can be let in within a second, as far as is known. A second of standing still is not forgotten at once, nor taken for the rule. */
	#rate = 0;

	count(isAdmitted: boolean): void {
		this.#turn(Math.floor(performance.now() / 1000));
		if (isAdmitted) {
			this.#admitted += 1;
		} else {
			this.#refused[1] += 1;
		}
	}

	/**
	 * Seconds until somebody who is sent away may come again: until the writes before them are done, and
	 * those who were sent away with them could be taken too.
	 */
	absence(delay: Milliseconds): number {
		const refused = this.#refused[0] + this.#refused[1];
		const seconds = Math.ceil(delay / 1000) + Math.round(refused / Math.max(1, this.#rate, this.#admitted));
		return Math.min(longestAbsence, Math.max(1, seconds));
	}

	#turn(second: number): void {
		const passed = second - this.#second;
		if (passed > 0) {
			this.#rate = Math.max(this.#admitted, this.#rate * memoryOfRate ** passed);
			this.#refused = [passed === 1 ? this.#refused[1] : 0, 0];
			this.#admitted = 0;
			this.#second = second;
		}
	}
}
