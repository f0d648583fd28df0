/**
 * Group commit: while one transaction is being committed, everything that comes in is gathered and
 * becomes the next one, so the cost of an fsync is shared by all who wait for it.
 */
import { type StoreError, toStoreError } from "./errors.ts";
import type { Primitive } from "./operations.ts";

/** Carries one transaction out, answering one result for each operation in order. */
export type Commit = (operations: readonly Primitive[]) => Promise<readonly unknown[]>;

export interface GroupLimits {
	/** Operations in one transaction; one caller's are never divided. */
	readonly operations: number;
	/** Primitives in one transaction's list, a second bound for messages with many recipients. */
	readonly primitives: number;
	/** Transactions handed over at a time: with 2, the next one is there when the first is done. */
	readonly depth: number;
}

interface Caller {
	readonly start: number;
	readonly count: number;
	readonly resolve: (results: readonly unknown[], from: number) => void;
	readonly reject: (error: StoreError) => void;
}

interface Group {
	readonly operations: Primitive[];
	readonly callers: Caller[];
	count: number;
}

function newGroup(): Group {
	return { operations: [], callers: [], count: 0 };
}

/** A second transaction is handed over early only when it is worth a commit of its own. */
const worthwhile = 128;

export class GroupCommit {
	readonly #commit: Commit;
	readonly #limits: GroupLimits;
	readonly #gathered: Group[] = [];
	#handedOver = 0;
	#scheduled = false;
	#whenDrained: (() => void)[] = [];

	constructor(commit: Commit, limits: GroupLimits) {
		this.#commit = commit;
		this.#limits = limits;
	}

	/**
	 * Adds `count` operations, written to the list by `encode`, to the next transaction. Resolves with
	 * what `decode` makes of the results, which begin at `from`.
	 */
	submit<T>(
		count: number,
		encode: (list: Primitive[]) => void,
		decode: (results: readonly unknown[], from: number) => T,
	): Promise<T> {
		const last = this.#gathered.at(-1);
		const group = last !== undefined && this.#hasRoom(last, count) ? last : newGroup();
		const start = group.operations.length;
		try {
			encode(group.operations);
		} catch (error) {
			group.operations.length = start;
			return Promise.reject(error);
		}
		// Only now, since a group without a caller would never be handed over and hold up those behind it.
		if (group !== last) {
			this.#gathered.push(group);
		}
		this.#schedule();
		return new Promise<T>((resolve, reject) => {
			group.callers.push({ start, count, resolve: (results, from) => resolve(decode(results, from)), reject });
			group.count += count;
		});
	}

	/** Resolves when everything submitted so far has been answered. */
	drained(): Promise<void> {
		if (this.#isDrained) {
			return Promise.resolve();
		}
		return new Promise((resolve) => this.#whenDrained.push(resolve));
	}

	get #isDrained(): boolean {
		return this.#handedOver === 0 && this.#gathered.length === 0;
	}

	#hasRoom(group: Group, count: number): boolean {
		const { operations, primitives } = this.#limits;
		return group.count + count <= operations && group.operations.length < primitives;
	}

	/** Callers of the same turn share a transaction, so handing over waits for the turn's end. */
	#schedule(): void {
		if (!this.#scheduled && this.#handedOver < this.#limits.depth) {
			this.#scheduled = true;
			queueMicrotask(() => {
				this.#scheduled = false;
				this.#handOver();
			});
		}
	}

	#handOver(): void {
		while (this.#handedOver < this.#limits.depth) {
			const next = this.#gathered[0];
			const early = this.#handedOver > 0 && this.#gathered.length === 1;
			if (next === undefined || (early && next.count < worthwhile)) {
				return;
			}
			this.#gathered.shift();
			this.#carryOut(next);
		}
	}

	#carryOut(group: Group): void {
		this.#handedOver += 1;
		this.#commit(group.operations).then(
			(results) => this.#answer(group, (caller, from) => caller.resolve(results, from)),
			(error: unknown) => this.#failed(group, toStoreError(error)),
		);
	}

	/** Hands the next one over before the callers run, so that the disk is busy meanwhile. */
	#answer(group: Group, tell: (caller: Caller, from: number) => void): void {
		this.#handedOver -= 1;
		this.#handOver();
		let from = 0;
		for (const caller of group.callers) {
			tell(caller, from);
			from += caller.count;
		}
		this.#tellDrained();
	}

	/** The disk's errors are everybody's; any other is somebody's own, so each is tried for itself. */
	#failed(group: Group, error: StoreError): void {
		if (error.code !== "store-failed" || group.callers.length === 1) {
			this.#answer(group, (caller) => caller.reject(error));
			return;
		}
		const ends = group.callers.map((_, index) => group.callers[index + 1]?.start);
		const alone = group.callers.map((caller, index) => ({
			operations: group.operations.slice(caller.start, ends[index]),
			callers: [caller],
			count: caller.count,
		}));
		this.#handedOver -= 1;
		this.#gathered.unshift(...alone);
		this.#handOver();
	}

	#tellDrained(): void {
		if (this.#isDrained) {
			const waiting = this.#whenDrained;
			this.#whenDrained = [];
			for (const resolve of waiting) {
				resolve();
			}
		}
	}
}
