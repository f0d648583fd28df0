/** Counts what the journals say, as it is written. */
import { isFinal, type JournalEntry, type Milliseconds, priorities } from "@posthaste/core";
import { Histogram, type Registry } from "prom-client";
import { PassingMap } from "../passing-map.ts";
import type { MessageEvent } from "../posthaste.ts";
import type { StoredMessage } from "../store/port.ts";
import type { MetMessages } from "./observed-store.ts";
import { outcomeClass } from "./outcome-class.ts";
import { BoundedNames, Tally } from "./tally.ts";

/** Mechanisms that have series of their own; further ones share the series `other`. */
const mechanismsNamed = 500;
/** Attempts whose intent is remembered until their outcome comes. */
const attemptsRemembered = 100_000;
/** Messages that are read for their priority at the same time; those past it are not measured. */
const readsLimit = 1000;

/** Seconds, from 10 ms to a day. */
const reachBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400];
/** Seconds; a call may take 30. */
const attemptBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface DeliveryMetricsParts {
	readonly registry: Registry;
	readonly met: MetMessages;
	/** Reads a message that is not met any more. */
	readonly load: (message: string) => Promise<StoredMessage | undefined>;
}

export class DeliveryMetrics {
	readonly #parts: DeliveryMetricsParts;
	readonly #tallies;
	readonly #timeToReach: Histogram<"priority">;
	readonly #attemptDuration: Histogram<"mechanism">;
	readonly #names = new BoundedNames(mechanismsNamed);
	readonly #begun = new PassingMap<string, Milliseconds>();
	#reads = 0;

	constructor(parts: DeliveryMetricsParts) {
		this.#parts = parts;
		const { registry } = parts;
		this.#tallies = talliesIn(registry);
		this.#timeToReach = new Histogram({
			name: "posthaste_time_to_reach_seconds",
			help: "From the acceptance of a message until it reached a recipient, by the message's priority",
			labelNames: ["priority"],
			buckets: reachBuckets,
			registers: [registry],
		});
		for (const priority of priorities) {
			this.#timeToReach.zero({ priority });
		}
		this.#attemptDuration = new Histogram({
			name: "posthaste_attempt_duration_seconds",
			help: "From an attempt's intent on disk to its outcome, waiting for a free place included, by mechanism",
			labelNames: ["mechanism"],
			buckets: attemptBuckets,
			registers: [registry],
		});
	}

	take({ message, state, entries }: MessageEvent): void {
		for (const entry of entries) {
			this.#count(entry, message);
		}
		if (isFinal(state)) {
			this.#parts.met.ended(message);
		}
	}

	#count(entry: JournalEntry, message: string): void {
		const tallies = this.#tallies;
		switch (entry.type) {
			case "began":
				tallies.begun.count();
				break;
			case "attempt":
				this.#attempt(entry);
				break;
			case "outcome":
				this.#outcome(entry);
				break;
			case "receipt":
				tallies.receipts.count(this.#names.of(entry.mechanism), entry.level);
				break;
			case "retry":
				tallies.retries.count(this.#names.of(entry.mechanism));
				break;
			case "passed-over":
				tallies.passedOver.count(this.#names.of(entry.mechanism), entry.reason);
				break;
			case "postponed":
				tallies.postponed.count(entry.reason);
				break;
			case "gave-up":
				tallies.gaveUp.count(this.#names.of(entry.mechanism));
				break;
			case "prompt":
				tallies.prompts.count();
				break;
			case "prompt-closed":
				tallies.promptsClosed.count(entry.by, entry.answer);
				break;
			case "prompt-withdrawn":
				tallies.promptsClosed.count("withdrawn", "none");
				break;
			case "held":
				tallies.held.count(entry.reason);
				break;
			case "settled":
				this.#settled(entry, message);
				break;
		}
	}

	#attempt({ attempt, mechanism, at }: Extract<JournalEntry, { type: "attempt" }>): void {
		this.#tallies.attempts.count(this.#names.of(mechanism));
		if (this.#begun.size < attemptsRemembered) {
			this.#begun.set(attempt, at);
		}
	}

	#outcome(entry: Extract<JournalEntry, { type: "outcome" }>): void {
		const { attempt, outcome, at } = entry;
		const mechanism = this.#names.of(entry.mechanism);
		const kind = outcomeClass(entry);
		this.#tallies.outcomes.count(mechanism, outcome, kind);
		const begun = this.#begun.get(attempt);
		// An attempt of an earlier run of the program has no beginning here, and took no time that says anything.
		if (begun !== undefined) {
			this.#begun.delete(attempt);
			this.#attemptDuration.observe({ mechanism }, Math.max(0, at - begun) / 1000);
		}
	}

	#settled({ state, reason, at }: Extract<JournalEntry, { type: "settled" }>, message: string): void {
		this.#tallies.settled.count(state, reason);
		if (state !== "reached") {
			return;
		}
		const met = this.#parts.met.get(message);
		if (met !== undefined) {
			this.#timeToReach.observe({ priority: met.priority }, Math.max(0, at - met.acceptedAt) / 1000);
		} else if (this.#reads < readsLimit) {
			this.#readAndObserve(message, at);
		}
	}

	#readAndObserve(message: string, at: Milliseconds): void {
		this.#reads += 1;
		this.#parts
			.load(message)
			.then((stored) => {
				if (stored !== undefined) {
					const { priority, acceptedAt } = stored.message;
					this.#timeToReach.observe({ priority }, Math.max(0, at - acceptedAt) / 1000);
				}
			})
			// The store's own metrics say that it failed.
			.catch(() => undefined)
			.finally(() => {
				this.#reads -= 1;
			});
	}
}

function talliesIn(registry: Registry) {
	const tally = <Label extends string>(name: string, help: string, ...labels: readonly Label[]) =>
		new Tally({ name: `posthaste_${name}_total`, help, labels, registry });
	return {
		begun: tally("deliveries_begun", "Deliveries that began: one for each recipient of an accepted message"),
		attempts: tally("attempts", "Attempts whose intent was written down, tries again included", "mechanism"),
		outcomes: tally(
			"attempt_outcomes",
			"What attempts came to, and what that rests on",
			"mechanism",
			"outcome",
			"reason",
		),
		receipts: tally("receipts", "Receipts that came for attempts", "mechanism", "level"),
		retries: tally("retries", "Failed attempts that are tried again", "mechanism"),
		gaveUp: tally("attempts_given_up", "Attempts whose time ran out without what they asked for", "mechanism"),
		passedOver: tally("passed_over", "Mechanisms passed over before an attempt, and why", "mechanism", "reason"),
		postponed: tally("postponed", "Attempts held back, and why", "reason"),
		prompts: tally("prompts_opened", "Questions to senders"),
		promptsClosed: tally(
			"prompts_closed",
			"Questions that are over: by whom they were answered, or that they were withdrawn",
			"by",
			"answer",
		),
		held: tally("deliveries_held", "Deliveries that came to wait for a person, and why", "reason"),
		settled: tally(
			"deliveries_settled",
			"Deliveries that came to an end, and why; a late receipt settles a second time",
			"state",
			"reason",
		),
	};
}
