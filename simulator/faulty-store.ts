/**
 * A store as one process has it: over a disk that may be slow, full or failing, and that keeps what
 * was written when the process dies. Writes follow one another; each may be on disk before its answer is.
 */
import type { Milliseconds } from "@posthaste/core";
import type { ChangeResult, DatabaseChange, Store } from "../packages/posthaste/src/store/port.ts";
import { StoreError } from "../packages/posthaste/src/store/sqlite/errors.ts";
import type { SimulatedClock } from "./clock.ts";
import type { Disk } from "./disk.ts";
import type { WorldLog } from "./log.ts";
import { MemoryStore } from "./memory-store.ts";
import { never, type SimulatedProcess } from "./process.ts";
import type { Random } from "./random.ts";
import type { DiskFault } from "./scenario.ts";

/** What the disk is like now. */
export interface DiskWeather {
	fault: DiskFault | undefined;
	/** Steady time at which the last write asked for will be done. */
	busyUntil: Milliseconds;
}

type Verdict = "done" | "refused" | "done-but-refused";

export interface FaultyStoreParts {
	readonly disk: Disk;
	readonly process: SimulatedProcess;
	readonly weather: DiskWeather;
	readonly clock: SimulatedClock;
	readonly random: Random;
	readonly log: WorldLog;
}

const writes: ReadonlySet<keyof Store> = new Set([
	"write",
	"claimDue",
	"renew",
	"releaseClaims",
	"change",
	"pluginSet",
	"pluginDelete",
	"retain",
]);

/** Every method of the port, each behind the weather. */
export function faultyStore(parts: FaultyStoreParts): Store {
	const store: Store = new MemoryStore(parts.disk);
	return new Proxy<Store>(store, {
		get(_target, name: keyof Store) {
			if (name === "watch") {
				return (listener: (revision: number) => void) =>
					store.watch((revision) => parts.process.alive && listener(revision));
			}
			if (name === "change") {
				return (changes: readonly DatabaseChange[]) => toldOf(parts, changes, store);
			}
			if (name === "close") {
				return () => store.close();
			}
			const method = store[name] as (...given: unknown[]) => Promise<unknown>;
			return (...given: unknown[]) => behindWeather(parts, name, () => method.apply(store, given));
		},
	});
}

async function toldOf(parts: FaultyStoreParts, changes: readonly DatabaseChange[], store: Store) {
	const result = await behindWeather(parts, "change", async (): Promise<ChangeResult> => {
		const made = await store.change(changes);
		if (made.result === "changed") {
			parts.log.add({ type: "changed", revision: made.revision, changes });
		}
		return made;
	});
	if (result.result === "changed") {
		parts.log.add({ type: "change-told", revision: result.revision });
	}
	return result;
}

function behindWeather<T>(parts: FaultyStoreParts, name: keyof Store, work: () => Promise<T>): Promise<T> {
	const { process, weather, clock, random } = parts;
	if (!process.touch()) {
		return never();
	}
	const writing = writes.has(name);
	const verdict = verdictOn(name, writing, weather.fault, random);
	const delay = writing ? delayOf(weather, clock, random) : 0;
	const answered = (result: T): Promise<T> => (process.touch() ? Promise.resolve(result) : never());
	const carryOut = (): Promise<T> => {
		if (!process.alive) {
			return never();
		}
		if (verdict === "refused") {
			return Promise.reject(
				new StoreError(weather.fault === "full" ? "disk-full" : "disk-failed", "the simulated disk refused"),
			);
		}
		return verdict === "done"
			? work().then(answered)
			: work().then(() => Promise.reject(new StoreError("disk-failed", "the simulated disk answered with an error")));
	};
	if (delay === 0) {
		return process.onlyWhileAlive(carryOut());
	}
	return process.onlyWhileAlive(
		new Promise((resolve, reject) => {
			clock.timer(delay, () => {
				carryOut().then(
					// The answer takes its own way, so that a process can die with the write done and the answer not there.
					(result) => clock.timer(1, () => resolve(result)),
					reject,
				);
			});
		}),
	);
}

function verdictOn(name: keyof Store, writing: boolean, fault: DiskFault | undefined, random: Random): Verdict {
	switch (fault) {
		case "full":
			return writing ? "refused" : "done";
		case "failing":
			return random.chance(writing ? 0.5 : 0.3) ? "refused" : "done";
		case "doubtful":
			if (!writing || !random.chance(0.4)) {
				return "done";
			}
			return name === "write" && random.chance(0.5) ? "done-but-refused" : "refused";
		default:
			return "done";
	}
}

/** How long until a write is done; none for most, and never before the writes asked for earlier. */
function delayOf(weather: DiskWeather, clock: SimulatedClock, random: Random): Milliseconds {
	const slow = weather.fault === "slow";
	const own = slow ? random.length(10, 4000) : random.chance(0.15) ? random.int(1, 20) : 0;
	const delay = Math.max(own, weather.busyUntil - clock.steady);
	if (delay > 0) {
		weather.busyUntil = clock.steady + delay;
	}
	return Math.max(0, delay);
}
