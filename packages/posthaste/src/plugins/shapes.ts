/**
 * The shapes of what the program and its plugins say to each other. What comes from a plugin is checked
 * against them, and docs/reference/plugin-protocol.md is written from them.
 */
import { levels, mechanismKinds, outcomes, receiptLevels, words } from "@posthaste/core";
import { type TProperties, type TSchema, Type } from "typebox";

/** Members that are not known yet may come with a later version: they are passed over. */
const open = <Properties extends TProperties>(properties: Properties, description?: string) =>
	Type.Object(properties, description === undefined ? {} : { description });

const text = (description: string) => Type.String({ description });
const optionalText = (description: string) => Type.Optional(Type.String({ description }));
const milliseconds = (description: string) =>
	Type.Number({ minimum: 0, description: `${description}, in milliseconds` });
const moment = (description: string) =>
	Type.Number({ description: `${description}, in milliseconds since 1970 (UTC)` });
const map = (description: string) => Type.Record(Type.String(), Type.Unknown(), { description });

/** Longest texts that are kept of what a plugin says; evidence and details beyond it are cut. */
export const longestEvidence = 2000;

export const EvidenceShape = optionalText("The words behind it, for people, without the message's body or secrets");
export const ReferenceShape = Type.Optional(
	Type.String({ maxLength: 1000, description: "The identifier that the other side gave the message" }),
);
export const CallShape = text("Names the call, for `abort`");
export const InstanceShape = text("The instance");
export const AddressShape = map("The address in the user's delivery table");

export const SendResultShape = open({
	outcome: words(outcomes, { description: "What the attempt came to" }),
	evidence: EvidenceShape,
	reference: ReferenceShape,
	retryAfter: Type.Optional(milliseconds("Of `failed`: not again before this much time")),
	level: Type.Optional(words(receiptLevels, { description: "A receipt that came in the same breath" })),
});

export const PresenceShape = open({
	state: words(["available", "away", "unavailable", "unknown"] as const, {
		description: "Whether the person is there",
	}),
	at: moment("When this was last known to be so"),
});

export const HealthShape = open({
	healthy: Type.Boolean({ description: "Whether the mechanism can be used" }),
	detail: optionalText("Why not, for people"),
});

export const JudgementShape = open({
	allows: Type.Union([Type.Literal("all"), Type.Array(Type.String({ minLength: 1 }))], {
		description: 'The mechanisms and kinds that the settings name, or `"all"`',
	}),
	complaints: Type.Array(Type.String(), { description: "What the schema cannot say is wrong, as `path: complaint`" }),
});

export const MessageShape = open({
	id: text("UUIDv7"),
	to: Type.Array(Type.String(), { description: "All recipients" }),
	from: text("Who sends"),
	body: text("What to say, up to 256 KB of UTF-8"),
	subject: optionalText("One line"),
	format: words(["text", "markdown"] as const, { description: "How the body is written" }),
	priority: words(["low", "normal", "high", "urgent"] as const),
	category: optionalText("What the message is about"),
	confidential: Type.Boolean({ description: "Only mechanisms that encrypt are given it" }),
	prompts: words(["ask", "yes", "no"] as const, { description: "The sender's standing answer" }),
	expiresAt: Type.Optional(moment("Nothing is attempted from then on")),
	properties: map("The sender's own properties"),
	manager: optionalText("The manager that the sender named"),
	acceptedAt: moment("When it was accepted"),
});

export const AttemptShape = open({
	id: text("The same on every resend of the same attempt: hand it to whatever can deduplicate"),
	try: Type.Integer({ minimum: 1, description: "Counts from 1" }),
	delivery: text("The delivery that it belongs to"),
	message: MessageShape,
	recipient: open({ id: text("Key of the user"), name: text("What people read") }),
	address: AddressShape,
	publicKey: optionalText("For a mechanism that encrypts"),
	deadline: moment("When the result no longer helps"),
});

export const AttemptNameShape = open({ id: text("The attempt"), reference: ReferenceShape });
export const ShownAttemptShape = open({
	id: text("The attempt"),
	reference: ReferenceShape,
	address: AddressShape,
});

