/** Whether the store can write: from the writes that happen, or else by trying. */
import { type Milliseconds, thrownText } from "@posthaste/core";
import type { Store, WriteResult } from "../store/port.ts";
import { wroteAny } from "../store/wrote.ts";
import { observeStore } from "./observed-store.ts";
import type { Check } from "./readiness.ts";

/** A write that succeeded this long ago needs no proof. */
const young: Milliseconds = 5000;
/** What was tried this long ago is not tried again, however often somebody asks. */
const kept: Milliseconds = 1000;
/** A store that has not written by then cannot be counted on. */
const patience: Milliseconds = 2000;
/** No mechanism has a colon in its name. */
const place = ":readiness";
/** After a failure the trial is as large as a message, since a full disk may still have room for a few bytes. */
const large = "x".repeat(16_384);

export class WriteCheck {
	/** The store to be used in place of the one given: its writes are looked at. */
	readonly store: Store;
	readonly #inner: Store;
	#written = Number.NEGATIVE_INFINITY;
	#failed = false;
	#trial: { readonly at: number; readonly answer: Promise<Check> } | undefined;

	constructor(inner: Store) {
		this.#inner = inner;
		this.store = observeStore(inner, {
			ended: (operation, _seconds, error, answer) => {
				if (operation !== "write") {
					return;
				}
				if (error !== undefined) {
					this.#failed = true;
				} else if (wroteAny(answer as WriteResult)) {
					this.#proved();
				}
			},
		});
	}

	#proved(): void {
		this.#failed = false;
		this.#written = performance.now();
	}

	async check(): Promise<Check> {
		if (!this.#failed && performance.now() - this.#written < young) {
			// Files that were removed take writes like any other.
			return this.#inTime(() => this.#inner.verify());
		}
		if (this.#trial === undefined || performance.now() - this.#trial.at > kept) {
			this.#trial = { at: performance.now(), answer: this.#inTime(() => this.#write()) };
		}
		return this.#trial.answer;
	}

	/** Well when the work is done, and done in time. */
	async #inTime(work: () => Promise<void>): Promise<Check> {
		const tooLate = Promise.withResolvers<Check>();
		const timer = setTimeout(() => {
			tooLate.resolve({ ok: false, detail: `it has not written within ${patience} ms` });
		}, patience);
		timer.unref();
		try {
			return await Promise.race([work().then(() => ({ ok: true })), tooLate.promise]);
		} catch (error) {
			return { ok: false, detail: thrownText(error) };
		} finally {
			clearTimeout(timer);
		}
	}

	async #write(): Promise<void> {
		await this.#inner.verify();
		await this.#inner.nextDue();
		await this.#inner.pluginSet(place, "trial", this.#failed ? large : "x");
		await this.#inner.pluginDelete(place, "trial");
		this.#proved();
	}
}
