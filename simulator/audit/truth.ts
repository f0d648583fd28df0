/** Outcomes, receipts and answers in the journals, held against what the world really said. */
import type { Milliseconds } from "@posthaste/core";
import {
	type AuditedDelivery,
	type EntryOf,
	type EventOf,
	type Evidence,
	entriesOf,
	type Violation,
} from "./evidence.ts";

/** Longest time for one call, and for saying what is known when it is over. */
const callLimit: Milliseconds = 30_000;
const grace: Milliseconds = 1000;
/** What is known is in the journal this long after the disk and the program are well. */
const patience: Milliseconds = 3_600_000;

interface Said {
	readonly evidence: Evidence;
	readonly sends: ReadonlyMap<string, EventOf<"send">>;
	readonly returned: ReadonlyMap<string, EventOf<"returned">>;
	readonly receipts: ReadonlyMap<string, Milliseconds>;
	readonly answers: ReadonlyMap<string, Milliseconds>;
	readonly replies: ReadonlyMap<string, Milliseconds>;
	readonly retracted: ReadonlyMap<string, Milliseconds>;
}

export function auditTruth(evidence: Evidence): readonly Violation[] {
	const said: Said = {
		evidence,
		sends: new Map(evidence.of("send").map((send) => [`${send.attempt}#${send.try}`, send])),
		returned: new Map(evidence.of("returned").map((one) => [`${one.attempt}#${one.try}`, one])),
		receipts: firsts(evidence.of("receipt").map(({ attempt, level, at }) => [`${attempt} ${level}`, at])),
		answers: firsts(evidence.of("answer").map(({ prompt, answer, at }) => [`${prompt} ${answer}`, at])),
		replies: firsts(evidence.of("reply").map(({ attempt, body, at }) => [`${attempt} ${body}`, at])),
		retracted: firsts(evidence.of("retracted").map(({ attempt, at }) => [attempt, at])),
	};
	const found = evidence.deliveries.flatMap((delivery) =>
		[
			...entriesOf(delivery, "outcome").flatMap((entry) => outcome(entry, delivery, said)),
			...entriesOf(delivery, "receipt").flatMap((entry) => receipt(entry, said)),
			...entriesOf(delivery, "answered").flatMap((entry) => answered(entry, said)),
			...entriesOf(delivery, "replied").flatMap((entry) => replied(entry, said)),
			...entriesOf(delivery, "retracted").flatMap((entry) => retracted(entry, said)),
			...unfinished(delivery),
			...hiddenEvidence(delivery),
		].map((text): Violation => ({ rule: "truth", delivery: delivery.row.id, text })),
	);
	return [...found, ...forgotten(evidence)];
}

function firsts(entries: readonly (readonly [string, Milliseconds])[]): ReadonlyMap<string, Milliseconds> {
	return new Map([...entries].reverse());
}

/** Whether the one may have come before the other, both ends included. */
function mayPrecede(one: Milliseconds | undefined, other: Milliseconds, { evidence }: Said): boolean {
	return one !== undefined && evidence.earliest(one) <= evidence.latest(other);
}

function outcome(entry: EntryOf<"outcome">, delivery: AuditedDelivery, said: Said): string[] {
	const call = `${entry.attempt}#${entry.try}`;
	const send = said.sends.get(call);
	const returned = said.returned.get(call);
	if (send === undefined) {
		return entry.outcome === "failed" || entry.outcome === "unknown"
			? []
			: [`${call} is ${entry.outcome}, and was never sent`];
	}
	return entry.outcome === "unknown"
		? unknown(entry, send, returned, delivery, said).map((text) => `${call} ${text}`)
		: asAnswered(entry, returned, said).map((text) => `${call} ${text}`);
}

/** What the journal says must be what the mechanism answered. */
function asAnswered(entry: EntryOf<"outcome">, returned: EventOf<"returned"> | undefined, said: Said): string[] {
	const result = returned?.heard === true && mayPrecede(returned.at, entry.at, said) ? returned.result : undefined;
	const same = typeof result === "object" && result.outcome === entry.outcome && result.level === entry.level;
	return same ? [] : [`is ${entry.outcome} in the journal, and the mechanism did not say so`];
}

/** Unknown is what nobody answered in time, and what a death made so. */
function unknown(
	entry: EntryOf<"outcome">,
	send: EventOf<"send">,
	returned: EventOf<"returned"> | undefined,
	delivery: AuditedDelivery,
	said: Said,
): string[] {
	const { evidence } = said;
	if (returned === undefined || !returned.heard || !mayPrecede(returned.at, entry.at, said)) {
		return silent(entry, send, delivery, evidence) ? [] : ["is unknown before its time was over"];
	}
	const isOver = returned.at >= send.at + limitOf(entry, delivery, send);
	const late = isOver || evidence.wasSetBack(send.at, returned.at);
	const known = returned.result !== "threw" && returned.result.outcome !== "unknown";
	return known && !late && !evidence.diedWithin(returned.at, entry.at) ? ["was answered, and is unknown"] : [];
}

function limitOf(entry: EntryOf<"outcome">, delivery: AuditedDelivery, send: EventOf<"send">): Milliseconds {
	const intent = entriesOf(delivery, "attempt").find((one) => one.attempt === entry.attempt && one.try === entry.try);
	return Math.min(callLimit, Math.min(intent?.deadline ?? 0, delivery.expiresAt) - send.at);
}

