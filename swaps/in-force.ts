/** What has to be in force when: between a swap's answer and the next swap's request nothing else may be used. */

export type Subject = "manager" | "mechanism" | "door";

interface Period {
	readonly value: string;
	readonly from: number;
	readonly until: number;
}

export class InForce {
	readonly #periods: Record<Subject, Period[]> = { manager: [], mechanism: [], door: [] };
	readonly #now = new Map<Subject, { readonly value: string; readonly from: number }>();

	/** From now on nobody can say what is in force, until `is`. */
	ends(subject: Subject): void {
		const now = this.#now.get(subject);
		if (now !== undefined) {
			this.#periods[subject].push({ ...now, until: Date.now() });
			this.#now.delete(subject);
		}
	}

	/** The program said so. A moment of the same millisecond may still be before it said so. */
	is(subject: Subject, value: string): void {
		this.#now.set(subject, { value, from: Date.now() + 1 });
	}

	/** What was in force all the time between two moments; undefined when that is not known. */
	during(subject: Subject, from: number, until: number): string | undefined {
		const now = this.#now.get(subject);
		const all = [
			...this.#periods[subject],
			...(now === undefined ? [] : [{ ...now, until: Number.POSITIVE_INFINITY }]),
		];
		return all.find((period) => period.from <= from && until < period.until)?.value;
	}
}
