/** Reads a stream of server-sent events. */
import { EventSourceParserStream } from "eventsource-parser/stream";

export interface ReadEvent {
	readonly event: string | undefined;
	readonly id: string | undefined;
	readonly data: string;
}

/** The events of an answer, as they come. */
export async function* readEvents(response: Response): AsyncGenerator<ReadEvent, void> {
	const events = response.body?.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream());
	for await (const { event, id, data } of events ?? []) {
		yield { event, id, data };
	}
}

/** The next event; fails when the stream ends instead. */
export async function nextEvent(
	events: AsyncGenerator<ReadEvent, void>,
): Promise<ReadEvent & { readonly json: unknown }> {
	const step = await events.next();
	if (step.done === true) {
		throw new Error("the stream has ended");
	}
	return { ...step.value, json: JSON.parse(step.value.data) };
}
