/** Step 2: which delivery manager takes the message. */
import { PosthasteError } from "./errors.ts";
import type { Composed, Selected, World } from "./flow.ts";
import type { SelectionReason } from "./reasons.ts";

/**
 * The manager the sender named, else the first selection rule that holds, else the default.
 * @throws PosthasteError `unknown-manager`, `no-manager`
 */
export function select(composed: Composed, world: World): Selected {
	const { name, reason } = choose(composed, world);
	const manager = world.snapshot.managers.get(name);
	if (manager === undefined) {
		throw new PosthasteError("unknown-manager", `there is no delivery manager "${name}"`, [
			{ field: "manager", message: `"${name}" does not exist` },
		]);
	}
	return { ...composed, manager, selectionReason: reason };
}

function choose({ message }: Composed, { snapshot, now }: World): { name: string; reason: SelectionReason } {
	if (message.manager !== undefined) {
		return { name: message.manager, reason: "named-by-sender" };
	}
	for (const rule of snapshot.rules) {
		if (rule.when === undefined || rule.when.holds(message, now) === true) {
			return { name: rule.manager, reason: "rule" };
		}
	}
	if (snapshot.defaultManager !== undefined) {
		return { name: snapshot.defaultManager, reason: "default" };
	}
	throw new PosthasteError("no-manager", "no selection rule holds for this message and there is no default manager");
}
