/** What the four databases share. */
import type { CheckWorld, PluginSource } from "./check-world.ts";
import type { Lines } from "./lines.ts";
import type { Environment } from "./secrets.ts";
import type { State, StateStore } from "./state.ts";

export interface Context {
	readonly state: State;
	readonly store: StateStore;
	readonly plugins: PluginSource;
	readonly env: Environment;
	readonly lines: Lines;
	/** Changes that other records are checked against go one after the other. */
	readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
}

/** A queue of one: each piece of work begins when the one before it has ended, however it ended. */
export function turns(): Context["inTurn"] {
	let last: Promise<unknown> = Promise.resolve();
	return (work) => {
		const mine = last.then(work, work);
		last = mine.catch(() => {});
		return mine;
	};
}

/** The databases as they are, for the checks of a single record. `adding` is one that there will be. */
export function worldNow(
	{ state, plugins, env }: Context,
	adding: { readonly manager?: string; readonly mechanism?: readonly [name: string, use: string] } = {},
): CheckWorld {
	const managers = new Set(state.tables.managers.keys());
	const mechanisms = new Map([...state.tables.mechanisms].map(([name, { use }]) => [name, use]));
	if (adding.manager !== undefined) {
		managers.add(adding.manager);
	}
	if (adding.mechanism !== undefined) {
		mechanisms.set(...adding.mechanism);
	}
	return { plugins, env, managers, mechanisms };
}
