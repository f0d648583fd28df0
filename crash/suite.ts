/**
 * The crash suite: the real program under load, killed at random moments and started again over the
 * same folder, beside real servers. In rounds: so many kills, then everything comes to its end and is
 * compared.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { MessageDocument } from "@posthaste/core";
import { freePort, scratchFolder } from "@posthaste/real-servers";
import { Random } from "../simulator/random.ts";
import { pages, untilAllEnded } from "./api.ts";
import type { Arrival, Receiver } from "./arrivals.ts";
import type { Asked } from "./asked.ts";
import { attemptsOf, untoldOf } from "./attempts.ts";
import { audit, type Figures, noFigures, type Violation } from "./audit.ts";
import { type Answers, Gate, Load } from "./load.ts";
import { startMail } from "./mail.ts";
import { startPages } from "./pages.ts";
import { configuration } from "./people.ts";
import { type Launch, Program } from "./program.ts";
import { openWindows, type Windows } from "./windows.ts";

export interface CrashOptions {
	readonly kills: number;
	readonly seed: number;
	/** Kills before everything is brought to its end and compared; 100 when left out. */
	readonly killsPerRound?: number;
	/** Clients that send at the same time; 8 when left out. */
	readonly workers?: number;
	/** Hears how it goes, a line now and then. */
	readonly say?: (line: string) => void;
	/** Ends the run early; everything that was started is stopped. */
	readonly signal?: AbortSignal;
}

export interface CrashReport {
	readonly servers: readonly string[];
	readonly kills: number;
	/** Of them while the program was starting. */
	readonly killsWhileStarting: number;
	readonly answers: Answers;
	readonly figures: Figures;
	/** Requests that were made more than once under their key. */
	readonly repeated: number;
	/** Messages at the end, in the one data folder. */
	readonly kept: number;
	/** Milliseconds from each start of the program until it listened. */
	readonly startTimes: readonly number[];
	readonly seconds: number;
	readonly violations: readonly Violation[];
}

/** The program may take this long to start, on a busy machine, before it counts as unable to. */
const startLimit = 60_000;
/** Deliveries may take this long to end once nobody sends any more: their steps take 20 s at the most. */
const endLimit = 120_000;
/** Calls under way may take this long. */
const callLimit = 40_000;

export async function crash(options: CrashOptions): Promise<CrashReport> {
	const folder = await scratchFolder();
	const receivers: Receiver[] = [];
	let run: Run | undefined;
	try {
		for (const start of [startMail, startPages]) {
			receivers.push(await start());
		}
		const [mail = "", pager = ""] = receivers.map(({ url }) => url);
		const config = join(folder.path, "posthaste.yaml");
		await writeFile(config, configuration({ mail, pager }));
		const launch = { listen: `127.0.0.1:${await freePort()}`, data: join(folder.path, "data"), config };
		run = new Run(options, receivers, launch);
		return await run.go();
	} finally {
		await run?.close();
		await Promise.all(receivers.map((receiver) => receiver.stop()));
		await folder.remove();
	}
}

class Run {
	readonly #options: CrashOptions;
	readonly #receivers: readonly Receiver[];
	readonly #launch: Launch;
	readonly #signal: AbortSignal;
	readonly #random: Random;
	readonly #gate = new Gate();
	readonly #load: Load;
	readonly #windows: Windows;
	readonly #url: string;
	readonly #figures = noFigures();
	readonly #violations: Violation[] = [];
	readonly #startTimes: number[] = [];
	/** When the program died. */
	readonly #ends: number[] = [];
	readonly #begun = performance.now();
	/** Messages of earlier rounds that were answered with 202. */
	readonly #accepted = new Set<string>();
	#program: Program | undefined;
	#kills = 0;
	#killsWhileStarting = 0;
	#repeated = 0;

