/** The databases of a scripted world: mechanisms, one manager with one configuration, one recipient. */
import { compileCondition } from "../condition.ts";
import type { World } from "../flow.ts";
import type { ManagerPlugin } from "../manager.ts";
import type { Capabilities } from "../mechanism.ts";
import type { DeliveryEntry, MechanismKind, Message, Milliseconds, OnUnknown, User } from "../model.ts";
import type { InactiveReason, Snapshot, SnapshotMechanism } from "../snapshot.ts";

/** A mechanism of the scripted world. */
export interface PlayedMechanism {
	readonly kind: MechanismKind;
	readonly capabilities?: Capabilities;
	/** Why it cannot be used to begin with; `true` is `"inactive"`. */
	readonly inactive?: boolean | InactiveReason;
	/** Fresh presence says that the recipient is not there. */
	readonly absent?: boolean;
}

export interface PlayOptions {
	/** By name. */
	readonly mechanisms: Readonly<Record<string, PlayedMechanism>>;
	/**
	 * The recipient's delivery table: names, or entries whose address may be left out. Every mechanism,
	 * in order, when left out. An address `{}` fits every mechanism, `{ bad: true }` fits none.
	 */
	readonly table?: readonly (string | (Omit<DeliveryEntry, "address"> & Partial<DeliveryEntry>))[];
	readonly message?: Partial<Message>;
	/** The recipient's; `UTC` when left out. */
	readonly timezone?: string;
	/** What an unknown outcome leads to; `resend` when left out. */
	readonly unknown?: OnUnknown;
	/** When the delivery begins: the moment the message was accepted, when left out. */
	readonly at?: Milliseconds;
}

/** What of the world may change while a delivery is under way. */
export class WorldState {
	readonly inactive = new Map<string, InactiveReason>();
	readonly absent = new Set<string>();

	setActive(mechanism: string, active: boolean, reason: InactiveReason = "inactive"): void {
		if (active) {
			this.inactive.delete(mechanism);
		} else {
			this.inactive.set(mechanism, reason);
		}
	}

	setAbsent(mechanism: string, absent: boolean): void {
		if (absent) {
			this.absent.add(mechanism);
		} else {
			this.absent.delete(mechanism);
		}
	}
}

export function scriptedWorld(
	plugin: ManagerPlugin,
	settings: unknown,
	options: PlayOptions,
	now: Milliseconds,
): { readonly world: World; readonly state: WorldState } {
	const state = new WorldState();
	for (const [name, { inactive = false, absent = false }] of Object.entries(options.mechanisms)) {
		state.setActive(name, inactive === false, inactive === true || inactive === false ? "inactive" : inactive);
		state.setAbsent(name, absent);
	}
	const snapshot: Snapshot = {
		revision: 1,
		mechanisms: new Map(
			Object.entries(options.mechanisms).map(([name, mechanism]) => [name, scripted(name, mechanism, state)]),
		),
		managers: new Map([
			[
				"played",
				{
					name: "played",
					plugin,
					configurations: [
						{
							name: "played",
							revision: 1,
							unknown: options.unknown ?? "resend",
							settings,
							allows: plugin.allows(settings),
						},
					],
				},
			],
		]),
		rules: [],
		defaultManager: "played",
		condition(source) {
			const compiled = compileCondition(source);
			return compiled.ok ? compiled.condition : undefined;
		},
	};
	return { world: { snapshot, now, absent: (name) => state.absent.has(name) }, state };
}

function scripted(name: string, { kind, capabilities = {} }: PlayedMechanism, state: WorldState): SnapshotMechanism {
	return {
		name,
		kind,
		capabilities,
		addressFits: (address) => (address as { bad?: unknown }).bad === undefined,
		inactive: () => state.inactive.get(name),
	};
}

export function scriptedRecipient({ mechanisms, table, timezone }: PlayOptions): User {
	return {
		id: "jsmith",
		name: "John Smith",
		timezone: timezone ?? "UTC",
		mechanisms: (table ?? Object.keys(mechanisms)).map((entry) =>
			typeof entry === "string" ? { mechanism: entry, address: {} } : { address: {}, ...entry },
		),
		managedBy: { by: "api" },
		revision: 1,
	};
}
