import type { Milliseconds } from "./model.ts";

const first: Milliseconds = 1000;
const cap: Milliseconds = 60_000;

/**
 * How long to rest before the next try of an attempt: doubling from one second to one minute, with
 * the upper half of it spread out. The spread comes from the attempt's identifier instead of
 * randomness, so that a replay rests as long as the first run did.
 */
export function backoff(attempt: string, tries: number): Milliseconds {
	const full = Math.min(cap, first * 2 ** Math.min(tries - 1, 16));
	return Math.round(full * (0.5 + 0.5 * spread(`${attempt}#${tries}`)));
}

/** FNV-1a, 32 bits, as a fraction of 1. */
function spread(text: string): number {
	let hash = 0x811c9dc5;
	for (let index = 0; index < text.length; index++) {
		hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
	}
	return (hash >>> 0) / 2 ** 32;
}
