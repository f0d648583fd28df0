/**
 * The door through which messages come in. What could not be on disk soon is sent away before its body is
 * read, with the time after which it may come again, so that what is let in is answered in good time.
 *
 * Two things make a message wait: the event loop that has to get to it, and the writes before it. Both
 * are measured where they arise. (@fastify/under-pressure knows the first of them, looks once a second,
 * refuses whole servers, and always names the same Retry-After.)
 */
import { type Milliseconds, PosthasteError } from "@posthaste/core";
import type { FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { Admissions, announced, full, Share, small } from "./admissions.ts";
import { type App, configurationLimit, type HttpOptions, requestLimit } from "./app.ts";

/** A message that would wait longer until it is on disk is sent away. */
const longestWait: Milliseconds = 500;
/** Messages that are being read or answered, in bytes, together. */
const memoryOfMessages = 256 * 1024 * 1024;
/** What all batches hold. It is a share of its own, since a batch may go on for hours. */
const memoryOfBatches = 128 * 1024 * 1024;
/** Configurations at a time: each may be large, and is applied after the one before anyway. */
const configurationsAtOnce = 2;
/**
 * Messages that were let in and are not answered yet. Each of thousands that are worked on at the same time waits for all
 * the others, so that nobody would be answered in good time. Connections that ask for nothing do not count.
 */
const mostAtOnce = 1000;
/** How often the event loop's delay is looked at, and whether a message would be let in. */
const interval: Milliseconds = 50;
/** What came in while the event loop stood still is counted for as long as that lasted, up to this. */
const longestEcho: Milliseconds = 1000;
/** Nobody is sent away for longer, in seconds. */
const longestAbsence = 60;
/** A batch that is under way waits this long for room, and then takes what comes. */
const patience: Milliseconds = 30_000;
/** Messages that are sent away for no longer than this are a passing matter. */
const passing: Milliseconds = 1000;

export interface Door {
	/** Lets messages in. */
	readonly message: onRequestHookHandler;
	/** Lets batches in, which say themselves how much they hold. */
	readonly batch: onRequestHookHandler;
	/** Lets configurations in, however long messages wait: a change may be what ends that. */
	readonly configuration: onRequestHookHandler;
	/** Resolves when messages may come in again. What is read in a stream waits here. */
	room(): Promise<void>;
	/** Why messages are sent away, once none has been let in for a while. Undefined as long as some are. */
	readonly shut: string | undefined;
}

type DoorOptions = Pick<HttpOptions, "writeDelay" | "requestPatience">;

export function openDoor(app: App, { writeDelay = () => 0, requestPatience }: DoorOptions): Door {
	return new OpenDoor(app, new Admissions(app, requestPatience), writeDelay);
}

class OpenDoor implements Door {
	readonly #admissions: Admissions;
	readonly #writeDelay: () => Milliseconds;
	readonly #messages = new Share(memoryOfMessages);
	readonly #batches = new Share(memoryOfBatches);
	readonly #configurations = new Share(configurationsAtOnce * configurationLimit);
	readonly #traffic = new Traffic();
	readonly #loop: LoopDelay;

	constructor(app: App, admissions: Admissions, writeDelay: () => Milliseconds) {
		this.#admissions = admissions;
		this.#writeDelay = writeDelay;
		this.#loop = new LoopDelay(() => {
			if (this.#messageRefusal(small) === undefined) {
				this.#traffic.opened();
			}
		});
		// What the server's own beginning takes is no sign of load.
		app.addHook("onReady", async () => this.#loop.start());
		app.addHook("onClose", async () => this.#loop.stop());
	}

	readonly message: onRequestHookHandler = (request, reply, done) => {
		const size = sizeOf(request);
		const refusal = this.#messageRefusal(size);
		this.#traffic.count(refusal === undefined);
		if (refusal !== undefined) {
			done(this.#refuse(refusal, size, reply));
			return;
		}
		this.#traffic.opened();
		this.#admissions.admit(this.#messages, request, reply);
		done();
	};

	readonly batch: onRequestHookHandler = (request, reply, done) => {
		const refusal = this.#delayRefusal() ?? fullRefusal(this.#batches, small);
		this.#traffic.count(refusal === undefined);
		if (refusal !== undefined) {
			done(this.#refuse(refusal, sizeOf(request), reply));
			return;
		}
		this.#admissions.admit(this.#batches, request, reply, "stream");
		done();
	};

	readonly configuration: onRequestHookHandler = (request, reply, done) => {
		if (this.#configurations.count >= configurationsAtOnce) {
			done(new PosthasteError("overloaded", `${configurationsAtOnce} configurations are being applied at this moment`));
			return;
		}
		this.#admissions.admit(this.#configurations, request, reply);
		done();
	};

	async room(): Promise<void> {
		const end = performance.now() + patience;
		while (this.#wait > longestWait && performance.now() < end) {
			await new Promise((resolve) => setTimeout(resolve, interval));
		}
	}

	get shut(): string | undefined {
		return this.#traffic.sinceOpen > passing ? this.#messageRefusal(small) : undefined;
	}

	get #wait(): Milliseconds {
		return this.#loop.now + this.#writeDelay();
	}

	/** Why a message of this size would be sent away now, if it would. */
	#messageRefusal(size: number): string | undefined {
		const isCrowded = this.#messages.count >= mostAtOnce;
		return (
			this.#delayRefusal() ??
			(isCrowded ? `${mostAtOnce} messages are being taken in at this moment` : fullRefusal(this.#messages, size))
		);
	}

	#delayRefusal(): string | undefined {
		const wait = this.#wait;
		return wait > longestWait ? `a message would wait about ${Math.round(wait)} ms until it is on disk` : undefined;
	}

	#refuse(detail: string, size: number, reply: FastifyReply): PosthasteError {
		// Otherwise thousands of clients that ask again at once keep the event loop with nothing but sending them away: libuv
		// reads on for as long as over a thousand connections have something to say, and whoever was let in waits. While
		// a large body is still being sent, closing would cut the answer off.
		if (size <= small) {
			reply.header("connection", "close");
		}
		reply.header("retry-after", this.#traffic.absence(this.#wait));
		return new PosthasteError("overloaded", detail);
	}
}

function fullRefusal(share: Share, size: number): string | undefined {
	return share.fits(size) ? undefined : full;
}

/** What a request may come to; larger ones are refused for their size. */
function sizeOf({ headers }: FastifyRequest): number {
	return Math.min(requestLimit, announced(headers));
}

/** How late the event loop is: how long something that comes in now waits until it is looked at. */
class LoopDelay {
	#expected = Number.POSITIVE_INFINITY;
	/** The moment until which the delays so far are felt. */
	#until = 0;
	readonly #looked: () => void;
	#timer: NodeJS.Timeout | undefined;

	/** Calls back each time that it has looked. */
	constructor(looked: () => void) {
		this.#looked = looked;
	}

	start(): void {
		this.#expected = performance.now() + interval;
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
			this.#looked();
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
	#opened = performance.now();

	/** Milliseconds since a message was let in, or would have been. */
	get sinceOpen(): Milliseconds {
		return performance.now() - this.#opened;
	}

	opened(): void {
		this.#opened = performance.now();
	}

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
