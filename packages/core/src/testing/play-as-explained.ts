/** Plays a delivery to its end while walking the tree that was explained beforehand. */
import type { ExplainedNode, ExplainedResult } from "../explanation.ts";
import type { JournalEntry } from "../journal.ts";
import { isFinal, type Level, type ReceiptLevel, satisfies } from "../outcome.ts";
import type { PlayedDelivery } from "./play.ts";

/** Picks one of several: a random source, or a script. */
export type Choose = <T>(from: readonly T[]) => T;

type Node<Kind extends ExplainedNode["node"]> = Extract<ExplainedNode, { node: Kind }>;

/**
 * Lets everything happen as `choose` wills: what attempts come to, and what the sender answers.
 * Answers the kinds of nodes that were passed, the last one being `end`, or `cut` where the tree
 * could not say.
 *
 * The tree's times are those of a world that answers at once, so this one does: tries fail and
 * senders answer the moment they are asked.
 * @throws Error at the first thing that the tree did not say
 */
export function playAsExplained(delivery: PlayedDelivery, choose: Choose): readonly ExplainedNode["node"][] {
	return new ExplainedRun(delivery, choose).run();
}

class ExplainedRun {
	readonly #delivery: PlayedDelivery;
	readonly #choose: Choose;
	readonly #passed: ExplainedNode["node"][] = [];
	/** What the attempt through a mechanism that is under way comes to. */
	readonly #fates = new Map<string, ExplainedResult>();
	#node: ExplainedNode;
	#started: Extract<JournalEntry, { type: "attempt" }>[] = [];
	#within = 0;
	#read = 0;

	constructor(delivery: PlayedDelivery, choose: Choose) {
		this.#delivery = delivery;
		this.#choose = choose;
		this.#node = delivery.explanation.tree;
	}

	run(): readonly ExplainedNode["node"][] {
		while (!this.#hasEnded()) {
			this.#readOn();
			if (this.#node.node === "cut") {
				return [...this.#passed, "cut"];
			}
			if (!this.#hasEnded()) {
				this.#goOn();
			}
		}
		this.#readOn();
		return this.#end();
	}

	#hasEnded(): boolean {
		const { state, sending } = this.#delivery;
		return isFinal(state) || (state === "held" && sending.length === 0);
	}

	/** Compares what was decided since the last time. */
	#readOn(): void {
		const { journal } = this.#delivery;
		for (; this.#read < journal.length && this.#node.node !== "cut"; this.#read++) {
			const entry = journal[this.#read];
			if (entry !== undefined) {
				this.#compare(entry);
			}
		}
	}

