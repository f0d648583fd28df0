/** How long the store takes, and what fails in it. */
import { priorities } from "@posthaste/core";
import { Histogram, type Registry } from "prom-client";
import { Tally } from "./tally.ts";

/** Seconds: an fsync takes a tenth of a millisecond on one disk and half a second on another. */
const buckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class StoreMetrics {
	readonly accepted: Tally<"priority">;
	readonly #duration: Histogram<"operation">;
	readonly #errors: Tally<"operation" | "code">;

	constructor(registry: Registry) {
		this.accepted = new Tally({
			name: "posthaste_messages_accepted_total",
			help: "Messages that were accepted: they are on disk",
			labels: ["priority"],
			registry,
		});
		for (const priority of priorities) {
			this.accepted.expect(priority);
		}
		this.#duration = new Histogram({
			name: "posthaste_store_operation_duration_seconds",
			help: "How long operations of the store take, queueing for the disk included",
			labelNames: ["operation"],
			buckets,
			registers: [registry],
		});
		this.#errors = new Tally({
			name: "posthaste_store_errors_total",
			help: "Operations of the store that failed, by the store's error code",
			labels: ["operation", "code"],
			registry,
		});
	}

	ended(operation: string, seconds: number, error?: unknown): void {
		this.#duration.observe({ operation }, seconds);
		if (error !== undefined) {
			this.#errors.count(operation, codeOf(error));
		}
	}
}

/** Our own codes are words with hyphens, and few. Anything else, as from a defect, is `other`. */
const ownCode = /^[a-z]+(-[a-z]+)*$/;

function codeOf(error: unknown): string {
	const code = error instanceof Error && "code" in error ? error.code : undefined;
	return typeof code === "string" && ownCode.test(code) ? code : "other";
}
