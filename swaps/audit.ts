/** Compares what the program says of every message with what the sender sent and what the sink received. */
import type { DeliveryDocument, JournalDocument, MessageDocument } from "@posthaste/core";
import { finalStates } from "@posthaste/core";
import type { InForce } from "./in-force.ts";
import type { Sent } from "./load.ts";
import type { Arrival } from "./sink.ts";
import { allowed, people } from "./world.ts";

export type Rule = "lost" | "doubled" | "outside policy" | "not reached" | "mixed versions" | "not in force" | "swap";

export interface Violation {
	readonly rule: Rule;
	readonly what: string;
	readonly seen?: unknown;
}

/** How long a delivery that waited for nothing took, and when its message was accepted. */
export interface Took {
	readonly at: number;
	readonly took: number;
}

export interface AuditParts {
	readonly accepted: ReadonlyMap<string, Sent>;
	readonly arrivals: readonly Arrival[];
	readonly inForce: InForce;
}

type Attempt = Extract<JournalDocument, { type: "attempt" }>;
type Outcome = Extract<JournalDocument, { type: "outcome" }>;

export class Audit {
	readonly violations: Violation[] = [];
	readonly latencies: Took[] = [];
	deliveries = 0;
	attempts = 0;
	unknown = 0;
	/** Tries that failed and were made again, by the evidence for it. */
	readonly failed = new Map<string, number>();
	receipts = 0;
	/** Deliveries that ended on the manager version they began with, though another one was in force by then. */
	straddled = 0;
	/** Calls and beginnings of which is known what had to be in force. */
	comparedWithForce = 0;
	readonly states = new Map<string, number>();
	readonly #parts: AuditParts;
	readonly #left: Set<string>;
	/** Those that no journal has been found for yet. */
	readonly #arrivals: Map<string, Arrival[]>;

	/** Everything has come to its end by now. */
	constructor(parts: AuditParts) {
		this.#parts = parts;
		this.#left = new Set(parts.accepted.keys());
		this.#arrivals = Map.groupBy(parts.arrivals, ({ attempt }) => attempt);
	}

	look(message: MessageDocument): void {
		this.#left.delete(message.id);
		const sent = this.#parts.accepted.get(message.id);
		for (const delivery of message.deliveries) {
			this.deliveries += 1;
			this.states.set(delivery.state, (this.states.get(delivery.state) ?? 0) + 1);
			this.#end(delivery, sent, message);
			this.#versions(delivery);
			this.#calls(delivery);
		}
	}

	/** After the last message: what was answered with 202 and is not there, and what nobody sent. */
	end(): void {
		for (const id of this.#left) {
			this.#found("lost", `message ${id} was answered with 202 and is not there`);
		}
		for (const [attempt, arrivals] of this.#arrivals) {
			this.#found("outside policy", `attempt ${attempt} arrived, and no journal knows it`, arrivals);
		}
	}

