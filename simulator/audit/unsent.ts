/**
 * What is `failed` without having been sent needs a cause outside the delivery's own journal: its time was over, the
 * program stopped, the mechanism was deleted, down, resting, on trial, or had as many calls as it may have.
 */
import type { MechanismRecord, Milliseconds } from "@posthaste/core";
import { type AuditedDelivery, type EntryOf, type Evidence, entriesOf, type Span, type Violation } from "./evidence.ts";
import type { Grounds } from "./passed-over.ts";

/** Whoever finds no place waits a second for one; those ahead of it may have given theirs back meanwhile. */
const nearby: Milliseconds = 5000;

export function auditUnsent(grounds: Grounds): readonly Violation[] {
	const { evidence } = grounds;
	const sent = new Set(evidence.of("send").map((send) => `${send.attempt}#${send.try}`));
	const isUnsent = ({ outcome, attempt, try: tries }: EntryOf<"outcome">) =>
		outcome === "failed" && !sent.has(`${attempt}#${tries}`);
	const places = placesOf(evidence, isUnsent);
	return evidence.deliveries.flatMap((delivery) =>
		entriesOf(delivery, "outcome")
			.filter(
				(entry) =>
					isUnsent(entry) &&
					!isOver(entry, delivery, evidence) &&
					!isHindered(entry, places.get(entry.mechanism) ?? [], grounds),
			)
			.map(({ attempt, try: tries, evidence: words }) => ({
				rule: "truth" as const,
				delivery: delivery.row.id,
				text: `${attempt}#${tries} was not sent (${words}), and nothing kept it from being sent`,
			})),
	);
}

/** The attempt's time is over, or the delivery's. */
function isOver(
	{ attempt, try: tries, at }: EntryOf<"outcome">,
	delivery: AuditedDelivery,
	evidence: Evidence,
): boolean {
	const intent = entriesOf(delivery, "attempt").find((one) => one.attempt === attempt && one.try === tries);
	const settled = entriesOf(delivery, "settled")[0]?.at ?? Number.POSITIVE_INFINITY;
	return evidence.latest(at) >= Math.min(settled, delivery.expiresAt, intent?.deadline ?? 0);
}

function isHindered(
	{ mechanism, at }: EntryOf<"outcome">,
	places: readonly Span[],
	{ evidence, history, surroundings }: Grounds,
): boolean {
	return (
		history.at<MechanismRecord>(`mechanisms/${mechanism}`, at).includes(undefined) ||
		surroundings.isStopping(at) ||
		surroundings.mayRest(mechanism, at) ||
		surroundings.mayBeOnTrial(mechanism, at) ||
		surroundings.hasNotComeUp(mechanism, at) ||
		isFull([...places, ...inVain(evidence)], at, evidence)
	);
}

/** Whether as many others as there may be calls had a place, or had just given it back. */
function isFull(places: readonly Span[], at: Milliseconds, evidence: Evidence): boolean {
	const [earliest, latest] = [evidence.earliest(at), evidence.latest(at)];
	const near = places.filter(
		({ from, to }) => evidence.earliest(from) <= latest && evidence.latest(to) >= earliest - nearby,
	);
	return near.length >= evidence.scenario.concurrency;
}

/**
 * Deliveries of a request that is at last refused, or answered with an earlier message, have places until that is known.
 * Nobody can say any more with which mechanisms, since no journal tells of them.
 */
function inVain(evidence: Evidence): readonly Span[] {
	const asked = new Map(evidence.of("asked").map((one) => [one.request, one]));
	const repeated = evidence.of("accepted").filter((one) => one.repeated);
	return [...repeated, ...evidence.of("refused")].flatMap(({ request, at: to }): readonly Span[] => {
		const { draft, at: from = to } = asked.get(request) ?? {};
		return (draft?.to ?? []).map(() => ({ from, to }));
	});
}

/** An attempt that finds a place has it from its intent until its outcome; one that finds none has its outcome at once. */
function placesOf(
	evidence: Evidence,
	isUnsent: (entry: EntryOf<"outcome">) => boolean,
): ReadonlyMap<string, readonly Span[]> {
	const places = evidence.deliveries.flatMap((delivery) => {
		const outcomes = new Map(entriesOf(delivery, "outcome").map((one) => [`${one.attempt}#${one.try}`, one]));
		return entriesOf(delivery, "attempt").flatMap(({ attempt, try: tries, mechanism, at: from }) => {
			const outcome = outcomes.get(`${attempt}#${tries}`);
			const to = outcome?.at ?? Number.POSITIVE_INFINITY;
			return outcome !== undefined && isUnsent(outcome) && outcome.at === from ? [] : [{ mechanism, from, to }];
		});
	});
	return Map.groupBy(places, ({ mechanism }) => mechanism);
}
