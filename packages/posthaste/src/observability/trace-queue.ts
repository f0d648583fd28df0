/** Deliveries that have ended and whose journals are to be read for their traces, and the traces that messages were sent in. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Message, Milliseconds } from "@posthaste/core";
import { isFinal } from "@posthaste/core";
import type { MessageEvent } from "../posthaste.ts";
import { readTraceParent } from "./trace-context.ts";
import type { TraceExport } from "./trace-export.ts";
import { traceOf } from "./trace-spans.ts";
import type { TracingOptions } from "./tracing.ts";

/** Ended deliveries that wait to be read; more get no trace. */
const endedLimit = 10_000;
/** Deliveries read between two turns of the event loop. */
const readStep = 20;
/** Parents kept at hand. The store has them all. */
const parentsAtHand = 10_000;
/** No mechanism has a colon in its name. */
const place = ":traces";

interface EndedDelivery {
	readonly message: string;
	readonly delivery: string;
	readonly sequence: number;
}

interface Parent {
	readonly traceparent: string;
	/** Deliveries of the message that have not ended; undefined before the first has. */
	open: number | undefined;
}

export interface TraceQueueParts extends Pick<TracingOptions, "posthaste" | "store" | "log" | "delay"> {
	readonly traces: Pick<TraceExport, "wants" | "take">;
	readonly onSpans: NonNullable<TracingOptions["onSpans"]>;
}

export class TraceQueue {
	readonly #parts: TraceQueueParts;
	readonly #delay: Milliseconds;
	readonly #parents = new Map<string, Parent>();
	readonly #stop: () => void;
	#ended: EndedDelivery[] = [];
	#timer: NodeJS.Timeout | undefined;
	#work: Promise<void> = Promise.resolve();

	constructor(parts: TraceQueueParts) {
		this.#parts = parts;
		this.#delay = parts.delay ?? 1000;
		this.#stop = parts.posthaste.observe((event) => this.#take(event));
	}

	/** Kept on disk, since the message may come to its end after a restart; lost if the program dies this very moment. */
	join(message: string, traceparent: string): void {
		if (readTraceParent(traceparent) === undefined) {
			return;
		}
		this.#remember(message, { traceparent, open: undefined });
		this.#parts.store.pluginSet(place, message, traceparent).catch((error: unknown) => this.#failed(error));
	}

	#remember(message: string, parent: Parent): void {
		this.#parents.set(message, parent);
		if (this.#parents.size > parentsAtHand) {
			const [oldest] = this.#parents.keys();
			this.#parents.delete(oldest as string);
		}
	}

	#take({ message, delivery, entries }: MessageEvent): void {
		for (const entry of entries) {
			if (entry.type === "settled") {
				this.#add({ message, delivery, sequence: entry.sequence });
			}
		}
	}

	#add(ended: EndedDelivery): void {
		if (this.#ended.length >= endedLimit) {
			this.#parts.onSpans("dropped", 1);
			return;
		}
		this.#ended.push(ended);
		// A delivery may end before the answer to its request says in which trace that was.
		this.#timer ??= setTimeout(() => this.#readSoon(), this.#delay).unref();
	}

	#readSoon(): void {
		this.#timer = undefined;
		this.#work = this.#work.then(() => this.#readAll());
	}

	async #readAll(): Promise<void> {
		const ended = this.#ended;
		this.#ended = [];
		for (const [index, one] of ended.entries()) {
			if (index % readStep === readStep - 1) {
				await nextTurn();
			}
			try {
				await this.#read(one);
			} catch (error) {
				this.#failed(error);
			}
		}
	}

	async #read({ message: id, delivery, sequence }: EndedDelivery): Promise<void> {
		const { store, traces } = this.#parts;
		const known = this.#parents.get(id) ?? (await this.#storedParent(id));
		const parent = known && readTraceParent(known.traceparent);
		if (known === undefined && !traces.wants(id, undefined)) {
			return;
		}
		const [stored] = await store.loadDeliveries([delivery]);
		if (stored === undefined) {
			return;
		}
		const { message, journal } = stored;
		const planned = traces.wants(id, parent) ? traceOf({ message, delivery, journal, sequence }) : undefined;
		if (planned !== undefined) {
			traces.take(id, planned, parent);
		}
		const isFirstEnd = !journal.some((entry) => entry.type === "settled" && entry.sequence < sequence);
		if (known !== undefined && isFirstEnd) {
			await this.#countDown(message, known);
		}
	}

	/** The trace that an earlier run of the program was told of, with how many deliveries are still to come. */
	async #storedParent(message: string): Promise<Parent | undefined> {
		const traceparent = await this.#parts.store.pluginGet(place, message);
		if (typeof traceparent !== "string") {
			return undefined;
		}
		const stored = await this.#parts.store.loadMessage(message);
		// The one that has just ended counts as open.
		const open = 1 + (stored?.deliveries.filter(({ state }) => !isFinal(state)).length ?? 0);
		const parent = { traceparent, open };
		this.#remember(message, parent);
		return parent;
	}

	/** When the last delivery has ended the store need not keep it; at hand it stays for a while, for late receipts. */
	async #countDown(message: Message, parent: Parent): Promise<void> {
		parent.open = (parent.open ?? message.to.length) - 1;
		if (parent.open === 0) {
			await this.#parts.store.pluginDelete(place, message.id);
		}
	}

	#failed(error: unknown): void {
		this.#parts.log.debug({ error: error instanceof Error ? error.message : String(error) }, "a trace was lost");
	}

	async close(): Promise<void> {
		this.#stop();
		clearTimeout(this.#timer);
		this.#readSoon();
		await this.#work;
	}
}
