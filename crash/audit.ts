/**
 * Compares what clients were answered, what the API says and what the servers really received. It
 * shares no code with the engine: of the program it sees documents that the API answered.
 */
import type { DeliveryDocument, MessageDocument } from "@posthaste/core";
import type { Arrival } from "./arrivals.ts";
import type { Asked } from "./asked.ts";
import { type AttemptRecord, attemptsOf, countOf, hasBrought, untoldOf } from "./attempts.ts";
import { type Context, checkArrivals, checkWindow } from "./audit-arrivals.ts";
import { askedOf, mayReach, personOf, type Way } from "./people.ts";

export interface Violation {
	readonly rule: string;
	readonly message: string;
	readonly what: string;
	/** The message as the API shows it, journal and all, and what arrived. */
	readonly seen: unknown;
}

export interface Figures {
	messages: number;
	deliveries: number;
	attempts: number;
	/** Calls of mechanisms: an attempt that is repeated has several. */
	tries: number;
	unknown: number;
	held: number;
	arrivals: number;
	/** Attempts that arrived more than once. */
	doubled: number;
	/** Arrivals beyond the first. */
	surplus: number;
	/** Attempts whose outcome stayed unknown although they had arrived. */
	unknownArrived: number;
	/** The longest time, in milliseconds, for which something that arrived may have been under way after its message expired. */
	latest: number;
	readonly arrivalsBy: Record<Way, number>;
	readonly states: Record<string, number>;
}

export function noFigures(): Figures {
	return {
		messages: 0,
		deliveries: 0,
		attempts: 0,
		tries: 0,
		unknown: 0,
		held: 0,
		arrivals: 0,
		doubled: 0,
		surplus: 0,
		unknownArrived: 0,
		latest: 0,
		arrivalsBy: { email: 0, pager: 0, im2: 0 },
		states: {},
	};
}

export interface Evidence {
	readonly asked: ReadonlyMap<string, Asked>;
	readonly documents: readonly MessageDocument[];
	readonly arrivals: readonly Arrival[];
	/** When the program died, in milliseconds since the epoch, in order. */
	readonly ends: readonly number[];
}

/** Tells of a violation; `seen` is added by the auditor. */
export type Complain = (rule: string, what: string) => void;

const final = new Set(["reached", "unreached", "expired", "cancelled"]);

/** Adds to the figures and answers the violations. */
export function audit({ asked, documents, arrivals, ends }: Evidence, figures: Figures): readonly Violation[] {
	const violations: Violation[] = [];
	const arrived = Map.groupBy(arrivals, ({ token }) => token);
	const found = Map.groupBy(documents, (document) => String(document.body.split(":")[0]));
	for (const [token, messages] of found) {
		const request = asked.get(token);
		const [document] = messages;
		const complain = (rule: string, what: string) => {
			const seen = { asked: request, messages: messages.map(shortOf), arrivals: arrived.get(token) };
			violations.push({ rule, message: document?.id ?? token, what, seen });
		};
		if (request === undefined || document === undefined) {
			complain("unasked", "nobody asked for this message");
		} else {
			checkRequest(request, messages, complain);
			checkMessage(request, document, arrived.get(token) ?? [], { figures, ends }, complain);
		}
	}
	for (const [token, request] of asked) {
		if (request.message !== undefined && !found.has(token)) {
			const what = "it was answered with 202 and the API does not know it";
			violations.push({ rule: "lost", message: request.message, what, seen: request });
		}
	}
	for (const [token, unknown] of arrived) {
		if (!found.has(token)) {
			const what = "it arrived and the API knows of no such message";
			violations.push({ rule: "unasked", message: token, what, seen: unknown });
		}
	}
	return violations;
}

