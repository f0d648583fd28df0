/** What the engine asks of its surroundings, besides the store and the clock. */
import type {
	Attempt,
	ManagerPlugin,
	MechanismInstance,
	MechanismLog,
	Milliseconds,
	SendResult,
	Snapshot,
	User,
} from "@posthaste/core";

/** The databases, as the engine reads them. */
export interface Directory {
	readonly snapshot: Snapshot;
	/** A user that is at hand without reading the store. */
	cachedUser(id: string): User | undefined;
	loadUsers(ids: readonly string[]): Promise<ReadonlyMap<string, User>>;
}

/** The mechanisms, behind breaker, concurrency limit and deadline. */
export interface Mechanisms {
	/** Always resolves, and within a bounded time: no answer is `unknown`. */
	/** `hindrance` is asked once more when a place is free: why the attempt is not wanted any more. */
	send(mechanism: string, attempt: Attempt, hindrance: () => string | undefined): Promise<SendResult>;
	retract(mechanism: string, attempt: Parameters<NonNullable<MechanismInstance["retract"]>>[0]): Promise<boolean>;
	/** Whether fresh presence says that nobody is at this address. */
	absent(mechanism: string, address: object, now: Milliseconds): boolean;
}

/** The plugins that deliveries are pinned to. */
export interface ManagerPlugins {
	manager(id: string, version?: string): ManagerPlugin | undefined;
}

export type Log = MechanismLog;
