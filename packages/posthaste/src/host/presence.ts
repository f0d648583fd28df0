/** What mechanisms last said about people being there, for as long as it is fresh. */
import type { Milliseconds, Presence, PresenceState } from "@posthaste/core";

/** Presence older than this says nothing. */
const freshness: Milliseconds = 60_000;
/** Addresses remembered for each mechanism; the oldest go first. */
const remembered = 100_000;

export class PresenceMemory {
	readonly #known = new Map<string, Presence>();

	report(address: object, state: PresenceState, at: Milliseconds): void {
		const key = JSON.stringify(address);
		this.#known.delete(key);
		this.#known.set(key, { state, at });
		const [oldest] = this.#known.keys();
		if (this.#known.size > remembered && oldest !== undefined) {
			this.#known.delete(oldest);
		}
	}

	get(address: object): Presence | undefined {
		return this.#known.get(JSON.stringify(address));
	}

	/** Whether it is freshly known that nobody is there. Not knowing is no absence. */
	absent(address: object, now: Milliseconds): boolean {
		// Most mechanisms know nothing of presence; for them this costs nothing.
		const presence = this.#known.size === 0 ? undefined : this.get(address);
		return presence?.state === "unavailable" && now - presence.at <= freshness;
	}
}