	constructor(options: CrashOptions, receivers: readonly Receiver[], launch: Launch) {
		this.#options = options;
		this.#receivers = receivers;
		this.#launch = launch;
		this.#signal = options.signal ?? new AbortController().signal;
		this.#random = new Random(options.seed, "kills");
		this.#url = `http://${launch.listen}`;
		const wrong = (asked: Asked, what: string) => this.#complain("answers", asked.message ?? asked.token, what, asked);
		this.#load = new Load({
			seed: options.seed,
			url: this.#url,
			gate: this.#gate,
			workers: options.workers ?? 8,
			wrong,
		});
		this.#windows = openWindows(this.#url);
	}

	async go(): Promise<CrashReport> {
		const { kills, killsPerRound = 100 } = this.#options;
		while (this.#kills < kills && this.#violations.length === 0) {
			const goal = Math.min(kills, this.#kills + killsPerRound);
			this.#load.start();
			while (this.#kills < goal && this.#violations.length === 0) {
				await this.#killOnce();
			}
			await this.#compare();
		}
		const kept = this.#violations.length === 0 ? await this.#lookAtAll() : 0;
		return {
			servers: this.#receivers.map(({ name }) => name),
			kills: this.#kills,
			killsWhileStarting: this.#killsWhileStarting,
			answers: this.#load.answers,
			figures: this.#figures,
			repeated: this.#repeated,
			kept,
			startTimes: this.#startTimes,
			seconds: (performance.now() - this.#begun) / 1000,
			violations: this.#violations,
		};
	}

	async close(): Promise<void> {
		this.#windows.close();
		await this.#load.stop();
		await this.#program?.stop();
	}

	#complain(rule: string, message: string, what: string, seen: unknown): void {
		this.#violations.push({ rule, message, what, seen });
	}

	/** One life of the program: some end while it starts, the others at any moment of the work. */
	async #killOnce(): Promise<void> {
		this.#signal.throwIfAborted();
		const random = this.#random;
		const isRunning = this.#program !== undefined;
		const program = this.#program ?? new Program(this.#launch);
		this.#program = program;
		if (!isRunning && random.chance(0.2)) {
			const usual = Math.round(this.#startTimes.at(-1) ?? 1000);
			await Promise.race([delay(random.int(30, usual + 100)), program.gone]);
			this.#killsWhileStarting += program.startTime === undefined ? 1 : 0;
		} else {
			await this.#untilReady(program);
			this.#gate.open();
			await Promise.race([delay(random.length(5, 3000)), program.gone]);
		}
		if (program.end !== undefined && this.#violations.length === 0) {
			this.#complain("died", "", `the program ended by itself with ${program.end}`, program.said);
		}
		await program.kill();
		this.#ends.push(Date.now());
		this.#gate.close();
		this.#program = undefined;
		this.#kills += 1;
	}

	async #untilReady(program: Program): Promise<void> {
		const url = await Promise.race([program.ready, delay(startLimit, undefined, { signal: this.#signal, ref: false })]);
		if (url === undefined) {
			const how = program.end === undefined ? `in ${startLimit / 1000} s` : `and ended with ${program.end}`;
			this.#complain("start", "", `the program did not start again ${how}`, program.said);
		} else if (program.startTime !== undefined) {
			this.#startTimes.push(program.startTime);
		}
	}

	/** Lets everything come to its end, and compares. */
	async #compare(): Promise<void> {
		if (this.#violations.length > 0) {
			return;
		}
		const { say } = this.#options;
		await this.#load.stop();
		this.#program ??= new Program(this.#launch);
		await this.#untilReady(this.#program);
		if (this.#violations.length > 0) {
			return;
		}
		await this.#load.repeatSome(25);
		await untilAllEnded(this.#url, this.#random, endLimit, this.#signal);
		const { book } = this.#load;
		await this.#untilAllTold(book);
		const arrivals = await this.#arrivals();
		const documents = await this.#documentsOf(book);
		this.#violations.push(...audit({ asked: book, documents, arrivals, ends: this.#ends }, this.#figures));
		for (const { message, repeated } of book.values()) {
			this.#repeated += repeated > 0 ? 1 : 0;
			if (message !== undefined) {
				this.#accepted.add(message);
			}
		}
		this.#gate.close();
		say?.(this.#progress());
	}

	/** A delivery may have ended while other calls of its were under way: they come to an outcome as well. */
	async #untilAllTold(book: ReadonlyMap<string, Asked>): Promise<void> {
		const end = performance.now() + callLimit;
		const isUntold = (document: MessageDocument) =>
			document.deliveries.some((delivery) => attemptsOf(document, delivery).some((one) => untoldOf(one).length > 0));
		while ((await this.#documentsOf(book)).some(isUntold) && performance.now() < end) {
			await delay(200, undefined, { signal: this.#signal });
		}
	}

	async #arrivals(): Promise<readonly Arrival[]> {
		const taken = await Promise.all(this.#receivers.map((receiver) => receiver.take()));
		return [...taken.flat(), ...this.#windows.take()];
	}

	/** The messages of this round: the newest, down to the first page that has none of them. */
	async #documentsOf(book: ReadonlyMap<string, Asked>): Promise<readonly MessageDocument[]> {
		const documents: MessageDocument[] = [];
		for await (const items of pages(this.#url)) {
			const own = items.filter((item) => !this.#accepted.has(item.id));
			documents.push(...own);
			if (!items.some(({ body }) => book.has(body.split(":")[0] ?? ""))) {
				break;
			}
		}
		return documents.filter(({ body }) => book.has(body.split(":")[0] ?? "") || !this.#isOfEarlier(body));
	}

	/** Earlier rounds' requests have smaller numbers. What has none at all nobody ever asked for. */
	#isOfEarlier(body: string): boolean {
		const number = Number(/^k-\d+-(\d+):/.exec(body)?.[1]);
		const [first = ""] = this.#load.book.keys();
		return number < Number(first.split("-").at(-1));
	}

	/** At the very end: all that was ever accepted is still there, and ended. */
	async #lookAtAll(): Promise<number> {
		const missing = new Set(this.#accepted);
		let kept = 0;
		for await (const items of pages(this.#url)) {
			kept += items.length;
			for (const { id, deliveries } of items) {
				missing.delete(id);
				if (deliveries.some(({ settledAt }) => settledAt === undefined)) {
					this.#complain("end", id, "it had ended, and now it has not", deliveries);
				}
			}
		}
		for (const id of missing) {
			this.#complain("lost", id, "it was there, and at the end it was not", undefined);
		}
		return kept;
	}

	#progress(): string {
		const { messages, deliveries, unknown, doubled } = this.#figures;
		const { accepted, unanswered } = this.#load.answers;
		const time = Math.round((performance.now() - this.#begun) / 1000);
		return (
			`${this.#kills} kills, ${accepted} answered 202, ${unanswered} unanswered, ${messages} messages, ${deliveries} deliveries, ` +
			`${unknown} unknown outcomes, ${doubled} doubled attempts, ${this.#violations.length} violations, ${time} s`
		);
	}
}
