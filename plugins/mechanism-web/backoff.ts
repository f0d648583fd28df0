/** How long to wait before connecting again: longer each time, and never all windows at once. */
export interface BackoffOptions {
	/** Milliseconds before the first try again, at the least. */
	readonly least: number;
	/** Milliseconds between tries, at the most. */
	readonly most: number;
	/** Between 0 (inclusive) and 1 (exclusive). */
	readonly random: () => number;
}

/** The pause before the try after `failures` failed ones, from 1: a random length below a doubling limit. */
export function backoff(failures: number, { least, most, random }: BackoffOptions): number {
	// Beyond 2³⁰ the limit has long been reached, and the power must not overflow.
	const limit = Math.min(most, least * 2 ** Math.min(failures, 30));
	return Math.round(least + random() * Math.max(0, limit - least));
}
