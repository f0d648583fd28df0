/** Messages: sending, reading, cancelling, explaining. */
import { DeliveryStateSchema, DraftSchema, type Milliseconds, PosthasteError, toWire } from "@posthaste/core";
import { Type } from "typebox";
import { type App, answerOf, IdParams, pageQuery, problems, type RouteContext, requestLimit } from "../app.ts";
import { toAcceptedDocument, toMessageDocument, toPageDocument } from "../documents.ts";
import { AcceptedSchema, Explanation, Message, pageOf } from "../schemas.ts";

const tags = ["messages"];

const IdempotencyHeaders = Type.Object({
	"idempotency-key": Type.Optional(
		Type.String({
			minLength: 1,
			maxLength: 255,
			description: "A name of the client's own for this request; repeating both gives the first answer again",
		}),
	),
});

export function messageRoutes(app: App, context: RouteContext): void {
	sending(app, context);
	reading(app, context);
	explaining(app, context);
}

function sending(app: App, { posthaste, door }: RouteContext): void {
	app.post(
		"/v1/messages",
		{
			bodyLimit: requestLimit,
			onRequest: door.message,
			schema: {
				tags,
				operationId: "sendMessage",
				summary: "Accepts a message",
				description: "202 means that the message is on disk. Its deliveries then come to an end, whatever happens.",
				headers: IdempotencyHeaders,
				body: DraftSchema,
				response: {
					202: answerOf(AcceptedSchema, "The message is accepted", {
						Location: Type.String({ description: "Where the message can be read" }),
						"Idempotent-Replayed": Type.String({
							description: "`true` when an earlier request with the same key made this message",
						}),
					}),
					...problems,
				},
			},
		},
		async (request, reply) => {
			const idempotencyKey = request.headers["idempotency-key"];
			const accepted = await posthaste.send(request.body, idempotencyKey === undefined ? {} : { idempotencyKey });
			reply.code(202).header("location", `/v1/messages/${accepted.id}`);
			if (accepted.repeated) {
				reply.header("idempotent-replayed", "true");
			}
			return toAcceptedDocument(accepted);
		},
	);
}

const MessageQuery = Type.Object(
	{
		...pageQuery,
		recipient: Type.Optional(Type.String({ maxLength: 256, description: "Messages to this user" })),
		sender: Type.Optional(Type.String({ maxLength: 256, description: "Messages of this sender" })),
		state: Type.Optional(
			Type.Unsafe<Type.Static<typeof DeliveryStateSchema>>({
				...DeliveryStateSchema,
				description: "Messages with at least one delivery in this state",
			}),
		),
	},
	{ additionalProperties: false },
);

function reading(app: App, { posthaste }: RouteContext): void {
	app.get(
		"/v1/messages",
		{
			schema: {
				tags,
				operationId: "listMessages",
				summary: "Lists messages, the newest first",
				description: "A page of large messages ends before its limit, with a `next` like any other.",
				querystring: MessageQuery,
				response: { 200: answerOf(pageOf(Message, "A page of messages"), "A page of messages"), ...problems },
			},
		},
		async ({ query }) => toPageDocument(await posthaste.messages.list(query), toMessageDocument),
	);
	app.get(
		"/v1/messages/:id",
		{
			schema: {
				tags,
				operationId: "getMessage",
				summary: "Shows a message and what happened to it",
				params: IdParams,
				response: { 200: answerOf(Message, "The message"), ...problems },
			},
		},
		async ({ params }) => {
			const view = await posthaste.messages.get(params.id);
			if (view === undefined) {
				throw new PosthasteError("not-found", `There is no message ${params.id}`);
			}
			return toMessageDocument(view);
		},
	);
	app.delete(
		"/v1/messages/:id",
		{
			schema: {
				tags,
				operationId: "cancelMessage",
				summary: "Cancels what is not over yet, and takes back what can be taken back",
				params: IdParams,
				response: { 200: answerOf(Message, "The message, cancelled"), ...problems },
			},
		},
		async ({ params }) => toMessageDocument(await posthaste.messages.cancel(params.id)),
	);
}

function explaining(app: App, { posthaste }: RouteContext): void {
	app.post(
		"/v1/explain",
		{
			bodyLimit: requestLimit,
			schema: {
				tags,
				operationId: "explainMessage",
				summary: "Says what would happen to a message, and why; sends nothing",
				querystring: Type.Object(
					{
						at: Type.Optional(
							Type.String({ format: "date-time", description: "Another moment than now to explain (RFC 3339)" }),
						),
					},
					{ additionalProperties: false },
				),
				body: DraftSchema,
				response: {
					200: answerOf(Explanation, "Both policies with their reasons, and the decision tree"),
					...problems,
				},
			},
		},
		async ({ body, query }) =>
			toWire(await posthaste.explain(body, query.at === undefined ? {} : { at: toMoment(query.at) })),
	);
}

/** Some moments fit RFC 3339's grammar and name no moment that JavaScript can count, such as a leap second. */
function toMoment(text: string): Milliseconds {
	const at = Date.parse(text);
	if (Number.isNaN(at)) {
		const message = `is not a moment: ${text}`;
		throw new PosthasteError("invalid-request", `\`at\` ${message}`, [{ field: "at", message }]);
	}
	return at;
}
