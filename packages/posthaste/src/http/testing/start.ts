/** Servers for tests, over a Posthaste in memory. */
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { onTestFinished } from "vitest";
import type { HttpOptions } from "../app.ts";
import { createHttpServer, listen } from "../server.ts";
import { createMemoryPosthaste, type MemoryPosthaste } from "./memory-posthaste.ts";

export interface Started {
	readonly app: Awaited<ReturnType<typeof createHttpServer>>;
	readonly posthaste: MemoryPosthaste;
	/** What was logged, parsed. */
	readonly logged: readonly Record<string, unknown>[];
}

/** A server to be asked through `inject`. It closes with the test. */
export async function start(options: Partial<HttpOptions> = {}): Promise<Started> {
	const posthaste = await createMemoryPosthaste();
	const logged: Record<string, unknown>[] = [];
	const log = pino({}, { write: (line: string) => void logged.push(JSON.parse(line)) });
	const app = await createHttpServer({ posthaste, log, ...options });
	onTestFinished(() => app.close());
	return { app, posthaste, logged };
}

export interface Listening extends Started {
	/** `http://127.0.0.1:PORT`. */
	readonly url: string;
	readonly port: number;
}

/** A server that listens on a free port. */
export async function startListening(options: Partial<HttpOptions> = {}): Promise<Listening> {
	const started = await start(options);
	const url = await listen(started.app, "127.0.0.1:0");
	return { ...started, url, port: (started.app.server.address() as AddressInfo).port };
}

export const draft = { to: ["jsmith"], from: "ops", body: "Disk full" } as const;