function checkRequest(asked: Asked, messages: readonly MessageDocument[], complain: Complain): void {
	if (messages.length > 1) {
		complain("one key, one message", `one key made ${messages.length} messages`);
	}
	if (asked.message !== undefined && asked.message !== messages[0]?.id) {
		complain("lost", `202 was answered for ${asked.message}, and the API knows another message`);
	}
	if (asked.refused !== undefined && asked.unanswered === 0) {
		complain("unasked", `the request was refused with ${asked.refused}`);
	}
}

function checkMessage(
	asked: Asked,
	document: MessageDocument,
	arrivals: readonly Arrival[],
	{ figures, ends }: Pick<Context, "figures" | "ends">,
	complain: Complain,
): void {
	figures.messages += 1;
	figures.arrivals += arrivals.length;
	for (const { way } of arrivals) {
		figures.arrivalsBy[way] += 1;
	}
	checkExpiry(asked, document, complain);
	if (document.deliveries.map(({ recipient }) => recipient).join() !== asked.draft.to.join()) {
		complain("lost", `it has no delivery for each of ${asked.draft.to.join(", ")}, or one for somebody else`);
	}
	const expires = Date.parse(document.acceptedAt) + (asked.lifetime ?? Number.POSITIVE_INFINITY);
	const attempts = document.deliveries.flatMap((delivery) => {
		checkDelivery(asked, delivery, figures, complain);
		const made = attemptsOf(document, delivery);
		checkState(asked, delivery, made, complain);
		return made;
	});
	const left = new Set(arrivals);
	for (const attempt of attempts) {
		figures.attempts += 1;
		figures.tries += attempt.tries.length;
		figures.unknown += countOf(attempt, "unknown");
		checkAttempt(asked, attempt, expires, complain);
		const own = arrivals.filter((arrival) => belongs(arrival, attempt));
		for (const arrival of own) {
			left.delete(arrival);
			checkText(asked, attempt, arrival, complain);
		}
		const check = attempt.mechanism === "im2" ? checkWindow : checkArrivals;
		check(attempt, own, { expires, ends, figures }, complain);
	}
	for (const { way, address, gaveUp } of left) {
		if (gaveUp === true) {
			continue;
		}
		complain("intent", `it arrived by ${way} at ${address}, and no journal knows of such an attempt`);
	}
}

/** What came is what was handed in, whatever a way adds around it. A server that gave it up may have lost its text. */
function checkText({ draft }: Asked, { id }: AttemptRecord, { text, gaveUp }: Arrival, complain: Complain): void {
	if (gaveUp !== true && text.trim() !== draft.body) {
		complain("truth", `${id} arrived as ${JSON.stringify(text)}`);
	}
}

/** The expiry as the API shows it, against the sender's own words. */
function checkExpiry({ lifetime }: Asked, { acceptedAt, properties }: MessageDocument, complain: Complain): void {
	const shown = properties.expires === undefined ? undefined : Date.parse(String(properties.expires));
	const wanted = lifetime === undefined ? undefined : Date.parse(acceptedAt) + lifetime;
	if (shown !== wanted) {
		complain("expiry", `it was to expire after ${lifetime ?? "no"} ms, and the API says ${String(properties.expires)}`);
	}
}

/** Mail and IM carry the attempt's identifier; a page is known by its text and its pager. */
function belongs(arrival: Arrival, { id, mechanism, delivery }: AttemptRecord): boolean {
	const person = personOf.get(delivery.recipient);
	const address = { email: person?.mail, pager: person?.pager, im2: person?.id }[arrival.way];
	return (
		arrival.way === mechanism &&
		arrival.address === address &&
		(arrival.attempt === undefined || arrival.attempt === id)
	);
}