export const EffectShape = Type.Union([
	open(
		{
			effect: Type.Literal("attempt"),
			mechanisms: Type.Array(Type.String(), { description: "Names or kinds (`im`, `kind:im`), in order" }),
			mode: words(["serial", "parallel"] as const),
			until: words(levels, { description: "What is asked for" }),
			within: milliseconds("In serial mode for each mechanism in turn, in parallel mode once for all"),
		},
		"Tries mechanisms. The manager is asked again only when none brought what was asked for.",
	),
	open(
		{
			effect: Type.Literal("ask"),
			question: text("What the sender reads"),
			within: milliseconds("How long to wait for the answer"),
			otherwise: words(["yes", "no"] as const, { description: "What no answer counts as" }),
		},
		"Asks the sender, whose standing answer may answer in their place.",
	),
	open({ effect: Type.Literal("wait"), duration: milliseconds("How long") }, "Lets time pass."),
	open({ effect: Type.Literal("note"), text: text("For the journal") }, "Writes a sentence into the journal."),
]);

export const EffectResultShape = Type.Union([
	open({
		results: Type.Array(
			open({
				mechanism: text("Its name"),
				outcome: Type.Optional(words(outcomes, { description: "Missing when the mechanism was passed over" })),
				level: Type.Optional(words(receiptLevels, { description: "The best receipt so far" })),
				passedOver: optionalText("The reason why it was not tried"),
			}),
		),
	}),
	open({
		answer: words(["yes", "no"] as const),
		by: words(["sender", "standing-answer", "timeout"] as const),
	}),
]);

export const PolicyEntryShape = open({
	mechanism: text("Its name"),
	kind: Type.Optional(words(mechanismKinds)),
	kept: Type.Boolean({ description: "Whether it may be attempted" }),
	reason: optionalText("Why it was dropped"),
	postponedUntil: Type.Optional(moment("Its attempt has to wait until then")),
	postponeReason: optionalText("Why it has to wait"),
});

export const DeliverContextShape = open({
	message: MessageShape,
	recipient: open({ id: text("Key of the user"), name: text("What people read"), timezone: text("IANA time zone") }),
	policy: Type.Array(PolicyEntryShape, {
		description: "The delivery policy as it was when the delivery began; only kept mechanisms will be attempted",
	}),
	settings: map("As they were when the delivery began"),
});

export const PastEffectShape = open({ effect: EffectShape, result: Type.Optional(EffectResultShape) });
export const PastShape = Type.Array(PastEffectShape, {
	description: "Every effect so far, oldest first, with its result; a note and a wait have none",
});

const schemaOf = (what: string) =>
	Type.Object(
		{ type: Type.Literal("object") },
		{ description: `JSON Schema of ${what}; an object with \`additionalProperties: false\`` },
	);

const described = {
	id: Type.String({
		pattern: "^[a-z][a-z0-9-]*$",
		maxLength: 128,
		description: "What `use` says in the configuration",
	}),
	apiVersion: Type.Integer({ description: "The version of the contract that it speaks" }),
	version: Type.String({
		pattern: "^\\d+\\.\\d+\\.\\d+(-[0-9A-Za-z.-]+)?(\\+[0-9A-Za-z.-]+)?$",
		maxLength: 128,
		description: "Its own version (SemVer)",
	}),
	title: Type.String({ pattern: "\\S", maxLength: 200, description: "What people read" }),
	description: Type.Optional(Type.String({ maxLength: 2000, description: "What it does, in a sentence or two" })),
} as const;

export const ManagerDescriptionShape = open({
	type: Type.Literal("manager"),
	...described,
	settings: schemaOf("the settings of a configuration"),
});

export const CapabilitiesShape = open({
	presence: Type.Optional(Type.Boolean({ description: "It knows whether the person is there" })),
	receipts: Type.Optional(words(receiptLevels, { description: "The highest receipt it can bring" })),
	replies: Type.Optional(Type.Boolean({ description: "The recipient can write back through it" })),
	retraction: Type.Optional(Type.Boolean({ description: "It can take back what it has shown" })),
	encryption: Type.Optional(Type.Boolean({ description: "It can encrypt to the recipient's public key" })),
	idempotency: Type.Optional(Type.Boolean({ description: "It shows a resend of the same attempt once" })),
	sizeLimit: Type.Optional(Type.Integer({ minimum: 1, description: "Largest body it carries, in bytes of UTF-8" })),
	batch: Type.Optional(Type.Integer({ minimum: 1, description: "Passed over: attempts are handed over one by one" })),
});

export const MechanismDescriptionShape = open({
	type: Type.Literal("mechanism"),
	...described,
	kind: words(mechanismKinds, { description: "What sort of mechanism it is" }),
	settings: schemaOf("its settings; secrets are marked `secret: true`"),
	address: schemaOf("the address in a user's delivery table"),
	capabilities: CapabilitiesShape,
});

export type { TSchema };
export { map, moment, open, optionalText, text };
