/**
 * The databases as the flow sees them: immutable, with conditions compiled. Users are not part of a
 * snapshot, since there may be millions; they are read by key.
 */
import type { Condition } from "./condition.ts";
import type { ManagerPlugin } from "./manager.ts";
import type { Capabilities } from "./mechanism.ts";
import type { MechanismKind, Milliseconds, OnUnknown } from "./model.ts";
import type { PolicyReason } from "./reasons.ts";

export interface CompiledConfiguration {
	readonly name: string;
	/** Revision of the manager's record that this row belongs to. */
	readonly revision: number;
	readonly when?: Condition;
	readonly unknown: OnUnknown;
	readonly settings: unknown;
	/** The mechanisms or kinds that the settings name. */
	readonly allows: readonly string[] | "all";
}

export interface CompiledManager {
	readonly name: string;
	readonly plugin: ManagerPlugin;
	readonly configurations: readonly CompiledConfiguration[];
}

export interface CompiledRule {
	readonly when?: Condition;
	readonly manager: string;
}

/** A mechanism as the policies see it. */
export interface SnapshotMechanism {
	readonly name: string;
	readonly kind: MechanismKind;
	readonly capabilities: Capabilities;
	/** Checks an address of a delivery table against the plugin's schema. */
	readonly addressFits: (address: unknown) => boolean;
	/** Why it cannot be used at this moment, asked anew each time; undefined while it is active. */
	readonly inactive: (now: Milliseconds) => InactiveReason | undefined;
}

export type InactiveReason = Extract<PolicyReason, "disabled" | "inactive" | "breaker-open">;

export interface Snapshot {
	/** Grows with each change of any database. */
	readonly revision: number;
	readonly mechanisms: ReadonlyMap<string, SnapshotMechanism>;
	readonly managers: ReadonlyMap<string, CompiledManager>;
	readonly rules: readonly CompiledRule[];
	readonly defaultManager?: string;
	/** A recipient's condition, compiled once; undefined when it is not valid. */
	readonly condition: (source: string) => Condition | undefined;
}
