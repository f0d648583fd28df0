/** What the route files share: the server's type, what they are given, and how answers are described. */
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { HostSocket, Milliseconds } from "@posthaste/core";
import type {
	FastifyBaseLogger,
	FastifyInstance,
	RawReplyDefaultExpression,
	RawRequestDefaultExpression,
	RawServerDefault,
} from "fastify";
import type { Logger } from "pino";
import { type TSchema, Type } from "typebox";
import type { Readiness as ReadinessAnswer } from "../observability/readiness.ts";
import type { ConfigurationDocument, Posthaste } from "../posthaste.ts";
import type { Door } from "./door.ts";
import type { RequestObserver } from "./observing.ts";
import { problemType } from "./problems.ts";
import { Problem } from "./schemas.ts";

export type App = FastifyInstance<
	RawServerDefault,
	RawRequestDefaultExpression,
	RawReplyDefaultExpression,
	FastifyBaseLogger,
	TypeBoxTypeProvider
>;

/** Who takes WebSocket connections at `/mechanisms/NAME/PATH`. False when nobody does. */
export interface WebSocketRouter {
	handle(mechanism: string, path: string, socket: HostSocket, url: URL): boolean;
}

export interface HttpOptions {
	readonly posthaste: Posthaste;
	readonly log: Logger;
	readonly webSockets?: WebSocketRouter;
	/** Folder of the built web application. */
	readonly webRoot?: string;
	/** Adds routes of the embedding program's own; they do not appear in the OpenAPI document. */
	readonly extraRoutes?: (app: FastifyInstance) => void | Promise<void>;
	/** Prometheus text; without it `/metrics` is not found. */
	readonly metrics?: () => Promise<string>;
	/** Whether messages can be accepted now, and why not. Ready when left out. */
	readonly ready?: () => Promise<ReadinessAnswer>;
	/** How long a message that is handed in now will wait for the disk, milliseconds. Without it that is not looked at. */
	readonly writeDelay?: () => Milliseconds;
	/** Within how many milliseconds a request's body has to come, batches aside. 30 seconds when left out. */
	readonly requestPatience?: Milliseconds;
	/** After how many milliseconds in which it brings nothing, or takes none of its answers, a batch is ended. A minute when left out. */
	readonly batchPatience?: Milliseconds;
	/** Hears of every request that was answered. */
	readonly observer?: RequestObserver;
	/** Reads `posthaste.yaml`; without it configurations are taken as JSON alone. Throws PosthasteError. */
	readonly parseYaml?: (text: string) => ConfigurationDocument | Promise<ConfigurationDocument>;
	/** Milliseconds between the comments that keep event streams open. 15 seconds when left out. */
	readonly heartbeat?: number;
}

/** What routes are given. */
export interface RouteContext extends HttpOptions {
	/** Aborts when the server begins to close, so that streams end. */
	readonly closing: AbortSignal;
	/** Whom messages have to pass on their way in. */
	readonly door: Door;
}

/** Largest request body, in bytes: a message's text, escaped, with its properties. */
export const requestLimit = 2 * 1024 * 1024;

/** Largest configuration, in bytes. */
export const configurationLimit = 32 * 1024 * 1024;

type Headers = Readonly<Record<string, TSchema>>;

/** An answer's description for the OpenAPI document. */
export function answerOf(schema: TSchema, description: string, headers?: Headers, contentType = "application/json") {
	return { description, content: { [contentType]: { schema } }, ...(headers && { headers }) };
}

/** An answer without a body. */
export function emptyAnswer(description: string) {
	return { type: "null", description };
}

/** What every resource may answer. */
export const problems = {
	default: { description: "An error, as RFC 9457 problem details", content: { [problemType]: { schema: Problem } } },
};

export const etagHeader = { ETag: Type.String({ description: 'The record\'s revision, as in `"3"`' }) };

/** A path's identifier. Whether it is one is the library's to say. */
export const IdParams = Type.Object({ id: Type.String({ description: "Identifier" }) });

export const pageQuery = {
	limit: Type.Optional(
		Type.Integer({ minimum: 1, maximum: 1000, description: "Most items of a page; 50 when left out" }),
	),
	cursor: Type.Optional(Type.String({ maxLength: 2048, description: "The `next` of the page before" })),
};
