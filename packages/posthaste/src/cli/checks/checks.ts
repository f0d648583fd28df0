/** What `doctor` looks at: each check yields findings. */
import type { Client } from "../client.ts";
import { configurationFindings } from "./configuration.ts";
import { dataFindings, nodeFinding } from "./machine.ts";
import { deliveryFindings, mechanismFindings, reachabilityFindings, selectionFindings } from "./routing.ts";
import { serverFinding } from "./server.ts";

/** `fine` ✓, `notable` ! and `wrong` ✗. Only what is wrong makes the exit code. */
export type Level = "fine" | "notable" | "wrong";

export interface Finding {
	/** Stays the same between versions, for programs: `mechanism`, `unreachable`, … */
	readonly check: string;
	readonly level: Level;
	/** A sentence. */
	readonly what: string;
	/** What to do about it. */
	readonly remedy?: string;
}

export interface LocalOptions {
	readonly config?: string;
	readonly data: string;
}

/** What can be seen without a server. */
export async function* localFindings(options: LocalOptions, client: Client): AsyncGenerator<Finding> {
	yield nodeFinding();
	yield* dataFindings(options.data, client);
	if (options.config !== undefined) {
		yield* configurationFindings(options.config);
	}
}

/** What the server tells; nothing more when it cannot be reached. */
export async function* serverFindings(client: Client): AsyncGenerator<Finding> {
	const server = await serverFinding(client);
	yield server;
	if (server.level === "wrong") {
		return;
	}
	yield* mechanismFindings(client);
	yield* selectionFindings(client);
	yield* reachabilityFindings(client);
	yield* deliveryFindings(client);
}
