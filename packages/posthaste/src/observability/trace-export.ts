/**
 * Hands spans to OpenTelemetry's SDK, which sends them over OTLP/HTTP. This module loads the SDK, so it
 * is imported only where traces are configured.
 */
import {
	type Context,
	ROOT_CONTEXT,
	SpanKind,
	SpanStatusCode,
	TraceFlags,
	type Tracer,
	trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { detectResources, envDetector, resourceFromAttributes } from "@opentelemetry/resources";
import {
	AlwaysOffSampler,
	AlwaysOnSampler,
	BasicTracerProvider,
	BatchSpanProcessor,
	ParentBasedSampler,
	type Sampler,
	SamplingDecision,
	type SpanExporter,
	TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import { ATTR_SERVICE_NAME, ATTR_SERVICE_VERSION } from "@opentelemetry/semantic-conventions";
import type { Milliseconds } from "@posthaste/core";
import { packageVersion } from "../version.ts";
import type { TraceParent } from "./trace-context.ts";
import { type PlannedSpan, type PlannedTrace, traceIdOf } from "./trace-spans.ts";

/** Spans that wait to be sent; more are dropped, so that a collector that is down costs no memory. */
const spansWaiting = 8192;
const batchSize = 512;
/** One batch has this long to be taken, tries again included. */
const exportLimit: Milliseconds = 10_000;
/** Closing waits this long for what has not been sent. */
const closingLimit: Milliseconds = 3000;

export interface TraceExportOptions {
	/** The collector's address without `/v1/traces`; the `OTEL_EXPORTER_OTLP_…` variables decide when left out. */
	readonly otlpEndpoint?: string;
	readonly env: Readonly<Record<string, string | undefined>>;
	/** Told what became of spans. */
	readonly onSpans: (result: "exported" | "failed" | "dropped", count: number) => void;
	/** A batch was not taken. */
	readonly onFailure: (error: Error | undefined) => void;
}

export class TraceExport {
	readonly #options: TraceExportOptions;
	readonly #provider: BasicTracerProvider;
	readonly #tracer: Tracer;
	readonly #sampler: Sampler;
	/** Spans handed to the SDK and not yet answered for. */
	#waiting = 0;
	/** The identifiers of the span that is being made: ours, in place of random ones. */
	readonly #next = { traceId: "", spanId: "" };

	constructor(options: TraceExportOptions) {
		this.#options = options;
		this.#sampler = samplerOf(options.env);
		const next = this.#next;
		this.#provider = new BasicTracerProvider({
			resource: resourceFromAttributes({
				[ATTR_SERVICE_NAME]: "posthaste",
				[ATTR_SERVICE_VERSION]: packageVersion(),
			}).merge(detectResources({ detectors: [envDetector] })),
			sampler: this.#sampler,
			idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
			spanProcessors: [
				new BatchSpanProcessor(this.#exporter(), {
					maxQueueSize: spansWaiting,
					maxExportBatchSize: batchSize,
					scheduledDelayMillis: 1000,
					exportTimeoutMillis: exportLimit,
				}),
			],
		});
		this.#tracer = this.#provider.getTracer("posthaste", packageVersion());
	}

	/** Whether the trace of this message is wanted at all: asked before anything is read for it. */
	wants(message: string, parent: TraceParent | undefined): boolean {
		const traceId = parent?.traceId ?? traceIdOf(message);
		const { decision } = this.#sampler.shouldSample(contextOf(parent), traceId, "deliver", SpanKind.CONSUMER, {}, []);
		return decision === SamplingDecision.RECORD_AND_SAMPLED;
	}

	/** Takes the spans of a delivery. Never throws and never waits. */
	take(message: string, planned: PlannedTrace, parent: TraceParent | undefined): void {
		const count = 1 + planned.attempts.length;
		if (this.#waiting + count > spansWaiting) {
			this.#options.onSpans("dropped", count);
			return;
		}
		this.#next.traceId = traceIdOf(message);
		const context = this.#record(planned.delivery, SpanKind.CONSUMER, contextOf(parent));
		if (context !== undefined) {
			for (const attempt of planned.attempts) {
				this.#record(attempt, SpanKind.CLIENT, context);
			}
		}
	}

	/** Makes one span. Answers the context of its children; undefined when the sampler did not want it. */
	#record(planned: PlannedSpan, kind: SpanKind, parent: Context): Context | undefined {
		this.#next.spanId = planned.id;
		const { name, attributes, start, end, error } = planned;
		const span = this.#tracer.startSpan(name, { kind, attributes, startTime: new Date(start) }, parent);
		if (!span.isRecording()) {
			return undefined;
		}
		for (const event of planned.events) {
			span.addEvent(event.name, event.attributes, new Date(event.at));
		}
		if (error !== undefined) {
			span.setStatus({ code: SpanStatusCode.ERROR, message: error });
		}
		this.#waiting += 1;
		span.end(new Date(end));
		return trace.setSpanContext(ROOT_CONTEXT, span.spanContext());
	}

	/** OpenTelemetry's own exporter, with an account of what became of the spans. */
	#exporter(): SpanExporter {
		const { otlpEndpoint, onSpans, onFailure } = this.#options;
		const inner = new OTLPTraceExporter({
			timeoutMillis: exportLimit,
			...(otlpEndpoint !== undefined && { url: tracesUrl(otlpEndpoint) }),
		});
		return {
			export: (spans, done) =>
				inner.export(spans, (result) => {
					this.#waiting -= spans.length;
					const isTaken = result.code === 0;
					onSpans(isTaken ? "exported" : "failed", spans.length);
					if (!isTaken) {
						onFailure(result.error);
					}
					done(result);
				}),
			shutdown: () => inner.shutdown(),
			forceFlush: () => inner.forceFlush(),
		};
	}

	/** Sends what waits, for as long as that is worth waiting for. */
	async close(): Promise<void> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const timer = setTimeout(resolve, closingLimit);
		await Promise.race([this.#provider.shutdown().catch(() => undefined), promise]);
		clearTimeout(timer);
	}
}

function contextOf(parent: TraceParent | undefined): Context {
	if (parent === undefined) {
		return ROOT_CONTEXT;
	}
	const { traceId, spanId, sampled } = parent;
	const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
	return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

/** As the OTLP exporter's specification says of the address for all signals. */
function tracesUrl(endpoint: string): string {
	return `${endpoint.replace(/\/+$/, "")}/v1/traces`;
}

/** The samplers that the specification names for `OTEL_TRACES_SAMPLER`; anything else is its default. */
function samplerOf(env: TraceExportOptions["env"]): Sampler {
	const name = env.OTEL_TRACES_SAMPLER?.toLowerCase() ?? "";
	const ratio = Number(env.OTEL_TRACES_SAMPLER_ARG ?? "1");
	const roots: Readonly<Record<string, () => Sampler>> = {
		always_on: () => new AlwaysOnSampler(),
		always_off: () => new AlwaysOffSampler(),
		traceidratio: () => new TraceIdRatioBasedSampler(ratio >= 0 && ratio <= 1 ? ratio : 1),
	};
	const root = (roots[name.replace(/^parentbased_/, "")] ?? (() => new AlwaysOnSampler()))();
	return name in roots ? root : new ParentBasedSampler({ root });
}
