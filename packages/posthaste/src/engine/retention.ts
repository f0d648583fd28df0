/** Forgets messages whose deliveries have all ended, after the time they are kept. */
import type { Milliseconds } from "@posthaste/core";
import type { Store } from "../store/port.ts";
import type { Clock, Timer } from "./clock.ts";
import type { Log } from "./ports.ts";

const interval: Milliseconds = 3_600_000;
/** Messages forgotten in one step, so that nothing else waits long. */
const step = 1000;

export class Retention {
	readonly #store: Store;
	readonly #clock: Clock;
	readonly #log: Log;
	readonly #keep: Milliseconds;
	#timer: Timer | undefined;
	#stopped = false;

	constructor(store: Store, clock: Clock, log: Log, keep: Milliseconds) {
		this.#store = store;
		this.#clock = clock;
		this.#log = log;
		this.#keep = keep;
	}

	start(): void {
		this.#timer = this.#clock.timer(interval, () => void this.#run().finally(() => !this.#stopped && this.start()));
	}

	stop(): void {
		this.#stopped = true;
		this.#timer?.cancel();
	}

	async #run(): Promise<void> {
		try {
			let forgotten: number;
			do {
				forgotten = await this.#store.retain(this.#clock.now() - this.#keep, step);
			} while (forgotten === step && !this.#stopped);
		} catch (error) {
			this.#log.error({ error: String(error) }, "old messages could not be forgotten");
		}
	}
}
