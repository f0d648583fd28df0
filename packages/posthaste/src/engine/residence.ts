/** Brings deliveries into memory: new ones by planning them, older ones by replaying their journal. */
import {
	begin,
	type Composed,
	DeliveryCourse,
	type DeliveryEntry,
	type DeliveryState,
	isFinal,
	type JournalEntry,
	lookAgain,
	type Message,
	type Milliseconds,
	NotDeterministicError,
	type Planned,
	type Policies,
	type PolicyEntry,
	PosthasteError,
	plan,
	type SettleReason,
	thrownText,
	type User,
} from "@posthaste/core";
import type { StoredDelivery } from "../store/port.ts";
import type { Clock } from "./clock.ts";
import type { Retract } from "./needless.ts";
import type { Directory, Log, ManagerPlugins, Mechanisms } from "./ports.ts";
import { type Person, Resident } from "./resident.ts";
import { finishWithoutManager, hasUnfinishedCall, takeWithoutManager } from "./without-manager.ts";

export interface ResidenceParts {
	readonly directory: Directory;
	readonly mechanisms: Mechanisms;
	readonly plugins: ManagerPlugins;
	readonly clock: Clock;
	readonly log: Log;
}

/** A delivery that cannot go on by itself, with the state and the entries that say so. */
export interface Stranded {
	readonly delivery: string;
	readonly message: string;
	readonly state: DeliveryState;
	readonly reason: SettleReason;
	readonly entries: readonly JournalEntry[];
	/** When it ended, if that was before. */
	readonly settledAt?: Milliseconds | undefined;
	/** A mechanism is to be asked to take something back, or has not answered yet. */
	readonly isCalling?: boolean;
	/** What was to be taken back before, which mechanisms are to be asked for once more. */
	readonly retracting?: readonly Retract[];
	/** A question that nobody has to answer any more. */
	readonly closePrompt?: string | undefined;
	/** When it expires, whoever decides about it until then. */
	readonly expiresAt?: Milliseconds | undefined;
}

/** In memory, stranded, or of no interest any more. */
export type Arrival =
	| { readonly resident: Resident; readonly isNew: boolean }
	| { readonly stranded: Stranded }
	| undefined;

export class Residence {
	readonly #parts: ResidenceParts;

	constructor(parts: ResidenceParts) {
		this.#parts = parts;
	}

	/** Plans a delivery that has not begun. */
	begin(id: string, composed: Composed, recipient: string, user: User | undefined): Arrival {
		const { clock, directory, log } = this.#parts;
		if (user === undefined) {
			return this.#cannotBegin(id, composed.message, "no-such-user");
		}
		let planned: Planned;
		try {
			planned = plan(composed, user, { snapshot: directory.snapshot, now: clock.now() });
		} catch (error) {
			if (!(error instanceof PosthasteError)) {
				log.error({ delivery: id, error: thrownText(error) }, "a delivery could not be planned");
			}
			const detail = error instanceof PosthasteError ? error.message : undefined;
			return this.#cannotBegin(id, composed.message, "no-such-manager", detail);
		}
		const entries = new Map<string, DeliveryEntry>();
		const person = { user };
		const course = begin(planned, id, this.#look(composed.message, person, planned.configuration.allows, entries));
		return { resident: new Resident({ recipient, course, sequence: 0, entries, person }), isNew: true };
	}

	/** Takes up a delivery that the store has. */
	revive(stored: StoredDelivery, user: User | undefined): Arrival {
		const { row, message, journal } = stored;
		const policies = journal.find((entry) => entry.type === "policies");
		if (policies !== undefined) {
			return this.#replay(stored, policies, user);
		}
		return isFinal(row.state) || row.state === "held"
			? undefined
			: this.begin(row.id, { message }, row.recipient, user);
	}

	/** Replays the journal through the manager that the delivery is pinned to. */
	#replay(stored: StoredDelivery, policies: Policies, user: User | undefined): Arrival {
		const { row, message, journal } = stored;
		const { plugin, version } = policies.manager;
		const manager = this.#parts.plugins.manager(plugin, version);
		if (manager === undefined) {
			return this.#strand(stored, "no-such-manager", `manager plugin ${plugin} ${version} is not there`);
		}
		const nobody: User = { ...policies.recipient, mechanisms: [], managedBy: { by: "api" }, revision: 0 };
		const person = { user: user ?? nobody };
		const entries = new Map(person.user.mechanisms.map((entry) => [entry.mechanism, entry]));
		const allows = policies.configuration.allows ?? manager.allows(policies.configuration.settings);
		const look = this.#look(message, person, allows, entries);
		const course = new DeliveryCourse({ delivery: row.id, message, plugin: manager, policies, look });
		try {
			course.replay(journal);
		} catch (error) {
			if (error instanceof NotDeterministicError) {
				return this.#strand(stored, "manager-failed", error.message);
			}
			throw error;
		}
		const { recipient, sequence, settledAt } = row;
		const end = settledAt === undefined ? {} : { settledAt };
		return { resident: new Resident({ recipient, course, sequence, entries, person, ...end }), isNew: false };
	}

