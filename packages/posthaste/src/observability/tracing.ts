/**
 * Traces of messages, where they are configured: each delivery that has ended becomes a span with its
 * attempts below, made of its journal. Nothing is kept for a delivery that is still under way.
 */
import type { Milliseconds } from "@posthaste/core";
import { PosthasteError } from "@posthaste/core";
import type { PosthasteCore } from "../create-posthaste.ts";
import type { Log } from "../engine/ports.ts";
import type { Store } from "../store/port.ts";
import { TraceParents } from "./trace-parents.ts";
import { TraceQueue } from "./trace-queue.ts";

export interface TracingOptions {
	readonly posthaste: Pick<PosthasteCore, "observe">;
	/** Where the journals are, and where it is kept which trace a message was sent in. */
	readonly store: Pick<
		Store,
		"loadDeliveries" | "loadMessage" | "pluginGet" | "pluginSet" | "pluginDelete" | "pluginList"
	>;
	readonly log: Log;
	/** The collector's address, without `/v1/traces`. */
	readonly otlpEndpoint?: string;
	/** Where `OTEL_…` is read; the process's environment when left out. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	/** Told what became of spans, for metrics. */
	readonly onSpans?: (result: "exported" | "failed" | "dropped", count: number) => void;
	/** How long after its end a delivery is looked at; 1 second when left out. */
	readonly delay?: Milliseconds;
}

export interface Tracing {
	/** A request with this `traceparent` made this message: its trace goes on with the message. */
	join(message: string, traceparent: string): void;
	/** Sends what waits. */
	close(): Promise<void>;
}

/**
 * Undefined when nothing says where traces go.
 * @throws PosthasteError `invalid-request` when what says so is no address
 */
export async function startTracing(options: TracingOptions): Promise<Tracing | undefined> {
	const { otlpEndpoint, env = process.env, log, onSpans = () => undefined } = options;
	if (!isConfigured(otlpEndpoint, env)) {
		// An earlier run may have had traces. Nobody waits for this.
		void new TraceParents(options).clearAll();
		return undefined;
	}
	if (otlpEndpoint !== undefined && !/^https?:$/.test(URL.parse(otlpEndpoint)?.protocol ?? "")) {
		throw new PosthasteError("invalid-request", "--otlp-endpoint is not the address of an HTTP server");
	}
	// The SDK costs start-up time and memory, and most programs have no collector.
	const { TraceExport } = await import("./trace-export.ts");
	const traces = new TraceExport({
		...(otlpEndpoint !== undefined && { otlpEndpoint }),
		env,
		onSpans,
		onFailure: seldom(60_000, (error: Error | undefined) => {
			log.warn({ error: error?.message ?? "no reason given" }, "the collector did not take traces");
		}),
	});
	const queue = new TraceQueue({ ...options, onSpans, traces });
	let closed: Promise<void> | undefined;
	return {
		join: (message, traceparent) => queue.join(message, traceparent),
		close() {
			closed ??= queue.close().then(() => traces.close());
			return closed;
		},
	};
}

function isConfigured(endpoint: string | undefined, env: NonNullable<TracingOptions["env"]>): boolean {
	if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true" || env.OTEL_TRACES_EXPORTER === "none") {
		return false;
	}
	return [endpoint, env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, env.OTEL_EXPORTER_OTLP_ENDPOINT].some(Boolean);
}

/** A collector that is down would otherwise fill the log. */
function seldom<Argument>(pause: Milliseconds, call: (argument: Argument) => void): (argument: Argument) => void {
	let last = Number.NEGATIVE_INFINITY;
	return (argument) => {
		if (performance.now() - last > pause) {
			last = performance.now();
			call(argument);
		}
	};
}
