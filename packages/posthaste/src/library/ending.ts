/** How Posthaste ends: in order, or at once. */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { Milliseconds } from "@posthaste/core";
import type { Parts } from "./parts.ts";

/** Calls under way when closing begins get this long to end. */
const closingLimit: Milliseconds = 10_000;

/** Nothing is under way: no write, no call of a mechanism. */
export function idle({ engine }: Parts): Promise<void> {
	return until(() => engine.isIdle);
}

/** Takes no more, lets what is under way end, and closes everything. */
export async function close(parts: Parts): Promise<void> {
	const { intake, engine, retention, mechanisms, installed, databases, store } = parts;
	intake.close();
	engine.stop();
	retention.stop();
	// A call that does not end is left behind: its intent is on disk, and the next start calls it unknown.
	await idleWithinLimit(parts);
	await mechanisms.close();
	await installed.close();
	await until(() => engine.isQuiet);
	engine.abandon();
	databases.close();
	await store.close();
}

/** Lets everything go at once, as the end of the process would. */
export async function crash({ engine, retention, mechanisms, installed, databases, store }: Parts): Promise<void> {
	engine.abandon();
	retention.stop();
	databases.close();
	await mechanisms.close();
	await installed.close();
	await store.close();
}

async function idleWithinLimit({ engine }: Parts): Promise<void> {
	let isLate = false;
	const timer = setTimeout(() => {
		isLate = true;
	}, closingLimit);
	await until(() => engine.isIdle || isLate);
	clearTimeout(timer);
}

/** What takes no call of a mechanism is over within so many turns of the event loop, and is worth no timer. */
const turns = 100;
/** Between two looks at what takes longer: turns without end would keep a processor busy. */
const pause: Milliseconds = 10;

async function until(holds: () => boolean): Promise<void> {
	for (let turn = 0; !holds(); turn++) {
		await (turn < turns ? nextTurn() : sleep(pause));
	}
}
