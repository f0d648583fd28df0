/** The server's event streams (text/event-stream), held open across breaks of the connection. */
import { setTimeout as delay } from "node:timers/promises";
import type { EventDocument, MessageDocument } from "@posthaste/core";
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Client } from "./client.ts";
import { Failure, unreachable } from "./failure.ts";

/** What a stream brings: first the message as it stands, then what is new, then its end. */
export type StreamEvent =
	| { readonly event: "message"; readonly data: MessageDocument }
	| { readonly event: "entries"; readonly data: EventDocument }
	| { readonly event: "end" }
	/** The connection broke; it is tried again after `delay` milliseconds. */
	| { readonly event: "interrupted"; readonly delay: number };

const delays = [500, 1000, 2000, 4000, 8000] as const;

/**
 * Follows a stream until its `end` event. A break is bridged by connecting again, at most five times
 * in a row without an event in between; the first event then is the whole message again.
 */
export async function* follow(client: Client, path: string, signal: AbortSignal): AsyncGenerator<StreamEvent, void> {
	let breaks = 0;
	let connected = false;
	for (;;) {
		try {
			for await (const event of connect(client, path, signal)) {
				breaks = 0;
				connected = true;
				yield event;
				if (event.event === "end") {
					return;
				}
			}
		} catch (error) {
			const lost = !(error instanceof Failure) || error.code === "server-unreachable";
			// The first connection has to succeed: an address where nobody ever answered is a mistake.
			if (signal.aborted || !lost || !connected) {
				throw error;
			}
		}
		const wait = delays[breaks];
		if (wait === undefined) {
			throw unreachable(client.server, "the connection broke");
		}
		breaks += 1;
		yield { event: "interrupted", delay: wait };
		await delay(wait, undefined, { signal });
	}
}

async function* connect(client: Client, path: string, signal: AbortSignal): AsyncGenerator<StreamEvent, void> {
	const response = await client.open("GET", path, { headers: { accept: "text/event-stream" }, signal });
	if (response.body === null) {
		return;
	}
	const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
	for await (const { event, data } of events) {
		const known = parse(event, data);
		if (known !== undefined) {
			yield known;
		}
	}
}

/** Events that this version does not know are passed by. */
function parse(event: string | undefined, data: string): StreamEvent | undefined {
	switch (event) {
		case "message":
		case "entries":
			return { event, data: JSON.parse(data) } as StreamEvent;
		case "end":
			return { event };
		default:
			return undefined;
	}
}
