/** What operators and their tools look at. */
import { PosthasteError, thrownText } from "@posthaste/core";
import { Type } from "typebox";
import {
	closingCheck,
	type Readiness as ReadinessAnswer,
	readinessOf,
	withDoor,
} from "../../observability/readiness.ts";
import { type App, answerOf, problems, type RouteContext } from "../app.ts";
import { Readiness } from "../schemas.ts";

const tags = ["operations"];

/** Prometheus text exposition format, version 0.0.4. */
const metricsType = "text/plain; version=0.0.4; charset=utf-8";

export function operationRoutes(app: App, context: RouteContext): void {
	health(app, context);
	metrics(app, context);
	app.get(
		"/openapi.json",
		{
			schema: {
				tags,
				operationId: "getOpenapi",
				summary: "This document",
				response: { 200: answerOf(Type.Object({}, { additionalProperties: true }), "OpenAPI 3.1"), ...problems },
			},
		},
		async () => app.swagger(),
	);
}

function health(app: App, { ready, closing, door }: RouteContext): void {
	app.get(
		"/healthz",
		{
			schema: {
				tags,
				operationId: "getHealth",
				summary: "Whether the program runs",
				description: "An answer means that the event loop turns. Nothing else is looked at: see `/readyz`.",
				response: { 200: answerOf(Type.Object({ status: Type.Literal("ok") }), "It runs"), ...problems },
			},
		},
		async () => ({ status: "ok" as const }),
	);
	app.get(
		"/readyz",
		{
			schema: {
				tags,
				operationId: "getReadiness",
				summary: "Whether messages can be accepted now",
				description:
					"Checks that the store writes, that messages have not been refused for want of capacity for the last second, " +
					"that at least one of the mechanisms defined is active, and that the program is not closing.",
				response: {
					200: answerOf(Readiness, "Messages can be accepted"),
					503: answerOf(Readiness, "They cannot, for these reasons"),
					...problems,
				},
			},
		},
		async (_request, reply) => {
			const answer = closing.aborted
				? readinessOf({ closing: closingCheck(true) })
				: withDoor(await askReady(ready), door.shut);
			return reply.code(answer.ready ? 200 : 503).send(answer);
		},
	);
}

/** Not being able to tell is not being ready. */
async function askReady(ready: RouteContext["ready"]): Promise<ReadinessAnswer> {
	try {
		return (await ready?.()) ?? readinessOf({});
	} catch (error) {
		return readinessOf({ store: { ok: false, detail: thrownText(error) } });
	}
}

function metrics(app: App, { metrics: read }: RouteContext): void {
	app.get(
		"/metrics",
		{
			schema: {
				tags,
				operationId: "getMetrics",
				summary: "Figures for Prometheus",
				response: { 200: answerOf(Type.String(), "Prometheus text", undefined, "text/plain"), ...problems },
			},
		},
		async (_request, reply) => {
			if (read === undefined) {
				throw new PosthasteError("not-found", "This program keeps no metrics");
			}
			return reply.type(metricsType).send(await read());
		},
	);
}
