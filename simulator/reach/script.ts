/** What many do in place of a router: call the provider once, and take what it accepts for sent. */

import type { PlannedMessage } from "./plan.ts";
import type { Claim } from "./play.ts";
import { type Channel, senders } from "./rates.ts";
import type { ReachWorld } from "./world.ts";

export class Script {
	readonly #world: ReachWorld;
	readonly #channel: Channel;
	readonly #claims = new Map<string, Claim>();

	constructor(world: ReachWorld, channel: Channel) {
		this.#world = world;
		this.#channel = channel;
	}

	/** While the machine is down its sender comes again, as with every strategy. */
	send(message: PlannedMessage): void {
		const { process, network, clock } = this.#world;
		if (network.now >= message.expiresAt) {
			this.#claims.set(message.key, "not-reached");
			return;
		}
		if (process === undefined) {
			clock.timer(senders.triesAgain, () => this.send(message));
			return;
		}
		if (process.touch()) {
			network.send({
				channel: this.#channel,
				message,
				answer: ({ outcome }) => {
					if (process.touch()) {
						this.#claims.set(message.key, outcome === "accepted" ? "reached" : "not-reached");
					}
				},
			});
		}
	}

	claimOf(key: string): Claim {
		return this.#claims.get(key) ?? "open";
	}
}
