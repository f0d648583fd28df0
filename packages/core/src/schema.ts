/**
 * The shapes that people and programs hand in, as JSON Schema. The same schemas validate the API and
 * `posthaste.yaml`, appear in the OpenAPI document, and generate the editor schema and the reference.
 */
import { type Static, Type } from "typebox";
import { mechanismKinds, priorities, weekdays } from "./model.ts";
import { deliveryStates, levels } from "./outcome.ts";

/** Largest message body, in bytes of UTF-8. */
export const bodyLimit = 256 * 1024;

const closed = { additionalProperties: false } as const;

/** A closed set of words as an enumeration, which reads better in errors and editors than a union. */
function words<const Words extends readonly string[]>(
	list: Words,
	options: { description?: string; default?: Words[number] } = {},
) {
	return Type.Unsafe<Words[number]>(Type.String({ enum: [...list], ...options }));
}

/** A key of one of the databases: letters, digits, `.`, `_`, `-`, `@` and `+`. */
export const NameSchema = Type.String({
	minLength: 1,
	maxLength: 128,
	pattern: "^[A-Za-z0-9][A-Za-z0-9._@+-]*$",
	description: "Letters, digits and . _ @ + -, beginning with a letter or digit",
});

/** A length of time: `30s`, `2m`, `1h30m`, `1d`. */
export const DurationSchema = Type.String({
	pattern: "^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d|w))+$",
	maxLength: 40,
	description: "A length of time such as 500ms, 30s, 2m, 1h30m or 1d",
});

export const ConditionSchema = Type.String({
	minLength: 1,
	maxLength: 4096,
	description: 'A condition on the message in CEL, such as message.priority == "urgent"',
});

export const PropertiesSchema = Type.Object(
	{
		priority: Type.Optional(words(priorities, { description: "How urgent the message is", default: "normal" })),
		expires: Type.Optional(
			Type.String({
				minLength: 2,
				maxLength: 64,
				description: "A moment (RFC 3339) or a length of time such as 10m; nothing is attempted after it",
			}),
		),
		category: Type.Optional(
			Type.String({ minLength: 1, maxLength: 128, description: "What the message is about, for conditions" }),
		),
		confidential: Type.Optional(Type.Boolean({ description: "Only mechanisms that encrypt may carry the message" })),
		prompts: Type.Optional(
			words(["ask", "yes", "no"] as const, {
				description: "The sender's standing answer to questions",
				default: "ask",
			}),
		),
	},
	{
		additionalProperties: Type.Unknown(),
		description: "Properties of the message; any further ones are the sender's own",
	},
);

export const DraftSchema = Type.Object(
	{
		to: Type.Array(NameSchema, { minItems: 1, maxItems: 1000, description: "The users to reach" }),
		from: Type.String({ minLength: 1, maxLength: 256, description: "Who sends; questions go to them" }),
		body: Type.String({ description: "What to say" }),
		subject: Type.Optional(
			Type.String({ maxLength: 998, description: "One line (RFC 5322 section 2.1.1 limits it to 998 characters)" }),
		),
		format: Type.Optional(
			words(["text", "markdown"] as const, { description: "How the body is written", default: "text" }),
		),
		properties: Type.Optional(PropertiesSchema),
		manager: Type.Optional(
			Type.String({ ...NameSchema, description: "The delivery manager; left out, the selection rules choose" }),
		),
	},
	{ ...closed, $id: "Draft", description: "A message to send" },
);

const SettingsSchema = Type.Record(Type.String(), Type.Unknown(), { description: "Settings of the plugin" });

export const MechanismSchema = Type.Object(
	{
		use: Type.String({ ...NameSchema, description: "The mechanism plugin" }),
		settings: Type.Optional(SettingsSchema),
	},
	{ ...closed, description: "A configured way to reach people" },
);

export const ConfigurationSchema = Type.Object(
	{
		name: NameSchema,
		when: Type.Optional(ConditionSchema),
		unknown: Type.Optional(
			words(["resend", "next", "hold"] as const, {
				description: "What to do after an attempt whose outcome is unknown",
				default: "resend",
			}),
		),
		settings: Type.Optional(SettingsSchema),
	},
	{ ...closed, description: "One row of a manager's table; the first whose condition holds is chosen" },
);

export const ManagerSchema = Type.Object(
	{
		use: Type.String({ ...NameSchema, description: "The manager plugin" }),
		configurations: Type.Array(ConfigurationSchema, { minItems: 1, maxItems: 1000 }),
	},
	{ ...closed, description: "A delivery manager with its own table of configurations" },
);

