/**
 * Where a message goes, in seven steps. Each step's output is the next one's input.
 *
 *   compose → select → configure → routing policy → delivery policy → dispatch → outcome
 *
 * The first five are pure: from the message, a snapshot of the databases and the moment, they make a
 * plan with a reason for every mechanism kept or dropped. The engine runs them when a delivery
 * begins, `explain` runs them when nothing is to be sent: there is no second copy.
 */
import { configure } from "./configure.ts";
import { deliveryPolicy } from "./delivery-policy.ts";
import { DeliveryCourse, type Look } from "./dispatch.ts";
import type { Policies } from "./journal.ts";
import type { MechanismKind, Message, Milliseconds, User } from "./model.ts";
import type { PolicyReason, PostponeReason, SelectionReason } from "./reasons.ts";
import { routingPolicy } from "./routing-policy.ts";
import { select } from "./select.ts";
import type { CompiledConfiguration, CompiledManager, Snapshot } from "./snapshot.ts";

export { compose } from "./compose.ts";

/** One mechanism in a policy, kept or dropped, with the reason. */
export interface PolicyEntry {
	readonly mechanism: string;
	/** Missing when there is no such mechanism. */
	readonly kind?: MechanismKind;
	readonly kept: boolean;
	/** Why it was dropped. */
	readonly reason?: PolicyReason;
	/** It is kept, but its attempt has to wait until this moment. */
	readonly postponedUntil?: Milliseconds;
	readonly postponeReason?: PostponeReason;
}

/** Step 1 brings a message. */
export interface Composed {
	readonly message: Message;
}

/** Step 2: which manager takes the message. */
export interface Selected extends Composed {
	readonly manager: CompiledManager;
	readonly selectionReason: SelectionReason;
}

/** Step 3: which row of its table it works by. */
export interface Configured extends Selected {
	readonly configuration: CompiledConfiguration;
}

/** Step 4: the recipient's table ∩ the mechanisms active now. */
export interface Routed extends Configured {
	readonly recipient: User;
	readonly routingPolicy: readonly PolicyEntry[];
}

/** Step 5: what of it the configuration allows. */
export interface Planned extends Routed {
	readonly deliveryPolicy: readonly PolicyEntry[];
}

/** What the pure steps are told about the world. */
export interface World {
	readonly snapshot: Snapshot;
	readonly now: Milliseconds;
	/** Whether fresh presence says that nobody is at this address. Looked at before attempts, no part of the policies. */
	readonly absent?: (mechanism: string, address: object) => boolean;
}

/** Steps 2 to 5 for one recipient: what would be done, and why. */
export function plan(composed: Composed, recipient: User, world: World): Planned {
	const selected = select(composed, world);
	const configured = configure(selected, world);
	const routed = routingPolicy(configured, recipient, world);
	return deliveryPolicy(routed, world.snapshot);
}

/**
 * Step 6: the manager's course through the delivery. It decides; the engine carries out, and feeds it
 * with outcomes, receipts and answers (step 7). `look` looks at a mechanism again before each attempt.
 */
export function begin(planned: Planned, delivery: string, look: Look): DeliveryCourse {
	return new DeliveryCourse({
		delivery,
		message: planned.message,
		plugin: planned.manager.plugin,
		policies: policiesOf(planned),
		look,
	});
}

/** What of the plan stands in the journal. */
export function policiesOf({ manager, selectionReason, configuration, recipient, ...planned }: Planned): Policies {
	const { id, version } = manager.plugin;
	return {
		manager: { name: manager.name, plugin: id, version, reason: selectionReason },
		configuration: {
			name: configuration.name,
			revision: configuration.revision,
			unknown: configuration.unknown,
			settings: configuration.settings,
			...(manager.plugin.consulted === true && { allows: configuration.allows }),
		},
		recipient: { id: recipient.id, name: recipient.name, timezone: recipient.timezone },
		routingPolicy: planned.routingPolicy,
		deliveryPolicy: planned.deliveryPolicy,
	};
}
