/** The HTTP server: the parts of the API put together. Handlers are thin; decisions belong to the library. */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { PosthasteError } from "@posthaste/core";
import { type FastifyRequest, fastify } from "fastify";
import { type App, type HttpOptions, type RouteContext, requestLimit } from "./app.ts";
import { closeSilentConnections } from "./connections.ts";
import { openDoor } from "./door.ts";
import { readJson } from "./json.ts";
import { guardLoopback } from "./loopback.ts";
import { refuseUnrouted } from "./methods.ts";
import { observeRequests, refuse } from "./observing.ts";
import { addOpenapi } from "./openapi.ts";
import { addPages, findPages, isPage } from "./pages.ts";
import { answerClientError } from "./problems.ts";
import { batchRoutes } from "./routes/batch.ts";
import { configurationRoutes } from "./routes/configuration.ts";
import { databaseRoutes } from "./routes/databases.ts";
import { eventRoutes } from "./routes/events.ts";
import { messageRoutes } from "./routes/messages.ts";
import { operationRoutes } from "./routes/operations.ts";
import { pluginRoutes } from "./routes/plugins.ts";
import { promptRoutes } from "./routes/prompts.ts";
import { addWebSockets, socketRoutes } from "./sockets.ts";
import { validatorCompiler } from "./validation.ts";

export type { App, HttpOptions, WebSocketRouter } from "./app.ts";
export { listen } from "./loopback.ts";

/**
 * Connections at once, those of pages and of programs that only listen included; further ones are closed at once. It
 * bounds memory: how many may ask at the same time is settled at the door.
 */
const mostConnections = 10_000;

/** Longest path parameter, in characters: an identifier or a name, each character escaped. */
const parameterLimit = 512;

/** Makes a server, ready to listen or to be asked through `inject`. Close it with `close()`. */
export async function createHttpServer(options: HttpOptions): Promise<App> {
	const app = createApp(options);
	// First of all, so that a connection which a later part refuses is closed and not left open.
	await addWebSockets(app);
	const context: RouteContext = { ...options, closing: refuseWhenClosing(app), door: openDoor(app, options) };
	closeSilentConnections(app);
	app.server.maxConnections = mostConnections;
	const pages = findPages(options);
	guardLoopback(app);
	refuseUnrouted(app, pages === undefined ? () => false : isPage);
	await addOpenapi(app);
	await addRoutes(app, context);
	if (pages !== undefined) {
		await addPages(app, pages);
	}
	await options.extraRoutes?.(app);
	await app.ready();
	return app;
}

function createApp(options: HttpOptions): App {
	const app = fastify({
		// A log line for each request would cost more than most requests do.
		logger: false,
		bodyLimit: requestLimit,
		return503OnClosing: false,
		routerOptions: { maxParamLength: parameterLimit },
		frameworkErrors(error, request, reply) {
			// No hook runs for these. Whoever wanted to upgrade the connection has to see its end.
			if (request.headers.upgrade !== undefined) {
				reply.raw.once("finish", () => request.raw.destroy());
			}
			refuse(error, reply, options);
		},
		clientErrorHandler: answerClientError,
	}).withTypeProvider<TypeBoxTypeProvider>();
	app.setValidatorCompiler(validatorCompiler);
	// Schemas of answers describe; they do not filter, so that nothing a plugin or a sender put there is lost.
	app.setSerializerCompiler(() => (value) => JSON.stringify(value));
	app.setErrorHandler((error, _request, reply) => refuse(error, reply, options));
	observeRequests(app, options);
	app.removeAllContentTypeParsers();
	app.addContentTypeParser(
		"application/json",
		{ parseAs: "buffer" },
		async (_request: FastifyRequest, bytes: Buffer) =>
			// Some clients announce JSON and send nothing where nothing is asked for.
			bytes.length === 0 ? undefined : readJson(bytes),
	);
	return app;
}

async function addRoutes(app: App, context: RouteContext): Promise<void> {
	messageRoutes(app, context);
	eventRoutes(app, context);
	promptRoutes(app, context);
	databaseRoutes(app, context);
	pluginRoutes(app, context);
	operationRoutes(app, context);
	socketRoutes(app, context);
	await app.register(async (scope) => batchRoutes(scope as App, context));
	await app.register(async (scope) => configurationRoutes(scope as App, context));
}

/** Requests that come while the server closes are sent away, on connections that were open before. */
function refuseWhenClosing(app: App): AbortSignal {
	const closing = new AbortController();
	app.addHook("preClose", async () => closing.abort());
	app.addHook("onRequest", (request, reply, done) => {
		if (closing.signal.aborted && request.routeOptions.url !== "/readyz") {
			reply.header("connection", "close");
			done(new PosthasteError("closing", "Posthaste is shutting down"));
		} else {
			done();
		}
	});
	return closing.signal;
}
