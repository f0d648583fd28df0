/**
 * What every store has to keep, as a vitest suite: an adapter's own test calls `storeConformance`
 * with a way to open an empty store.
 */
import { afterEach, describe } from "vitest";
import { claimConformance } from "./conformance/claims.ts";
import { databaseConformance } from "./conformance/databases.ts";
import { lifeConformance } from "./conformance/life.ts";
import { listConformance } from "./conformance/lists.ts";
import { modelConformance } from "./conformance/model.ts";
import { pinConformance } from "./conformance/pins.ts";
import { promptConformance } from "./conformance/prompts.ts";
import { writeConformance } from "./conformance/writes.ts";
import type { Store } from "./port.ts";

export interface OpenedStore {
	/** An empty store. */
	readonly store: Store;
	/** Closes the store and opens another one over the same data. */
	reopen(): Promise<Store>;
	/** Closes whichever is open and removes the data. */
	remove(): Promise<void>;
}

/** Opens an empty store; it is removed after the test. */
export type Open = () => Promise<OpenedStore>;

/** `runs` of each property; fewer where opening a store is slow. */
export function storeConformance(name: string, open: Open, runs = 25): void {
	const opened: OpenedStore[] = [];
	async function tracked(): Promise<OpenedStore> {
		const store = await open();
		opened.push(store);
		return store;
	}
	describe(name, () => {
		afterEach(async () => {
			for (const { remove } of opened.splice(0)) {
				await remove();
			}
		});
		writeConformance(tracked);
		modelConformance(tracked, runs);
		promptConformance(tracked);
		pinConformance(tracked);
		claimConformance(tracked);
		listConformance(tracked, runs);
		databaseConformance(tracked);
		lifeConformance(tracked);
	});
}
