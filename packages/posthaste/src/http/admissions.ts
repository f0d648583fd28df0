/**
 * What requests hold in memory from when they are let in until they are answered, and how long their bodies may
 * take to come. Every body that is read belongs to a share, so that none takes the memory of another sort; and a
 * client that stops sending, which Fastify waits for without end, is sent away. (Node's own `requestTimeout` would
 * end every batch with it, since a batch is one request that may go on for hours.)
 */
import type { IncomingHttpHeaders } from "node:http";
import { type Readable, Transform } from "node:stream";
import { type Milliseconds, PosthasteError } from "@posthaste/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import { PassingMap } from "../passing-map.ts";
import type { App } from "./app.ts";

declare module "fastify" {
	interface FastifyRequest {
		/** From when it was let in; without it the request has no body that is read. */
		admission: Admission | undefined;
	}
}

/** What a client has sent with its headers, or soon will have, in bytes. */
export const small = 64 * 1024;

/** Whatever has no share of its own: users, plugins, explanations. */
const memoryOfOthers = 64 * 1024 * 1024;

/** Why there is no room. */
export const full = "the requests under way are as large as they may be together";

/** A request is whole after this time, or is sent away; the limit is looked at this many times within it. */
const patience: Milliseconds = 30_000;
const looks = 10;
/** Who has not sent everything by then keeps a server from closing for no longer. */
const patienceWhileClosing: Milliseconds = 5000;

/** Memory for requests of one sort, in bytes. */
export class Share {
	readonly #most: number;
	#held = 0;
	/** Requests that are in it. */
	count = 0;

	constructor(most: number) {
		this.#most = most;
	}

	fits(bytes: number): boolean {
		return this.#held + bytes <= this.#most;
	}

	/** Fewer bytes than none are given back. */
	take(bytes: number): void {
		this.#held += bytes;
	}
}

/** One request's part of a share. */
export class Admission {
	readonly since = performance.now();
	readonly request: FastifyRequest;
	readonly reply: FastifyReply;
	/** Whether the body is read piece by piece by somebody who says how much of it is held. */
	readonly isStream: boolean;
	readonly #share: Share;
	#held: number;
	#isOver = false;

	constructor(share: Share, request: FastifyRequest, reply: FastifyReply, isStream: boolean) {
		this.request = request;
		this.reply = reply;
		this.isStream = isStream;
		this.#share = share;
		this.#held = Math.min(small, announced(request.headers));
		share.take(this.#held);
		share.count += 1;
	}

	/** Holds so many bytes from now on. False, and all is as before, when the share has no room for them. */
	resize(bytes: number): boolean {
		const more = bytes - this.#held;
		if (this.#isOver) {
			return true;
		}
		if (more > 0 && !this.#share.fits(more)) {
			return false;
		}
		this.#share.take(more);
		this.#held = bytes;
		return true;
	}

	/** Gives everything back. */
	end(): void {
		this.resize(0);
		this.#isOver = true;
		this.#share.count -= 1;
	}
}

export class Admissions {
	readonly #others = new Share(memoryOfOthers);
	/** Those whose bodies have to come in time, the oldest first. */
	readonly #timed = new PassingMap<Admission, Admission>();
	#patience: Milliseconds;

	constructor(app: App, limit: Milliseconds = patience) {
		this.#patience = limit;
		app.decorateRequest("admission", undefined);
		app.addHook("preParsing", (request, reply, payload, done) => {
			try {
				done(null, this.#receive(request, reply, payload as Readable));
			} catch (error) {
				done(error as Error);
			}
		});
		const looking = setInterval(() => this.#endLate(), limit / looks);
		looking.unref();
		app.addHook("preClose", async () => {
			this.#patience = Math.min(this.#patience, patienceWhileClosing);
		});
		// Fastify calls back once the server is closed, so that nobody's silence keeps it open.
		app.addHook("onClose", async () => clearInterval(looking));
	}

	/** Counts a request from now on, until it is answered or its client is gone. */
	admit(share: Share, request: FastifyRequest, reply: FastifyReply, body: "whole" | "stream" = "whole"): void {
		const admission = new Admission(share, request, reply, body === "stream");
		request.admission = admission;
		if (body === "whole") {
			this.#timed.set(admission, admission);
		}
		reply.raw.once("close", () => {
			this.#timed.delete(admission);
			admission.end();
		});
	}

	/** The body as it is to be read: any that is not small is counted as it grows, so that announcing one takes nothing. */
	#receive(request: FastifyRequest, reply: FastifyReply, body: Readable): Readable {
		if (request.admission === undefined && isRead(request)) {
			if (!this.#others.fits(Math.min(small, announced(request.headers)))) {
				throw new PosthasteError("overloaded", full);
			}
			this.admit(this.#others, request, reply);
		}
		const { admission } = request;
		const isCounted = admission !== undefined && !admission.isStream && !announcesSmall(request.headers);
		return isCounted ? counted(body, admission) : body;
	}

	#endLate(): void {
		const before = performance.now() - this.#patience;
		for (const { since, request, reply } of this.#timed.values()) {
			if (since > before) {
				return;
			}
			if (!request.raw.complete && !reply.raw.headersSent) {
				reply.header("connection", "close");
				reply.send(new PosthasteError("invalid-request", "The request did not arrive in time"));
			}
		}
	}
}

/** The length of a body. One that comes in chunks says none, and is small until it has grown. */
export function announced({ "content-length": length }: IncomingHttpHeaders): number {
	return length === undefined ? small : Number(length);
}

function announcesSmall({ "content-length": length }: IncomingHttpHeaders): boolean {
	return length !== undefined && Number(length) <= small;
}

/** Bodies that GET and HEAD bring are left where they are. */
function isRead({ method, headers }: FastifyRequest): boolean {
	const hasBody = headers["content-length"] !== undefined || headers["transfer-encoding"] !== undefined;
	return hasBody && method !== "GET" && method !== "HEAD";
}

/** The same bytes, of which the admission knows; they break off when there is no room for more. */
function counted(body: Readable, admission: Admission): Readable {
	let length = 0;
	const counter = new Transform({
		transform(piece: Buffer, _encoding, done) {
			length += piece.length;
			if (length <= small || admission.resize(length)) {
				done(null, piece);
			} else {
				done(new PosthasteError("overloaded", full));
			}
		},
	});
	body.once("error", (error) => counter.destroy(error));
	return body.pipe(counter);
}
