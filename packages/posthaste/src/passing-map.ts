/**
 * A map whose entries come and go by the thousand.
 *
 * V8's own Map gets a new table whenever the old one is full of removed entries, and the old table points to
 * the new one. Once a table has grown old enough for the old generation, which happens to every map that was
 * idle for a while, each of its successors is held by the one before, although nobody needs them: they and
 * everything in them survive collections of the young generation. For a map of deliveries that is every
 * delivery, and collecting garbage took four times as long. So the map is replaced before that happens.
 */
export class PassingMap<Key, Value> {
	#map = new Map<Key, Value>();
	#added = 0;

	get size(): number {
		return this.#map.size;
	}

	has(key: Key): boolean {
		return this.#map.has(key);
	}

	get(key: Key): Value | undefined {
		return this.#map.get(key);
	}

	set(key: Key, value: Value): void {
		this.#added += 1;
		if (this.#added > least && this.#added > this.#map.size) {
			this.#map = new Map(this.#map);
			this.#added = 0;
		}
		this.#map.set(key, value);
	}

	delete(key: Key): boolean {
		return this.#map.delete(key);
	}

	clear(): void {
		this.#map = new Map();
		this.#added = 0;
	}

	/** The values as they are now, the oldest first. */
	values(): MapIterator<Value> {
		return this.#map.values();
	}

	/** The key that was added first; undefined when there is none. */
	get oldest(): Key | undefined {
		return this.#map.keys().next().value;
	}
}

/** A small map is not replaced more often than after so many entries. */
const least = 64;
