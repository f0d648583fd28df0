/** Those who send through Posthaste: they hand messages in until they are taken, and answer what they are asked. */
import type { Draft, SettleReason } from "@posthaste/core";
import type { MessageEvent } from "../../packages/posthaste/src/posthaste.ts";
import type { SimulatedProcess } from "../process.ts";
import { Random } from "../random.ts";
import type { PlannedMessage } from "./plan.ts";
import type { Result } from "./play.ts";
import type { Program } from "./program.ts";
import { senders } from "./rates.ts";
import type { ReachWorld } from "./world.ts";

const declinedReasons: ReadonlySet<SettleReason | undefined> = new Set(["sender-declined", "no-answer"]);

export class PosthasteSenders {
	readonly #world: ReachWorld;
	readonly #program: Program;
	/** Whether every sender has said yes beforehand. */
	readonly #unasked: boolean;
	readonly #deliveries = new Map<string, string>();
	readonly #questions = new Set<string>();

	constructor(world: ReachWorld, program: Program, unasked: boolean) {
		this.#world = world;
		this.#unasked = unasked;
		this.#program = program;
	}

	begin(): void {
		for (const message of this.#world.plan.messages) {
			this.#world.at(message.at, () => this.#send(message));
		}
	}

	/** Looks at the questions of a program that has just started, and at each that it asks. */
	follow(process: SimulatedProcess): void {
		const { posthaste } = this.#program;
		if (posthaste === undefined) {
			return;
		}
		posthaste.observe(({ message, entries }: MessageEvent) => {
			for (const entry of entries) {
				if (entry.type === "prompt" && process.alive) {
					this.#think(entry.prompt, message);
				}
			}
		});
		void process.onlyWhileAlive(posthaste.prompts.list({ limit: 1000 })).then(({ items }) => {
			for (const { id, message } of items) {
				this.#think(id, message);
			}
		});
	}

	/** Under its key, so that asking again makes no second message. */
	#send(message: PlannedMessage): void {
		const { process, network, clock } = this.#world;
		const { posthaste } = this.#program;
		if (network.now >= message.expiresAt || this.#deliveries.has(message.key)) {
			return;
		}
		clock.timer(senders.triesAgain, () => this.#send(message));
		if (process === undefined || posthaste === undefined) {
			return;
		}
		void process.onlyWhileAlive(posthaste.send(this.#draft(message), { idempotencyKey: message.key })).then(
			({ deliveries: [delivery] }) => {
				if (delivery !== undefined) {
					this.#deliveries.set(message.key, delivery.id);
				}
			},
			(error: unknown) => {
				this.#world.error ??= error;
			},
		);
	}

	#draft({ key, to, urgent, byProgram, expiresAt }: PlannedMessage): Draft {
		return {
			to: [to],
			from: byProgram ? "monitoring" : "mary",
			subject: key,
			body: "The build is red.",
			properties: {
				priority: urgent ? "urgent" : "normal",
				expires: new Date(this.#world.plan.start + expiresAt).toISOString(),
				...((byProgram || this.#unasked) && { prompts: "yes" }),
			},
		};
	}

	#think(prompt: string, message: string): void {
		if (this.#questions.has(prompt)) {
			return;
		}
		this.#questions.add(prompt);
		const subject = this.#program.disk.message(message)?.message.subject;
		const random = new Random(this.#world.plan.seed, `answer/${subject}`);
		if (random.chance(senders.answers)) {
			const answer = random.chance(senders.saysYes) ? "yes" : "no";
			this.#world.clock.timer(random.length(...senders.answersAfter), () => this.#answer(prompt, answer, 1));
		}
	}

	#answer(prompt: string, answer: "yes" | "no", tries: number): void {
		const { process, clock } = this.#world;
		const { posthaste } = this.#program;
		const again = () => {
			if (tries < 60) {
				clock.timer(senders.triesAgain, () => this.#answer(prompt, answer, tries + 1));
			}
		};
		if (process === undefined || posthaste === undefined) {
			again();
			return;
		}
		// An answer that comes too late is refused, and the sender leaves it at that.
		void process.onlyWhileAlive(posthaste.prompts.answer(prompt, answer, "sender")).catch(() => undefined);
	}

	claimOf(key: string): Pick<Result, "claim" | "declined"> {
		const row = this.#program.disk.deliveries.get(this.#deliveries.get(key) ?? "")?.row;
		if (row === undefined) {
			return { claim: "not-reached", declined: false };
		}
		const declined = declinedReasons.has(row.reason);
		switch (row.state) {
			case "reached":
				return { claim: "reached", declined };
			case "unreached":
			case "expired":
				return { claim: row.reason === "unknown-outcome" ? "unknown" : "not-reached", declined };
			default:
				return { claim: "open", declined };
		}
	}
}