/** Nobody answered: then the call's time must have run out, or the program died. */
function silent(
	entry: EntryOf<"outcome">,
	send: EventOf<"send">,
	delivery: AuditedDelivery,
	evidence: Evidence,
): boolean {
	const isOver = entry.at >= send.at + limitOf(entry, delivery, send) + grace;
	return isOver || evidence.wasSetBack(send.at, entry.at) || evidence.diedWithin(send.at, entry.at);
}

function receipt({ attempt, level, at }: EntryOf<"receipt">, said: Said): string[] {
	return mayPrecede(said.receipts.get(`${attempt} ${level}`), at, said)
		? []
		: [`nobody reported ${level} for ${attempt}`];
}

function answered({ prompt, answer, at }: EntryOf<"answered">, said: Said): string[] {
	return mayPrecede(said.answers.get(`${prompt} ${answer}`), at, said)
		? []
		: [`nobody answered ${answer} to ${prompt}`];
}

/** Whatever ended the delivery meanwhile, each call comes to an outcome, if only to `unknown`. */
function unfinished(delivery: AuditedDelivery): string[] {
	const known = new Set(entriesOf(delivery, "outcome").map(({ attempt, try: tries }) => `${attempt}#${tries}`));
	return entriesOf(delivery, "attempt")
		.filter(({ attempt, try: tries }) => !known.has(`${attempt}#${tries}`))
		.map(({ attempt, try: tries }) => `${attempt}#${tries} has no outcome`);
}

function replied({ attempt, body, at }: EntryOf<"replied">, said: Said): string[] {
	return mayPrecede(said.replies.get(`${attempt} ${body}`), at, said) ? [] : [`nobody replied "${body}" to ${attempt}`];
}

function retracted({ attempt, done, at }: EntryOf<"retracted">, said: Said): string[] {
	return !done || mayPrecede(said.retracted.get(attempt), at, said)
		? []
		: [`the mechanism did not take back ${attempt}`];
}

const order = ["accepted", "delivered", "read", "acknowledged"];

/** A delivery that did not reach anybody holds no evidence that it did. */
function hiddenEvidence(delivery: AuditedDelivery): string[] {
	if (delivery.row.state !== "unreached" && delivery.row.state !== "expired") {
		return [];
	}
	const asked = new Map(entriesOf(delivery, "attempt").map(({ attempt, until }) => [attempt, until]));
	const levels = [
		...entriesOf(delivery, "receipt").map(({ attempt, level }) => [attempt, level] as const),
		...entriesOf(delivery, "outcome").flatMap(({ attempt, outcome: came, level }) =>
			came === "accepted" ? [[attempt, level ?? came] as const] : [],
		),
	];
	return levels
		.filter(([attempt, level]) => order.indexOf(level) >= order.indexOf(asked.get(attempt) ?? "nobody asked"))
		.filter(([attempt]) => asked.has(attempt))
		.map(([attempt, level]) => `it is ${delivery.row.state}, and ${attempt} brought ${level}`);
}

/** What Posthaste confirmed, or heard while it lived, stands in a journal. */
function forgotten(evidence: Evidence): Violation[] {
	const byId = new Map(evidence.deliveries.map((delivery) => [delivery.row.id, delivery]));
	const owner = (id: string) => byId.get(id.slice(0, id.lastIndexOf(".")));
	const receipts = evidence.of("receipt-kept").flatMap(({ attempt, level }) => {
		const delivery = owner(attempt);
		const there =
			delivery && entriesOf(delivery, "receipt").some((one) => one.attempt === attempt && one.level === level);
		return there === false
			? [forgot(attempt, `the receipt ${level} for ${attempt} was confirmed and is not there`)]
			: [];
	});
	const replies = evidence.of("reply-kept").flatMap(({ attempt, body }) => {
		const delivery = owner(attempt);
		const there =
			delivery && entriesOf(delivery, "replied").some((one) => one.attempt === attempt && one.body === body);
		return there === false ? [forgot(attempt, `a reply to ${attempt} was confirmed and is not there`)] : [];
	});
	const answers = evidence.of("answer-kept").flatMap(({ prompt, answer }) => {
		const closed = entriesOf(owner(prompt) ?? { journal: [] }, "prompt-closed").find((one) => one.prompt === prompt);
		const ours = closed?.by === "sender" && closed.answer === answer;
		return ours ? [] : [forgot(prompt, `the answer ${answer} to ${prompt} was confirmed and does not count`)];
	});
	const last = evidence.events.at(-1)?.at ?? 0;
	const outcomes = evidence.of("returned").flatMap(({ attempt, try: tries, heard, at }) => {
		const delivery = owner(attempt);
		const there = entriesOf(delivery ?? { journal: [] }, "outcome").some(
			(one) => one.attempt === attempt && one.try === tries,
		);
		const excused = !heard || there || evidence.diedWithin(at, last) || last - at < patience;
		return excused ? [] : [forgot(attempt, `what came of ${attempt}#${tries} is not in the journal`)];
	});
	return [...receipts, ...replies, ...answers, ...outcomes];
}

function forgot(id: string, text: string): Violation {
	return { rule: "truth", delivery: id.slice(0, id.lastIndexOf(".")), text };
}
