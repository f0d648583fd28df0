/** What managers and mechanisms are made of, and changing it while messages flow. */
import { PosthasteError } from "@posthaste/core";
import { Type } from "typebox";
import type { PluginView } from "../../posthaste.ts";
import { type App, answerOf, emptyAnswer, problems, type RouteContext } from "../app.ts";
import { AddPlugin, Plugin, pageOf } from "../schemas.ts";

const tags = ["plugins"];
const PluginParams = Type.Object({ id: Type.String({ description: "Identifier of the plugin" }) });
const type = Type.Optional(
	Type.Union([Type.Literal("manager"), Type.Literal("mechanism")], {
		description: "Tells a manager and a mechanism of the same name apart",
	}),
);
const Choice = Type.Object({ type }, { additionalProperties: false });
const Removal = Type.Object(
	{
		type,
		version: Type.Optional(Type.String({ description: "Only this version" })),
		force: Type.Optional(
			Type.Boolean({ description: "Also what deliveries under way are pinned to; these are held then" }),
		),
	},
	{ additionalProperties: false },
);

export function pluginRoutes(app: App, context: RouteContext): void {
	looking(app, context);
	adding(app, context);
	choosing(app, context);
	removing(app, context);
}

function looking(app: App, { posthaste }: RouteContext): void {
	app.get(
		"/v1/plugins",
		{
			schema: {
				tags,
				operationId: "listPlugins",
				summary: "Lists the plugins, with the schemas of their settings",
				response: { 200: answerOf(pageOf(Plugin, "The plugins"), "The plugins"), ...problems },
			},
		},
		async () => ({ items: (await posthaste.plugins.list()).map(toDocument) }),
	);
	app.get(
		"/v1/plugins/:id",
		{
			schema: {
				tags,
				operationId: "getPlugin",
				summary: "Shows a plugin, its installed versions, and how many deliveries are pinned to each",
				params: PluginParams,
				querystring: Choice,
				response: { 200: answerOf(Plugin, "The plugin"), ...problems },
			},
		},
		async ({ params: { id }, query }) => {
			const plugin = await posthaste.plugins.get(id, query);
			if (plugin === undefined) {
				throw new PosthasteError("not-found", `there is no plugin "${id}"`);
			}
			return toDocument(plugin);
		},
	);
}

function adding(app: App, { posthaste }: RouteContext): void {
	app.post(
		"/v1/plugins",
		{
			schema: {
				tags,
				operationId: "addPlugin",
				summary: "Installs a plugin, or another version of one, while messages flow",
				description:
					"New deliveries use it from the answer on, unless another version is pinned; those under way end on the version " +
					"that they began with. Nothing changes when it cannot be fetched, does not come up, or does not take the " +
					"settings that there are.",
				body: AddPlugin,
				response: { 200: answerOf(Plugin, "The plugin as it is now"), ...problems },
			},
		},
		async ({ body }) => toDocument(await posthaste.plugins.add(body)),
	);
}

function choosing(app: App, { posthaste }: RouteContext): void {
	app.post(
		"/v1/plugins/:id/pin",
		{
			schema: {
				tags,
				operationId: "pinPlugin",
				summary: "Has new deliveries use one installed version, whatever is installed later",
				params: PluginParams,
				querystring: Choice,
				body: Type.Object(
					{
						version: Type.Union([Type.String(), Type.Null()], {
							description: "An installed version; null lets the next one that is installed take over",
						}),
					},
					{ additionalProperties: false },
				),
				response: { 200: answerOf(Plugin, "The plugin as it is now"), ...problems },
			},
		},
		async ({ params: { id }, body, query }) => toDocument(await posthaste.plugins.pin(id, body.version, query)),
	);
	app.post(
		"/v1/plugins/:id/rollback",
		{
			schema: {
				tags,
				operationId: "rollBackPlugin",
				summary: "Has new deliveries use the version that was active before",
				params: PluginParams,
				querystring: Choice,
				response: { 200: answerOf(Plugin, "The plugin as it is now"), ...problems },
			},
		},
		async ({ params: { id }, query }) => toDocument(await posthaste.plugins.rollback(id, query)),
	);
}

function removing(app: App, { posthaste }: RouteContext): void {
	app.delete(
		"/v1/plugins/:id",
		{
			schema: {
				tags,
				operationId: "removePlugin",
				summary: "Removes an installed plugin, or one version of it",
				params: PluginParams,
				querystring: Removal,
				response: { 204: emptyAnswer("It is removed"), ...problems },
			},
		},
		async ({ params: { id }, query }, reply) => {
			await posthaste.plugins.remove(id, query);
			return reply.code(204).send();
		},
	);
}

function toDocument(plugin: PluginView) {
	const { installed, ...rest } = plugin;
	if (installed === undefined) {
		return rest;
	}
	const versions = installed.versions.map(({ installedAt, ...version }) => ({
		...version,
		installedAt: new Date(installedAt).toISOString(),
	}));
	return { ...rest, installed: { ...installed, versions } };
}
