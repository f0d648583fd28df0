/** What senders were promised: that what was accepted is kept and comes to an end, and that a key makes one message. */
import type { EventOf, Evidence, Violation } from "./evidence.ts";
import { entriesOf } from "./evidence.ts";

const finals: readonly string[] = ["reached", "unreached", "expired", "cancelled"];

export function auditPromises(evidence: Evidence): readonly Violation[] {
	return [
		...accepted(evidence),
		...keys(evidence),
		...conflicts(evidence),
		...invented(evidence),
		...ends(evidence),
		...cancelled(evidence),
	];
}

function accepted(evidence: Evidence): Violation[] {
	const kept = new Map(evidence.deliveries.map(({ row }) => [row.id, row.recipient]));
	return evidence.of("accepted").flatMap(({ request, message, deliveries }) => {
		const draft = evidence.of("asked").find((asked) => asked.request === request)?.draft;
		const people = [...new Set(draft?.to ?? [])];
		const lost = people.filter((person, index) => kept.get(`${message}.${index + 1}`) !== person);
		const told = deliveries.map(({ recipient }) => recipient).join() === people.join();
		return [
			...lost.map((person) => ({ rule: "lost" as const, delivery: message, text: `no delivery to ${person}` })),
			...(told ? [] : [{ rule: "lost" as const, delivery: message, text: "the answer named other recipients" }]),
		];
	});
}

function keys(evidence: Evidence): Violation[] {
	const askedAs = new Map(evidence.of("asked").map((asked) => [asked.request, asked]));
	const byKey = new Map<string, { readonly message: string; readonly subject: string | undefined }>();
	return evidence.of("accepted").flatMap(({ request, message }) => {
		const asked = askedAs.get(request);
		const key = asked?.idempotencyKey ?? `without a key: ${request}`;
		const subject = asked?.draft.subject;
		const first = byKey.get(key) ?? { message, subject };
		byKey.set(key, first);
		const wrongs = [
			...(first.message === message ? [] : [`${key} has already made ${first.message}`]),
			...(first.subject === subject ? [] : [`${key} came with ${first.subject} before, and was taken with ${subject}`]),
		];
		return wrongs.map((text) => ({ rule: "idempotency" as const, delivery: message, text }));
	});
}

/** A key is in conflict only when another draft came under it. */
function conflicts(evidence: Evidence): Violation[] {
	const askedAs = new Map(evidence.of("asked").map((asked) => [asked.request, asked]));
	return evidence.of("refused").flatMap(({ request, code }) => {
		const asked = askedAs.get(request);
		const isOther = evidence
			.of("asked")
			.some((one) => one.idempotencyKey === asked?.idempotencyKey && one.draft.subject !== asked?.draft.subject);
		return code !== "idempotency-conflict" || (isOther && asked?.idempotencyKey !== undefined)
			? []
			: [{ rule: "idempotency" as const, text: `${request} was refused for a key that nobody else used` }];
	});
}

/** A message that every answer said was not accepted must not be there, unless the disk itself could not say. */
function invented(evidence: Evidence): Violation[] {
	const requests = new Map<string, EventOf<"asked">[]>();
	for (const asked of evidence.of("asked")) {
		const subject = asked.draft.subject ?? "";
		requests.set(subject, [...(requests.get(subject) ?? []), asked]);
	}
	const acceptedMessages = new Set(evidence.of("accepted").map(({ message }) => message));
	const refused = new Set(evidence.of("refused").map(({ request }) => request));
	const answered = new Set([...evidence.of("accepted").map(({ request }) => request), ...refused]);
	return evidence.deliveries.flatMap(({ row, draft }) => {
		const asked = requests.get(draft.subject ?? "") ?? [];
		const unanswered = asked.some(({ request }) => !answered.has(request));
		return acceptedMessages.has(row.message) || unanswered || asked.some((one) => isDoubtful(one, evidence))
			? []
			: [{ rule: "invented" as const, delivery: row.id, text: "every request for it was refused" }];
	});
}

/** Whether the disk answered with errors to what it had written, while the program was at work on a request. */
function isDoubtful({ request, at }: EventOf<"asked">, evidence: Evidence): boolean {
	const weather = evidence.of("weather");
	const refused = evidence.of("refused").find((one) => one.request === request)?.at ?? Number.POSITIVE_INFINITY;
	return weather.some(({ fault, at: from }, index) => {
		const to = weather[index + 1]?.at ?? Number.POSITIVE_INFINITY;
		return (
			fault === "doubtful" &&
			evidence.earliest(from) <= evidence.latest(refused) &&
			evidence.latest(to) >= evidence.earliest(at)
		);
	});
}

function ends(evidence: Evidence): Violation[] {
	const open = evidence.deliveries.filter(({ row }) => !finals.includes(row.state));
	const finished = new Set(evidence.deliveries.filter((one) => !open.includes(one)).map(({ row }) => row.id));
	return [
		...open.map(({ row }) => ({ rule: "end" as const, delivery: row.id, text: `it is still ${row.state}` })),
		...evidence.openPrompts
			.filter(({ delivery }) => finished.has(delivery))
			.map(({ id, delivery }) => ({ rule: "prompt" as const, delivery, text: `${id} stands open after the end` })),
	];
}

/** Once a sender was told that a message is cancelled, nothing more of it is sent. */
function cancelled(evidence: Evidence): Violation[] {
	return evidence.of("cancel-kept").flatMap((kept) => {
		const after = evidence.events.slice(evidence.events.indexOf(kept));
		const sent = after.find((event) => event.type === "send" && event.message === kept.message);
		const open = evidence.deliveries.filter(
			({ row, journal }) =>
				row.message === kept.message &&
				!entriesOf({ journal }, "settled").some(({ at }) => evidence.earliest(at) <= evidence.latest(kept.at)),
		);
		return [
			...(sent ? [{ rule: "cancel" as const, delivery: kept.message, text: "sent after it was cancelled" }] : []),
			...open.map(({ row }) => ({
				rule: "cancel" as const,
				delivery: row.id,
				text: "it went on after it was cancelled",
			})),
		];
	});
}
