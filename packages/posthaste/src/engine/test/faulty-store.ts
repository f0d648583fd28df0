/** The real store with faults: writes that fail, and calls whose answers are held back. */
import type { Store, WriteBatch } from "../../store/port.ts";

export interface FaultyStore {
	readonly store: Store;
	/** Batches that were handed over, whatever came of them. */
	readonly batches: readonly WriteBatch[];
	/** Changes made through any method besides `write`. */
	readonly changes: readonly string[];
	/** The next writes fail, this many. */
	failWrites(times: number): void;
	/** The next writes are made and answered with an error all the same, this many. */
	loseAnswers(times: number): void;
	/** Holds back writes, before they are made, until let go. */
	holdWrites(): { release(): void };
	/** Holds back the answers of `nextDue`, after they were read, until let go. */
	holdNextDue(): { release(): void };
	/** The next call of this method fails. */
	failNext(method: keyof Store): void;
}

const changing = ["change", "pluginSet", "pluginDelete", "retain", "renew", "releaseClaims"] as const;

export function faultyStore(inner: Store): FaultyStore {
	const batches: WriteBatch[] = [];
	const changes: string[] = [];
	const failing = new Set<keyof Store>();
	let failures = 0;
	let lost = 0;
	let writes = Promise.resolve();
	let answers = Promise.resolve();
	const gate = (set: (held: Promise<void>) => void) => {
		const held = Promise.withResolvers<void>();
		set(held.promise);
		return { release: () => held.resolve() };
	};
	const own: Partial<Store> = {
		async write(batch) {
			batches.push(batch);
			await writes;
			if (failures > 0) {
				failures -= 1;
				throw new Error("the disk is full");
			}
			const result = await inner.write(batch);
			if (lost > 0) {
				lost -= 1;
				throw new Error("the disk answered with an error");
			}
			return result;
		},
		async nextDue() {
			const due = await inner.nextDue();
			await answers;
			return due;
		},
	};
	const store = new Proxy(inner, {
		get(target, key) {
			const name = key as keyof Store;
			const method = own[name] ?? target[name]?.bind(target);
			return (...given: readonly unknown[]) => {
				if (failing.delete(name)) {
					return Promise.reject(new Error(`${name} failed`));
				}
				if ((changing as readonly string[]).includes(name)) {
					changes.push(name);
				}
				return (method as (...args: readonly unknown[]) => unknown)(...given);
			};
		},
	});
	return {
		store,
		batches,
		changes,
		failWrites: (times) => {
			failures = times;
		},
		loseAnswers: (times) => {
			lost = times;
		},
		holdWrites: () => gate((held) => (writes = held)),
		holdNextDue: () => gate((held) => (answers = held)),
		failNext: (method) => void failing.add(method),
	};
}