	#compare(entry: JournalEntry): void {
		switch (entry.type) {
			case "attempt":
				this.#started.push(...(entry.try === 1 ? [entry] : []));
				break;
			case "passed-over":
				this.#chain({ node: "passed-over", mechanism: entry.mechanism, reason: entry.reason });
				break;
			case "postponed":
				this.#chain({ node: "postponed", mechanism: entry.mechanism, until: entry.until, reason: entry.reason });
				break;
			case "wait":
				this.#chain({ node: "wait", duration: entry.until - entry.at });
				break;
			case "note":
				this.#chain({ node: "note", text: entry.text });
				break;
			case "prompt-closed":
				if (entry.by === "standing-answer") {
					this.#chain({ node: "answered", question: entry.question, answer: entry.answer, by: entry.by });
				}
				break;
		}
	}

	/** What happened is the node that the tree is at, and the tree goes on behind it. */
	#chain(happened: object): void {
		if (!("then" in this.#node)) {
			throw new Error(`${JSON.stringify(happened)} happened where the tree has ${outline(this.#node)}`);
		}
		const { then, ...said } = this.#node;
		same(happened, said);
		this.#passed.push(this.#node.node);
		this.#node = then;
	}

	#goOn(): void {
		if (this.#started.length > 0) {
			this.#attempt(this.#at("attempt"));
		} else if (this.#delivery.sending.length > 0) {
			this.#answerTry();
		} else if (this.#delivery.question !== undefined) {
			this.#ask(this.#at("ask"), this.#delivery.question);
		} else {
			this.#delivery.wake();
		}
	}

	#attempt(node: Node<"attempt">): void {
		const [first] = this.#started;
		const within = first === undefined ? 0 : first.deadline - first.at;
		const said = { mechanisms: node.mechanisms, until: node.until, within: node.within };
		same({ mechanisms: this.#started.map(({ mechanism }) => mechanism), until: first?.until, within }, said);
		this.#started = [];
		this.#within = within;
		const results = node.mechanisms.map((mechanism) => this.#choose(this.#resultsOf(mechanism, node.until)));
		for (const [index, mechanism] of node.mechanisms.entries()) {
			this.#fates.set(mechanism, results[index] ?? "failed");
		}
		const told = node.mechanisms.map((mechanism, index) => `${mechanism}=${results[index]}`);
		const brought = results.indexOf(node.until);
		this.#take(node, brought === -1 ? told.join(",") : (told[brought] ?? ""));
	}

	#resultsOf(mechanism: string, until: Level): readonly ExplainedResult[] {
		const { receipts } = this.#delivery.capabilities(mechanism);
		const misses = ["unavailable", "rejected", "failed", "unknown"] as const;
		if (until === "accepted") {
			return ["accepted", ...misses];
		}
		const brings = receipts !== undefined && satisfies(receipts, until);
		return ["no-receipt", ...misses, ...(brings ? [until, until] : [])];
	}

	/** One of the tries under way comes to its fate. */
	#answerTry(): void {
		const mechanism = this.#choose(this.#delivery.sending);
		const fate = this.#fates.get(mechanism) ?? "failed";
		switch (fate) {
			case "no-receipt":
			case "accepted":
				this.#delivery.outcome(mechanism, "accepted");
				break;
			case "delivered":
			case "read":
			case "acknowledged":
				this.#bring(mechanism, fate);
				break;
			default:
				this.#delivery.outcome(mechanism, fate);
		}
	}

	/** A receipt may come before the outcome, with it or, unless the attempt has no time at all, after it. */
	#bring(mechanism: string, level: ReceiptLevel): void {
		const ways = ["before", "with", ...(this.#within > 0 ? (["after"] as const) : [])] as const;
		switch (this.#choose(ways)) {
			case "before":
				this.#delivery.receipt(mechanism, level);
				break;
			case "with":
				this.#delivery.outcome(mechanism, "accepted", { level });
				break;
			case "after":
				this.#delivery.outcome(mechanism, "accepted");
				this.#delivery.receipt(mechanism, level);
				break;
		}
	}

	#ask(node: Node<"ask">, question: string): void {
		same(question, node.question);
		const answer = this.#choose(["yes", "no", "no-answer"] as const);
		this.#take(node, answer);
		if (answer === "no-answer") {
			this.#delivery.wake();
		} else {
			this.#delivery.answer(answer);
		}
	}

	#take(node: Node<"attempt"> | Node<"ask">, on: string): void {
		const branch = node.branches.find((one) => one.on.includes(on));
		this.#passed.push(node.node);
		this.#node = branch?.then ?? unsaid(`no branch for ${on} below ${outline(node)}`, this.#delivery);
	}

	#at<Kind extends "attempt" | "ask">(kind: Kind): Node<Kind> {
		if (this.#node.node !== kind) {
			throw new Error(`there is ${kind} where the tree has ${outline(this.#node)}`);
		}
		return this.#node as Node<Kind>;
	}

	#end(): readonly ExplainedNode["node"][] {
		const { state, reason } = this.#delivery;
		if (this.#node.node !== "cut") {
			same({ node: "end", state, reason }, this.#node);
		}
		return [...this.#passed, this.#node.node];
	}
}

/** Where the tree was cut for too many combinations it has no branch for some of them. */
function unsaid(complaint: string, { explanation }: PlayedDelivery): ExplainedNode {
	if (!explanation.cut) {
		throw new Error(complaint);
	}
	return { node: "cut", reason: "too-large" };
}

function same(happened: unknown, said: unknown): void {
	const [one, other] = [JSON.stringify(happened), JSON.stringify(said)];
	if (one !== other) {
		throw new Error(`${one} happened where the tree has ${other}`);
	}
}

function outline(node: ExplainedNode): string {
	const { then: _, branches: __, ...rest } = node as ExplainedNode & { then?: unknown; branches?: unknown };
	return JSON.stringify(rest);
}
