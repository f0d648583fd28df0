/** Deliveries that have ended and whose journals are to be read for their traces. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Milliseconds, thrownText } from "@posthaste/core";
import type { MessageEvent } from "../posthaste.ts";
import { readTraceParent, type TraceParent } from "./trace-context.ts";
import type { TraceExport } from "./trace-export.ts";
import { TraceParents } from "./trace-parents.ts";
import { traceOf } from "./trace-spans.ts";
import type { TracingOptions } from "./tracing.ts";

/** Ended deliveries that wait to be read; more get no trace. */
const endedLimit = 10_000;
/** Messages of deliveries that get none, remembered for what is kept of them; of more the next start clears it. */
const droppedLimit = 10_000;
/** Deliveries read between two turns of the event loop. */
const readStep = 20;

interface EndedDelivery {
	readonly message: string;
	readonly delivery: string;
	readonly sequence: number;
	/** It had ended before, and a receipt changed how. */
	readonly isLate: boolean;
}

export interface TraceQueueParts extends Pick<TracingOptions, "posthaste" | "store" | "log" | "delay"> {
	readonly traces: Pick<TraceExport, "wants" | "take">;
	readonly onSpans: NonNullable<TracingOptions["onSpans"]>;
}

export class TraceQueue {
	readonly #parts: TraceQueueParts;
	readonly #delay: Milliseconds;
	readonly #parents: TraceParents;
	readonly #stop: () => void;
	#ended: EndedDelivery[] = [];
	#dropped = new Set<string>();
	#timer: NodeJS.Timeout | undefined;
	#work: Promise<void> = Promise.resolve();
	readonly #tidying: Promise<void>;
	#isClosing = false;

	constructor(parts: TraceQueueParts) {
		this.#parts = parts;
		this.#delay = parts.delay ?? 1000;
		this.#parents = new TraceParents(parts);
		this.#stop = parts.posthaste.observe((event) => this.#take(event));
		this.#tidying = this.#tidy().catch((error: unknown) => this.#failed(error));
	}

	join(message: string, traceparent: string): void {
		this.#parents.join(message, traceparent);
	}

	/** A run that died may have left traces of messages that had ended: nothing else would ever clear them. */
	async #tidy(): Promise<void> {
		for (const messages of await this.#parents.kept()) {
			if (this.#isClosing) {
				return;
			}
			await this.#inTurn(() => this.#clearEnded(messages));
		}
	}

	#take({ message, delivery, entries }: MessageEvent): void {
		for (const entry of entries) {
			if (entry.type === "settled") {
				const isLate = entry.reason === "late-receipt";
				this.#add({ message, delivery, sequence: entry.sequence, isLate });
			}
		}
	}

	#add(ended: EndedDelivery): void {
		if (this.#ended.length >= endedLimit) {
			this.#parts.onSpans("dropped", 1);
			if (this.#dropped.size < droppedLimit) {
				this.#dropped.add(ended.message);
			}
			return;
		}
		this.#ended.push(ended);
		// A delivery may end before the answer to its request says in which trace that was.
		this.#timer ??= setTimeout(() => this.#readSoon(), this.#delay).unref();
	}

	#readSoon(): void {
		this.#timer = undefined;
		void this.#inTurn(() => this.#readAll());
	}

	/** One after the other, so that nothing is cleared while it is being read. */
	#inTurn(work: () => Promise<void>): Promise<void> {
		this.#work = this.#work.then(work).catch((error: unknown) => this.#failed(error));
		return this.#work;
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
		const dropped = [...this.#dropped];
		this.#dropped.clear();
		await this.#clearEnded(dropped);
	}

	async #read(ended: EndedDelivery): Promise<void> {
		const known = await this.#parents.of(ended.message);
		const parent = known && readTraceParent(known.traceparent);
		if (this.#parts.traces.wants(ended.message, parent)) {
			await this.#trace(ended, parent);
		}
		if (known !== undefined && !ended.isLate) {
			await this.#parents.countDown(ended.message, known);
		}
	}

	async #trace({ message: id, delivery, sequence }: EndedDelivery, parent: TraceParent | undefined): Promise<void> {
		const { store, traces } = this.#parts;
		const [stored] = await store.loadDeliveries([delivery]);
		const planned = stored && traceOf({ message: stored.message, delivery, journal: stored.journal, sequence });
		if (planned !== undefined) {
			traces.take(id, planned, parent);
		}
	}

	#clearEnded(messages: readonly string[]): Promise<void> {
		return this.#parents.clearEnded(messages, () => new Set(this.#ended.map(({ message }) => message)));
	}

	#failed(error: unknown): void {
		this.#parts.log.debug({ error: thrownText(error) }, "a trace was lost");
	}

	async close(): Promise<void> {
		this.#isClosing = true;
		this.#stop();
		clearTimeout(this.#timer);
		this.#readSoon();
		await this.#tidying;
		await this.#work;
	}
}
