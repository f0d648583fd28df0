/** Every method and notice of the plugin protocol, with the shapes of what goes in and what comes out. */
import { receiptLevels, words } from "@posthaste/core";
import { Type } from "typebox";
import {
	type HostMethods,
	type HostNotices,
	optionalMethods,
	type PluginMethods,
	type PluginNotices,
} from "./protocol.ts";
import {
	AddressShape,
	AttemptNameShape,
	AttemptShape,
	CallShape,
	DeliverContextShape,
	EffectShape,
	EvidenceShape,
	HealthShape,
	InstanceShape,
	JudgementShape,
	ManagerDescriptionShape,
	MechanismDescriptionShape,
	map,
	open,
	optionalText,
	PastShape,
	PresenceShape,
	SendResultShape,
	ShownAttemptShape,
	type TSchema,
	text,
} from "./shapes.ts";

export interface MethodShape {
	readonly says: string;
	/** Which plugins it concerns. */
	readonly of: "all" | "managers" | "mechanisms";
	readonly params: TSchema;
	readonly result: TSchema;
}
export type NoticeShape = Omit<MethodShape, "result">;

const nothing = open({});
const instance = InstanceShape;
const call = CallShape;

/** What the program asks of a plugin. */
export const pluginMethods: { readonly [Name in keyof PluginMethods]: MethodShape } = {
	initialize: {
		says: "Comes first, once. The plugin says what it is. One that does not speak these versions of the contract answers with the error -32002.",
		of: "all",
		params: open({
			program: text("`posthaste`"),
			managerApiVersion: Type.Integer({ description: "The version of the manager contract that the program speaks" }),
			mechanismApiVersion: Type.Integer({ description: "The same of the mechanism contract" }),
		}),
		result: Type.Union([ManagerDescriptionShape, MechanismDescriptionShape]),
	},
	ping: {
		says: "Comes every second. Whatever can answer anything answers it at once, also while other calls are under way.",
		of: "all",
		params: nothing,
		result: open({ external: Type.Optional(Type.Number({ description: "Bytes held outside a JavaScript heap" })) }),
	},
	judge: {
		says: "What settings name, and what is wrong with them. Asked when settings are applied and when a delivery begins; the same settings have to bring the same answer.",
		of: "managers",
		params: open({ settings: map("They fit the schema") }),
		result: JudgementShape,
	},
	next: {
		says: "The next effect after all that came before. A manager answers from these alone: it has no clock, no randomness, and remembers nothing that it could not work out again. One that finds that it would now have wanted something else than stands in `past` answers with the error -32001.",
		of: "managers",
		params: open({ delivery: text("The delivery"), context: DeliverContextShape, past: PastShape }),
		result: open({
			effect: Type.Union([EffectShape, Type.Null()], { description: "`null` when nothing is left to try" }),
		}),
	},
	create: {
		says: "Makes an instance: one for each mechanism of the configuration, and once more after the plugin was started again. Answered when it can be used; an error leaves the mechanism inactive, with the reason.",
		of: "mechanisms",
		params: open({ instance, name: text("The mechanism's name"), settings: map("They fit the schema") }),
		result: open({
			methods: Type.Array(words(optionalMethods), { description: "Which of the optional methods it has" }),
		}),
	},
	send: {
		says: "Hands over one attempt. Calls overlap. An error as answer counts as the outcome `unknown`.",
		of: "mechanisms",
		params: open({ instance, call, attempt: AttemptShape }),
		result: SendResultShape,
	},
	presence: {
		says: "Optional: whether the person behind an address is there.",
		of: "mechanisms",
		params: open({ instance, call, address: AddressShape }),
		result: PresenceShape,
	},
	status: {
		says: "Optional: what became of an attempt whose outcome is unknown.",
		of: "mechanisms",
		params: open({ instance, call, attempt: AttemptNameShape }),
		result: SendResultShape,
	},
	retract: {
		says: "Optional: takes back what was shown. Answers whether that is certain.",
		of: "mechanisms",
		params: open({ instance, call, attempt: ShownAttemptShape }),
		result: open({ retracted: Type.Boolean() }),
	},
	health: {
		says: "Optional: whether the mechanism could be used now.",
		of: "mechanisms",
		params: open({ instance, call }),
		result: HealthShape,
	},
	close: {
		says: "Releases an instance: no call for it comes after this one. Those under way are to end.",
		of: "mechanisms",
		params: open({ instance }),
		result: nothing,
	},
};

