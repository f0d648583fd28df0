/** What each record of the databases was at each moment, from the changes that reached the disk. */
import type { Milliseconds } from "@posthaste/core";
import type { Evidence } from "./evidence.ts";
import { Installations } from "./versions.ts";

interface Version {
	readonly value: unknown;
	readonly revision: number;
	/** On disk from this moment on. */
	readonly from: Milliseconds;
	/** From this moment on whoever made the change may rely on it. */
	readonly told: Milliseconds;
}

export class History {
	/** What was installed. */
	readonly installed: Installations;
	readonly #versions = new Map<string, Version[]>();
	readonly #evidence: Evidence;

	constructor(evidence: Evidence) {
		this.#evidence = evidence;
		this.installed = new Installations(evidence);
		const told = new Map(evidence.of("change-told").map(({ revision, at }) => [revision, at]));
		for (const { revision, changes, at: from } of evidence.of("changed")) {
			for (const { database, key, value } of changes) {
				const versions = this.#versions.get(`${database}/${key}`) ?? [];
				versions.push({ value, revision, from, told: told.get(revision) ?? Number.POSITIVE_INFINITY });
				this.#versions.set(`${database}/${key}`, versions);
			}
		}
	}

	/**
	 * What a record may have been at a moment: the last version that was relied on then, and those that
	 * were being written. A version that is undefined says that there was no record.
	 */
	at<Value>(place: string, moment: Milliseconds): readonly ((Value & { readonly revision: number }) | undefined)[] {
		const versions = this.#versions.get(place) ?? [];
		const [earliest, latest] = [this.#evidence.earliest(moment), this.#evidence.latest(moment)];
		const possible = versions.filter(
			({ from }, index) => from <= latest && versions.slice(index + 1).every(({ told }) => told >= earliest),
		);
		const before = versions.every(({ told }) => told >= earliest);
		const values = possible.map(({ value, revision }) =>
			value === null ? undefined : { ...(value as Value), revision },
		);
		return before ? [undefined, ...values] : values;
	}
}
