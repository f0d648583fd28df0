/** What is due happens in time, as long as the program runs and nothing is the matter with disk or clock. */
import type { Milliseconds } from "@posthaste/core";
import { busySpans, overlap } from "./busy.ts";
import { type AuditedDelivery, type Evidence, entriesOf, type Violation } from "./evidence.ts";
import { troublesOf } from "./trouble.ts";

/** A message that expires waits for its call, which has a moment to say what it knows. */
const slack: Milliseconds = 5000;
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
			.filter(({ at, done }) => !troubles.some(({ from, to, aftermath }) => from <= done && to + aftermath >= at))
			.map(({ what, at, done }) => ({
				rule: "time" as const,
				delivery: delivery.row.id,
				text: `${what} came ${done - at} ms late`,
			})),
	);
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
	const free = [...dues, ...givingUps(delivery, final)].filter(
		({ at, done }) => !held.some((since) => since <= done && done >= at),
	);
	const expiry = { what: "its expiry", at: Math.max(expiresAt, row.acceptedAt), done: final };
	return Number.isFinite(expiresAt) ? [...free, expiry] : free;
}

/** An attempt that was accepted waits for its receipt until its time is over, and is given up then. */
function givingUps(delivery: AuditedDelivery, final: Milliseconds): readonly Due[] {
	const intents = new Map(entriesOf(delivery, "attempt").map((entry) => [entry.attempt, entry]));
	return [...intents.values()].flatMap(({ attempt, deadline, mechanism }): Due[] => {
		const gaveUp = entriesOf(delivery, "gave-up").find((entry) => entry.attempt === attempt);
		const outcome = entriesOf(delivery, "outcome").findLast((entry) => entry.attempt === attempt);
		const waits = gaveUp !== undefined || (outcome?.outcome === "accepted" && outcome.at <= final);
		const at = Math.max(deadline, outcome?.at ?? deadline);
		return waits ? [{ what: `giving up ${mechanism}`, at, done: gaveUp?.at ?? final }] : [];
	});
}
