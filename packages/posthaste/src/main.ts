/** The program: the engine, its configuration file, and the HTTP API around them. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Milliseconds } from "@posthaste/core";
import { PosthasteError } from "@posthaste/core";
import type { FastifyInstance } from "fastify";
import type { DestinationStream, Logger } from "pino";
import { followConfiguration, formatComplaints, readConfiguration } from "./config/index.ts";
import { createPosthaste, type PosthasteCore } from "./create-posthaste.ts";
import { Events } from "./engine/events.ts";
import { resolveListen } from "./http/loopback.ts";
import type { RequestObserver } from "./http/observing.ts";
import { createHttpServer, listen } from "./http/server.ts";
import { createLog } from "./log.ts";
import { logMessages } from "./observability/message-log.ts";
import { Metrics } from "./observability/metrics.ts";
import { ConfigurationState } from "./observability/readiness.ts";
import { startTracing, type Tracing, type TracingOptions } from "./observability/tracing.ts";
import type { Store } from "./store/port.ts";
import { openSqliteStore } from "./store/sqlite/index.ts";

export interface ServeOptions {
	/** `HOST:PORT`, loopback only; port 0 takes any free one. */
	readonly listen: string;
	/** The data folder. */
	readonly data: string;
	/** The configuration file, watched; without one everything is defined over the API. */
	readonly config?: string;
	readonly databaseUrl?: string;
	/** How installed plugins are kept apart from the program when nothing else was said as they were installed. */
	readonly isolate?: "thread" | "process";
	/** `trace` to `fatal`, or `silent`. */
	readonly logLevel: string;
	/** Where lines of JSON go instead of to standard error. */
	readonly logDestination?: DestinationStream;
	/** Where traces go, as OTLP over HTTP; the `OTEL_EXPORTER_OTLP_…` variables decide when left out. */
	readonly otlpEndpoint?: string;
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly healthInterval?: Milliseconds;
	/** Routes of an embedding program's own. */
	readonly extraRoutes?: (app: FastifyInstance, posthaste: PosthasteCore) => void;
}

export interface Running {
	readonly url: string;
	close(): Promise<void>;
}

const webRoot = fileURLToPath(new URL("../../web/dist", import.meta.url));

/** Starts everything, or nothing: what was started before a failure is closed again. */
export async function serve(options: ServeOptions): Promise<Running> {
	if (options.databaseUrl !== undefined) {
		throw new PosthasteError("invalid-request", "--database-url: this version has the embedded store alone");
	}
	const parts: Part[] = [];
	const close = async () => {
		for (const part of parts.reverse().splice(0)) {
			await part.close();
		}
	};
	try {
		const url = await start(options, parts);
		return { url, close };
	} catch (error) {
		await close();
		throw error;
	}
}

type Part = { close(): void | Promise<void> };

async function start(options: ServeOptions, parts: Part[]): Promise<string> {
	const { data, env, healthInterval, extraRoutes } = options;
	const log = await createLog(options.logLevel, options.logDestination);
	await resolveListen(options.listen);
	const metrics = new Metrics();
	parts.push(metrics);
	const opened = await openSqliteStore({ folder: data, thread: "worker", log });
	const events = new Events();
	events.observe((event) => metrics.take(event));
	events.observe(logMessages(log));
	const tracing = await trace(options, { store: opened, posthaste: events, log, metrics });
	const posthaste = await createPosthaste({
		store: metrics.measure(opened),
		data,
		log,
		// From the very start: what an earlier run left goes on before this returns.
		observe: (event) => events.publish(event),
		isolation: options.isolate ?? "thread",
		...(env && { env }),
		...(healthInterval !== undefined && { healthInterval }),
	});
	parts.push(posthaste);
	metrics.watch(posthaste);
	if (tracing !== undefined) {
		// It reads journals, so it ends before the store does.
		parts.push(tracing);
	}
	const configuration = await follow(options, { posthaste, log, metrics }, parts);
	const http = await createHttpServer({
		posthaste,
		log,
		webSockets: posthaste.webSockets,
		writeDelay: () => posthaste.gauges.writeDelay,
		ready: async () => configuration.show(await posthaste.ready()),
		metrics: () => metrics.text(),
		observer: observerOf(metrics, tracing),
		parseYaml: (text) => readConfiguration(text, "the request").document,
		...(existsSync(webRoot) && { webRoot }),
		...(extraRoutes && { extraRoutes: (app: FastifyInstance) => extraRoutes(app, posthaste) }),
	});
	parts.push(http);
	return await listen(http, options.listen);
}

type TracedParts = Pick<TracingOptions, "store" | "posthaste" | "log"> & { readonly metrics: Metrics };

/** @throws PosthasteError when the collector's address is none; the store is closed then */
async function trace({ otlpEndpoint }: ServeOptions, { metrics, ...parts }: TracedParts & { readonly store: Store }) {
	const onSpans = metrics.program.span.bind(metrics.program);
	try {
		return await startTracing({ ...parts, onSpans, ...(otlpEndpoint && { otlpEndpoint }) });
	} catch (error) {
		await parts.store.close();
		throw error;
	}
}

function observerOf({ program }: Metrics, tracing: Tracing | undefined): RequestObserver {
	return {
		answered: (request) => program.answered(request),
		refused: (code) => program.refused(code),
		...(tracing && { traced: (message, traceparent) => tracing.join(message, traceparent) }),
	};
}

interface Followers {
	readonly posthaste: PosthasteCore;
	readonly log: Logger;
	readonly metrics: Metrics;
}

/** Follows the configuration file, if there is one, and tells how it goes. */
async function follow({ config }: ServeOptions, { posthaste, log, metrics }: Followers, parts: Part[]) {
	const state = new ConfigurationState();
	if (config !== undefined) {
		const following = await followConfiguration(posthaste, config, {
			onApplied({ changes }) {
				state.applied();
				metrics.program.configuration({ appliedAt: Date.now() });
				log.info({ changes: changes.length }, "the configuration file was applied");
			},
			onRefused(error) {
				state.refused(Date.now());
				metrics.program.configuration("refused");
				log.error(explain(error), "the configuration file was refused; the one before goes on");
			},
		});
		parts.push(following);
		metrics.program.configuration({ appliedAt: Date.now() });
	}
	return state;
}

function explain(error: Error): object {
	return { error: error instanceof PosthasteError ? formatComplaints(error) : error.message };
}
