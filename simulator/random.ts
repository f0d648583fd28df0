/**
 * Where every choice of a run comes from: pure-rand's xoroshiro128+, seeded with the run's seed and a
 * label. A label of its own for each thing decided means that leaving one message out of a scenario
 * does not change what happens to the others, which is what lets a failing seed be shrunk. What counts comes first in
 * a label: generators whose labels differ in the last letter alone begin with nearly the same numbers.
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

const resolution = 2 ** 24;

export class Random {
	readonly #generator;

	constructor(seed: number, label: string) {
		this.#generator = xoroshiro128plus(fnv1a(`${seed}/${label}`) | 0);
	}

	/** A whole number, both ends included. */
	int(from: number, to: number): number {
		return uniformInt(this.#generator, from, to);
	}

	chance(probability: number): boolean {
		return this.int(0, resolution - 1) < probability * resolution;
	}

	pick<T>(list: readonly T[]): T {
		const picked = list[this.int(0, list.length - 1)];
		if (picked === undefined) {
			throw new Error("there is nothing to pick from");
		}
		return picked;
	}

	/** One of the names, each as likely as its weight says. */
	weighted<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name {
		const names = Object.keys(weights) as Name[];
		const total = names.reduce((sum, name) => sum + (weights[name] ?? 0), 0);
		let left = (this.int(0, resolution - 1) / resolution) * total;
		for (const name of names) {
			left -= weights[name] ?? 0;
			if (left < 0) {
				return name;
			}
		}
		return this.pick(names);
	}

	/** Each element with the given probability, in order. */
	some<T>(list: readonly T[], probability: number): T[] {
		return list.filter(() => this.chance(probability));
	}

	shuffled<T>(list: readonly T[]): T[] {
		const mixed = [...list];
		for (let last = mixed.length - 1; last > 0; last -= 1) {
			const other = this.int(0, last);
			[mixed[last], mixed[other]] = [mixed[other] as T, mixed[last] as T];
		}
		return mixed;
	}

	/** Mostly short, now and then long: lengths of time between two bounds, spread over their orders of magnitude. */
	length(from: number, to: number): number {
		const exponent = this.int(0, resolution) / resolution;
		return Math.round(from * (to / from) ** exponent);
	}
}

/** FNV-1a, 32 bits (RFC 9923). */
function fnv1a(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index += 1) {
		hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	}
	return hash;
}