/** What the program tells a plugin. */
export const pluginNotices: { readonly [Name in keyof PluginNotices]: NoticeShape } = {
	abort: {
		says: "A call's time is over. It is still to be answered, soon, with what is known by then.",
		of: "mechanisms",
		params: open({ call }),
	},
	"socket.opened": {
		says: "Somebody connected by WebSocket to a path that the instance serves.",
		of: "mechanisms",
		params: open({
			instance,
			path: text("As served"),
			socket: text("Names the connection"),
			url: text("The whole URL, query included"),
		}),
	},
	"socket.message": {
		says: "A text came over a connection.",
		of: "mechanisms",
		params: open({ socket: text("The connection"), text: text("What came") }),
	},
	"socket.closed": {
		says: "A connection ended.",
		of: "mechanisms",
		params: open({ socket: text("The connection") }),
	},
};

const key = text("As the mechanism likes");
const value = Type.Unknown({ description: "Any JSON" });

/** What a plugin asks of the program. */
export const hostMethods: { readonly [Name in keyof HostMethods]: MethodShape } = {
	"storage.get": {
		says: "Reads from the small durable storage of one mechanism's own.",
		of: "mechanisms",
		params: open({ instance, key }),
		result: open({ value: Type.Optional(Type.Unknown({ description: "Missing when nothing is stored" })) }),
	},
	"storage.set": {
		says: "Writes a JSON value there.",
		of: "mechanisms",
		params: open({ instance, key, value }),
		result: nothing,
	},
	"storage.delete": { says: "Removes it.", of: "mechanisms", params: open({ instance, key }), result: nothing },
	"storage.list": {
		says: "Entries whose key begins with a prefix, by key.",
		of: "mechanisms",
		params: open({ instance, prefix: text("May be empty") }),
		result: open({ entries: Type.Array(open({ key, value })) }),
	},
	receipt: {
		says: "Later evidence for an attempt. Answered when it is on disk.",
		of: "mechanisms",
		params: open({
			instance,
			attempt: text("The attempt's identifier"),
			level: words(receiptLevels, { description: "How far the message came" }),
			evidence: EvidenceShape,
		}),
		result: nothing,
	},
	reply: {
		says: "The recipient wrote back.",
		of: "mechanisms",
		params: open({ instance, attempt: text("The attempt's identifier"), body: text("What they wrote") }),
		result: nothing,
	},
};

/** What a plugin tells the program. */
export const hostNotices: { readonly [Name in keyof HostNotices]: NoticeShape } = {
	log: {
		says: "A line for the program's log. Up to a hundred a second are kept.",
		of: "all",
		params: open({
			instance: optionalText("The instance, where it is about one"),
			level: words(["debug", "info", "warn", "error"] as const),
			fields: Type.Optional(map("For programs that read the log")),
			text: text("For people; 2000 characters are kept"),
		}),
	},
	"presence.changed": {
		says: "Presence of the person behind an address changed.",
		of: "mechanisms",
		params: open({
			instance,
			address: AddressShape,
			state: words(["available", "away", "unavailable", "unknown"] as const),
		}),
	},
	"health.changed": {
		says: "The mechanism as a whole came up or went down; while down it is inactive.",
		of: "mechanisms",
		params: open({ instance, health: HealthShape }),
	},
	"socket.serve": {
		says: "Serves WebSocket connections at `/mechanisms/NAME/PATH` of the program's HTTP server.",
		of: "mechanisms",
		params: open({ instance, path: text("PATH") }),
	},
	"socket.send": {
		says: "Sends a text over a connection.",
		of: "mechanisms",
		params: open({ socket: text("The connection"), text: text("What to send") }),
	},
	"socket.close": {
		says: "Ends a connection.",
		of: "mechanisms",
		params: open({
			socket: text("The connection"),
			code: Type.Optional(Type.Integer({ minimum: 1000, maximum: 4999, description: "RFC 6455, section 7.4" })),
			reason: optionalText("For whoever is there"),
		}),
	},
};
