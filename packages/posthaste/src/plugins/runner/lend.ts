/** Plugins name the contract as a peer dependency: it is the program that brings it. */
import { registerHooks } from "node:module";

const lent = /^(@posthaste\/core|typebox)(\/|$)/;

/** Resolves imports of the contract to the program's own copy, whether or not the plugin has one. */
export function lendContract(): void {
	registerHooks({
		resolve: (specifier, context, next) =>
			lent.test(specifier) ? next(specifier, { ...context, parentURL: import.meta.url }) : next(specifier, context),
	});
}
