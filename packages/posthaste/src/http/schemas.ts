/** The schemas of requests and answers, as the OpenAPI document shows them. */
import {
	ConfigurationDocumentSchema,
	DeliveryStateSchema,
	DraftSchema,
	errorTable,
	ManagerSchema,
	MechanismSchema,
	PluginSourceSchema,
	SelectionSchema,
	UserSchema,
	words,
} from "@posthaste/core";
import { type TSchema, Type } from "typebox";
import { ExplainedNode, Explanation } from "./explanation-schema.ts";
import { JournalEntry, PolicyEntry, policiesProperties, SettleReasonSchema } from "./journal-schema.ts";
import { Answer, document, freeForm, keysOf, moment, named, pageOf } from "./schema-words.ts";

export { Explanation } from "./explanation-schema.ts";

const Complaint = document({
	field: Type.String({ description: "Path of the field, such as managers.standard.configurations[0].when" }),
	message: Type.String(),
	file: Type.Optional(Type.String()),
	line: Type.Optional(Type.Integer({ minimum: 1 })),
	column: Type.Optional(Type.Integer({ minimum: 1 })),
	excerpt: Type.Optional(Type.String({ description: "The line's text with a caret below the place" })),
});

export const Problem = named(
	"Problem",
	document(
		{
			type: Type.String({ description: "`urn:posthaste:error:CODE`" }),
			title: Type.String(),
			status: Type.Integer(),
			detail: Type.String({ description: "What is wrong in this request" }),
			code: keysOf(errorTable, "What is wrong, for programs"),
			remedy: Type.String({ description: "What to do about it" }),
			errors: Type.Optional(Type.Array(Complaint, { description: "Each thing that is wrong, and where" })),
			instance: Type.Optional(Type.String({ description: "Under this the log knows more" })),
		},
		"An error, as RFC 9457 problem details",
	),
);

export const AcceptedSchema = named(
	"Accepted",
	document(
		{
			id: Type.String({ description: "The message's identifier, a UUIDv7" }),
			acceptedAt: moment("When it was accepted"),
			deliveries: Type.Array(document({ id: Type.String(), recipient: Type.String() })),
		},
		"The message is on disk and its deliveries will come to an end, whatever happens",
	),
);

export const Delivery = named(
	"Delivery",
	document(
		{
			id: Type.String(),
			message: Type.String(),
			recipient: Type.String(),
			state: DeliveryStateSchema,
			reason: Type.Optional(SettleReasonSchema),
			due: Type.Union([moment("It will be looked at next then"), Type.Null()]),
			settledAt: Type.Optional(moment("When it came to its end")),
			manager: Type.Optional(policiesProperties.manager),
			configuration: Type.Optional(policiesProperties.configuration),
			routingPolicy: Type.Optional(policiesProperties.routingPolicy),
			deliveryPolicy: Type.Optional(policiesProperties.deliveryPolicy),
			journal: Type.Array(JournalEntry, { description: "What happened, in order" }),
		},
		"One message on its way to one recipient; the policies are missing until it began",
	),
);

export const Message = named(
	"Message",
	document(
		{
			id: Type.String(),
			to: Type.Array(Type.String()),
			from: Type.String(),
			subject: Type.Optional(Type.String()),
			body: Type.String(),
			format: words(["text", "markdown"] as const),
			properties: freeForm(
				"The well-known properties with their defaults, `expires` as a moment, then the sender's own",
			),
			manager: Type.Optional(Type.String({ description: "The manager that the sender named" })),
			acceptedAt: moment("When it was accepted"),
			deliveries: Type.Array(Delivery),
		},
		"A message and what happened to it",
	),
);

export const Prompt = named(
	"Prompt",
	document(
		{
			id: Type.String(),
			message: Type.String(),
			delivery: Type.String(),
			sender: Type.String(),
			recipient: Type.String(),
			question: Type.String(),
			askedAt: moment("When it was asked"),
			until: moment("It is open until then"),
			otherwise: Answer,
		},
		"An open question to the sender",
	),
);

export const AnswerSchema = Type.Object({ answer: Answer }, { additionalProperties: false, $id: "Answer" });

export const ResolutionSchema = Type.Object(
	{
		resolution: words(["resend", "next", "end"] as const, {
			description: "Try the attempt again, go on with the next, or end the delivery",
		}),
	},
	{ additionalProperties: false, $id: "Resolution" },
);

export const EventSchema = named(
	"Event",
	document(
		{
			message: Type.String(),
			delivery: Type.String(),
			state: DeliveryStateSchema,
			reason: Type.Optional(SettleReasonSchema),
			entries: Type.Array(JournalEntry),
		},
		"New entries of one delivery's journal",
	),
);

const ManagedBy = Type.Union([
	document({ by: Type.Literal("file"), file: Type.String(), line: Type.Integer() }),
	document({ by: Type.Literal("api") }),
]);

const record = { managedBy: ManagedBy, revision: Type.Integer({ description: "As in the ETag" }) };

export const MechanismDefinition = named("MechanismDefinition", MechanismSchema);
export const ManagerDefinition = named("ManagerDefinition", ManagerSchema);
export const UserDefinition = named("UserDefinition", UserSchema);
export const SelectionDefinition = named("SelectionDefinition", SelectionSchema);

