/**
 * The nouns of Posthaste, one commented type each. Times inside the program are milliseconds since
 * the Unix epoch (`Milliseconds`); the API shows them as RFC 3339 text.
 */

/** Milliseconds since the Unix epoch when it names a moment, plain milliseconds when it names a length. */
export type Milliseconds = number;

export const priorities = ["low", "normal", "high", "urgent"] as const;
export type Priority = (typeof priorities)[number];

/** The sender's standing answer to every question a delivery of this message may ask. */
export type StandingAnswer = "ask" | "yes" | "no";

/** What a sender hands in: not yet checked, not yet identified. */
export interface Draft {
	readonly to: readonly string[];
	readonly from: string;
	readonly body: string;
	readonly subject?: string;
	readonly format?: "text" | "markdown";
	readonly properties?: DraftProperties;
	/** Names the delivery manager; leaving it out lets the selection rules choose. */
	readonly manager?: string;
}

export interface DraftProperties {
	readonly priority?: Priority;
	/** A moment (RFC 3339) or a length of time from acceptance such as `10m`. */
	readonly expires?: string;
	readonly category?: string;
	readonly confidential?: boolean;
	readonly prompts?: StandingAnswer;
	/** Any further property of the sender's own; conditions read it as `message.properties.NAME`. */
	readonly [own: string]: unknown;
}

/** A composed message: checked, identified, its expiry a moment. */
export interface Message {
	/** UUIDv7 (RFC 9562 §5.7). */
	readonly id: string;
	readonly to: readonly string[];
	readonly from: string;
	readonly body: string;
	readonly subject?: string;
	readonly format: "text" | "markdown";
	readonly priority: Priority;
	readonly category?: string;
	readonly confidential: boolean;
	readonly prompts: StandingAnswer;
	/** Nothing is attempted at or after this moment. */
	readonly expiresAt?: Milliseconds;
	/** The sender's own properties, and none of the ones above. */
	readonly properties: Readonly<Record<string, unknown>>;
	readonly manager?: string;
	readonly acceptedAt: Milliseconds;
}

export const mechanismKinds = ["im", "email", "pager", "sms", "push", "chat", "webhook"] as const;
export type MechanismKind = (typeof mechanismKinds)[number];

/** Who defined a record, and so who may change it. */
export type ManagedBy = { readonly by: "file"; readonly file: string; readonly line: number } | { readonly by: "api" };

/** A row of the mechanism database: a configured, named way to reach people. */
export interface MechanismRecord {
	readonly name: string;
	/** Identifier of the mechanism plugin. */
	readonly use: string;
	readonly settings: Readonly<Record<string, unknown>>;
	/** The operator's switch, kept apart from the definition so that it works on file-managed mechanisms too. */
	readonly disabled: boolean;
	readonly managedBy: ManagedBy;
	readonly revision: number;
}

/** What a delivery does after an attempt whose outcome is unknown. */
export type OnUnknown = "resend" | "next" | "hold";

/** One row of a manager's table. The first whose condition holds is chosen for each message. */
export interface Configuration {
	readonly name: string;
	/** A CEL condition on the message; a row without one always holds. */
	readonly when?: string;
	/** `resend` when left out: at least once, with the same attempt identifier. */
	readonly unknown?: OnUnknown;
	readonly settings: Readonly<Record<string, unknown>>;
}

/** A row of the manager database: a delivery manager with its own table of configurations. */
export interface ManagerRecord {
	readonly name: string;
	/** Identifier of the manager plugin. */
	readonly use: string;
	readonly configurations: readonly Configuration[];
	readonly managedBy: ManagedBy;
	readonly revision: number;
}

/** `manager` takes the message when `when` holds; a rule without a condition always holds. */
export interface SelectionRule {
	readonly when?: string;
	readonly manager: string;
}

/** The selection rules, in order, and the manager that takes what no rule takes. */
export interface Selection {
	readonly rules: readonly SelectionRule[];
	readonly defaultManager?: string;
	readonly managedBy: ManagedBy;
	readonly revision: number;
}

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Weekday = (typeof weekdays)[number];

/**
 * Hours in which a recipient does not want to be reached through one entry, in the recipient's time
 * zone. A span that passes midnight belongs to the day it starts on.
 */
export interface QuietHours {
	/** `HH:MM`, inclusive. */
	readonly from: string;
	/** `HH:MM`, exclusive. */
	readonly to: string;
	/** Every day when left out. */
	readonly days?: readonly Weekday[];
	/** `skip` passes the mechanism over; `wait` holds its attempt until the quiet hours end. `skip` when left out. */
	readonly then?: "skip" | "wait";
	/** Messages of this priority or a higher one come through. */
	readonly except?: Priority;
}

/** One row of a user's delivery table: a mechanism by which they can be reached, and how. */
export interface DeliveryEntry {
	readonly mechanism: string;
	/** What the mechanism needs to find the person, in the shape of its plugin's address schema. */
	readonly address: Readonly<Record<string, unknown>>;
	/** For a mechanism that encrypts. */
	readonly publicKey?: string;
	readonly quiet?: QuietHours;
	/** The recipient's own CEL condition on messages through this entry. */
	readonly when?: string;
}

/** A person. */
export interface User {
	/** The key that senders write: `jsmith`. */
	readonly id: string;
	/** What people read: `John Smith`. */
	readonly name: string;
	/** IANA time zone, `UTC` when the definition leaves it out. */
	readonly timezone: string;
	/** The delivery table, in the user's order; a mechanism stands in it once at the most. */
	readonly mechanisms: readonly DeliveryEntry[];
	readonly managedBy: ManagedBy;
	readonly revision: number;
}
