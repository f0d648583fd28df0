/** What the API answers beyond the shapes of `@posthaste/core`: the databases' records and the demo's devices. */
import type { ManagerRecord, MechanismRecord, User } from "@posthaste/core";

/** A mechanism's record together with what it is doing now. */
export interface MechanismDocument extends MechanismRecord {
	readonly kind?: string;
	readonly active: boolean;
	readonly inactive?: { readonly reason: string; readonly detail?: string };
	readonly breaker: "closed" | "open" | "half-open";
	readonly inFlight: number;
}

export type ManagerDocument = ManagerRecord;
export type UserDocument = User;

/** The answer to an accepted draft. */
export interface AcceptedDocument {
	readonly id: string;
	readonly acceptedAt: string;
	readonly deliveries: readonly { readonly id: string; readonly recipient: string }[];
}

export interface Mail {
	readonly id: string;
	readonly from: string;
	readonly to: string | readonly string[];
	readonly subject?: string;
	readonly text?: string;
	readonly html?: string;
	readonly receivedAt: string;
}

export interface Page {
	readonly id: string;
	readonly text: string;
	readonly subject?: string;
	readonly caller?: string;
	readonly receivedAt: string;
	readonly acknowledged: boolean;
}

export interface MailboxDevice {
	readonly on: boolean;
	readonly address: string;
	readonly mails: readonly Mail[];
}

export interface PagerDevice {
	readonly on: boolean;
	readonly number: string;
	readonly pages: readonly Page[];
}

export interface ImDevice {
	readonly mechanism: string;
	readonly inbox: string;
}

/** The demo's devices of one user. */
export interface DevicesDocument {
	readonly user: string;
	readonly name: string;
	readonly im: ImDevice;
	readonly mailbox: MailboxDevice;
	readonly pager: PagerDevice;
}

/** The devices that the demo's server keeps; the IM window is this page itself. */
export type ServerDevice = "mailbox" | "pager";
