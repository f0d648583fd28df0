/** When the program could not do what was due: it was down, its disk was faulty, or the clock was not what it had been. */
import type { Milliseconds } from "@posthaste/core";
import type { Evidence, Span } from "./evidence.ts";

export interface Trouble extends Span {
	/** So long after it nothing is late any more. */
	readonly aftermath: Milliseconds;
}

/** The longest that a claim lasts which could not be given back, the longest until somebody looks for it, and some. */
const long: Milliseconds = 21 * 60_000;
/** A start gives every claim back, so that after a death nothing waits for longer than the start takes. */
const short: Milliseconds = 10_000;

export function troublesOf(evidence: Evidence): readonly Trouble[] {
	const clocks = evidence.of("clock").map(({ at, by }) => ({
		...{ from: Math.min(at, at - by), to: Math.max(at, at - by), aftermath: long },
	}));
	return [...clocks, ...diskTroubles(evidence), ...downtimes(evidence)];
}

/** Nobody notices when a disk is well that was not faulty before. */
function diskTroubles(evidence: Evidence): readonly Trouble[] {
	const weather = evidence.of("weather");
	return weather.flatMap(({ fault, at }, index) =>
		fault === undefined ? [] : [{ from: at, to: weather[index + 1]?.at ?? Number.POSITIVE_INFINITY, aftermath: long }],
	);
}

/** From the order to stop, or the death, until the next start. The first start of all ends no trouble. */
function downtimes(evidence: Evidence): readonly Trouble[] {
	const troubles: Trouble[] = [];
	let since: Milliseconds | undefined;
	for (const { type, at } of evidence.events) {
		if (type === "died" || type === "stopping") {
			since ??= at;
		} else if (type === "started" && since !== undefined) {
			troubles.push({ from: since, to: at, aftermath: short });
			since = undefined;
		}
	}
	return since === undefined ? troubles : [...troubles, { from: since, to: Number.POSITIVE_INFINITY, aftermath: 0 }];
}
