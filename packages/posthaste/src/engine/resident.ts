/**
 * A delivery that is in memory: its course, and the entries on their way to the journal. One append
 * is under way at a time; what is decided meanwhile goes into the next. So an append that fails can
 * be repeated as it is, and nothing is carried out before its decision is on disk.
 */
import type {
	Decision,
	DeliveryCourse,
	DeliveryEntry,
	Input,
	JournalEntry,
	Message,
	Milliseconds,
	User,
} from "@posthaste/core";
import { isFinal } from "@posthaste/core";
import type { Append, PromptRow } from "../store/port.ts";
import type { Timer } from "./clock.ts";

/** Told when an input and what follows from it are on disk. */
export type Written = (error: Error | undefined, decisions: readonly Decision[]) => void;

interface Unwritten {
	readonly entries: readonly JournalEntry[];
	readonly decisions: readonly Decision[];
	readonly written: Written | undefined;
}

type PromptEntry = Extract<JournalEntry, { type: "prompt" }>;

interface Place {
	readonly intent: Decision;
	readonly giveBack: () => void;
}

const nowhere: readonly Place[] = [];

/** A recipient as they were last seen. */
export interface Person {
	user: User;
}

export class Resident {
	readonly id: string;
	readonly message: Message;
	readonly recipient: string;
	readonly course: DeliveryCourse;
	/** The recipient's entries as the last looks found them, by mechanism: where attempts are sent. */
	readonly entries: Map<string, DeliveryEntry>;
	/** The recipient, for looks while nobody has them at hand. The engine changes it when they change. */
	readonly person: Person;
	/** The append under way was answered with an error, which does not say that it was not written. */
	isDoubtful = false;
	/** It is not in memory any more, and an answer that it still waits for is no business of anybody's. */
	isForgotten = false;
	/** Calls of mechanisms under way. */
	calls = 0;
	/** The installed manager version that it is pinned to. */
	readonly pin: string | undefined;
	/** Its manager, which runs elsewhere, is being asked what it wants next. */
	isConsulting = false;
	/** Wakes the delivery beside a call under way. */
	timer: Timer | undefined;
	#sequence: number;
	#settledAt: Milliseconds | undefined;
	/** How to give back the places that its attempts have taken, by their intents. Most have one at a time. */
	#places: readonly Place[] = nowhere;
	#unwritten: Unwritten[] = [];
	#writing: Unwritten[] = [];
	/** The append under way. What came in since changes the course and not what this one says. */
	#append: Append | undefined;

	constructor(start: {
		readonly recipient: string;
		readonly course: DeliveryCourse;
		readonly sequence: number;
		readonly entries: Map<string, DeliveryEntry>;
		readonly person: Person;
		readonly settledAt?: Milliseconds;
	}) {
		this.id = start.course.delivery;
		this.message = start.course.message;
		this.recipient = start.recipient;
		this.course = start.course;
		this.entries = start.entries;
		this.person = start.person;
		const { manager, configuration } = start.course.policies;
		// Only managers that have to be asked leave a note of what their settings name.
		this.pin = configuration.allows === undefined ? undefined : `${manager.plugin}@${manager.version}`;
		this.#sequence = start.sequence;
		this.#settledAt = start.settledAt;
	}

	/** Whether an input is about something of this delivery's. A report about an attempt it never made is not. */
	knows(input: Input): boolean {
		return (input.type !== "receipt" && input.type !== "replied") || this.course.attempts.has(input.attempt);
	}

