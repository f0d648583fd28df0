/**
 * What the auditor judges: the journals as they stand on the disk, and the record of what the world did
 * and saw. Nothing in this folder uses the engine's code; it knows the journal's words and that is all.
 */
import type { Draft, JournalEntry, Milliseconds } from "@posthaste/core";
import type { DeliveryRow, PromptRow } from "../../packages/posthaste/src/store/port.ts";
import type { LoggedEvent } from "../log.ts";
import type { Scenario } from "../scenario.ts";

export interface Violation {
	readonly rule: Rule;
	readonly delivery?: string;
	readonly text: string;
}

export const rules = {
	lost: "nothing accepted is lost",
	invented: "nothing is sent that nobody asked for",
	idempotency: "one key makes one message",
	gap: "journals are numbered without gaps",
	intent: "an intent is on disk before its mechanism is called",
	policy: "nothing is sent outside the delivery policy",
	expiry: "nothing is sent after it expired",
	prompt: "no question is skipped or asked twice",
	repeat: "no attempt is repeated except after unknown or failed",
	order: "a configuration's steps, and the mechanisms of a serial step, come in order",
	version: "a delivery ends on the manager version that it began with",
	truth: "outcomes and final states are what the world really gave",
	cancel: "a cancelled message is sent no more",
	time: "what is due happens in time",
	end: "every delivery ends",
} as const;
export type Rule = keyof typeof rules;

export type EventOf<Type extends LoggedEvent["type"]> = Extract<LoggedEvent, { readonly type: Type }>;
export type EntryOf<Type extends JournalEntry["type"]> = Extract<JournalEntry, { readonly type: Type }>;

export interface AuditedDelivery {
	readonly row: DeliveryRow;
	readonly journal: readonly JournalEntry[];
	/** What the sender handed in, from the sender's own record. */
	readonly draft: Draft;
	/** When it expires, worked out anew. */
	readonly expiresAt: Milliseconds;
}

export interface Span {
	readonly from: Milliseconds;
	readonly to: Milliseconds;
}

export class Evidence {
	readonly scenario: Scenario;
	readonly events: readonly LoggedEvent[];
	readonly deliveries: readonly AuditedDelivery[];
	readonly openPrompts: readonly PromptRow[];
	/** Times that the clock showed more than once, since it was set back in between. Apart from one another. */
	readonly #doubled: readonly Span[];
	readonly #byType = new Map<LoggedEvent["type"], LoggedEvent[]>();

	constructor(given: {
		readonly scenario: Scenario;
		readonly events: readonly LoggedEvent[];
		readonly deliveries: readonly {
			readonly row: DeliveryRow;
			readonly journal: readonly JournalEntry[];
			readonly subject: string;
		}[];
		readonly openPrompts: readonly PromptRow[];
	}) {
		this.scenario = given.scenario;
		this.events = given.events;
		this.openPrompts = given.openPrompts;
		for (const event of given.events) {
			const list = this.#byType.get(event.type) ?? [];
			list.push(event);
			this.#byType.set(event.type, list);
		}
		this.#doubled = merged(this.of("clock").flatMap(({ at, by }) => (by < 0 ? [{ from: at, to: at - by }] : [])));
		const drafts = new Map(this.of("asked").map(({ draft }) => [draft.subject ?? "", draft]));
		this.deliveries = given.deliveries.flatMap(({ row, journal, subject }) => {
			const draft = drafts.get(subject);
			return draft === undefined ? [] : [{ row, journal, draft, expiresAt: expiryOf(draft, row.acceptedAt) }];
		});
	}

	of<Type extends LoggedEvent["type"]>(type: Type): readonly EventOf<Type>[] {
		const events: readonly unknown[] = this.#byType.get(type) ?? [];
		return events as readonly EventOf<Type>[];
	}

	/** Whether the program died within a span of time, both ends included. */
	diedWithin(from: Milliseconds, to: Milliseconds): boolean {
		const [start, end] = [this.earliest(from), this.latest(to)];
		return this.of("died").some(({ at }) => at >= start && at <= end);
	}

	/**
	 * What bears a time that the clock showed twice may come before everything else that bears such a time, or after it.
	 * Whoever asks what came first compares the earliest of one with the latest of the other.
	 */
	earliest(at: Milliseconds): Milliseconds {
		return this.#doubled.find(({ from, to }) => at >= from && at <= to)?.from ?? at;
	}

	/** Whether the clock was set back in between, so that their difference says little about the time that passed. */
	wasSetBack(from: Milliseconds, to: Milliseconds): boolean {
		return this.#doubled.some((span) => span.to >= this.earliest(from) && span.from <= this.latest(to));
	}

	latest(at: Milliseconds): Milliseconds {
		return this.#doubled.find(({ from, to }) => at >= from && at <= to)?.to ?? at;
	}
}

export function entriesOf<Type extends JournalEntry["type"]>(
	{ journal }: Pick<AuditedDelivery, "journal">,
	type: Type,
): readonly EntryOf<Type>[] {
	return journal.filter((entry): entry is EntryOf<Type> => entry.type === type);
}

/** The same spans, those that overlap as one. */
function merged(spans: readonly Span[]): readonly Span[] {
	const apart: Span[] = [];
	for (const { from, to } of [...spans].sort((one, other) => one.from - other.from)) {
		const last = apart.at(-1);
		if (last !== undefined && from <= last.to) {
			apart[apart.length - 1] = { from: last.from, to: Math.max(last.to, to) };
		} else {
			apart.push({ from, to });
		}
	}
	return apart;
}

function expiryOf({ properties }: Draft, acceptedAt: Milliseconds): Milliseconds {
	const written = properties?.expires;
	if (written === undefined) {
		return Number.POSITIVE_INFINITY;
	}
	return written.includes("T") ? Date.parse(written) : acceptedAt + lengthOf(written);
}

/** Scenarios write lengths of time in whole seconds. */
export function lengthOf(written: string): Milliseconds {
	if (!/^\d+s$/.test(written)) {
		throw new Error(`the auditor cannot read the length of time ${written}`);
	}
	return Number(written.slice(0, -1)) * 1000;
}

const order = ["accepted", "delivered", "read", "acknowledged"];

/** Whether evidence is at least what was asked for. */
export function isEnough(found: string | undefined, asked: string): boolean {
	return found !== undefined && order.indexOf(found) >= order.indexOf(asked);
}
