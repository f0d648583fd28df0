/** What is due happens in time, as long as the program runs and nothing is the matter with disk or clock. */
import type { Milliseconds } from "@posthaste/core";
import { busySpans, overlap, type Span } from "./busy.ts";
import { type AuditedDelivery, type Evidence, entriesOf, type Violation } from "./evidence.ts";

/** A message that expires waits for its call, which has a moment to say what it knows. */
const slack: Milliseconds = 5000;
/** After trouble it takes so long until nothing is late any more: the longest that a claim lasts, and some. */
const aftermath: Milliseconds = 15 * 60_000;

interface Due {
	readonly what: string;
	readonly at: Milliseconds;
	/** When it was done, or became needless. */
	readonly done: Milliseconds;
	/** The mechanism that it has to find a place with. */
	readonly mechanism?: string;
}

export function auditTime(evidence: Evidence): readonly Violation[] {
	const troubles = troublesOf(evidence);
	const busy = busySpans(evidence);
	const end = evidence.events.at(-1)?.at ?? 0;
	const waited = ({ at, done, mechanism = "" }: Due) => overlap({ from: at, to: done }, busy.get(mechanism) ?? []);
	return evidence.deliveries.flatMap((delivery) =>
		duesOf(delivery, end)
			.filter((due) => due.done > due.at + slack && due.done - due.at - waited(due) > slack)
			.filter(({ at, done }) => !troubles.some(({ from, to }) => from <= done && to >= at))
			.map(({ what, at, done }) => ({
				rule: "time" as const,
				delivery: delivery.row.id,
				text: `${what} came ${done - at} ms late`,
			})),
	);
}

function troublesOf(evidence: Evidence): readonly Span[] {
	const troubles: Span[] = [];
	let since: Milliseconds | undefined;
	for (const event of evidence.events) {
		if (event.type === "clock") {
			troubles.push({ from: event.at - event.by, to: event.at + aftermath });
		} else if (event.type === "died" || (event.type === "weather" && event.fault !== undefined)) {
			since ??= event.at;
		} else if (event.type === "started" || event.type === "weather") {
			troubles.push({ from: since ?? event.at, to: event.at + aftermath });
			since = undefined;
		}
	}
	return since === undefined ? troubles : [...troubles, { from: since, to: Number.POSITIVE_INFINITY }];
}

function duesOf(delivery: AuditedDelivery, end: Milliseconds): readonly Due[] {
	const { journal, row, expiresAt } = delivery;
	const final = entriesOf(delivery, "settled")[0]?.at ?? end;
	const after = (sequence: number, about: string): Milliseconds =>
		journal.find((entry) => entry.sequence > sequence && JSON.stringify(entry).includes(about))?.at ?? final;
	// While a person has to decide nothing else goes on.
	const held = journal.filter(({ type }) => type === "held").map(({ at }) => at);
	const dues = journal.flatMap((entry): Due[] => {
		switch (entry.type) {
			case "wait":
				return [
					{ what: "the end of a wait", at: entry.until, done: Math.min(final, after(entry.sequence, '"time-passed"')) },
				];
			case "prompt":
				return [{ what: "the end of a question", at: entry.until, done: after(entry.sequence, entry.prompt) }];
			case "retry":
				return [
					{
						what: "another try",
						mechanism: entry.mechanism,
						at: entry.retryAt,
						done: Math.min(final, after(entry.sequence, `"mechanism":"${entry.mechanism}"`)),
					},
				];
			case "postponed":
				return [
					{
						what: "a postponed attempt",
						at: entry.until,
						done: Math.min(final, after(entry.sequence, `"mechanism":"${entry.mechanism}"`)),
					},
				];
			default:
				return [];
		}
	});
	const free = dues.filter(({ at, done }) => !held.some((since) => since <= done && done >= at));
	const expiry = { what: "its expiry", at: Math.max(expiresAt, row.acceptedAt), done: final };
	return Number.isFinite(expiresAt) ? [...free, expiry] : free;
}