	#end(delivery: DeliveryDocument, sent: Sent | undefined, { acceptedAt }: MessageDocument): void {
		const { id, state, recipient, settledAt } = delivery;
		if (!(finalStates as readonly string[]).includes(state)) {
			this.#found("lost", `delivery ${id} is ${state}`, delivery);
			return;
		}
		const cannot = sent?.way === "refused" && people[recipient]?.includes("spare") !== true;
		if (state !== (cannot ? "unreached" : "reached")) {
			this.#found("not reached", `delivery ${id} ended as ${state}`, delivery);
		}
		if (sent?.way === "plain" && settledAt !== undefined) {
			const at = Date.parse(acceptedAt);
			this.latencies.push({ at, took: Date.parse(settledAt) - at });
		}
	}

	#versions({ id, manager, journal, settledAt }: DeliveryDocument): void {
		const notes = journal.flatMap((entry) => (entry.type === "note" ? [entry.text] : []));
		if (manager === undefined || notes.length === 0 || notes.some((version) => version !== manager.version)) {
			this.#found("mixed versions", `delivery ${id} began on ${manager?.version} and had effects of ${notes}`, journal);
			return;
		}
		const policies = journal.find(({ type }) => type === "policies");
		this.#inForce("manager", momentOf(policies), momentOf(policies), manager.version, id);
		const end = settledAt === undefined ? Number.NaN : Date.parse(settledAt);
		const later = this.#parts.inForce.during("manager", end, end);
		this.straddled += later !== undefined && later !== manager.version ? 1 : 0;
	}

	#calls(delivery: DeliveryDocument): void {
		const kept = new Set(delivery.deliveryPolicy?.flatMap((entry) => (entry.kept ? [entry.mechanism] : [])));
		const table = people[delivery.recipient] ?? [];
		const attempts = delivery.journal.filter((entry): entry is Attempt => entry.type === "attempt");
		const outcomes = delivery.journal.filter((entry): entry is Outcome => entry.type === "outcome");
		this.receipts += delivery.journal.filter(({ type }) => type === "receipt").length;
		for (const entry of attempts) {
			const { mechanism } = entry;
			const outcome = outcomes.find((one) => one.attempt === entry.attempt && one.try === entry.try);
			this.attempts += 1;
			this.#count(outcome);
			if (!kept.has(mechanism) || !table.includes(mechanism) || !(allowed as readonly string[]).includes(mechanism)) {
				this.#found("outside policy", `attempt ${entry.attempt} was made through ${mechanism}`, delivery);
			}
			this.#byWhom(entry, outcome);
		}
		for (const [attempt, tries] of Map.groupBy(outcomes, (outcome) => outcome.attempt)) {
			this.#howOften(attempt, tries, delivery);
		}
		for (const { attempt } of attempts) {
			this.#arrivals.delete(attempt);
		}
	}

	#count(outcome: Outcome | undefined): void {
		this.unknown += outcome?.outcome === "unknown" ? 1 : 0;
		if (outcome?.outcome === "failed") {
			const evidence = outcome.evidence ?? "";
			this.failed.set(evidence, (this.failed.get(evidence) ?? 0) + 1);
		}
	}

	/** The sink took it as often as the journal says so, and beyond that only where the journal says that nobody knows. */
	#howOften(attempt: string, tries: readonly Outcome[], { recipient, journal }: DeliveryDocument): void {
		const arrivals = this.#arrivals.get(attempt) ?? [];
		const taken = arrivals.filter(({ isTaken }) => isTaken).length;
		const count = (wanted: string) => tries.filter(({ outcome }) => outcome === wanted).length;
		if (taken > count("accepted") + count("unknown") || count("accepted") > 1) {
			this.#found("doubled", `attempt ${attempt} arrived ${taken} times`, { arrivals, journal });
		}
		if (taken < count("accepted")) {
			this.#found("lost", `attempt ${attempt} was called accepted and did not arrive`, { arrivals, journal });
		}
		const strange = arrivals.filter(({ box, mechanism }) => box !== `${recipient}/${mechanism}`);
		if (strange.length > 0) {
			this.#found("outside policy", `attempt ${attempt} for ${recipient} arrived elsewhere`, strange);
		}
	}

	/** Between an intent and its outcome one version and one address may have been in force: then these were used. */
	#byWhom(entry: Attempt, outcome: Outcome | undefined): void {
		const arrival = this.#arrivals.get(entry.attempt)?.find((one) => one.try === entry.try);
		if (arrival === undefined || outcome === undefined) {
			return;
		}
		const [from, until] = [momentOf(entry), momentOf(outcome)];
		this.#inForce("mechanism", from, until, arrival.version, entry.attempt);
		if (arrival.mechanism === "line") {
			this.#inForce("door", from, until, arrival.door, entry.attempt);
		}
	}

	#inForce(subject: "manager" | "mechanism" | "door", from: number, until: number, used: string, id: string): void {
		const expected = this.#parts.inForce.during(subject, from, until);
		this.comparedWithForce += expected === undefined ? 0 : 1;
		if (expected !== undefined && expected !== used) {
			this.#found("not in force", `${id}: ${subject} ${expected} was in force, and ${used} was used`, { from, until });
		}
	}

	#found(rule: Rule, what: string, seen?: unknown): void {
		this.violations.push({ rule, what, ...(seen !== undefined && { seen }) });
	}
}

function momentOf(entry: JournalDocument | undefined): number {
	return entry === undefined ? Number.NaN : Date.parse(entry.at);
}
