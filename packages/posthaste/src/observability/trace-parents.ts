/**
 * The traces that messages were sent in. They are kept on disk until the last delivery has ended, since that may be
 * after a restart, and at hand for a while longer, for late receipts.
 */
import { isFinal, thrownText } from "@posthaste/core";
import { readTraceParent } from "./trace-context.ts";
import type { TracingOptions } from "./tracing.ts";

/** Parents kept at hand. The store has them all. */
const mostAtHand = 10_000;
/** Messages that are looked at or cleared at once; their writes share a transaction. */
const step = 100;
/** No mechanism has a colon in its name. */
const place = ":traces";

export interface Parent {
	readonly traceparent: string;
	/** Deliveries of the message that have not ended; undefined before the first has. */
	open: number | undefined;
}

export type TraceParentsParts = Pick<TracingOptions, "store" | "log">;

export class TraceParents {
	readonly #parts: TraceParentsParts;
	readonly #atHand = new Map<string, Parent>();

	constructor(parts: TraceParentsParts) {
		this.#parts = parts;
	}

	/** Lost if the program dies this very moment. */
	join(message: string, traceparent: string): void {
		if (readTraceParent(traceparent) === undefined) {
			return;
		}
		this.#remember(message, { traceparent, open: undefined });
		this.#parts.store.pluginSet(place, message, traceparent).catch((error: unknown) => this.#failed(error));
	}

	async of(message: string): Promise<Parent | undefined> {
		return this.#atHand.get(message) ?? (await this.#stored(message));
	}

	/** The trace that an earlier run of the program was told of, with how many deliveries are still to come. */
	async #stored(message: string): Promise<Parent | undefined> {
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

	#remember(message: string, parent: Parent): void {
		this.#atHand.set(message, parent);
		if (this.#atHand.size > mostAtHand) {
			const [oldest] = this.#atHand.keys();
			this.#atHand.delete(oldest as string);
		}
	}

	/** A delivery of this message has ended. After the last one the store need not keep its trace. */
	async countDown(message: string, parent: Parent): Promise<void> {
		parent.open ??= (await this.#parts.store.loadMessage(message))?.deliveries.length ?? 1;
		parent.open -= 1;
		if (parent.open === 0) {
			await this.#parts.store.pluginDelete(place, message);
		}
	}

	/** The messages whose traces are on disk, in steps for `clearEnded`. */
	async kept(): Promise<readonly (readonly string[])[]> {
		return inSteps((await this.#parts.store.pluginList(place, "")).map(({ key }) => key));
	}

	/**
	 * Clears what is kept for those of these messages that have come to their end unnoticed.
	 * @param awaited messages whose end has been noticed and is still to be read
	 */
	async clearEnded(messages: readonly string[], awaited: () => ReadonlySet<string>): Promise<void> {
		for (const some of inSteps(messages)) {
			const stored = await Promise.all(some.map((message) => this.#parts.store.loadMessage(message)));
			const noticed = awaited();
			const isOver = (message: string, index: number) =>
				!noticed.has(message) && (stored[index]?.deliveries ?? []).every(({ state }) => isFinal(state));
			const over = new Set(some.filter(isOver));
			await this.#clear([...over]);
			// The others' count is wrong by what went unnoticed: their next end counts anew.
			for (const message of some.filter((one) => !over.has(one))) {
				this.#atHand.delete(message);
			}
		}
	}

	/** Traces have been switched off. Stops at a store that closes meanwhile. */
	async clearAll(): Promise<void> {
		try {
			for (const some of await this.kept()) {
				await this.#clear(some);
			}
		} catch (error) {
			this.#failed(error);
		}
	}

	async #clear(messages: readonly string[]): Promise<void> {
		await Promise.all(messages.map((message) => this.#parts.store.pluginDelete(place, message)));
	}

	#failed(error: unknown): void {
		const about = { error: thrownText(error) };
		this.#parts.log.debug(about, "the trace that a message was sent in could not be kept or cleared");
	}
}

function inSteps(messages: readonly string[]): readonly (readonly string[])[] {
	return Array.from({ length: Math.ceil(messages.length / step) }, (_, index) =>
		messages.slice(index * step, (index + 1) * step),
	);
}
