/**
 * When a mechanism could take no further call: it had as many as it may have, or it had failed lately and
 * a single call was to show whether it is well again. Whoever waits for a place then is not late.
 */
import type { Milliseconds } from "@posthaste/core";
import { type EventOf, type Evidence, entriesOf, type Span } from "./evidence.ts";

/** As many calls in a row have to fail before a mechanism is on trial. */
const lately = 5;

type Send = EventOf<"send">;

interface Call extends Span {
	readonly failed: boolean;
}

/** The spans in which each mechanism was busy, in order and apart from one another. */
export function busySpans(evidence: Evidence): ReadonlyMap<string, readonly Span[]> {
	const calls = callsOf(evidence);
	return new Map([...calls].map(([mechanism, made]) => [mechanism, spansOf(made, evidence.scenario.concurrency)]));
}

/** How much of a span others fill. */
export function overlap({ from, to }: Span, spans: readonly Span[]): Milliseconds {
	return spans.reduce((sum, one) => sum + Math.max(0, Math.min(to, one.to) - Math.max(from, one.from)), 0);
}

/** Every call that a mechanism saw, until the journal has its outcome or the program died. */
function callsOf(evidence: Evidence): Map<string, Call[]> {
	const outcomes = new Map(
		evidence.deliveries
			.flatMap((delivery) => entriesOf(delivery, "outcome"))
			.map((entry) => [`${entry.attempt}#${entry.try}`, entry]),
	);
	const deaths = evidence.of("died").map(({ at }) => at);
	const calls = new Map<string, Call[]>();
	for (const send of evidence.of("send")) {
		const list = calls.get(send.mechanism) ?? [];
		list.push(callOf(send, outcomes.get(`${send.attempt}#${send.try}`), deaths));
		calls.set(send.mechanism, list);
	}
	return calls;
}

function callOf(
	{ at }: Send,
	outcome: { readonly at: Milliseconds; readonly outcome: string } | undefined,
	deaths: readonly Milliseconds[],
): Call {
	const death = deaths.find((moment) => moment >= at) ?? Number.POSITIVE_INFINITY;
	const failed = outcome === undefined || outcome.outcome === "failed" || outcome.outcome === "unknown";
	return { from: at, to: Math.min(outcome?.at ?? death, death), failed };
}

function spansOf(calls: readonly Call[], limit: number): readonly Span[] {
	const moments = [...new Set(calls.flatMap(({ from, to }) => [from, to]))].sort((one, other) => one - other);
	return moments.flatMap((from, index) => {
		const to = moments[index + 1];
		return to !== undefined && isBusy(calls, from, limit) ? [{ from, to }] : [];
	});
}

function isBusy(calls: readonly Call[], at: Milliseconds, limit: number): boolean {
	const underWay = calls.filter(({ from, to }) => from <= at && at < to);
	if (underWay.length >= limit) {
		return true;
	}
	// A call that began before the others failed may end well after them, and closes no breaker; and the
	// next one is on trial however long nobody needed the mechanism.
	const ended = calls.filter(({ to }) => to <= at).sort((one, other) => other.to - one.to);
	return underWay.length > 0 && ended.slice(0, lately).some(({ failed }) => failed);
}