function checkDelivery(asked: Asked, delivery: DeliveryDocument, figures: Figures, complain: Complain): void {
	const { id, state, journal } = delivery;
	figures.deliveries += 1;
	figures.states[state] = (figures.states[state] ?? 0) + 1;
	figures.held += journal.some(({ type }) => type === "held") ? 1 : 0;
	if (!final.has(state)) {
		complain("end", `delivery ${id} is ${state} and does not end`);
	}
	if (journal.some(({ sequence }, index) => sequence !== index + 1)) {
		complain("journal", `the journal of ${id} has gaps`);
	}
	const settled = journal.findIndex(({ type }) => type === "settled");
	if (settled >= 0 && journal.slice(settled).some(({ type }) => type === "attempt")) {
		complain("end", `delivery ${id} had ended, and an attempt was made`);
	}
	for (const [prompt, answer] of asked.answers) {
		const closed = journal.find((one) => one.type === "prompt-closed" && one.prompt === prompt);
		const owns = journal.some((one) => one.type === "prompt" && one.prompt === prompt);
		if (owns && (closed?.type !== "prompt-closed" || closed.answer !== answer || closed.by !== "sender")) {
			complain("truth", `the answer ${answer} to ${prompt} was confirmed, and it does not stand in the journal`);
		}
	}
}

/** What the configuration asks for was brought by one of the attempts if the recipient was reached, and by none if not. */
function checkState(
	{ manager, priority }: Asked,
	{ id, state }: DeliveryDocument,
	attempts: readonly AttemptRecord[],
	complain: Complain,
): void {
	const brought = attempts.filter((one) => hasBrought(one, askedOf(one.mechanism as Way, manager, priority)));
	if (state === "reached" && brought.length === 0) {
		complain(
			"truth",
			`delivery ${id} is said to have reached its recipient, and no mechanism brought what was asked for`,
		);
	}
	if ((state === "unreached" || state === "expired") && brought.length > 0) {
		complain(
			"truth",
			`delivery ${id} is ${state}, and ${brought.map((one) => one.id).join()} brought what was asked for`,
		);
	}
}

function checkAttempt(asked: Asked, attempt: AttemptRecord, expires: number, complain: Complain): void {
	const { id, mechanism, delivery, tries } = attempt;
	const untold = untoldOf(attempt);
	const person = personOf.get(delivery.recipient);
	if (person === undefined || !mayReach(person, mechanism as Way, asked.manager, asked.priority)) {
		complain(
			"policy",
			`attempt ${id} went to ${delivery.recipient} by ${mechanism}, which their policy does not allow`,
		);
	}
	for (const [index, one] of tries.entries()) {
		if (one.at >= expires) {
			complain("expiry", `try ${one.number} of ${id} was decided on ${one.at - expires} ms after the message expired`);
		}
		if (asked.cancelledAt !== undefined && one.at > asked.cancelledAt) {
			complain("cancelled", `try ${one.number} of ${id} was decided on after the cancellation was confirmed`);
		}
		if (untold.includes(one)) {
			complain("intent", `try ${one.number} of ${id} has no outcome`);
		}
		const before = tries[index - 1];
		if (before !== undefined && !mayRepeat(asked, attempt, before.outcome, before.at, one.at)) {
			complain("repeat", `${id} was repeated after ${before.outcome ?? "no outcome at all"}`);
		}
	}
}

/** After `failed` the engine tries again; after `unknown` it depends on what the configuration says of it. */
function mayRepeat({ manager }: Asked, { resent }: AttemptRecord, outcome: unknown, from: number, to: number): boolean {
	if (outcome !== "unknown") {
		return outcome === "failed";
	}
	const byPerson = resent.some((at) => at >= from && at <= to);
	return manager === "careful" ? byPerson : manager !== "onward";
}

/** What of a message matters to whoever looks into a violation. */
function shortOf({ id, acceptedAt, deliveries }: MessageDocument): object {
	const journalOf = ({ journal }: DeliveryDocument) =>
		journal.filter(({ type }) => type !== "policies").map((entry) => JSON.stringify(entry));
	const short = deliveries.map((one) => ({
		id: one.id,
		recipient: one.recipient,
		state: one.state,
		reason: one.reason,
		journal: journalOf(one),
	}));
	return { id, acceptedAt, deliveries: short };
}
