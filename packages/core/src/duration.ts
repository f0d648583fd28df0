import parse from "parse-duration";
import type { Milliseconds } from "./model.ts";

const written = /^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$/;

/** A hundred years: as good as for ever, and any moment that far away can still be written. */
export const longestDuration: Milliseconds = 36_525 * 86_400_000;

/**
 * Whole milliseconds of a length of time such as `30s` or `1h30m`; undefined when it is not one.
 * Lengths beyond a hundred years count as a hundred years.
 */
export function parseDuration(text: string): Milliseconds | undefined {
	// The library takes much that would surprise here, a lone unit or a comma, so the form comes first.
	if (!written.test(text)) {
		return undefined;
	}
	const length = parse(text) ?? undefined;
	return length === undefined ? undefined : Math.min(Math.round(length), longestDuration);
}

const units: readonly (readonly [name: string, length: Milliseconds])[] = [
	["d", 86_400_000],
	["h", 3_600_000],
	["m", 60_000],
	["s", 1000],
	["ms", 1],
];

/** The shortest way to write a length of time: `90000` is `1m30s`. */
export function formatDuration(length: Milliseconds): string {
	let rest = Math.max(0, Math.round(length));
	let text = "";
	for (const [name, unit] of units) {
		const count = Math.floor(rest / unit);
		if (count > 0) {
			text += `${count}${name}`;
			rest -= count * unit;
		}
	}
	return text === "" ? "0s" : text;
}

/**
 * Milliseconds of a length of time that its schema has already let through.
 * @throws RangeError when it is none after all
 */
export function durationOf(text: string): Milliseconds {
	const length = parseDuration(text);
	if (length === undefined) {
		throw new RangeError(`"${text}" is not a length of time`);
	}
	return length;
}
