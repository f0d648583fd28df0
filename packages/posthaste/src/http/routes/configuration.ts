/** The whole configuration, read and replaced at once. */
import { PosthasteError } from "@posthaste/core";
import { Type } from "typebox";
import type { ConfigurationDocument } from "../../posthaste.ts";
import { type App, answerOf, configurationLimit, problems, type RouteContext } from "../app.ts";
import { Applied, Configuration } from "../schemas.ts";

const tags = ["configuration"];
const yamlTypes = ["application/yaml", "application/x-yaml", "text/yaml"];

export async function configurationRoutes(app: App, context: RouteContext): Promise<void> {
	const { posthaste, parseYaml, door } = context;
	if (parseYaml !== undefined) {
		app.addContentTypeParser(yamlTypes, { parseAs: "string" }, (_request, text, done) => done(null, text));
	}
	app.get(
		"/v1/configuration",
		{
			schema: {
				tags,
				operationId: "getConfiguration",
				summary: "Shows everything that is defined now, as one document",
				response: { 200: answerOf(Configuration, "The configuration"), ...problems },
			},
		},
		async () => posthaste.configuration.export(),
	);
	app.put(
		"/v1/configuration",
		{
			bodyLimit: configurationLimit,
			onRequest: door.configuration,
			schema: {
				tags,
				operationId: "putConfiguration",
				summary: "Replaces everything that the API defined, all or nothing",
				querystring: Type.Object(
					{
						dryRun: Type.Optional(Type.Boolean({ description: "Works out and checks the changes, and applies none" })),
					},
					{ additionalProperties: false },
				),
				body: {
					content: {
						"application/json": { schema: Configuration },
						"application/yaml": { schema: Type.String({ description: "posthaste.yaml" }) },
					},
				},
				response: { 200: answerOf(Applied, "What changed, or would change"), ...problems },
			},
		},
		async ({ body, query }) => {
			const document = await read(body, parseYaml);
			return posthaste.configuration.apply(document, { dryRun: query.dryRun ?? false });
		},
	);
}

/** YAML comes as text, JSON as the document that the schema has checked. */
async function read(body: unknown, parseYaml: RouteContext["parseYaml"]): Promise<ConfigurationDocument> {
	if (body === undefined || body === null) {
		throw new PosthasteError("invalid-request", "The request has no body");
	}
	return typeof body === "string" && parseYaml !== undefined ? parseYaml(body) : (body as ConfigurationDocument);
}
