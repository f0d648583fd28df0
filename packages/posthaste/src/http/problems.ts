/** Every error leaves as an RFC 9457 problem document, whoever threw it. */
import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { PosthasteError, type Problem } from "@posthaste/core";
import type { FastifyError, FastifyReply } from "fastify";
import type { Logger } from "pino";

export const problemType = "application/problem+json";

/** A problem, with the identifier under which the log knows more where the fault is ours. */
export interface ProblemDocument extends Problem {
	readonly instance?: string;
}

/** Seconds after which a client that was sent away may come again. */
const retryAfter = "1";

/** Turns anything thrown into a problem document. What nobody expected is logged, and only its identifier leaves. */
export function toProblem(error: unknown, log: Logger): ProblemDocument {
	const expected = error instanceof PosthasteError ? error : fromFastify(error as Partial<FastifyError>);
	if (expected !== undefined) {
		return expected.toProblem();
	}
	const instance = `urn:uuid:${randomUUID()}`;
	log.error({ err: error, instance }, "a request failed");
	const detail = `Something failed that should not have; the log has more under ${instance}`;
	return { ...new PosthasteError("internal", detail).toProblem(), instance };
}

/** The errors that Fastify and its parsers raise on bad requests. */
function fromFastify(error: Partial<FastifyError>): PosthasteError | undefined {
	switch (error?.code) {
		case "FST_ERR_CTP_BODY_TOO_LARGE":
			return new PosthasteError("too-large", "The request's body is larger than this resource takes");
		case "FST_ERR_CTP_INVALID_MEDIA_TYPE":
			return new PosthasteError("unsupported-media-type", "The resource does not take this content type");
		case "FST_ERR_CTP_INVALID_CONTENT_LENGTH":
			return new PosthasteError("invalid-request", "The body is not as long as Content-Length says");
		case "FST_ERR_BAD_URL":
			return new PosthasteError("invalid-request", "The path has a % that is not followed by two hexadecimal digits");
		case "FST_ERR_MAX_PARAM_LENGTH":
			return new PosthasteError("not-found", "Part of the path is longer than any name or identifier");
		case "ECONNRESET":
			return new PosthasteError("invalid-request", "The connection was closed before the whole request had come");
		default:
			return undefined;
	}
}

/** Sends a problem document. */
export function sendProblem(reply: FastifyReply, problem: ProblemDocument): FastifyReply {
	if (problem.status === 503 && !reply.hasHeader("retry-after")) {
		reply.header("retry-after", retryAfter);
	}
	return reply.code(problem.status).type(problemType).send(JSON.stringify(problem));
}

/** Answers a request that is not even HTTP, straight to the connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
	if (error.code === "ECONNRESET" || !socket.writable) {
		socket.destroy();
		return;
	}
	const body = JSON.stringify(new PosthasteError("invalid-request", describeClientError(error.code)).toProblem());
	const length = Buffer.byteLength(body);
	socket.end(
		`HTTP/1.1 400 Bad Request\r\nContent-Type: ${problemType}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`,
	);
}

function describeClientError(code: string | undefined): string {
	switch (code) {
		case "HPE_HEADER_OVERFLOW":
			return "The request's headers are too large";
		case "ERR_HTTP_REQUEST_TIMEOUT":
			return "The request did not arrive in time";
		default:
			return "The request is not HTTP";
	}
}
