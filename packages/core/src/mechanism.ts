/**
 * The contract of delivery mechanism plugins.
 *
 * A plugin is one default-exported object. `create` gives an instance with one required method,
 * `send`; whatever else it can do is declared in its capabilities. It holds no retry loop: retries,
 * deadlines, the circuit breaker and the concurrency limit belong to the host and the engine.
 */
import type { TObject } from "typebox";
import type { MechanismKind, Message, Milliseconds } from "./model.ts";
import type { ReceiptLevel, SendResult } from "./outcome.ts";

/** The version of this contract that the program speaks. */
export const mechanismApiVersion = 1;

export interface Capabilities {
	/** It knows, for an address, whether the person is there. */
	readonly presence?: boolean;
	/** The highest receipt it can bring. None when left out. */
	readonly receipts?: ReceiptLevel;
	/** The recipient can write back through it. */
	readonly replies?: boolean;
	/** It can take back or mark as done what it has shown. */
	readonly retraction?: boolean;
	/** It can encrypt to the recipient's public key, so confidential messages may pass. */
	readonly encryption?: boolean;
	/** It deduplicates on the attempt's identifier, so that a resend shows once. */
	readonly idempotency?: boolean;
	/** Largest body it carries, in bytes of UTF-8. */
	readonly sizeLimit?: number;
	/** Most attempts that `sendMany` takes at once. */
	readonly batch?: number;
}

/** One try through one mechanism to one address. */
export interface Attempt<Address = Readonly<Record<string, unknown>>> {
	/** The same on every resend of the same attempt: hand it to whatever can deduplicate. */
	readonly id: string;
	/** Counts from 1. */
	readonly try: number;
	readonly delivery: string;
	readonly message: Message;
	readonly recipient: { readonly id: string; readonly name: string };
	readonly address: Address;
	readonly publicKey?: string;
	/** The moment after which the result no longer helps. */
	readonly deadline: Milliseconds;
}

export type PresenceState = "available" | "away" | "unavailable" | "unknown";

export interface Presence {
	readonly state: PresenceState;
	/** When this was last known to be so. The host counts it as fresh for as long as its settings say. */
	readonly at: Milliseconds;
}

export interface Health {
	readonly healthy: boolean;
	readonly detail?: string;
}

/** Small durable storage of one mechanism's own. Values are JSON. */
export interface MechanismStorage {
	get(key: string): Promise<unknown>;
	set(key: string, value: unknown): Promise<void>;
	delete(key: string): Promise<void>;
	/** Entries whose key begins with `prefix`, by key. */
	list(prefix: string): Promise<readonly { readonly key: string; readonly value: unknown }[]>;
}

export interface MechanismLog {
	debug(fields: object, text: string): void;
	info(fields: object, text: string): void;
	warn(fields: object, text: string): void;
	error(fields: object, text: string): void;
}

/** What a plugin may call back. Calls never throw; reports about unknown attempts are counted and dropped. */
export interface MechanismHost {
	/** The mechanism's name in the database. */
	readonly name: string;
	readonly log: MechanismLog;
	readonly storage: MechanismStorage;
	/** Milliseconds since the epoch. The only clock a plugin should read. */
	now(): Milliseconds;
	/**
	 * Later evidence for an attempt, by its identifier. Resolves when the receipt is on disk, so that
	 * a mechanism which can ask the other side to repeat a receipt may wait before confirming it.
	 */
	receipt(receipt: {
		readonly attempt: string;
		readonly level: ReceiptLevel;
		readonly evidence?: string;
	}): Promise<void>;
	/** The recipient wrote back. */
	reply(reply: { readonly attempt: string; readonly body: string }): Promise<void>;
	/** Presence of the person behind an address changed. */
	presence(presence: { readonly address: Readonly<Record<string, unknown>>; readonly state: PresenceState }): void;
	/** The mechanism as a whole came up (`healthy`) or went down; while down it is inactive. */
	health(health: Health): void;
	/**
	 * Serves WebSocket connections at `/mechanisms/NAME/PATH` of the program's HTTP server, when it has
	 * one. The host removes the route with the instance. Without a server nothing ever connects.
	 */
	webSocket(path: string, onConnection: (socket: HostSocket, request: { readonly url: URL }) => void): void;
}

/** The part of a WebSocket that plugins need. */
export interface HostSocket {
	send(text: string): void;
	close(code?: number, reason?: string): void;
	onMessage(listener: (text: string) => void): void;
	onClose(listener: () => void): void;
}

export interface MechanismInstance<Address = Readonly<Record<string, unknown>>> {
	/**
	 * Hands one attempt over and answers honestly. A time-out after the bytes left is `unknown`, not
	 * `failed`. A throw counts as `unknown`. `signal` aborts when the deadline passes.
	 */
	send(attempt: Attempt<Address>, signal: AbortSignal): Promise<SendResult>;
	/** Sends up to `capabilities.batch` attempts; results in the same order. */
	sendMany?(attempts: readonly Attempt<Address>[], signal: AbortSignal): Promise<readonly SendResult[]>;
	presence?(address: Address, signal: AbortSignal): Promise<Presence>;
	/** Asks the other side what became of an attempt whose outcome is unknown. */
	status?(attempt: { readonly id: string; readonly reference?: string }, signal: AbortSignal): Promise<SendResult>;
	/** Takes back what was shown. Answers whether that is certain. */
	retract?(
		attempt: { readonly id: string; readonly reference?: string; readonly address: Address },
		signal: AbortSignal,
	): Promise<boolean>;
	health?(signal: AbortSignal): Promise<Health>;
	/** Releases everything. No call comes after it. */
	close(): Promise<void>;
}

export interface MechanismPlugin<Settings = unknown, Address = Readonly<Record<string, unknown>>> {
	readonly type: "mechanism";
	readonly id: string;
	readonly apiVersion: number;
	readonly version: string;
	readonly kind: MechanismKind;
	readonly title: string;
	readonly description?: string;
	/** JSON Schema of the mechanism's settings. Secrets carry `{ secret: true }`. */
	readonly settings: TObject;
	/** JSON Schema of the address in a user's delivery table. */
	readonly address: TObject;
	readonly capabilities: Capabilities;
	/** Resolves when the instance can be used; a rejection leaves the mechanism inactive, with the reason. */
	create(settings: Settings, host: MechanismHost): Promise<MechanismInstance<Address>>;
}

/** Names a plugin's type so that the host can tell mechanisms from managers. */
export function defineMechanism<Settings, Address>(
	plugin: Omit<MechanismPlugin<Settings, Address>, "type">,
): MechanismPlugin<Settings, Address> {
	return { type: "mechanism", ...plugin };
}
