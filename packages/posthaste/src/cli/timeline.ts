/** The timeline of a message: which journal entries are new, who is being asked, and the lines that say so. */
import {
	type DeliveryDocument,
	type DeliveryState,
	type EventDocument,
	type JournalDocument,
	type MessageDocument,
	sentenceOf,
	type Tone,
} from "@posthaste/core";
import { clip, hanging, pad, plain, stringWidth } from "./layout.ts";
import { droppedLines } from "./policies.ts";
import { paint, type Style } from "./terminal.ts";
import { dayOf, momentOf, timeOf } from "./times.ts";

export interface OpenQuestion {
	readonly id: string;
	readonly delivery: string;
	readonly recipient: string;
	readonly question: string;
	readonly otherwise: "yes" | "no";
}

interface Track {
	readonly recipient: string;
	name: string;
	state: DeliveryState;
	last: number;
}

const symbols: Readonly<Record<Tone, readonly [symbol: string, style: Style]>> = {
	good: ["✓", "green"],
	bad: ["✗", "red"],
	waiting: ["…", "yellow"],
	neutral: ["·", "dim"],
};

/** Where a person has something to say, whatever the tone. */
const symbolsOf: Readonly<Partial<Record<JournalDocument["type"], readonly [symbol: string, style: Style]>>> = {
	prompt: ["?", "cyan"],
	held: ["!", "red"],
};

/** A recipient's column is not wider than this. */
const widestRecipient = 16;
/** That time passed, or that a manager was asked, is only why the next entry stands there. */
const silent: ReadonlySet<JournalDocument["type"]> = new Set(["time-passed", "consult", "effect"]);

export class Timeline {
	readonly #columns: number;
	readonly #tracks = new Map<string, Track>();
	readonly #questions = new Map<string, OpenQuestion>();
	#sender: string | undefined;
	#day = "";

	constructor(columns: number) {
		this.#columns = columns;
	}

