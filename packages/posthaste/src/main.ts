/** The program: the engine, its configuration file, and the HTTP API around them. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Milliseconds } from "@posthaste/core";
import { PosthasteError } from "@posthaste/core";
import type { FastifyInstance } from "fastify";
import { followConfiguration, formatComplaints, readConfiguration } from "./config/index.ts";
import { createPosthaste, type PosthasteCore } from "./create-posthaste.ts";
import { resolveListen } from "./http/loopback.ts";
import { createHttpServer, listen } from "./http/server.ts";
import { createLog } from "./log.ts";
import { startMetrics } from "./metrics.ts";

export interface ServeOptions {
	/** `HOST:PORT`, loopback only; port 0 takes any free one. */
	readonly listen: string;
	/** The data folder. */
	readonly data: string;
	/** The configuration file, watched; without one everything is defined over the API. */
	readonly config?: string;
	readonly databaseUrl?: string;
	/** `trace` to `fatal`, or `silent`. */
	readonly logLevel: string;
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
	const parts: { close(): void | Promise<void> }[] = [];
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

async function start(options: ServeOptions, parts: { close(): void | Promise<void> }[]): Promise<string> {
	const { data, env, healthInterval, extraRoutes } = options;
	const log = await createLog(options.logLevel);
	await resolveListen(options.listen);
	const posthaste = await createPosthaste({
		data,
		log,
		...(env && { env }),
		...(healthInterval !== undefined && { healthInterval }),
	});
	parts.push(posthaste);
	if (options.config !== undefined) {
		parts.push(
			await followConfiguration(posthaste, options.config, {
				onApplied: ({ changes }) => log.info({ changes: changes.length }, "the configuration file was applied"),
				onRefused: (error) => log.error(explain(error), "the configuration file was refused; the one before goes on"),
			}),
		);
	}
	const metrics = startMetrics(posthaste);
	parts.push(metrics);
	const http = await createHttpServer({
		posthaste,
		log,
		webSockets: posthaste.webSockets,
		ready: () => posthaste.ready(),
		metrics: () => metrics.text(),
		parseYaml: (text) => readConfiguration(text, "the request").document,
		...(existsSync(webRoot) && { webRoot }),
		...(extraRoutes && { extraRoutes: (app: FastifyInstance) => extraRoutes(app, posthaste) }),
	});
	parts.push(http);
	return await listen(http, options.listen);
}

function explain(error: Error): object {
	return { error: error instanceof PosthasteError ? formatComplaints(error) : error.message };
}
