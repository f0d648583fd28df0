/**
 * A bounded map of what was read recently. It keeps two generations: when the young one is full it
 * becomes the old one, and what the old one held and nobody read since is forgotten. So a hit costs one
 * look-up, and between half and all of `capacity` entries are kept.
 */
export class Recent<Key, Value extends object> {
	#young = new Map<Key, Value>();
	#old = new Map<Key, Value>();
	readonly #generation: number;

	constructor(capacity: number) {
		this.#generation = Math.max(1, Math.ceil(capacity / 2));
	}

	get(key: Key): Value | undefined {
		const found = this.#young.get(key);
		if (found !== undefined) {
			return found;
		}
		const survivor = this.#old.get(key);
		if (survivor !== undefined) {
			this.set(key, survivor);
		}
		return survivor;
	}

	set(key: Key, value: Value): void {
		this.#young.set(key, value);
		if (this.#young.size >= this.#generation) {
			this.#old = this.#young;
			this.#young = new Map();
		}
	}

	delete(key: Key): void {
		this.#young.delete(key);
		this.#old.delete(key);
	}

	clear(): void {
		this.#young.clear();
		this.#old.clear();
	}

	/** At least the number of keys held: one that is in both generations counts twice. */
	get size(): number {
		return this.#young.size + this.#old.size;
	}
}
