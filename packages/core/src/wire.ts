/**
 * How things look on the wire: as inside the program, but moments are RFC 3339 text. The API answers
 * these shapes; the web application and the command line read them.
 */
import type { Explanation } from "./explanation.ts";
import type { JournalEntry, Policies } from "./journal.ts";
import type { DeliveryState } from "./outcome.ts";
import type { SettleReason } from "./reasons.ts";

/** Members that hold a moment wherever they stand. (`until` is also a level, which is text already.) */
const momentKeys = [
	"at",
	"until",
	"deadline",
	"retryAt",
	"postponedUntil",
	"askedAt",
	"acceptedAt",
	"settledAt",
	"due",
	"expiresAt",
] as const;
type MomentKey = (typeof momentKeys)[number];

/** Members that belong to the sender, a plugin or a user, and pass as they are. */
const foreignKeys: ReadonlySet<string> = new Set(["properties", "settings", "address", "before", "after"]);

type Moment<T> = T extends number ? string : T;

/** A type with its moments as text. */
export type Wire<T> = T extends readonly (infer Element)[]
	? readonly Wire<Element>[]
	: T extends object
		? { [K in keyof T]: K extends MomentKey ? Moment<T[K]> : Wire<T[K]> }
		: T;

const moments: ReadonlySet<string> = new Set(momentKeys);

/** Turns every moment into RFC 3339 text, all else as it is. */
export function toWire<T>(value: T): Wire<T> {
	return convert(value) as Wire<T>;
}

function convert(value: unknown): unknown {
	if (Array.isArray(value)) {
		return value.map(convert);
	}
	if (value === null || typeof value !== "object") {
		return value;
	}
	return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convertMember(key, member)]));
}

function convertMember(key: string, member: unknown): unknown {
	if (foreignKeys.has(key)) {
		return member;
	}
	return typeof member === "number" && moments.has(key) ? new Date(member).toISOString() : convert(member);
}

export type JournalDocument = Wire<JournalEntry>;
export type ExplanationDocument = Wire<Explanation>;

/** One delivery of a message as the API answers it. The policies are missing until it began. */
export interface DeliveryDocument extends Partial<Omit<Wire<Policies>, "recipient">> {
	readonly id: string;
	readonly message: string;
	readonly recipient: string;
	readonly state: DeliveryState;
	readonly reason?: SettleReason;
	/** When the delivery will be looked at next, while it waits. */
	readonly due: string | null;
	readonly settledAt?: string;
	readonly journal: readonly JournalDocument[];
}

/** A message as the API answers it. */
export interface MessageDocument {
	readonly id: string;
	readonly to: readonly string[];
	readonly from: string;
	readonly subject?: string;
	readonly body: string;
	readonly format: "text" | "markdown";
	/** The well-known properties with their defaults filled in, `expires` as a moment, then the sender's own. */
	readonly properties: Readonly<Record<string, unknown>>;
	readonly manager?: string;
	readonly acceptedAt: string;
	readonly deliveries: readonly DeliveryDocument[];
}

/** An open question to the sender. */
export interface PromptDocument {
	readonly id: string;
	readonly message: string;
	readonly delivery: string;
	readonly sender: string;
	readonly recipient: string;
	readonly question: string;
	readonly askedAt: string;
	readonly until: string;
	readonly otherwise: "yes" | "no";
}

/** New entries of one delivery's journal, as `/events` streams them. */
export interface EventDocument {
	readonly message: string;
	readonly delivery: string;
	readonly state: DeliveryState;
	readonly reason?: SettleReason;
	readonly entries: readonly JournalDocument[];
}

export interface PageDocument<Item> {
	readonly items: readonly Item[];
	readonly next?: string;
}