	/** The second look before each attempt: at the databases as they are then. */
	#look(message: Message, person: Person, allows: readonly string[] | "all", entries: Map<string, DeliveryEntry>) {
		const { directory, mechanisms } = this.#parts;
		return (mechanism: string, now: Milliseconds): PolicyEntry => {
			const user = directory.cachedUser(person.user.id) ?? person.user;
			const { policy, entry } = lookAgain(mechanism, message, user, allows, {
				snapshot: directory.snapshot,
				now,
				absent: (name, address) => mechanisms.absent(name, address, now),
			});
			if (entry !== undefined) {
				entries.set(mechanism, entry);
			}
			return policy;
		};
	}

	#cannotBegin(delivery: string, message: Message, reason: SettleReason, detail?: string): Arrival {
		const at = this.#parts.clock.now();
		const note = detail === undefined ? [] : [{ type: "note", text: detail, sequence: 2, at } as const];
		const entries: readonly JournalEntry[] = [
			{ type: "began", sequence: 1, at },
			...note,
			{ type: "settled", state: "unreached", reason, sequence: 2 + note.length, at },
		];
		return { stranded: { delivery, message: message.id, state: "unreached", reason, entries } };
	}

	/** A delivery that began and cannot be taken up waits for a person. */
	#strand(stored: StoredDelivery, reason: SettleReason, detail: string): Arrival {
		const { row, message } = stored;
		const at = this.#parts.clock.now();
		if (row.state === "held" && !hasUnfinishedCall(stored.journal)) {
			return undefined;
		}
		if (isFinal(row.state)) {
			const stranded = finishWithoutManager(stored, at);
			return stranded && { stranded };
		}
		if (at >= (message.expiresAt ?? Number.POSITIVE_INFINITY)) {
			// Nobody has anything to decide about it any more.
			const expired = takeWithoutManager(stored, { type: "time-passed" }, at);
			return expired && { stranded: expired };
		}
		const { id: delivery, sequence } = row;
		const { id, expiresAt } = message;
		const stranded: JournalEntry = { type: "stranded", reason, detail, sequence: sequence + 1, at };
		if (row.state === "held" && row.reason !== undefined) {
			// A call was under way beside what a person has to decide, and nobody waits for its answer any more.
			return {
				stranded: { delivery, message: id, state: "held", reason: row.reason, entries: [stranded], expiresAt },
			};
		}
		this.#parts.log.error({ delivery, reason, detail }, "a delivery is held");
		const held: JournalEntry = { type: "held", reason, detail, sequence: sequence + 2, at };
		return { stranded: { delivery, message: id, state: "held", reason, entries: [stranded, held], expiresAt } };
	}
}
