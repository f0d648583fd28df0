/** The four databases, the operator's switch, and whom nothing can reach. */
import { Type } from "typebox";
import { type App, answerOf, emptyAnswer, etagHeader, pageQuery, problems, type RouteContext } from "../app.ts";
import { toPageDocument } from "../documents.ts";
import { etagOf, sendRevised, writeOptions } from "../preconditions.ts";
import { NameParams, notFound, recordRoutes, WriteHeaders } from "../record-routes.ts";
import {
	Manager,
	ManagerDefinition,
	Mechanism,
	MechanismDefinition,
	pageOf,
	Selection,
	SelectionDefinition,
	Unreachable,
	User,
	UserDefinition,
} from "../schemas.ts";

export function databaseRoutes(app: App, context: RouteContext): void {
	const { mechanisms, managers, users } = context.posthaste;
	recordRoutes(app, {
		path: "mechanisms",
		noun: "Mechanism",
		database: mechanisms,
		record: Mechanism,
		definition: MechanismDefinition,
		live: true,
	});
	recordRoutes(app, {
		path: "managers",
		noun: "Manager",
		database: managers,
		record: Manager,
		definition: ManagerDefinition,
	});
	recordRoutes(app, { path: "users", noun: "User", database: users, record: User, definition: UserDefinition });
	switches(app, context);
	selection(app, context);
	views(app, context);
}

function switches(app: App, { posthaste }: RouteContext): void {
	for (const action of ["disable", "enable"] as const) {
		app.post(
			`/v1/mechanisms/:name/${action}`,
			{
				schema: {
					tags: ["mechanisms"],
					operationId: `${action}Mechanism`,
					summary: `Switches a mechanism ${action === "disable" ? "off" : "on"}, whoever defined it`,
					params: NameParams,
					response: { 200: answerOf(Mechanism, "The mechanism as it is now", etagHeader), ...problems },
				},
			},
			async ({ params: { name } }, reply) => {
				if ((await posthaste.mechanisms.get(name)) === undefined) {
					throw notFound("mechanisms", name);
				}
				const view = await posthaste.mechanisms[action](name);
				return reply.header("etag", etagOf(view)).send(view);
			},
		);
	}
}

function selection(app: App, { posthaste }: RouteContext): void {
	const tags = ["selection"];
	app.get(
		"/v1/selection",
		{
			schema: {
				tags,
				operationId: "getSelection",
				summary: "Shows the selection rules",
				headers: Type.Pick(WriteHeaders, ["if-none-match"]),
				response: {
					200: answerOf(Selection, "The selection rules", etagHeader),
					304: emptyAnswer("The client has this revision"),
					...problems,
				},
			},
		},
		async (request, reply) => sendRevised(request, reply, await posthaste.selection.get()),
	);
	app.put(
		"/v1/selection",
		{
			schema: {
				tags,
				operationId: "putSelection",
				summary: "Replaces the selection rules",
				headers: WriteHeaders,
				body: SelectionDefinition,
				response: { 200: answerOf(Selection, "The selection rules as they are now", etagHeader), ...problems },
			},
		},
		async (request, reply) => {
			const options = writeOptions(request, await posthaste.selection.get());
			const written = await posthaste.selection.put(request.body, options);
			return reply.header("etag", etagOf(written)).send(written);
		},
	);
}

function views(app: App, { posthaste }: RouteContext): void {
	app.get(
		"/v1/unreachable",
		{
			schema: {
				tags: ["users"],
				operationId: "listUnreachable",
				summary: "Lists the users whom no mechanism can reach now, with the reasons",
				querystring: Type.Object(pageQuery, { additionalProperties: false }),
				response: { 200: answerOf(pageOf(Unreachable, "A page of users"), "A page of users"), ...problems },
			},
		},
		async ({ query }) => toPageDocument(await posthaste.unreachable(query), (user) => user),
	);
}
