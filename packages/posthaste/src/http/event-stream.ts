/** Server-sent events (HTML Living Standard §9.2): one stream of events to one client. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import type { FastifyReply } from "fastify";
import type { Logger } from "pino";
import { toProblem } from "./problems.ts";

export interface ServerEvent {
	readonly event: string;
	/** What the client names as `Last-Event-ID` when it comes again. */
	readonly id?: string;
	readonly data: unknown;
}

export interface EventStreamOptions {
	readonly log: Logger;
	/** Ends the stream. */
	readonly closing: AbortSignal;
	/** Milliseconds between comments, which keep proxies and clients from giving the connection up. */
	readonly heartbeat?: number;
}

export const eventStream = "text/event-stream";

const defaultHeartbeat = 15_000;

/** Milliseconds after which clients come again when the connection breaks. */
const retry = 2000;

/** Sends one event; resolves when the client has room for the next. Rejects when the stream is over. */
export type SendEvent = (event: ServerEvent) => Promise<void>;

/**
 * Answers with a stream of what `produce` sends, until it returns, the client goes or the server
 * closes. Its signal aborts in the last two cases.
 */
export function sendEvents(
	reply: FastifyReply,
	options: EventStreamOptions,
	produce: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): FastifyReply {
	reply.type(eventStream).header("cache-control", "no-store").header("x-accel-buffering", "no");
	if (reply.request.method === "HEAD") {
		return reply.send("");
	}
	const stream = new PassThrough();
	const gone = new AbortController();
	const stop = () => {
		gone.abort();
		stream.end();
	};
	options.closing.addEventListener("abort", stop, { once: true });
	const beat = setInterval(
		() => stream.writableNeedDrain || stream.write(":\n\n"),
		options.heartbeat ?? defaultHeartbeat,
	);
	stream.once("close", () => {
		clearInterval(beat);
		options.closing.removeEventListener("abort", stop);
		gone.abort();
	});
	stream.write(`retry: ${retry}\n\n`);
	void run(stream, gone.signal, options.log, produce);
	return reply.send(stream);
}

async function run(
	stream: PassThrough,
	signal: AbortSignal,
	log: Logger,
	produce: (send: SendEvent, signal: AbortSignal) => Promise<void>,
): Promise<void> {
	const send: SendEvent = async (event) => {
		signal.throwIfAborted();
		if (!stream.write(format(event))) {
			await once(stream, "drain", { signal });
		}
	};
	try {
		await produce(send, signal);
	} catch (error) {
		if (!signal.aborted) {
			stream.write(format({ event: "problem", data: toProblem(error, log) }));
		}
	} finally {
		stream.end();
	}
}

/** JSON has no line breaks of its own, so that the data is always one line. */
function format({ event, id, data }: ServerEvent): string {
	return `event: ${event}\n${id === undefined ? "" : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}
