/** The routes that every database of named records has: list, read, put and delete, with ETags. */
import { NameSchema, PosthasteError } from "@posthaste/core";
import { type TSchema, Type } from "typebox";
import type { Database } from "../posthaste.ts";
import { type App, answerOf, emptyAnswer, etagHeader, pageQuery, problems } from "./app.ts";
import { toPageDocument } from "./documents.ts";
import { etagOf, sendRevised, writeOptions } from "./preconditions.ts";
import { pageOf } from "./schemas.ts";

export const NameParams = Type.Object({ name: NameSchema });

const PageQuerySchema = Type.Object(pageQuery, { additionalProperties: false });

const ReadHeaders = Type.Object({
	"if-none-match": Type.Optional(Type.String({ description: "ETags that the client has; 304 when one is current" })),
});

export const WriteHeaders = Type.Object({
	"if-match": Type.Optional(
		Type.String({ description: "Writes only while the record has this ETag; * while it exists" }),
	),
	"if-none-match": Type.Optional(Type.String({ description: "* writes only when the record does not exist" })),
});

export interface RecordRoutes<Record extends { readonly revision: number }, Definition> {
	/** `mechanisms`, `managers`, `users`: the path. */
	readonly path: string;
	/** `Mechanism`, `Manager`, `User`: the noun, as operations are named. */
	readonly noun: string;
	readonly database: Database<Record, Definition>;
	readonly record: TSchema;
	readonly definition: TSchema;
	/** The record also shows what is going on now, which its revision does not count. */
	readonly live?: boolean;
}

export function recordRoutes<Record extends { readonly revision: number }, Definition>(
	app: App,
	routes: RecordRoutes<Record, Definition>,
): void {
	listing(app, routes);
	reading(app, routes);
	putting(app, routes);
	deleting(app, routes);
}

function listing<R extends { readonly revision: number }, D>(app: App, routes: RecordRoutes<R, D>): void {
	const { path, noun, database, record } = routes;
	app.get(
		`/v1/${path}`,
		{
			schema: {
				tags: [path],
				operationId: `list${noun}s`,
				summary: `Lists ${path}, by name`,
				querystring: PageQuerySchema,
				response: { 200: answerOf(pageOf(record, `A page of ${path}`), `A page of ${path}`), ...problems },
			},
		},
		async ({ query }) => toPageDocument(await database.list(query), (item) => item),
	);
}

function reading<R extends { readonly revision: number }, D>(app: App, routes: RecordRoutes<R, D>): void {
	const { path, noun, database, record, live = false } = routes;
	app.get(
		`/v1/${path}/:name`,
		{
			schema: {
				tags: [path],
				operationId: `get${noun}`,
				summary: `Shows one of the ${path}`,
				params: NameParams,
				...(!live && { headers: ReadHeaders }),
				response: {
					200: answerOf(record, "The record", etagHeader),
					...(!live && { 304: emptyAnswer("The client has this revision") }),
					...problems,
				},
			},
		},
		async (request, reply) => {
			const found = await database.get(request.params.name);
			if (found === undefined) {
				throw notFound(path, request.params.name);
			}
			return live ? reply.header("etag", etagOf(found)).send(found) : sendRevised(request, reply, found);
		},
	);
}

function putting<R extends { readonly revision: number }, D>(app: App, routes: RecordRoutes<R, D>): void {
	const { path, noun, database, record, definition } = routes;
	app.put(
		`/v1/${path}/:name`,
		{
			schema: {
				tags: [path],
				operationId: `put${noun}`,
				summary: `Creates or replaces one of the ${path}`,
				params: NameParams,
				headers: WriteHeaders,
				body: definition,
				response: {
					200: answerOf(record, "The record as it is now", etagHeader),
					201: answerOf(record, "The record, newly made", etagHeader),
					...problems,
				},
			},
		},
		async (request, reply) => {
			const { name } = request.params;
			const before = await database.get(name);
			const written = await database.put(name, request.body as D, writeOptions(request, before));
			return reply
				.code(before === undefined ? 201 : 200)
				.header("etag", etagOf(written))
				.send(written);
		},
	);
}

function deleting<R extends { readonly revision: number }, D>(app: App, routes: RecordRoutes<R, D>): void {
	const { path, noun, database } = routes;
	app.delete(
		`/v1/${path}/:name`,
		{
			schema: {
				tags: [path],
				operationId: `delete${noun}`,
				summary: `Deletes one of the ${path}`,
				params: NameParams,
				headers: WriteHeaders,
				response: { 204: emptyAnswer("It is gone"), ...problems },
			},
		},
		async (request, reply) => {
			const { name } = request.params;
			const options = writeOptions(request, await database.get(name));
			if (!(await database.delete(name, options))) {
				throw notFound(path, name);
			}
			return reply.code(204).send();
		},
	);
}

/** Nothing of that name stands in a database. */
export function notFound(path: string, name: string): PosthasteError {
	return new PosthasteError("not-found", `There is no ${name} among the ${path}`);
}
