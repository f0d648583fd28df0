/**
 * One inbox: the windows that show it and the messages kept for it. Whatever changes the kept
 * messages runs one after the other (`run`), so that no message is missed by a window that opens
 * while it is being kept, and none is shown that was retracted while a window was opening.
 */
import type { Attempt, MechanismHost, Milliseconds, PresenceState, SendResult } from "@posthaste/core";
import { frameOf, hasExpired, isWaiting, type Kept, KeptMessages, withLevel } from "./kept.ts";
import { type ClientFrames, covers, type ServerFrame, type ShownLevel } from "./protocol.ts";
import type { Window } from "./window.ts";

/** What the mechanism's settings say, in milliseconds. */
export interface InboxRules {
	readonly absent: "refuse" | "keep";
	readonly keepFor: Milliseconds;
	readonly maxKept: number;
}

/** Most windows of one inbox. */
export const windowLimit = 64;

export class Inbox {
	readonly name: string;
	readonly #host: MechanismHost;
	readonly #rules: InboxRules;
	readonly #kept: KeptMessages;
	readonly #windows = new Set<Window>();
	/** Attempts that certainly no window was handed. One from an earlier run of the program may have been. */
	readonly #unhanded = new Set<string>();
	readonly #lanes = new Map<string, Promise<void>>();
	#last: Promise<unknown> = Promise.resolve();
	readonly #underWay = new Set<Promise<unknown>>();
	#closing = false;
	#told: PresenceState = "unavailable";

	constructor(name: string, host: MechanismHost, rules: InboxRules) {
		this.name = name;
		this.#host = host;
		this.#rules = rules;
		this.#kept = new KeptMessages(host.storage, name, rules);
	}

	/** No window shows it and nothing is under way, so it may leave the memory. */
	get idle(): boolean {
		return this.#windows.size === 0 && this.#underWay.size === 0;
	}

	presence(): { readonly state: PresenceState; readonly at: Milliseconds } {
		const windows = [...this.#windows];
		if (windows.length === 0) {
			return { state: "unavailable", at: this.#host.now() };
		}
		const available = windows.filter((window) => window.state === "available");
		const telling = available.length > 0 ? available : windows;
		return {
			state: available.length > 0 ? "available" : "away",
			at: Math.max(...telling.map((window) => window.lastHeard)),
		};
	}

	/** Keeps a message and hands it to every window. */
	send(attempt: Attempt, signal: AbortSignal): Promise<SendResult> {
		return this.run(async () => {
			await this.#kept.load();
			const now = this.#host.now();
			await this.#tidy(now);
			const earlier = this.#kept.get(attempt.id);
			if (earlier !== undefined) {
				return answerAgain(earlier);
			}
			const refusal = this.#refusal(attempt, now, signal);
			return refusal ?? this.#keep(attempt, now);
		});
	}

	async #tidy(now: Milliseconds): Promise<void> {
		await this.#kept.tidy(now);
		for (const attempt of this.#unhanded) {
			if (this.#kept.get(attempt) === undefined) {
				this.#unhanded.delete(attempt);
			}
		}
	}

	#refusal(attempt: Attempt, now: Milliseconds, signal: AbortSignal): SendResult | undefined {
		if (this.#closing) {
			return { outcome: "failed", evidence: "the mechanism is closing" };
		}
		if (signal.aborted) {
			return { outcome: "failed", evidence: "the deadline passed before the message was kept" };
		}
		if (hasExpired(attempt.message, now)) {
			return { outcome: "rejected", evidence: "the message has expired" };
		}
		if (this.#rules.absent === "refuse" && this.#windows.size === 0) {
			return { outcome: "unavailable", evidence: "no window connected" };
		}
		if (this.#kept.waiting >= this.#rules.maxKept) {
			return { outcome: "unavailable", evidence: `the inbox is full: ${this.#kept.waiting} messages wait to be shown` };
		}
		return undefined;
	}

