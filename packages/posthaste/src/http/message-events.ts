/** Follows one message: first the whole of it, then each new entry once, then its end. */
import { isFinal } from "@posthaste/core";
import type { DeliveryView, MessageEvent, MessageView, Posthaste } from "../posthaste.ts";
import { toEventDocument, toMessageDocument } from "./documents.ts";
import type { SendEvent } from "./event-stream.ts";

/** The last event's identifier: a client that names it has seen everything. */
export const endId = "end";

/** Sends `message`, `entries` and `end` events. Without `end` the client should come again. */
export async function followMessage(
	posthaste: Posthaste,
	id: string,
	send: SendEvent,
	signal: AbortSignal,
): Promise<void> {
	// Listening begins before reading, so that nothing can happen unseen in between.
	const events = posthaste.messages.events(id, signal)[Symbol.asyncIterator]();
	const first = events.next();
	// It is awaited below; until then a failure of it is nobody's surprise.
	first.catch(() => {});
	try {
		const follower = new Follower(posthaste, id, send);
		await follower.begin();
		for (let step = await first; step.done !== true; step = await events.next()) {
			await follower.take(step.value);
		}
		await follower.finish(signal);
	} finally {
		await events.return?.();
	}
}

class Follower {
	readonly #posthaste: Posthaste;
	readonly #message: string;
	readonly #send: SendEvent;
	/** The last sequence sent of each delivery. */
	readonly #sent = new Map<string, number>();

	constructor(posthaste: Posthaste, message: string, send: SendEvent) {
		this.#posthaste = posthaste;
		this.#message = message;
		this.#send = send;
	}

	async begin(): Promise<void> {
		const view = await this.#posthaste.messages.get(this.#message);
		if (view !== undefined) {
			for (const delivery of view.deliveries) {
				this.#sent.set(delivery.id, delivery.journal.at(-1)?.sequence ?? 0);
			}
			await this.#send({ event: "message", id: this.#position(), data: toMessageDocument(view) });
		}
	}

	/** An event may repeat what was sent already, or come after one that was missed. */
	async take(event: MessageEvent): Promise<void> {
		const [next] = this.#unsent(event);
		if (next !== undefined && next.sequence > this.#sentOf(event.delivery) + 1) {
			await this.#catchUp();
		}
		await this.#sendEntries(event);
	}

	async finish(signal: AbortSignal): Promise<void> {
		const view = signal.aborted ? undefined : await this.#catchUp();
		if (view?.deliveries.every(({ state }) => isFinal(state))) {
			await this.#send({ event: "end", id: endId, data: { message: this.#message } });
		}
	}

	/** Reads the journals again and sends what is new in them. */
	async #catchUp(): Promise<MessageView | undefined> {
		const view = await this.#posthaste.messages.get(this.#message);
		for (const delivery of view?.deliveries ?? []) {
			await this.#sendEntries(toEvent(delivery));
		}
		return view;
	}

	async #sendEntries(event: MessageEvent): Promise<void> {
		const entries = this.#unsent(event);
		const last = entries.at(-1);
		if (last !== undefined) {
			this.#sent.set(event.delivery, last.sequence);
			await this.#send({ event: "entries", id: this.#position(), data: toEventDocument({ ...event, entries }) });
		}
	}

	#unsent({ delivery, entries }: MessageEvent) {
		const sent = this.#sentOf(delivery);
		return entries.filter(({ sequence }) => sequence > sent);
	}

	#sentOf(delivery: string): number {
		return this.#sent.get(delivery) ?? 0;
	}

	/** Grows with every entry sent. */
	#position(): string {
		return String([...this.#sent.values()].reduce((sum, sequence) => sum + sequence, 0));
	}
}

function toEvent({ message, id, state, reason, journal }: DeliveryView): MessageEvent {
	return { message, delivery: id, state, ...(reason !== undefined && { reason }), entries: journal };
}
