/** What the client asked for and what it was answered: the client's own book, kept apart from the program. */
import type { Draft } from "@posthaste/core";
import type { Random } from "../simulator/random.ts";
import { managers, people } from "./people.ts";

export interface Asked {
	/** The idempotency key, which also stands in the body. */
	readonly token: string;
	readonly draft: Draft;
	readonly manager: string;
	readonly priority: string;
	/** Milliseconds from acceptance until the message expires. */
	readonly lifetime?: number;
	/** The message's identifier, as the first 202 said it. */
	message?: string;
	/** A status that was neither 202 nor a sign of being busy. */
	refused?: number;
	/** Requests that got no answer, because the program died or was not there. */
	unanswered: number;
	/** Requests under the same key after that, or after an answer. */
	repeated: number;
	/** The program confirmed the cancellation at this moment. */
	cancelledAt?: number;
	/** The program confirmed this answer to a question of the message's. */
	readonly answers: Map<string, "yes" | "no">;
}

const lifetimes = { none: 60, long: 22, short: 18 } as const;

/** Request number `number` of a run: the same for the same seed. */
export function askFor(random: Random, seed: number, number: number): Asked {
	const token = `k-${seed}-${number}`;
	const weights = Object.fromEntries(Object.entries(managers).map(([name, { weight }]) => [name, weight]));
	const manager = random.weighted(weights);
	const to = [...new Set(Array.from({ length: random.int(1, 2) }, () => random.pick(people).id))];
	const priority = random.weighted({ low: 1, normal: 5, high: 2, urgent: 2 });
	const kind = random.weighted(lifetimes);
	const lifetime = kind === "none" ? undefined : kind === "long" ? random.int(3000, 20_000) : random.length(50, 3000);
	const properties = {
		priority,
		prompts: random.weighted({ ask: 2, yes: 2, no: 1 }),
		...(lifetime !== undefined && { expires: `${lifetime}ms` }),
	};
	const body = `${token}: the pump in hall ${number % 9} has stopped`;
	return {
		token,
		draft: { to, from: "mary", body, manager, properties },
		manager,
		priority,
		...(lifetime !== undefined && { lifetime }),
		unanswered: 0,
		repeated: 0,
		answers: new Map(),
	};
}
