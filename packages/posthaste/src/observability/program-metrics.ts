/** Figures of the program around the engine: requests, the configuration file, traces, the build. */
import type { ErrorCode } from "@posthaste/core";
import { Gauge, Histogram, type Registry } from "prom-client";
import { packageVersion } from "../version.ts";
import { Tally } from "./tally.ts";

/** Seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One request that was answered. */
export interface AnsweredRequest {
	/** The route's pattern, never the path itself; undefined where nothing is. */
	readonly route: string | undefined;
	readonly method: string;
	readonly status: number;
	readonly seconds: number;
}

export class ProgramMetrics {
	readonly #requests: Histogram<"method" | "route" | "status">;
	readonly #refused: Tally<"code">;
	readonly #spans: Tally<"result">;
	readonly #registry: Registry;
	#configuration: { readonly successful: Gauge; readonly at: Gauge } | undefined;

	constructor(registry: Registry) {
		this.#registry = registry;
		this.#requests = new Histogram({
			name: "posthaste_http_request_duration_seconds",
			help: "How long requests took to be answered, by route and class of the status; event streams are left out",
			labelNames: ["method", "route", "status"],
			buckets,
			registers: [registry],
		});
		this.#refused = new Tally({
			name: "posthaste_requests_refused_total",
			help: "Requests, and lines of batches, that were refused, by error code (docs/reference/errors.md)",
			labels: ["code"],
			registry,
		});
		this.#spans = new Tally({
			name: "posthaste_trace_spans_total",
			help: "Spans by what became of them: exported, failed (the collector did not take them), dropped (too many)",
			labels: ["result"],
			registry,
		});
		this.#spans.expect("exported").expect("failed").expect("dropped");
		new Gauge({
			name: "posthaste_build_info",
			help: "Always 1; the labels say what runs",
			labelNames: ["version", "node"],
			registers: [registry],
		}).set({ version: packageVersion(), node: process.version }, 1);
	}

	answered({ route = "none", method, status, seconds }: AnsweredRequest): void {
		// Node's parser lets only known methods through, and 501 more would still be few.
		this.#requests.observe({ method, route, status: `${Math.floor(status / 100)}xx` }, seconds);
	}

	refused(code: ErrorCode): void {
		this.#refused.count(code);
	}

	span(result: "exported" | "failed" | "dropped", count: number): void {
		this.#spans.add(count, result);
	}

	/** The configuration file was applied at this moment, in milliseconds since the epoch, or refused. */
	configuration(result: { readonly appliedAt: number } | "refused"): void {
		this.#configuration ??= configurationGauges(this.#registry);
		this.#configuration.successful.set(result === "refused" ? 0 : 1);
		if (result !== "refused") {
			this.#configuration.at.set(result.appliedAt / 1000);
		}
	}
}

/** Without a configuration file there is nothing to say about one. */
function configurationGauges(registry: Registry) {
	return {
		successful: new Gauge({
			name: "posthaste_config_last_reload_successful",
			help: "Whether the configuration file, as it was last read, could be applied",
			registers: [registry],
		}),
		at: new Gauge({
			name: "posthaste_config_last_reload_success_timestamp_seconds",
			help: "When the configuration file was last applied",
			registers: [registry],
		}),
	};
}
