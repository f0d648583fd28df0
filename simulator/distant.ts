/**
 * The manager that runs elsewhere: the real `sequence` behind the real other side of a consultation, which answers
 * after a while, now and then fails, forgets where it was, or is silent. Its two versions go the same way and say
 * other things on it, so that a delivery which met both would show.
 */
import {
	ConsultedCourse,
	type ConsultedManifest,
	consultedManager,
	type DeliverContext,
	type Effect,
	type ManagerPlugin,
	type Milliseconds,
	NotDeterministicError,
	note,
	type PastEffect,
} from "@posthaste/core";
import sequence from "@posthaste/manager-sequence";
import { ConsultationFailed, type RemoteManager } from "../packages/posthaste/src/plugins/remote-manager.ts";
import { never, type SimulatedProcess } from "./process.ts";
import { Random } from "./random.ts";
import type { World } from "./world.ts";

export const distant = { id: "distant-sequence", first: "1.0.0", second: "2.0.0" } as const;

/** A manager that does not answer is waited for so long. */
const patience: Milliseconds = 18_600;

/** The real manager, which says its version at the beginning, or with each step. */
function signed(version: string): ManagerPlugin {
	const text = `by ${distant.id} ${version}`;
	return {
		...(sequence as ManagerPlugin),
		id: distant.id,
		version,
		*deliver(context) {
			const course = sequence.deliver(context as Parameters<typeof sequence.deliver>[0]);
			let step = course.next();
			for (let steps = 0; step.done !== true; steps += 1) {
				if (steps === 0 || version !== distant.first) {
					yield* note(text);
				}
				step = course.next(yield step.value);
			}
		},
	};
}

/** What one process knows of one version. */
export class DistantManager implements Pick<RemoteManager, keyof RemoteManager> {
	readonly plugin: ManagerPlugin;
	readonly usedAt = 0;
	readonly #version: string;
	readonly #real: ManagerPlugin;
	readonly #world: World;
	readonly #process: SimulatedProcess;
	readonly #courses = new Map<string, ConsultedCourse>();
	readonly #asked = new Map<string, number>();

	constructor(version: string, world: World, process: SimulatedProcess) {
		this.#version = version;
		this.#real = signed(version);
		this.#world = world;
		this.#process = process;
		const { type: _, deliver: _deliver, ...manifest } = this.#real;
		this.plugin = consultedManager(manifest satisfies ConsultedManifest);
	}

	/** Settings are judged on the spot: what they come to is the same wherever they are judged. */
	async judge(): Promise<void> {}

	next(delivery: string, context: DeliverContext<unknown>, past: readonly PastEffect[]): Promise<Effect | null> {
		if (!this.#process.touch()) {
			return never();
		}
		const random = this.#draw(context, past.length);
		const told = structuredClone({ context, past });
		const silence = this.#world.silentUntil - this.#world.clock.steady;
		const fails = silence > patience ? "it is down" : this.#whim(random, delivery);
		const delay = Math.min(Math.max(0, silence), patience) + random.length(1, 3000);
		const answered = this.#world.rest(delay).then(() => this.#answer(delivery, told, fails));
		return this.#process.onlyWhileAlive(answered);
	}

	#draw({ message, recipient }: DeliverContext<unknown>, past: number): Random {
		const label = `${past}/${message.subject}/${recipient.id}/distant`;
		const count = (this.#asked.get(label) ?? 0) + 1;
		this.#asked.set(label, count);
		// What differs stands first: labels that differ in their last letters alone begin with much the same numbers.
		return new Random(this.#world.scenario.seed, `${count}/${label}`);
	}

	/** Why it will fail this time, if it will. */
	#whim(random: Random, delivery: string): string | undefined {
		const whim = this.#world.isCalm ? "answers" : random.weighted({ answers: 20, forgets: 4, fails: 0.5 });
		if (whim === "forgets") {
			this.#courses.delete(delivery);
		}
		return whim === "fails" ? "it ended at this question" : undefined;
	}

	async #answer(
		delivery: string,
		{ context, past }: { readonly context: DeliverContext<unknown>; readonly past: readonly PastEffect[] },
		fails: string | undefined,
	): Promise<Effect | null> {
		const about = { type: "consulted", delivery, version: this.#version, past: past.length } as const;
		const heard = this.#process.alive;
		try {
			this.#demandInstalled(fails);
			const said = this.#courseOf(delivery, context).next(past);
			this.#world.log.add({ ...about, said, heard });
			this.#process.touch();
			return structuredClone(said);
		} catch (error) {
			const is = error instanceof NotDeterministicError ? "is not deterministic" : "failed";
			const failed = `${distant.id} ${this.#version} ${is}: ${error instanceof Error ? error.message : error}`;
			this.#world.log.add({ ...about, said: { failed }, heard });
			throw new ConsultationFailed(failed);
		}
	}

	#demandInstalled(fails: string | undefined): void {
		const versions = this.#world.shelf.get(`manager:${distant.id}`)?.versions ?? [];
		if (fails !== undefined || !versions.includes(this.#version)) {
			throw new Error(fails ?? "its files are gone");
		}
	}

	#courseOf(delivery: string, context: DeliverContext<unknown>): ConsultedCourse {
		const course = this.#courses.get(delivery) ?? new ConsultedCourse(this.#real, context);
		this.#courses.set(delivery, course);
		return course;
	}
}
