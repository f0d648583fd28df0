/**
 * What the program and a plugin that runs elsewhere say to each other: JSON-RPC 2.0, in both
 * directions, over whatever lies between (messages of a thread, of a process, lines of a command's
 * standard input and output). docs/reference/plugin-protocol.md describes it for authors.
 *
 * Moments are milliseconds since the epoch and durations milliseconds, as in the contract itself.
 */
import type {
	Attempt,
	Capabilities,
	DeliverContext,
	Effect,
	Health,
	MechanismKind,
	PastEffect,
	Presence,
	PresenceState,
	ReceiptLevel,
	SendResult,
} from "@posthaste/core";

/** What a plugin says about itself when it is greeted: its descriptor without its functions. */
export type Description = ManagerDescription | MechanismDescription;

interface Described {
	readonly id: string;
	readonly apiVersion: number;
	readonly version: string;
	readonly title: string;
	readonly description?: string;
	/** JSON Schema of its settings. */
	readonly settings: object;
}

export interface ManagerDescription extends Described {
	readonly type: "manager";
}

export interface MechanismDescription extends Described {
	readonly type: "mechanism";
	readonly kind: MechanismKind;
	/** JSON Schema of the address in a user's delivery table. */
	readonly address: object;
	readonly capabilities: Capabilities;
}

export const optionalMethods = ["presence", "status", "retract", "health"] as const;
export type OptionalMethod = (typeof optionalMethods)[number];

type Address = Readonly<Record<string, unknown>>;
type Instance = { readonly instance: string };

/** What the program asks of a plugin: parameters and answer of each method. */
export interface PluginMethods {
	/** Comes first, once. A plugin that does not speak these versions of the contract answers with an error. */
	initialize: {
		params: { readonly program: string; readonly managerApiVersion: number; readonly mechanismApiVersion: number };
		result: Description;
	};
	/** Answered by whatever answers anything, so that a plugin which hangs is told from one that works. */
	ping: { params: Record<string, never>; result: Vitals };

	/** Of managers: what settings name, and what is wrong with them. */
	judge: { params: { readonly settings: unknown }; result: Judgement };
	/** Of managers: the next effect after all that came before; null when nothing is left to try. */
	next: {
		params: {
			readonly delivery: string;
			readonly context: DeliverContext<unknown>;
			readonly past: readonly PastEffect[];
		};
		result: { readonly effect: Effect | null };
	};

	/** Of mechanisms: makes an instance, which then has these of the optional methods. */
	create: {
		params: Instance & { readonly name: string; readonly settings: unknown };
		result: { readonly methods: readonly OptionalMethod[] };
	};
	/** `call` names the call for `abort`. */
	send: { params: Instance & { readonly call: string; readonly attempt: Attempt }; result: SendResult };
	presence: { params: Instance & { readonly call: string; readonly address: Address }; result: Presence };
	status: {
		params: Instance & {
			readonly call: string;
			readonly attempt: { readonly id: string; readonly reference?: string };
		};
		result: SendResult;
	};
	retract: {
		params: Instance & {
			readonly call: string;
			readonly attempt: { readonly id: string; readonly reference?: string; readonly address: Address };
		};
		result: { readonly retracted: boolean };
	};
	health: { params: Instance & { readonly call: string }; result: Health };
	close: { params: Instance; result: Record<string, never> };
}

/** What the program tells a plugin without waiting for an answer. */
export interface PluginNotices {
	/** A call's time is over; what the plugin knows by then is welcome. */
	abort: { readonly call: string };
	"socket.opened": Instance & { readonly path: string; readonly socket: string; readonly url: string };
	"socket.message": { readonly socket: string; readonly text: string };
	"socket.closed": { readonly socket: string };
}

/** What a plugin asks of the program. */
export interface HostMethods {
	"storage.get": { params: Instance & { readonly key: string }; result: { readonly value?: unknown } };
	"storage.set": {
		params: Instance & { readonly key: string; readonly value: unknown };
		result: Record<string, never>;
	};
	"storage.delete": { params: Instance & { readonly key: string }; result: Record<string, never> };
	"storage.list": {
		params: Instance & { readonly prefix: string };
		result: { readonly entries: readonly { readonly key: string; readonly value: unknown }[] };
	};
	/** Answered when the receipt is on disk. */
	receipt: {
		params: Instance & { readonly attempt: string; readonly level: ReceiptLevel; readonly evidence?: string };
		result: Record<string, never>;
	};
	reply: {
		params: Instance & { readonly attempt: string; readonly body: string };
		result: Record<string, never>;
	};
}

/** What a plugin tells the program without waiting for an answer. */
export interface HostNotices {
	log: {
		readonly instance?: string;
		readonly level: "debug" | "info" | "warn" | "error";
		readonly fields?: object;
		readonly text: string;
	};
	"presence.changed": Instance & { readonly address: Address; readonly state: PresenceState };
	"health.changed": Instance & { readonly health: Health };
	"socket.serve": Instance & { readonly path: string };
	"socket.send": { readonly socket: string; readonly text: string };
	"socket.close": { readonly socket: string; readonly code?: number; readonly reason?: string };
}

export interface Judgement {
	readonly allows: readonly string[] | "all";
	/** `path: what is wrong`, as a manager's `check` answers. */
	readonly complaints: readonly string[];
}

export interface Vitals {
	/** Bytes that a limit on the heap does not count: buffers. */
	readonly external?: number;
}

/** Codes of errors, besides those of JSON-RPC 2.0 (section 5.1). */
export const errorCodes = {
	/** The plugin threw. */
	threw: -32_000,
	/** A manager wants something else than it did before. */
	notDeterministic: -32_001,
	/** The plugin speaks another version of the contract. */
	apiVersion: -32_002,
	/** There is no such instance, so nothing was done. */
	noInstance: -32_003,
} as const;
