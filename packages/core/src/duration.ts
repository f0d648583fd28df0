import parse from "parse-duration";
import type { Milliseconds } from "./model.ts";

const written = /^([0-9]+(\.[0-9]+)?(ms|s|m|h|d|w))+$/;

/** Milliseconds of a length of time such as `30s` or `1h30m`; undefined when it is not one. */
export function parseDuration(text: string): Milliseconds | undefined {
	// The library takes much that would surprise here, a lone unit or a comma, so the form comes first.
	if (!written.test(text)) {
		return undefined;
	}
	return parse(text) ?? undefined;
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
