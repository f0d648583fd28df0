/**
 * Counters for what happens thousands of times a second. prom-client hashes its labels at each count;
 * here a count is one look into a map, and prom-client gets the sums when somebody reads them.
 */
import { Counter, type Registry } from "prom-client";

export interface TallyOptions<Label extends string> {
	readonly name: string;
	readonly help: string;
	readonly labels: readonly Label[];
	readonly registry: Registry;
}

/** Between the values of a key. No value of a closed set has it; a name with it in would count under another's. */
const separator = "\u0000";

export class Tally<Label extends string> {
	readonly #counts = new Map<string, number>();

	constructor({ name, help, labels, registry }: TallyOptions<Label>) {
		const counts = this.#counts;
		new Counter({
			name,
			help,
			labelNames: [...labels],
			registers: [registry],
			collect() {
				this.reset();
				for (const [key, count] of counts) {
					const values = labels.length === 0 ? [] : key.split(separator);
					const named = labels.map((label, index) => [label, values[index] ?? ""] as const);
					this.inc(Object.fromEntries(named) as Record<Label, string>, count);
				}
			},
		});
		if (labels.length === 0) {
			counts.set("", 0);
		}
	}

	/** Begins at 0 for these values, so that the first count shows as an increase. */
	expect(...values: readonly string[]): this {
		this.add(0, ...values);
		return this;
	}

	/** Counts one of these values, which are in the order of the labels. */
	count(...values: readonly string[]): void {
		this.add(1, ...values);
	}

	add(amount: number, ...values: readonly string[]): void {
		const key = values.length === 1 ? (values[0] as string) : values.join(separator);
		this.#counts.set(key, (this.#counts.get(key) ?? 0) + amount);
	}
}

/** Names that a label has taken so far. Past the limit every further one counts as `other`, so that labels stay bounded. */
export class BoundedNames {
	readonly #names = new Set<string>();
	readonly #limit: number;

	constructor(limit: number) {
		this.#limit = limit;
	}

	of(name: string): string {
		if (this.#names.has(name)) {
			return name;
		}
		if (this.#names.size >= this.#limit) {
			return "other";
		}
		this.#names.add(name);
		return name;
	}
}
