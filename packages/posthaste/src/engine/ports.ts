/** What the engine asks of its surroundings, besides the store and the clock. */
import type {
	Attempt,
	DeliverContext,
	Effect,
	ManagerPlugin,
	MechanismInstance,
	MechanismLog,
	Milliseconds,
	PastEffect,
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
	/**
	 * Takes a place for an attempt, before its intent is written. The answer gives it back, once the
	 * attempt has come to its outcome; undefined when the mechanism is at its limit.
	 */
	takePlace(mechanism: string): (() => void) | undefined;
	/** Places that could be taken now. */
	free(mechanism: string): number;
	/**
	 * Always resolves, and within a bounded time: no answer is `unknown`. `hindrance` is asked once more
	 * when the call can be made: why the attempt is not wanted any more.
	 */
	send(mechanism: string, attempt: Attempt, hindrance: () => string | undefined): Promise<SendResult>;
	retract(mechanism: string, attempt: Parameters<NonNullable<MechanismInstance["retract"]>>[0]): Promise<boolean>;
	/** Whether fresh presence says that nobody is at this address. */
	absent(mechanism: string, address: object, now: Milliseconds): boolean;
}

/** A manager that runs elsewhere. */
export interface ConsultedManager {
	/** What it wants after all that came before. A rejection means that it cannot say, in words for people. */
	next(delivery: string, context: DeliverContext<unknown>, past: readonly PastEffect[]): Promise<Effect | null>;
}

/** The plugins that deliveries are pinned to. */
export interface ManagerPlugins {
	manager(id: string, version?: string): ManagerPlugin | undefined;
	/** A manager that runs elsewhere, to be asked for its effects. */
	consulted?(id: string, version: string): ConsultedManager | undefined;
}

export type Log = MechanismLog;
