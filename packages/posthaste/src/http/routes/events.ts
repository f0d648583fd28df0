/** What happens, as it happens: server-sent events of one message or of all. */
import { PosthasteError } from "@posthaste/core";
import { Type } from "typebox";
import { type App, answerOf, emptyAnswer, IdParams, problems, type RouteContext } from "../app.ts";
import { toEventDocument } from "../documents.ts";
import { eventStream, sendEvents } from "../event-stream.ts";
import { endId, followMessage } from "../message-events.ts";

export function eventRoutes(app: App, context: RouteContext): void {
	ofMessage(app, context);
	ofAll(app, context);
}

function ofMessage(app: App, context: RouteContext): void {
	const { posthaste } = context;
	app.get(
		"/v1/messages/:id/events",
		{
			schema: {
				tags: ["messages"],
				operationId: "followMessage",
				summary: "Streams what happens to a message until its end",
				description:
					"Server-sent events: `message` with the whole document, `entries` with each new piece of a delivery's " +
					"journal, `end` when every delivery is over. A client that comes again begins with `message`.",
				params: IdParams,
				headers: Type.Object({
					"last-event-id": Type.Optional(Type.String({ description: "The last event that the client has" })),
				}),
				response: {
					200: answerOf(Type.String(), "Events", undefined, eventStream),
					204: emptyAnswer("The client has had the `end` event and need not come again"),
					...problems,
				},
			},
		},
		async (request, reply) => {
			const { id } = request.params;
			if ((await posthaste.messages.get(id)) === undefined) {
				throw new PosthasteError("not-found", `There is no message ${id}`);
			}
			if (request.headers["last-event-id"] === endId) {
				return reply.code(204).send();
			}
			return sendEvents(reply, context, (send, signal) => followMessage(posthaste, id, send, signal));
		},
	);
}

function ofAll(app: App, context: RouteContext): void {
	app.get(
		"/v1/events",
		{
			schema: {
				tags: ["messages"],
				operationId: "followAll",
				summary: "Streams what happens to any message from now on",
				description: "Server-sent events named `entries`. A client that reads too slowly misses some.",
				response: { 200: answerOf(Type.String(), "Events", undefined, eventStream), ...problems },
			},
		},
		async (_request, reply) =>
			sendEvents(reply, context, async (send, signal) => {
				for await (const event of context.posthaste.events(signal)) {
					await send({ event: "entries", data: toEventDocument(event) });
				}
			}),
	);
}