	/** Takes an input, and answers what it decides; undefined when nothing follows that is worth an entry. */
	handle(input: Input, now: Milliseconds, written?: Written): readonly Decision[] | undefined {
		const decisions = this.course.handle(input, now);
		if (decisions.length === 0 && input.type === "time-passed") {
			written?.(undefined, decisions);
			return undefined;
		}
		const entries = [this.#numbered(input, now)];
		for (const decision of decisions) {
			entries.push(this.#numbered(decision, now));
			// Evidence that comes after the end is written too, and moves the end only when it settles anew.
			this.#settledAt = decision.type === "settled" ? now : this.#settledAt;
		}
		this.#unwritten.push({ entries, decisions, written });
		return decisions;
	}

	#numbered(entry: Input | Decision, at: Milliseconds): JournalEntry {
		this.#sequence += 1;
		return { ...entry, sequence: this.#sequence, at };
	}

	get isWriting(): boolean {
		return this.#writing.length > 0;
	}

	/** Nothing of this delivery is under way, so it need not stay in memory. */
	get isQuiet(): boolean {
		return this.#writing.length === 0 && this.#unwritten.length === 0 && this.calls === 0;
	}

	/** Everything unwritten as one append, or the append under way once more after it failed. */
	nextAppend(now: Milliseconds, claimedUntil: Milliseconds): Append | undefined {
		if (this.#append !== undefined) {
			const isCalling = this.#append.claimedUntil !== null;
			this.#append = isCalling ? { ...this.#append, claimedUntil } : this.#append;
		} else if (this.#unwritten.length > 0) {
			this.#writing = this.#unwritten;
			this.#unwritten = [];
			this.#append = this.#appendOf(this.#writing, now, claimedUntil);
		}
		return this.#append;
	}

	/** The row is as the course is now, so the course must not have taken anything since. */
	#appendOf(written: readonly Unwritten[], now: Milliseconds, claimedUntil: Milliseconds): Append {
		const { course } = this;
		const { isCalling } = course;
		const [first] = written;
		const alone = written.length === 1 && first !== undefined;
		const entries = alone ? first.entries : written.flatMap((one) => one.entries);
		const { open, closed } = promptsAmong(entries);
		// Every member is always there: thousands a second are made, and those of one shape are made and read fastest.
		return {
			delivery: this.id,
			entries,
			state: course.state,
			reason: course.reason,
			pin: first?.entries[0]?.type === "began" ? this.pin : undefined,
			// While a call is under way the row is due at once, but claimed: whoever finds it unclaimed
			// knows that the program stopped in between. That holds after the end as well, since another
			// attempt may have brought it: each intent gets its outcome, and what is to be taken back is.
			due: isCalling ? now : course.due,
			claimedUntil: isCalling ? claimedUntil : null,
			settledAt: isFinal(course.state) ? (this.#settledAt ?? now) : undefined,
			openPrompt: open && this.#promptRow(open),
			closePrompt: closed,
		};
	}

	/** The append under way is on disk: what of it is to be carried out, and who is to be told. */
	take(): readonly Unwritten[] {
		const taken = this.#writing;
		this.#writing = [];
		this.#append = undefined;
		this.isDoubtful = false;
		return taken;
	}

	/** Keeps the place of an attempt until the attempt has its outcome, or its intent is not written after all. */
	keepPlace(intent: Decision, giveBack: () => void): void {
		this.#places = [...this.#places, { intent, giveBack }];
	}

	/** The place of an attempt that is to be made now: how to give it back. Undefined when it has none. */
	takePlace(intent: Decision): (() => void) | undefined {
		const place = this.#places.find((one) => one.intent === intent);
		if (place !== undefined) {
			this.#places = this.#places.length === 1 ? nowhere : this.#places.filter((one) => one !== place);
		}
		return place?.giveBack;
	}

	/** Tells everyone that nothing of theirs was written. */
	abandon(error: Error): void {
		this.#end((written) => written(error, []));
	}

	/** What was decided since it was quiet is not written after all. The course is ahead of the journal then, and of no more use. */
	takeBack(): void {
		this.#end((written) => written(undefined, []));
	}

	#end(tell: (written: Written) => void): void {
		const told = [...this.#writing, ...this.#unwritten];
		this.#writing = [];
		this.#append = undefined;
		this.#unwritten = [];
		for (const { giveBack } of this.#places) {
			giveBack();
		}
		this.#places = nowhere;
		for (const { written } of told) {
			if (written !== undefined) {
				tell(written);
			}
		}
	}

	#promptRow(entry: PromptEntry): PromptRow {
		return {
			id: entry.prompt,
			message: this.message.id,
			delivery: this.id,
			sender: this.message.from,
			recipient: this.recipient,
			question: entry.question,
			askedAt: entry.at,
			until: entry.until,
			otherwise: entry.otherwise,
		};
	}
}

/** A question that was opened and closed within one append never shows. */
export function promptsAmong(entries: readonly JournalEntry[]) {
	let open: PromptEntry | undefined;
	let closed: string | undefined;
	for (const entry of entries) {
		if (entry.type === "prompt") {
			open = entry;
		} else if (entry.type === "prompt-closed" || entry.type === "prompt-withdrawn") {
			closed = open?.prompt === entry.prompt ? closed : entry.prompt;
			open = open?.prompt === entry.prompt ? undefined : open;
		}
	}
	return { open, closed };
}
