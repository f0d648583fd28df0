/**
 * What windows and the mechanism say to each other: JSON objects in WebSocket text frames (RFC 6455),
 * told apart by `type`. Both sides check what they receive against these schemas. Everything here
 * runs in browsers too.
 */
import { type Static, type TSchema, Type } from "typebox";
import Schema from "typebox/schema";

/** The version of this protocol; a window says in its hello which one it speaks. */
export const protocolVersion = 1;

/** Where the mechanism is served, below `/mechanisms/NAME/`. */
export const socketPath = "socket";

/** Longest text frame that the mechanism reads, in UTF-16 units. */
export const frameLimit = 128 * 1024;

/** Longest reply, in characters. Written with JSON's longest escapes it still fits into one frame. */
export const replyLimit = 16 * 1024;

/** Most attempts that a hello may name as shown. */
export const shownLimit = 500;

/** Receipts by rank, each including the ones before it. */
export const shownLevels = ["delivered", "read", "acknowledged"] as const;
export type ShownLevel = (typeof shownLevels)[number];

/** Whether `reached` is at least `level`; a message without a receipt has reached none. */
export function covers(reached: ShownLevel | undefined, level: ShownLevel): boolean {
	return reached !== undefined && shownLevels.indexOf(reached) >= shownLevels.indexOf(level);
}

/** Why the connection ended, as WebSocket close codes (4000 and up are the application's own). */
export const closeCodes = {
	goingAway: 1001,
	policy: 1008,
	tooLarge: 1009,
	internal: 1011,
	tryLater: 1013,
	noHeartbeat: 4000,
	noHello: 4001,
	version: 4002,
} as const;

const closed = { additionalProperties: false } as const;

/** As in the core, which browsers need not load for it. */
function words<const Words extends readonly string[]>(list: Words) {
	return Type.Unsafe<Words[number]>(Type.String({ enum: [...list] }));
}

const AttemptId = Type.String({ minLength: 1, maxLength: 200 });
const Level = words(shownLevels);
/** Letters, digits and . _ @ + -, beginning with a letter or digit: no inbox's storage keys begin another's. */
export const inboxPattern = "^[A-Za-z0-9][A-Za-z0-9._@+-]*$";
const Inbox = Type.String({ minLength: 1, maxLength: 128, pattern: inboxPattern });
const WindowState = words(["available", "away"] as const);
const ReplyId = Type.String({ minLength: 1, maxLength: 64 });

const clientSchemas = {
	hello: Type.Object(
		{
			type: Type.Literal("hello"),
			inbox: Inbox,
			version: Type.Integer(),
			state: Type.Optional(WindowState),
			/** Attempts that the window already shows: they are not sent again, and what became of them meanwhile is told. */
			shown: Type.Optional(Type.Array(AttemptId, { maxItems: shownLimit })),
			/** Also send what was shown before and is not acknowledged, as for a page that was loaded again. */
			history: Type.Optional(Type.Boolean()),
		},
		closed,
	),
	received: Type.Object({ type: Type.Literal("received"), attempt: AttemptId }, closed),
	read: Type.Object({ type: Type.Literal("read"), attempt: AttemptId }, closed),
	acknowledge: Type.Object({ type: Type.Literal("acknowledge"), attempt: AttemptId }, closed),
	reply: Type.Object(
		{
			type: Type.Literal("reply"),
			attempt: AttemptId,
			body: Type.String({ minLength: 1, maxLength: replyLimit }),
			/** Chosen by the window; a reply repeated with the same identifier counts once. */
			id: Type.Optional(ReplyId),
		},
		closed,
	),
	presence: Type.Object({ type: Type.Literal("presence"), state: WindowState }, closed),
	ping: Type.Object({ type: Type.Literal("ping") }, closed),
	pong: Type.Object({ type: Type.Literal("pong") }, closed),
};

const MessageSchema = Type.Object({
	type: Type.Literal("message"),
	attempt: AttemptId,
	/** The message's identifier, the same for all its recipients. */
	id: Type.String(),
	from: Type.String(),
	subject: Type.Optional(Type.String()),
	body: Type.String(),
	format: words(["text", "markdown"] as const),
	priority: words(["low", "normal", "high", "urgent"] as const),
	/** When the message was accepted, RFC 3339. */
	sentAt: Type.String(),
	/** RFC 3339. */
	expiresAt: Type.Optional(Type.String()),
	/** Set on history: how far the message had come when it was shown before. */
	level: Type.Optional(Level),
});

const errorCodes = [
	"malformed",
	"too-large",
	"hello-first",
	"hello-twice",
	"version",
	"unknown-attempt",
	"too-many",
] as const;

// Windows ignore members they do not know, so that a newer server may add some.
const serverSchemas = {
	welcome: Type.Object({
		type: Type.Literal("welcome"),
		inbox: Inbox,
		version: Type.Integer(),
		/** Milliseconds between two pings of the server. */
		heartbeat: Type.Number({ exclusiveMinimum: 0 }),
	}),
	message: MessageSchema,
	retract: Type.Object({ type: Type.Literal("retract"), attempt: AttemptId }),
	seen: Type.Object({ type: Type.Literal("seen"), attempt: AttemptId, level: Level }),
	confirmed: Type.Object({ type: Type.Literal("confirmed"), attempt: AttemptId, level: Level }),
	replied: Type.Object({ type: Type.Literal("replied"), attempt: AttemptId, id: Type.Optional(ReplyId) }),
	ping: Type.Object({ type: Type.Literal("ping") }),
	pong: Type.Object({ type: Type.Literal("pong") }),
	error: Type.Object({
		type: Type.Literal("error"),
		code: words(errorCodes),
		detail: Type.String(),
		attempt: Type.Optional(AttemptId),
	}),
};

type Frames<Schemas extends Record<string, TSchema>> = { [K in keyof Schemas]: Static<Schemas[K]> };
export type ClientFrames = Frames<typeof clientSchemas>;
export type ServerFrames = Frames<typeof serverSchemas>;

export type ClientFrame = ClientFrames[keyof ClientFrames];
export type ServerFrame = ServerFrames[keyof ServerFrames];
/** A message as it stands on the wire. */
export type MessageFrame = ServerFrames["message"];
export type WindowState = "available" | "away";
export type ErrorCode = (typeof errorCodes)[number];

export type Parsed<Frame> = { readonly frame: Frame } | { readonly malformed: string };

/** Reads a frame of a window. */
export function parseClientFrame(text: string): Parsed<ClientFrame> {
	return parse(clientSchemas, text);
}

/** Reads a frame of the mechanism. */
export function parseServerFrame(text: string): Parsed<ServerFrame> {
	return parse(serverSchemas, text);
}

function parse<Frame>(schemas: Readonly<Record<string, TSchema>>, text: string): Parsed<Frame> {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return { malformed: "the frame is not JSON" };
	}
	const type = typeof value === "object" && value !== null ? (value as { type?: unknown }).type : undefined;
	if (typeof type !== "string" || !Object.hasOwn(schemas, type)) {
		return { malformed: `a frame's type is one of ${Object.keys(schemas).join(", ")}` };
	}
	// The interpreting check, not the compiled one: pages may forbid code made from text.
	return Schema.Check(schemas[type] as TSchema, value)
		? { frame: value as Frame }
		: { malformed: `the frame does not have the shape of ${type}` };
}
