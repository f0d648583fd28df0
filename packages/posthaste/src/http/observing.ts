/** Tells whoever keeps figures, logs and traces what became of requests. */
import type { ErrorCode } from "@posthaste/core";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { App, HttpOptions } from "./app.ts";
import { eventStream } from "./event-stream.ts";
import { sendProblem, toProblem } from "./problems.ts";

/** Callbacks must be quick and must not throw. */
export interface RequestObserver {
	/** A request was answered, event streams aside, which end when their clients have heard enough. `route` is the route's pattern; undefined where nothing is. */
	answered(request: {
		readonly route: string | undefined;
		readonly method: string;
		readonly status: number;
		readonly seconds: number;
	}): void;
	/** A request, or a line of a batch, was refused. */
	refused(code: ErrorCode): void;
	/** A request with this `traceparent` header (W3C Trace Context) made this message. */
	traced?(message: string, traceparent: string): void;
}

/** Answers an error as a problem document, and tells of it. */
export function refuse(error: unknown, reply: FastifyReply, { log, observer }: HttpOptions): FastifyReply {
	const problem = toProblem(error, log);
	observer?.refused(problem.code);
	return sendProblem(reply, problem);
}

/** Must be called before routes are added. */
export function observeRequests(app: App, { log, observer }: HttpOptions): void {
	const isLogged = log.isLevelEnabled("debug");
	if (observer === undefined && !isLogged) {
		return;
	}
	app.addHook("onResponse", (request, reply, done) => {
		const { method } = request;
		const { statusCode: status, elapsedTime } = reply;
		const route = request.routeOptions.url;
		if (!isEventStream(reply)) {
			observer?.answered({ route, method, status, seconds: elapsedTime / 1000 });
		}
		if (isLogged) {
			const message = messageOf(request, reply);
			const milliseconds = Math.round(elapsedTime * 10) / 10;
			// The path itself may name users, so the route's pattern stands for it.
			const about = { request: request.id, method, route, status, milliseconds };
			log.debug({ ...about, ...(message !== undefined && { message }) }, "a request was answered");
		}
		done();
	});
	if (observer?.traced !== undefined) {
		passTraces(app, observer.traced.bind(observer));
	}
}

/** Its end says how long its client listened, not how long it waited for an answer. */
function isEventStream(reply: FastifyReply): boolean {
	const type = reply.getHeader("content-type");
	return typeof type === "string" && type.startsWith(eventStream);
}

/** Told before the answer leaves, so that whoever reads it finds the trace joined. */
function passTraces(app: App, traced: NonNullable<RequestObserver["traced"]>): void {
	app.addHook("onSend", (request, reply, payload, done) => {
		const { traceparent } = request.headers;
		if (typeof traceparent === "string" && reply.getHeader("idempotent-replayed") === undefined) {
			const message = acceptedMessage(reply);
			if (message !== undefined) {
				traced(message, traceparent);
			}
		}
		done(null, payload);
	});
}

const acceptedPath = /^\/v1\/messages\/([0-9a-f-]{36})$/;

/** The message that this answer says was accepted. */
function acceptedMessage(reply: FastifyReply): string | undefined {
	const location = reply.statusCode === 202 ? reply.getHeader("location") : undefined;
	return typeof location === "string" ? acceptedPath.exec(location)?.[1] : undefined;
}

const identifier = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The message that a request was about, when it is one: what else stands in a path may be anything. */
function messageOf(request: FastifyRequest, reply: FastifyReply): string | undefined {
	const { id } = (request.params ?? {}) as { readonly id?: unknown };
	const named = typeof id === "string" && identifier.test(id) ? id : undefined;
	return acceptedMessage(reply) ?? named;
}