export const Mechanism = named(
	"Mechanism",
	document(
		{
			name: Type.String(),
			use: Type.String({ description: "The plugin" }),
			settings: freeForm("Settings of the plugin"),
			disabled: Type.Boolean({ description: "An operator switched it off" }),
			...record,
			kind: Type.Optional(Type.String()),
			active: Type.Boolean(),
			inactive: Type.Optional(
				document({ reason: Type.String(), detail: Type.Optional(Type.String()) }, "Why it is not active"),
			),
			breaker: words(["closed", "open", "half-open"] as const),
			inFlight: Type.Integer({ description: "Calls under way" }),
			notReplaced: Type.Optional(
				Type.String({
					description: "Why an instance of what is configured now did not come up; the one before serves meanwhile",
				}),
			),
		},
		"A configured way to reach people, and what it is doing now",
	),
);

export const Manager = named(
	"Manager",
	document(
		{ name: Type.String(), use: Type.String(), configurations: ManagerSchema.properties.configurations, ...record },
		"A delivery manager with its own table of configurations",
	),
);

export const User = named(
	"User",
	document(
		{
			id: Type.String({ description: "The key that senders write" }),
			name: Type.String({ description: "What people read" }),
			timezone: Type.String({ description: "IANA time zone" }),
			mechanisms: UserSchema.properties.mechanisms,
			...record,
		},
		"A person and their delivery table",
	),
);

export const Selection = named(
	"Selection",
	document(
		{
			rules: SelectionSchema.properties.rules,
			defaultManager: Type.Optional(Type.String()),
			...record,
		},
		"Which manager takes which messages",
	),
);

export const AddPlugin = named("AddPlugin", PluginSourceSchema);

export const Plugin = named(
	"Plugin",
	document(
		{
			type: words(["manager", "mechanism"] as const),
			id: Type.String(),
			version: Type.String(),
			title: Type.String(),
			description: Type.Optional(Type.String()),
			kind: Type.Optional(Type.String()),
			bundled: Type.Boolean(),
			settings: freeForm("JSON Schema of its settings"),
			address: Type.Optional(freeForm("JSON Schema of the address in a user's delivery table")),
			capabilities: Type.Optional(freeForm("What a mechanism can do")),
			installed: Type.Optional(
				document(
					{
						active: Type.Union([Type.String(), Type.Null()], {
							description:
								"The version that new deliveries use; null when that is what the program brings, if anything",
						}),
						previous: Type.Optional(Type.String({ description: "What was active before" })),
						pinned: Type.Boolean({ description: "Installing another version does not make that one active" }),
						versions: Type.Array(
							document({
								version: Type.String(),
								from: Type.String({ description: "What was asked for" }),
								resolved: Type.String({ description: "Where it came from" }),
								integrity: Type.String({ description: "Subresource integrity of its tarball" }),
								installedAt: moment("When it was installed"),
								isolation: words(["thread", "process", "command"] as const),
								memory: Type.Integer({ description: "Megabytes" }),
								grants: PluginSourceSchema.properties.grants,
								state: words(["loaded", "idle", "down"] as const, {
									description: "Whether its thread or process runs; an idle one is started when it is needed",
								}),
								detail: Type.Optional(Type.String({ description: "Why it is down" })),
								deliveries: Type.Optional(
									Type.Integer({ description: "Deliveries under way that are pinned to it, where asked for" }),
								),
							}),
						),
					},
					"The versions that were installed at run time",
				),
			),
		},
		"What managers and mechanisms are made of",
	),
);

export const Configuration = named("Configuration", ConfigurationDocumentSchema, "invalid-configuration");

export const Applied = named(
	"Applied",
	document(
		{
			changes: Type.Array(
				document({
					database: words(["mechanisms", "managers", "users", "selection"] as const),
					key: Type.String(),
					change: words(["added", "changed", "removed"] as const),
					before: Type.Optional(Type.Unknown()),
					after: Type.Optional(Type.Unknown()),
				}),
			),
			applied: Type.Boolean({ description: "False after a dry run" }),
			revision: Type.Integer(),
		},
		"What applying a configuration changed, or would change",
	),
);

export const Unreachable = named(
	"Unreachable",
	document(
		{
			user: Type.String(),
			reasons: Type.Array(document({ mechanism: Type.String(), reason: Type.String() })),
		},
		"A user whom no mechanism can reach now",
	),
);

export const Readiness = named(
	"Readiness",
	document(
		{
			ready: Type.Boolean(),
			reasons: Type.Array(Type.String(), { description: "The checks that fail, `NAME: DETAIL`" }),
			checks: Type.Record(
				Type.String(),
				document({
					ok: Type.Boolean(),
					detail: Type.Optional(Type.String({ description: "What is wrong, or worth knowing all the same" })),
				}),
				{ description: "Every check by its name: store, configuration, load, mechanisms, closing" },
			),
		},
		"Whether messages can be accepted now",
	),
);

/** Every schema that the OpenAPI document lists by name. */
export const namedSchemas: readonly TSchema[] = [
	DraftSchema,
	AcceptedSchema,
	Message,
	Delivery,
	JournalEntry,
	PolicyEntry,
	EventSchema,
	Explanation,
	ExplainedNode,
	Prompt,
	AnswerSchema,
	ResolutionSchema,
	MechanismDefinition,
	Mechanism,
	ManagerDefinition,
	Manager,
	UserDefinition,
	User,
	SelectionDefinition,
	Selection,
	Plugin,
	Configuration,
	Applied,
	Unreachable,
	Readiness,
	Problem,
];

export { pageOf };