export const SelectionRuleSchema = Type.Object(
	{
		when: Type.Optional(ConditionSchema),
		manager: Type.String({ ...NameSchema, description: "The manager that takes the message" }),
	},
	{ ...closed, description: "The first rule that holds chooses the manager" },
);

export const SelectionSchema = Type.Object(
	{ rules: Type.Array(SelectionRuleSchema, { maxItems: 1000 }), defaultManager: Type.Optional(NameSchema) },
	closed,
);

const ClockTime = Type.String({ pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", description: "A time of day, HH:MM" });

export const QuietHoursSchema = Type.Object(
	{
		from: ClockTime,
		to: ClockTime,
		days: Type.Optional(Type.Array(words(weekdays), { minItems: 1, maxItems: 7, uniqueItems: true })),
		then: Type.Optional(
			words(["skip", "wait"] as const, {
				description: "Pass the mechanism over, or wait for the end",
				default: "skip",
			}),
		),
		except: Type.Optional(words(priorities, { description: "Messages of this priority or a higher one come through" })),
	},
	{ ...closed, description: "Hours in which this entry is not used, in the user's time zone" },
);

export const DeliveryEntrySchema = Type.Object(
	{
		mechanism: NameSchema,
		address: Type.Record(Type.String(), Type.Unknown(), {
			description: "The address, in the shape the mechanism's plugin asks for",
		}),
		publicKey: Type.Optional(
			Type.String({ minLength: 1, maxLength: 65536, description: "For a mechanism that encrypts" }),
		),
		quiet: Type.Optional(QuietHoursSchema),
		when: Type.Optional(ConditionSchema),
	},
	{ ...closed, description: "A mechanism by which the user can be reached" },
);

export const UserSchema = Type.Object(
	{
		name: Type.String({ minLength: 1, maxLength: 256, description: "What people read" }),
		timezone: Type.Optional(
			Type.String({ minLength: 1, maxLength: 64, description: "IANA time zone", default: "UTC" }),
		),
		mechanisms: Type.Array(DeliveryEntrySchema, {
			maxItems: 64,
			description: "The delivery table, in the user's order",
		}),
	},
	{ ...closed, description: "A person and their delivery table" },
);

/** A whole configuration: what `posthaste.yaml` holds. */
/** A plugin to install. */
export const PluginSourceSchema = Type.Object(
	{
		from: Type.String({
			minLength: 1,
			maxLength: 2048,
			description:
				"As `npm install` takes it: a name, `name@1.2.0`, a folder or a tarball, a URL. In a file, relative paths count from there",
		}),
		version: Type.Optional(
			Type.String({ minLength: 1, maxLength: 256, description: "A version or range, where `from` is a name" }),
		),
		isolation: Type.Optional(
			words(["thread", "process"] as const, {
				description: "How it is kept apart from the program; as the program was started when left out",
			}),
		),
		memory: Type.Optional(
			Type.Integer({
				minimum: 16,
				maximum: 65_536,
				description: "Megabytes of heap that it may use; 128 when left out",
			}),
		),
		grants: Type.Optional(
			Type.Object(
				{
					read: Type.Optional(Type.Array(Type.String(), { description: "Files and folders it may read" })),
					write: Type.Optional(Type.Array(Type.String(), { description: "Files and folders it may write" })),
					childProcesses: Type.Optional(Type.Boolean({ description: "Whether it may start processes" })),
					workers: Type.Optional(Type.Boolean({ description: "Whether it may start threads" })),
				},
				{ ...closed, description: "What its process may do besides, of what its package says it needs" },
			),
		),
	},
	closed,
);

export const ConfigurationDocumentSchema = Type.Object(
	{
		plugins: Type.Optional(
			Type.Record(NameSchema, PluginSourceSchema, { description: "Plugins to install, by their identifiers" }),
		),
		mechanisms: Type.Optional(Type.Record(NameSchema, MechanismSchema)),
		managers: Type.Optional(Type.Record(NameSchema, ManagerSchema)),
		selection: Type.Optional(Type.Array(SelectionRuleSchema, { maxItems: 1000 })),
		defaultManager: Type.Optional(NameSchema),
		users: Type.Optional(Type.Record(NameSchema, UserSchema)),
	},
	{ ...closed, description: "posthaste.yaml" },
);

export const LevelSchema = words(levels, { description: "What the attempt asks for" });
export const MechanismKindSchema = words(mechanismKinds);
export const DeliveryStateSchema = words(deliveryStates);

export type DraftInput = Static<typeof DraftSchema>;
export { words };