	/** Takes a whole message and answers the lines for what of its journals is new. */
	message(message: MessageDocument): readonly string[] {
		const first = this.#tracks.size === 0;
		this.#sender = message.from;
		this.#day ||= dayOf(message.acceptedAt);
		for (const { id, recipient, state } of message.deliveries) {
			const track = this.#tracks.get(id);
			this.#tracks.set(id, { recipient, name: track?.name ?? recipient, last: track?.last ?? 0, state });
		}
		const entries = message.deliveries.flatMap((delivery) => delivery.journal.map((entry) => ({ delivery, entry })));
		entries.sort((a, b) => Date.parse(a.entry.at) - Date.parse(b.entry.at));
		return [
			...(first ? headerLines(message, this.#columns) : []),
			...entries.flatMap(({ delivery, entry }) => this.#take(delivery.id, entry)),
		];
	}

	/** Takes new entries of one delivery and answers their lines. */
	entries({ delivery, state, entries }: EventDocument): readonly string[] {
		const track = this.#track(delivery);
		track.state = state;
		return entries.flatMap((entry) => this.#take(delivery, entry));
	}

	/** Whether entries before these were never seen, so that the message has to be read again. */
	misses({ delivery, entries }: EventDocument): boolean {
		const first = entries[0];
		return first !== undefined && first.sequence > this.#track(delivery).last + 1;
	}

	recipientOf(delivery: string): string {
		return this.#track(delivery).recipient;
	}

	get states(): readonly DeliveryState[] {
		return [...this.#tracks.values()].map((track) => track.state);
	}

	/** Questions that stand, oldest first. */
	get questions(): readonly OpenQuestion[] {
		return [...this.#questions.values()];
	}

	/** One line for each recipient; nothing when there is only one, whose last entry has said it. */
	summary(): readonly string[] {
		const tracks = [...this.#tracks.values()];
		if (tracks.length < 2) {
			return [];
		}
		const width = Math.max(...tracks.map(({ recipient }) => stringWidth(recipient)));
		return ["", ...tracks.map(({ recipient, state }) => `${pad(recipient, width)}  ${stateText(state)}`)];
	}

	#track(delivery: string): Track {
		const known = this.#tracks.get(delivery);
		if (known !== undefined) {
			return known;
		}
		const made: Track = { recipient: delivery, name: delivery, state: "routing", last: 0 };
		this.#tracks.set(delivery, made);
		return made;
	}

	#take(delivery: string, entry: JournalDocument): readonly string[] {
		const track = this.#track(delivery);
		if (entry.sequence <= track.last) {
			return [];
		}
		track.last = entry.sequence;
		if (entry.type === "policies") {
			track.name = entry.recipient.name;
		}
		this.#followQuestion(delivery, track, entry);
		return silent.has(entry.type) ? [] : this.#lines(track, entry);
	}

	#followQuestion(delivery: string, { recipient }: Track, entry: JournalDocument): void {
		if (entry.type === "prompt") {
			const { prompt: id, question, otherwise } = entry;
			this.#questions.set(id, { id, delivery, recipient, question, otherwise });
		} else if (entry.type === "prompt-closed" || entry.type === "prompt-withdrawn") {
			this.#questions.delete(entry.prompt);
		} else if (entry.type === "settled" || entry.type === "cancelled") {
			for (const question of this.questions.filter((open) => open.delivery === delivery)) {
				this.#questions.delete(question.id);
			}
		}
	}

	#lines(track: Track, entry: JournalDocument): readonly string[] {
		const { text, tone } = sentenceOf(entry, {
			recipient: track.name,
			...(this.#sender !== undefined && { sender: this.#sender }),
			time: (moment) => momentOf(moment, Date.parse(entry.at)),
		});
		const [symbol, style] = symbolsOf[entry.type] ?? symbols[tone];
		const start = `${paint("dim", timeOf(entry.at))}  ${this.#recipientColumn(track)}`;
		const said = entry.type === "settled" ? paint("bold", plain(text)) : plain(text);
		return [
			...this.#dayLines(entry.at),
			...hanging(`${start}${paint(style, symbol)} `, said, this.#columns),
			...(entry.type === "policies" ? droppedLines(entry, stringWidth(start) + 2, this.#columns) : []),
		];
	}

	#recipientColumn({ recipient }: Track): string {
		if (this.#tracks.size < 2) {
			return "";
		}
		const widths = [...this.#tracks.values()].map((track) => stringWidth(track.recipient));
		const width = Math.min(widestRecipient, Math.max(...widths));
		return `${paint("bold", pad(clip(recipient, width), width))}  `;
	}

	/** The day is said when it changes. */
	#dayLines(at: string): readonly string[] {
		const day = dayOf(at);
		const before = this.#day;
		this.#day = day;
		return day === before || before === "" ? [] : [paint("dim", day)];
	}
}

const stateStyles: Readonly<Record<DeliveryState, readonly [text: string, style: Style]>> = {
	routing: ["· being routed", "dim"],
	waiting: ["… waiting", "yellow"],
	held: ["! held: a person has to decide", "red"],
	reached: ["✓ reached", "green"],
	unreached: ["✗ not reached", "red"],
	expired: ["✗ expired", "red"],
	cancelled: ["✗ cancelled", "red"],
};

/** A delivery's state in words, with symbol and colour. */
export function stateText(state: DeliveryState): string {
	const [text, style] = stateStyles[state];
	return paint(style, text);
}

/** What the message is, above its timeline. */
export function headerLines(message: MessageDocument, columns: number): readonly string[] {
	const { priority, expires, confidential, category } = message.properties;
	const facts = [
		`${plain(message.from)} → ${message.to.map(plain).join(", ")}`,
		...(priority === undefined || priority === "normal" ? [] : [String(priority)]),
		...(category === undefined ? [] : [`category ${plain(String(category))}`]),
		...(confidential === true ? ["confidential"] : []),
		...(typeof expires === "string" ? [`expires ${momentOf(expires)}`] : []),
	];
	const title = plain(message.subject ?? message.body).replaceAll("\n", " ");
	return [
		`${paint("bold", clip(title, Math.min(columns, 200)))}`,
		...hanging("", paint("dim", facts.join(" · ")), columns),
		paint("dim", `message ${message.id}, accepted ${momentOf(message.acceptedAt)}`),
		"",
	];
}

/** When something last happened to a delivery. */
export function lastMoment({ journal, settledAt }: DeliveryDocument): string | undefined {
	return settledAt ?? journal.at(-1)?.at;
}