	async #keep(attempt: Attempt, now: Milliseconds): Promise<SendResult> {
		const content = frameOf(attempt);
		const { expiresAt } = attempt.message;
		await this.#kept.put({
			attempt: attempt.id,
			order: this.#kept.nextOrder(now),
			content,
			...(expiresAt !== undefined && { expiresAt }),
		});
		if (this.#closing) {
			// The instance that follows shows it, unless it read the inbox before. A resend makes it certain.
			return { outcome: "unknown", evidence: "the mechanism closed while the message was being kept" };
		}
		const handed = this.#postAll(content);
		if (handed > 0) {
			return { outcome: "accepted", evidence: handed === 1 ? "window connected" : `${handed} windows connected` };
		}
		// Also when the last window left just now: it is as good as handed over to a window that is gone.
		this.#unhanded.add(attempt.id);
		return { outcome: "accepted", evidence: "no window connected; kept until one is" };
	}

	/** Shows the inbox in a window: what waits, oldest first, and what became of the messages it shows already. */
	attach(window: Window, hello: ClientFrames["hello"]): Promise<boolean> {
		return this.run(async () => {
			await this.#kept.reload();
			await this.#tidy(this.#host.now());
			if (window.gone || this.#windows.size >= windowLimit) {
				return false;
			}
			this.#windows.add(window);
			window.welcome(this.name);
			this.#catchUp(window, hello);
			this.tellPresence();
			return true;
		});
	}

	#catchUp(window: Window, { shown = [], history = false }: ClientFrames["hello"]): void {
		for (const attempt of shown) {
			const kept = this.#kept.get(attempt);
			if (kept?.withdrawn === "retracted") {
				window.post({ type: "retract", attempt });
			} else if (kept?.level === "read" || kept?.level === "acknowledged") {
				window.post({ type: "seen", attempt, level: kept.level });
			}
		}
		const has = new Set(shown);
		for (const kept of this.#kept.withContent()) {
			if (!has.has(kept.attempt) && (history || isWaiting(kept))) {
				this.#unhanded.delete(kept.attempt);
				window.post(withLevel(kept));
			}
		}
	}

	detach(window: Window): void {
		this.#windows.delete(window);
		this.tellPresence();
	}

	/** Tells the host when the person behind the inbox came, went, or changed their state. */
	tellPresence(): void {
		const { state } = this.presence();
		// While it closes, where the person is now is no longer this instance's to say.
		if (state !== this.#told && !this.#closing) {
			this.#told = state;
			this.#host.presence({ address: { inbox: this.name }, state });
		}
	}

	/** A window's receipt. It is confirmed once it is on disk, and the other windows are told. */
	receipt(window: Window, attempt: string, level: ShownLevel): Promise<void> {
		return this.#inLane(attempt, async () => {
			const kept = this.#kept.get(attempt);
			if (kept === undefined) {
				window.error("unknown-attempt", "this inbox has no such message", attempt);
				return;
			}
			if (!covers(kept.level, level)) {
				// The engine has it first: a crash in between shows the message again, which is better than a lost receipt.
				await this.#host.receipt({ attempt, level, evidence: `a window of ${this.name}: ${level}` });
				await this.run(() => this.#kept.raise(attempt, level));
				if (level !== "delivered") {
					this.#postAll({ type: "seen", attempt, level }, window);
				}
			}
			window.post({ type: "confirmed", attempt, level });
		});
	}

	reply(window: Window, { attempt, body, id }: ClientFrames["reply"]): Promise<void> {
		return this.#inLane(attempt, async () => {
			const kept = this.#kept.get(attempt);
			if (kept === undefined) {
				window.error("unknown-attempt", "this inbox has no such message", attempt);
				return;
			}
			if (id === undefined || !kept.replies?.includes(id)) {
				await this.#host.reply({ attempt, body });
				if (id !== undefined) {
					await this.run(() => this.#rememberReply(attempt, id));
				}
			}
			window.post({ type: "replied", attempt, ...(id !== undefined && { id }) });
		});
	}

	async #rememberReply(attempt: string, id: string): Promise<void> {
		const kept = this.#kept.get(attempt);
		if (kept !== undefined) {
			await this.#kept.put({ ...kept, replies: [...(kept.replies ?? []), id].slice(-repliesRemembered) });
		}
	}

	/** Takes a message back. Certain when no window was handed it: what a window showed may have been read. */
	retract(attempt: string): Promise<boolean> {
		return this.run(async () => {
			await this.#kept.load();
			if (this.#kept.get(attempt) === undefined) {
				return false;
			}
			await this.#kept.withdraw(attempt, "retracted");
			this.#postAll({ type: "retract", attempt });
			return this.#unhanded.delete(attempt);
		});
	}

	/** Runs one job after the other. */
	run<Result>(job: () => Promise<Result>): Promise<Result> {
		const result = this.#last.then(job);
		this.#last = result.catch(() => undefined);
		return this.#watch(result);
	}

	/** Takes nothing more; resolves when nothing is under way. */
	async close(): Promise<void> {
		this.#closing = true;
		while (this.#underWay.size > 0) {
			await Promise.allSettled([...this.#underWay]);
		}
	}

	/** One attempt's receipts and replies one after the other, apart from `run`: the engine may call back meanwhile. */
	#inLane(attempt: string, job: () => Promise<void>): Promise<void> {
		const result = (this.#lanes.get(attempt) ?? Promise.resolve()).then(job);
		const lane = result
			.catch(() => undefined)
			.finally(() => {
				if (this.#lanes.get(attempt) === lane) {
					this.#lanes.delete(attempt);
				}
			});
		this.#lanes.set(attempt, lane);
		return this.#watch(result);
	}

	#watch<Result>(work: Promise<Result>): Promise<Result> {
		const watched = work.finally(() => this.#underWay.delete(watched));
		this.#underWay.add(watched);
		return watched;
	}

	#postAll(frame: ServerFrame, except?: Window): number {
		let handed = 0;
		for (const window of [...this.#windows]) {
			handed += window !== except && window.post(frame) ? 1 : 0;
		}
		return handed;
	}
}

/** Identifiers of replies remembered for each message. */
const repliesRemembered = 100;

/** A resend of an attempt that came before shows nothing again. */
function answerAgain(earlier: Kept): SendResult {
	if (earlier.level !== undefined) {
		return { outcome: "accepted", evidence: "shown before", level: earlier.level };
	}
	if (earlier.withdrawn !== undefined) {
		return { outcome: "rejected", evidence: `the message was ${earlier.withdrawn}` };
	}
	return { outcome: "accepted", evidence: "kept before" };
}
