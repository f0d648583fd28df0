/** How Posthaste ends: in order, or at once. */
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
	await withinLimit(idle(parts));
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

async function withinLimit(work: Promise<void>): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(resolve, closingLimit);
	await Promise.race([work, promise]);
	clearTimeout(timer);
}

/** Looks once each turn of the event loop. */
async function until(holds: () => boolean): Promise<void> {
	while (!holds()) {
		await new Promise((resolve) => setImmediate(resolve));
	}
}
