/**
 * What is decided about a delivery before it is written. An intent goes to disk only for an attempt that
 * has a place with its mechanism. For any other the journal says at once, in the same append, that it
 * was not sent, and the course rests it or goes on to the next mechanism. A delivery that would do
 * nothing but try again, and finds no place again, has nothing written: it stands in line.
 */
import type { Decision, Input, Milliseconds } from "@posthaste/core";
import type { Claims } from "./claims.ts";
import type { Clock } from "./clock.ts";
import { Lines } from "./lines.ts";
import type { Directory, Mechanisms } from "./ports.ts";
import type { Resident, Written } from "./resident.ts";

type AttemptDecision = Extract<Decision, { type: "attempt" }>;

const nobody: readonly AttemptDecision[] = [];

export interface IntentsParts {
	readonly mechanisms: Pick<Mechanisms, "takePlace" | "free">;
	readonly directory: Pick<Directory, "snapshot">;
	readonly clock: Clock;
	readonly claims: Pick<Claims, "keep" | "by">;
	/** Takes up a delivery that has waited for a place. */
	readonly turn: (delivery: string) => void;
}

/** What follows from an input: entries to write, nothing, or that the delivery stands in line and is to be forgotten. */
export type Follows = "entries" | "nothing" | "in-line";

export class Intents {
	readonly #parts: IntentsParts;
	readonly #lines: Lines;

	constructor(parts: IntentsParts) {
		const { clock, claims, turn } = parts;
		this.#parts = parts;
		this.#lines = new Lines({
			clock,
			turn,
			free: (mechanism) => this.#free(mechanism),
			look: () => claims.by(clock.now()),
		});
	}

	/** Who stands in line: see {@link Lines.length}. */
	get inLine(): number {
		return this.#lines.length;
	}

	stop(): void {
		this.#lines.stop();
	}

	/** A place with this mechanism may have become free. */
	freed(mechanism: string): void {
		this.#lines.serve(mechanism);
	}

	/** A delivery whose turn it was has gone on, or never will. */
	over(delivery: string): void {
		this.#lines.over(delivery);
	}

	/** Hands an input to a delivery, with places for the attempts that it brings. */
	decide(resident: Resident, input: Input, written?: Written): Follows {
		const wasQuiet = resident.isQuiet;
		const decisions = resident.handle(input, this.#parts.clock.now(), written);
		if (decisions === undefined) {
			return "nothing";
		}
		const refused = this.#takePlaces(resident, decisions);
		if (refused.length === 0) {
			return "entries";
		}
		if (wasQuiet && input.type === "time-passed" && refused.length === decisions.length && refused.every(isRetry)) {
			this.#lineUp(resident, refused);
			return "in-line";
		}
		for (const { attempt, mechanism, try: tries } of refused) {
			const evidence = "not sent: the mechanism has as many calls as it may have";
			this.decide(resident, { type: "outcome", attempt, mechanism, try: tries, outcome: "failed", evidence });
		}
		return "entries";
	}

	/** Answers the attempts for which there is no place. */
	#takePlaces(resident: Resident, decisions: readonly Decision[]): readonly AttemptDecision[] {
		let refused: AttemptDecision[] | undefined;
		for (const decision of decisions) {
			if (decision.type === "attempt" && !this.#takePlace(resident, decision)) {
				refused ??= [];
				refused.push(decision);
			}
		}
		return refused ?? nobody;
	}

	#takePlace(resident: Resident, decision: AttemptDecision): boolean {
		const { mechanism } = decision;
		const isBehind = this.#lines.isBehind(resident.id, mechanism);
		const giveBack = isBehind ? undefined : this.#parts.mechanisms.takePlace(mechanism);
		if (giveBack !== undefined) {
			resident.keepPlace(decision, giveBack);
			this.#lines.placed(resident.id, mechanism);
		}
		return giveBack !== undefined;
	}

	#lineUp(resident: Resident, refused: readonly AttemptDecision[]): void {
		// Once its attempts are over, or something else of it is due, it is looked at wherever it stands.
		let until: Milliseconds = resident.course.due ?? Number.POSITIVE_INFINITY;
		for (const { mechanism, deadline } of refused) {
			until = Math.min(until, deadline, this.#lines.add(resident.id, mechanism));
		}
		this.#parts.claims.keep(resident.id, until);
	}

	/** Nobody has to wait for a mechanism that cannot be used: those in line go on without it. */
	#free(mechanism: string): number {
		const { directory, clock, mechanisms } = this.#parts;
		const known = directory.snapshot.mechanisms.get(mechanism);
		const isActive = known !== undefined && known.inactive(clock.now()) === undefined;
		return isActive ? mechanisms.free(mechanism) : Number.POSITIVE_INFINITY;
	}
}

/** The time of an attempt counts from its first intent, so that one has to be written. */
function isRetry(decision: AttemptDecision): boolean {
	return decision.try > 1;
}
