/** What a server really received, as the server itself says. */
import type { Way } from "./people.ts";

export interface Arrival {
	readonly way: Way;
	/** The server's own name for this one: two arrivals with the same name are one. */
	readonly id: string;
	readonly address: string;
	/** The identifier of the attempt, where the protocol carries it. */
	readonly attempt?: string;
	/** The name under which the client asked for the message, out of the body. */
	readonly token: string;
	/** What the recipient reads. */
	readonly text: string;
	/** Milliseconds since the epoch; when the server took the first of it. */
	readonly at: number;
	/** The server has given it up by itself, and whether it had accepted it before cannot be told any more. */
	readonly gaveUp?: boolean;
}

export interface Receiver {
	/** What the servers are, for people. */
	readonly name: string;
	readonly url: string;
	/** Everything since the last time, once nothing is on its way any more. Rejects when that takes too long. */
	take(): Promise<readonly Arrival[]>;
	stop(): Promise<void>;
}

/** The client's name for a message: `k-SEED-NUMBER`. */
export function tokenIn(text: string): string {
	return /\bk-\d+-\d+\b/.exec(text)?.[0] ?? "";
}

/** Asks every 20 ms until it is so. */
export async function until(what: string, within: number, holds: () => boolean | Promise<boolean>): Promise<void> {
	const end = performance.now() + within;
	while (!(await holds())) {
		if (performance.now() > end) {
			throw new Error(`not so within ${within / 1000} s: ${what}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
