/**
 * Selectors: how settings name mechanisms. A selector is a mechanism's name or a kind; where one word
 * is both, the name wins, and `kind:im` says the kind.
 */
import type { MechanismKind } from "./model.ts";

/** As much of a mechanism as selectors look at. */
export interface Selectable {
	readonly name: string;
	readonly kind?: MechanismKind | undefined;
}

/** Whether a selector means this mechanism. `exists` tells which names are mechanisms. */
export function namesMechanism(selector: string, mechanism: Selectable, exists: (name: string) => boolean): boolean {
	if (selector.startsWith("kind:")) {
		return selector.slice("kind:".length) === mechanism.kind;
	}
	return exists(selector) ? selector === mechanism.name : selector === mechanism.kind;
}
