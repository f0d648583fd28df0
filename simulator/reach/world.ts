/** One week of one seed: time, people, mechanisms, and the process that lives and dies. */
import type { Milliseconds } from "@posthaste/core";
import { SimulatedClock } from "../clock.ts";
import { SimulatedProcess } from "../process.ts";
import { Network } from "./network.ts";
import type { Plan, PlannedMessage } from "./plan.ts";

export class ReachWorld {
	readonly plan: Plan;
	readonly clock: SimulatedClock;
	readonly network: Network;
	/** Whether the process is up; a process that is up has not always finished starting. */
	process: SimulatedProcess | undefined;
	/** Something went wrong that no fault of this world explains: the run shows nothing. */
	error: unknown;
	/** How long it stays down the next time. */
	#downtime: Milliseconds = 0;
	readonly #messages: ReadonlyMap<string, PlannedMessage>;
	readonly #starts: (process: SimulatedProcess) => void;

	constructor(plan: Plan, starts: (process: SimulatedProcess) => void) {
		this.plan = plan;
		this.clock = new SimulatedClock(plan.start);
		this.network = new Network(plan, this.clock);
		this.#messages = new Map(plan.messages.map((message) => [message.key, message]));
		this.#starts = starts;
	}

	/** @throws Error when there is no such message */
	message(key: string): PlannedMessage {
		const message = this.#messages.get(key);
		if (message === undefined) {
			throw new Error(`nobody sent ${key}`);
		}
		return message;
	}

	/** Something that happens at a moment of the week. */
	at(moment: Milliseconds, callback: () => void): void {
		this.clock.timer(moment - this.clock.steady, callback);
	}

	start(): void {
		const process = new SimulatedProcess(() => {
			this.process = undefined;
			this.clock.timer(this.#downtime, () => this.start());
		});
		this.process = process;
		this.#starts(process);
	}

	scheduleCrashes(): void {
		for (const { at, after, down } of this.plan.crashes) {
			this.at(at, () => {
				if (this.process !== undefined) {
					this.#downtime = down;
					this.process.kill(after, 0);
				}
			});
		}
	}
}
