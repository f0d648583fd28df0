/** What comes in through mechanisms, on its way to the delivery that it is about. */
import type { Engine } from "../engine/engine.ts";
import type { Log } from "../engine/ports.ts";
import type { Incoming } from "../host/mechanisms.ts";

/** Mechanisms start before the engine does, so what they report first waits here. */
export class Inbound implements Incoming {
	#ready: (to: { engine: Engine; log: Log }) => void = () => undefined;
	readonly #to = new Promise<{ engine: Engine; log: Log }>((resolve) => {
		this.#ready = resolve;
	});

	deliverTo(engine: Engine, log: Log): void {
		this.#ready({ engine, log });
	}

	async receipt({ attempt, mechanism, level, evidence }: Parameters<Incoming["receipt"]>[0]): Promise<void> {
		const { engine, log } = await this.#to;
		return new Promise((resolve) => {
			const input = {
				type: "receipt",
				attempt,
				mechanism,
				level,
				...(evidence !== undefined && { evidence }),
			} as const;
			engine.report(deliveryOf(attempt), input, (error) => {
				if (error !== undefined) {
					log.warn({ attempt, mechanism, error: error.message }, "a receipt for an unknown attempt was dropped");
				}
				resolve();
			});
		});
	}

	async reply({ attempt, mechanism, body }: Parameters<Incoming["reply"]>[0]): Promise<void> {
		const { engine } = await this.#to;
		return new Promise((resolve) => {
			engine.report(deliveryOf(attempt), { type: "replied", attempt, mechanism, body }, () => resolve());
		});
	}
}

/** An attempt's identifier begins with its delivery's. */
function deliveryOf(attempt: string): string {
	return attempt.slice(0, Math.max(0, attempt.lastIndexOf(".")));
}
