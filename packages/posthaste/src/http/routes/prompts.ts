/** What waits for a person: the sender's questions, and held deliveries. */
import { PosthasteError } from "@posthaste/core";
import { Type } from "typebox";
import { type App, answerOf, emptyAnswer, IdParams, pageQuery, problems, type RouteContext } from "../app.ts";
import { toDeliveryDocument, toPageDocument, toPromptDocument } from "../documents.ts";
import { AnswerSchema, Delivery, Prompt, pageOf, ResolutionSchema } from "../schemas.ts";

const tags = ["prompts"];

const PromptQuery = Type.Object(
	{
		...pageQuery,
		sender: Type.Optional(Type.String({ maxLength: 256, description: "Questions to this sender" })),
		message: Type.Optional(Type.String({ maxLength: 256, description: "Questions about this message" })),
	},
	{ additionalProperties: false },
);

export function promptRoutes(app: App, context: RouteContext): void {
	questions(app, context);
	answering(app, context);
}

function questions(app: App, { posthaste }: RouteContext): void {
	app.get(
		"/v1/prompts",
		{
			schema: {
				tags,
				operationId: "listPrompts",
				summary: "Lists open questions, the oldest first",
				querystring: PromptQuery,
				response: { 200: answerOf(pageOf(Prompt, "A page of questions"), "A page of questions"), ...problems },
			},
		},
		async ({ query }) => toPageDocument(await posthaste.prompts.list(query), toPromptDocument),
	);
	app.get(
		"/v1/prompts/:id",
		{
			schema: {
				tags,
				operationId: "getPrompt",
				summary: "Shows an open question",
				params: IdParams,
				response: { 200: answerOf(Prompt, "The question"), ...problems },
			},
		},
		async ({ params }) => {
			const row = await posthaste.prompts.get(params.id);
			if (row === undefined) {
				throw new PosthasteError("not-found", `There is no open question ${params.id}`);
			}
			return toPromptDocument(row);
		},
	);
}

function answering(app: App, { posthaste }: RouteContext): void {
	app.post(
		"/v1/prompts/:id/answer",
		{
			schema: {
				tags,
				operationId: "answerPrompt",
				summary: "Answers a question",
				params: IdParams,
				body: AnswerSchema,
				response: { 204: emptyAnswer("The answer is on disk"), ...problems },
			},
		},
		async ({ params, body }, reply) => {
			await posthaste.prompts.answer(params.id, body.answer);
			return reply.code(204).send();
		},
	);
	app.post(
		"/v1/deliveries/:id/resolve",
		{
			schema: {
				tags: ["deliveries"],
				operationId: "resolveDelivery",
				summary: "Decides about a held delivery",
				params: IdParams,
				body: ResolutionSchema,
				response: { 200: answerOf(Delivery, "The delivery, going on or ended"), ...problems },
			},
		},
		async ({ params, body }) => toDeliveryDocument(await posthaste.deliveries.resolve(params.id, body.resolution)),
	);
}
