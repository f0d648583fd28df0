/** An attempt's journal against what the server has of it. */
import type { Arrival } from "./arrivals.ts";
import { type AttemptRecord, countOf } from "./attempts.ts";
import type { Complain, Figures } from "./audit.ts";

export interface Context {
	/** When the message expires; infinite when it does not. */
	readonly expires: number;
	/** When the program died, in order. */
	readonly ends: readonly number[];
	readonly figures: Figures;
}

/** The API's moments are whole milliseconds, the servers' are not. */
const rounding = 2;
/** How late, on a busy machine, a call may notice that its message has expired. */
export const expiryTolerance = 2000;

/**
 * Each `accepted` is one arrival, each `unknown` one at the most, and everything else none. So what
 * arrived more often than it was accepted must have an `unknown` for each surplus arrival.
 */
export function checkArrivals(
	attempt: AttemptRecord,
	arrivals: readonly Arrival[],
	context: Context,
	complain: Complain,
): void {
	const { figures } = context;
	const { id, tries } = attempt;
	const accepted = countOf(attempt, "accepted");
	const unknown = countOf(attempt, "unknown") + tries.filter(({ outcome }) => outcome === undefined).length;
	const certain = arrivals.filter(({ gaveUp }) => gaveUp !== true);
	const count = certain.length;
	const times = certain.map(({ at }) => at).sort((a, b) => a - b);
	if (arrivals.length < accepted) {
		const has = `the server has it ${arrivals.length} times`;
		complain("truth", `${id} is said to have been accepted ${accepted} times, and ${has}`);
	}
	if (count > accepted + unknown) {
		const said = tries.map(({ outcome }) => outcome ?? "nothing").join(", ");
		complain("truth", `the server has ${id} ${count} times, and the journal says: ${said}`);
	}
	const [first = Number.POSITIVE_INFINITY] = times;
	if (first < (tries[0]?.at ?? 0) - rounding) {
		complain("intent", `${id} arrived before its intent was written`);
	}
	checkDoubles(attempt, times, complain);
	checkTime(attempt, times, context, complain);
	figures.doubled += count > 1 ? 1 : 0;
	figures.surplus += Math.max(0, count - 1);
	figures.unknownArrived += accepted === 0 && count > 0 ? 1 : 0;
}

/**
 * Before the first unknown outcome is written there is one call that can have brought a mail or page,
 * before the second there are two, and so on. (A server that is slow may take note of the first only
 * after the second call has begun, so the reverse does not hold.)
 */
function checkDoubles({ id, tries }: AttemptRecord, times: readonly number[], complain: Complain): void {
	const unknown = tries.filter(({ outcome }) => outcome === "unknown").map(({ outcomeAt = 0 }) => outcomeAt);
	for (const [index, at] of times.entries()) {
		if (index > 0 && at < (unknown[index - 1] ?? Number.POSITIVE_INFINITY) - rounding) {
			complain("doubled", `${id} arrived ${index + 1} times before so many outcomes had become unknown`);
		}
	}
}

/**
 * A server may take note of something long after it was sent, but a call sends nothing after its
 * outcome is known, and nothing after the program died. What was still to be sent then counts.
 */
function checkTime(attempt: AttemptRecord, times: readonly number[], context: Context, complain: Complain): void {
	const { expires, ends, figures } = context;
	const last = times.at(-1);
	if (last === undefined) {
		return;
	}
	const sentBy = attempt.tries.map(({ at, outcomeAt = Number.POSITIVE_INFINITY }) =>
		Math.min(last, outcomeAt, ends.find((end) => end >= at) ?? Number.POSITIVE_INFINITY),
	);
	const late = Math.max(...sentBy) - expires;
	figures.latest = Math.max(figures.latest, late);
	if (late > expiryTolerance) {
		complain("expiry", `${attempt.id} was being sent ${Math.round(late)} ms after its message had expired`);
	}
}

/** A window shows an attempt once however often it is sent, so only whether it came is compared. */
export function checkWindow(
	attempt: AttemptRecord,
	arrivals: readonly Arrival[],
	_context: Context,
	complain: Complain,
): void {
	const { id, receipts } = attempt;
	if (receipts.length > 0 && arrivals.length === 0) {
		complain("truth", `there is a receipt for ${id}, and no window has shown it`);
	}
	const said = countOf(attempt, "accepted") + countOf(attempt, "unknown");
	const possible = said + receipts.length > 0;
	if (arrivals.length > 0 && !possible) {
		complain("truth", `a window has shown ${id}, and the journal says that it was certainly not delivered`);
	}
}
