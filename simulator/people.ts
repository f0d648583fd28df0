/** The people around Posthaste: senders who hand messages in, answer and cancel; somebody who looks after what is held. */
import { type Draft, type Milliseconds, PosthasteError } from "@posthaste/core";
import { Random } from "./random.ts";
import type { StepOf } from "./scenario.ts";
import type { World } from "./world.ts";

const looksForQuestions: Milliseconds = 20_000;
const looksForHeld: Milliseconds = 45_000;
const triesAgain: Milliseconds = 7000;
const mostTries = 8;
/** After so many decisions about one delivery, the person ends it. */
const mostDecisions = 3;
/** One whose manager is not there may have to wait until it is back. */
const mostDecisionsWithoutManager = 8;

export class People {
	readonly #world: World;
	readonly #seen = new Set<string>();
	readonly #deciding = new Set<string>();
	readonly #decisions = new Map<string, number>();
	/** Messages by the step that sent them. */
	readonly #messages = new Map<string, string>();

	constructor(world: World) {
		this.#world = world;
		this.#every(looksForQuestions, () => this.#lookForQuestions());
		this.#every(looksForHeld, () => this.#lookForHeld());
	}

	#every(interval: Milliseconds, look: () => void): void {
		this.#world.clock.timer(interval, () => {
			look();
			this.#every(interval, look);
		});
	}

	#draw(label: string): Random {
		return new Random(this.#world.scenario.seed, `people/${label}`);
	}

	// Sending --------------------------------------------------------------------------------------

	send({ key, draft, idempotencyKey, again }: StepOf<"send">): void {
		this.#request(key, draft, idempotencyKey, 1);
		for (const [index, delay] of again.entries()) {
			this.#world.later(delay, () => this.#request(`${key}/again${index + 1}`, draft, idempotencyKey, 1));
		}
	}

	/** One request; when it gets no answer or is told to come again it is repeated, under its key if it has one. */
	#request(key: string, draft: Draft, idempotencyKey: string | undefined, tries: number): void {
		const { log, posthaste, process } = this.#world;
		const request = `${key}#${tries}`;
		const again = () => {
			if (tries < mostTries) {
				this.#world.later(triesAgain, () => this.#request(key, draft, idempotencyKey, tries + 1));
			}
		};
		if (posthaste === undefined || process === undefined) {
			again();
			return;
		}
		log.add({ type: "asked", request, draft, ...(idempotencyKey !== undefined && { idempotencyKey }) });
		let answered = false;
		void process
			.onlyWhileAlive(posthaste.send(draft, { ...(idempotencyKey !== undefined && { idempotencyKey }) }))
			.then(
				({ id, repeated, deliveries }) => {
					answered = true;
					log.add({ type: "accepted", request, message: id, repeated, deliveries });
					this.#messages.set(key.split("/")[0] ?? key, id);
				},
				(error: unknown) => {
					answered = true;
					const code = error instanceof PosthasteError ? error.code : "internal";
					log.add({ type: "refused", request, code });
					if (["overloaded", "closing", "internal"].includes(code)) {
						again();
					}
				},
			);
		if (idempotencyKey !== undefined) {
			// No answer, since the program died: the same again, which is what the key is for.
			this.#world.later(triesAgain * 4, () => !answered && again());
		}
	}

	/** Another draft under a key that was used before. Whoever does so asks again only when nobody could take it. */
	misuse({ key, draft, idempotencyKey }: StepOf<"misuse-key">): void {
		this.#request(key, draft, idempotencyKey, 1);
	}

	cancel({ message: step }: StepOf<"cancel">): void {
		const { log, posthaste, process } = this.#world;
		const message = this.#messages.get(step);
		if (posthaste === undefined || process === undefined || message === undefined) {
			return;
		}
		log.add({ type: "cancel", message });
		void process.onlyWhileAlive(posthaste.messages.cancel(message, "sender")).then(
			() => log.add({ type: "cancel-kept", message }),
			() => undefined,
		);
	}

	// Questions ------------------------------------------------------------------------------------

	#lookForQuestions(): void {
		const { log, posthaste, process, isCalm } = this.#world;
		if (posthaste === undefined || process === undefined) {
			return;
		}
		void process.onlyWhileAlive(posthaste.prompts.list({ limit: 1000 })).then(
			({ items }) => {
				for (const { id, question } of items.filter((prompt) => !this.#seen.has(prompt.id))) {
					this.#seen.add(id);
					log.add({ type: "question", prompt: id, text: question });
					if (!isCalm) {
						this.#thinkAbout(id);
					}
				}
			},
			() => undefined,
		);
	}

	/** The sender answers once, or not at all, or changes their mind. */
	#thinkAbout(prompt: string): void {
		const { people } = this.#world.scenario;
		const random = this.#draw(`question/${prompt}`);
		if (!random.chance(people.answers)) {
			return;
		}
		const answer = random.chance(people.yes) ? "yes" : "no";
		this.#world.later(random.length(500, 400_000), () => this.#answer(prompt, answer, 1));
		if (random.chance(0.2)) {
			const other = random.chance(0.5) ? "yes" : "no";
			this.#world.later(random.length(500, 400_000), () => this.#answer(prompt, other, 1));
		}
	}

	#answer(prompt: string, answer: "yes" | "no", tries: number): void {
		const { log, posthaste, process } = this.#world;
		const again = () => {
			if (tries < mostTries) {
				this.#world.later(triesAgain, () => this.#answer(prompt, answer, tries + 1));
			}
		};
		if (posthaste === undefined || process === undefined) {
			again();
			return;
		}
		log.add({ type: "answer", prompt, answer });
		void process.onlyWhileAlive(posthaste.prompts.answer(prompt, answer, "sender")).then(
			() => log.add({ type: "answer-kept", prompt, answer }),
			(error: unknown) => {
				const settled = error instanceof PosthasteError && ["already-answered", "not-found"].includes(error.code);
				if (!settled) {
					again();
				}
			},
		);
	}

	// Held deliveries ------------------------------------------------------------------------------

	#lookForHeld(): void {
		const { posthaste, process } = this.#world;
		if (posthaste === undefined || process === undefined) {
			return;
		}
		void process.onlyWhileAlive(posthaste.messages.list({ state: "held", limit: 1000 })).then(
			({ items }) => {
				for (const { id, state, reason } of items.flatMap(({ deliveries }) => deliveries)) {
					if (state === "held" && !this.#deciding.has(id)) {
						this.#deciding.add(id);
						const random = this.#draw(`held/${this.#decisions.get(id) ?? 0}/${id}`);
						const isDoubt = reason === "unknown-held";
						this.#world.later(random.length(1000, 300_000), () => this.#decide(id, random, isDoubt));
					}
				}
			},
			() => undefined,
		);
	}

	#decide(delivery: string, random: Random, isDoubt: boolean): void {
		const { log, posthaste, process, scenario } = this.#world;
		this.#deciding.delete(delivery);
		if (posthaste === undefined || process === undefined) {
			return;
		}
		const count = (this.#decisions.get(delivery) ?? 0) + 1;
		this.#decisions.set(delivery, count);
		const most = isDoubt ? mostDecisions : mostDecisionsWithoutManager;
		const { resolutions } = scenario.people;
		const choice = isDoubt || random.chance(0.3) ? resolutions : resolutions.filter((one) => one !== "end");
		const resolution = count > most ? "end" : random.pick(choice);
		log.add({ type: "resolve", delivery, resolution });
		void process.onlyWhileAlive(posthaste.deliveries.resolve(delivery, resolution, "operator")).catch(() => undefined);
	}
}
