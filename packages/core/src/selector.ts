/**
 * Selectors: how settings name mechanisms. A selector is a mechanism's name or a kind; where one word
 * is both, the name wins, and `kind:im` says the kind.
 */
import type { Snapshot, SnapshotMechanism } from "./snapshot.ts";

/** Whether a selector means this mechanism. */
export function namesMechanism(selector: string, mechanism: SnapshotMechanism, snapshot: Snapshot): boolean {
	if (selector.startsWith("kind:")) {
		return selector.slice("kind:".length) === mechanism.kind;
	}
	return snapshot.mechanisms.has(selector) ? selector === mechanism.name : selector === mechanism.kind;
}

/**
 * The mechanisms that a list of selectors means, in the order of the selectors, and within a kind in
 * the order given (the recipient's). Each mechanism once.
 */
export function resolveSelectors(
	selectors: readonly string[],
	ordered: readonly string[],
	snapshot: Snapshot,
): readonly string[] {
	const found = new Set<string>();
	for (const selector of selectors) {
		for (const name of ordered) {
			const mechanism = snapshot.mechanisms.get(name);
			if (mechanism !== undefined && namesMechanism(selector, mechanism, snapshot)) {
				found.add(name);
			}
		}
	}
	return [...found];
}
