/** The OpenAPI 3.1 document, made of the routes' own schemas. */
import swagger from "@fastify/swagger";
import type { FastifySchema } from "fastify";
import packageJson from "../../package.json" with { type: "json" };
import type { App } from "./app.ts";
import { namedSchemas } from "./schemas.ts";

const description =
	"Posthaste gets a message to a person through the channels of that person's own. There is no sign-in yet: it listens " +
	"on loopback only and refuses requests whose `Host` or `Origin` names another machine. Every error is an RFC 9457 " +
	"problem document; moments are RFC 3339 text.";

const tags = [
	{ name: "messages", description: "Sending, explaining and following messages" },
	{ name: "prompts", description: "Questions to the sender" },
	{ name: "deliveries", description: "Held deliveries" },
	{ name: "mechanisms", description: "Configured ways to reach people" },
	{ name: "managers", description: "Delivery managers and their tables" },
	{ name: "users", description: "People and their delivery tables" },
	{ name: "selection", description: "Which manager takes which messages" },
	{ name: "plugins", description: "What managers and mechanisms are made of" },
	{ name: "configuration", description: "All databases as one document" },
	{ name: "operations", description: "Health, readiness, metrics" },
];

/** Describes every route that is added from now on. */
export async function addOpenapi(app: App): Promise<void> {
	await app.register(swagger, {
		openapi: {
			openapi: "3.1.0",
			info: {
				title: "Posthaste",
				version: packageJson.version,
				description,
				license: { name: "Apache-2.0", identifier: "Apache-2.0" },
			},
			servers: [{ url: "http://127.0.0.1:7678", description: "The default address" }],
			tags,
		},
		// The embedding program's own routes and the pages have no tags.
		hideUntagged: true,
		refResolver: { buildLocalReference: (json, _base, _fragment, index) => String(json.$id ?? `schema-${index}`) },
		transform: ({ schema, url }) => ({ schema: schema && (mapMembers(schema, refer) as FastifySchema), url }),
	});
	for (const schema of namedSchemas) {
		app.addSchema(mapMembers(schema, refer));
	}
}

const names: ReadonlySet<unknown> = new Set(namedSchemas.map((schema) => (schema as { $id?: string }).$id));

/** A schema that has a name becomes a reference to it, and members for our own validation go. */
function refer(value: unknown): unknown {
	if (Array.isArray(value)) {
		return value.map(refer);
	}
	if (value === null || typeof value !== "object") {
		return value;
	}
	const { $id } = value as { $id?: unknown };
	return names.has($id) ? { $ref: `${$id}#` } : mapMembers(value, refer);
}

function mapMembers(object: object, convert: (value: unknown) => unknown): object {
	const members = Object.entries(object).filter(([key]) => key !== "errorCode");
	return Object.fromEntries(members.map(([key, value]) => [key, convert(value)]));
}
