/** Runs a plugin for a test, over the carrier that the program uses, and lets the test read what became of it. */
import { once } from "node:events";
import type { DeliverContext, MechanismInstance, SendResult } from "@posthaste/core";
import { type TestHost, testAttempt, testHost, testMessage } from "@posthaste/core/testing";
import type { Log } from "../../engine/ports.ts";
import type { Description } from "../protocol.ts";
import { RemoteManager } from "../remote-manager.ts";
import { RemoteMechanism } from "../remote-mechanism.ts";
import { Runner, type RunnerLimits } from "../runner.ts";
import type { Program } from "../wire.ts";

export interface BenchOptions {
	readonly folder?: string;
	readonly limits?: Partial<RunnerLimits>;
	/** Megabytes; 256 when left out. */
	readonly memory?: number;
	/** A process when left out. Commands have one in any case. */
	readonly isolation?: Program["isolation"];
	readonly grants?: Program["grants"];
}

/** A plugin under test. `stop` ends it. */
export class PluginBench {
	readonly runner: Runner;
	/** Lines of the log. */
	readonly logged: string[] = [];
	/** Why it ended, each time it did. */
	readonly ends: string[] = [];
	readonly #events = new EventTarget();
	#mechanism: RemoteMechanism | undefined;

	constructor(
		main: Program["main"],
		{ folder = import.meta.dirname, limits, memory = 256, isolation = "process", grants = {} }: BenchOptions = {},
	) {
		this.runner = new Runner({
			program: { folder, main, isolation, memory, grants },
			name: "tested 1.0.0",
			log: this.#log(),
			limits: { rest: 10, ...limits },
			prepare: (peer) => this.#mechanism?.prepare(peer),
			onDown: (reason) => {
				this.ends.push(reason);
				this.#mechanism?.down(reason);
				this.#events.dispatchEvent(new Event("down"));
			},
			onUp: () => void this.#mechanism?.up().then(() => this.#events.dispatchEvent(new Event("up"))),
		});
	}

	start(): Promise<Description> {
		return this.runner.start();
	}

	/** Its mechanism, started a first time to hear what it is. */
	async mechanism(): Promise<RemoteMechanism> {
		const description = await this.start();
		if (description.type !== "mechanism") {
			throw new TypeError("it is no mechanism");
		}
		this.#mechanism = new RemoteMechanism(description, this.runner);
		// What it may ask is set up as it starts.
		await this.runner.doze();
		return this.#mechanism;
	}

	async manager(): Promise<RemoteManager> {
		const description = await this.start();
		if (description.type !== "manager") {
			throw new TypeError("it is no manager");
		}
		return new RemoteManager(description, this.runner);
	}

	/** An instance of its mechanism. */
	async instance(settings: object = {}): Promise<{ readonly host: TestHost; readonly instance: MechanismInstance }> {
		const { plugin } = await this.mechanism();
		const host = testHost({ now: Date.now });
		return { host, instance: await plugin.create(settings, host) };
	}

	/** The next time it ends, or is up again. Ask before what brings it about. */
	next(what: "down" | "up"): Promise<unknown> {
		return once(this.#events, what, { signal: AbortSignal.timeout(15_000) });
	}

	stop(): Promise<void> {
		return this.runner.stop();
	}

	#log(): Log {
		const at = (_: object, text: string) => void this.logged.push(text);
		return { debug: at, info: at, warn: at, error: at } as unknown as Log;
	}
}

export function sendBy(instance: MechanismInstance, body = "The pump has stopped."): Promise<SendResult> {
	const attempt = testAttempt({}, { now: Date.now(), message: { body } });
	return instance.send(attempt, AbortSignal.timeout(15_000));
}

export const context: DeliverContext<unknown> = {
	message: testMessage(),
	recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
	policy: [],
	settings: {},
};

/** A process is gone once nobody answers to its number. Bounded. */
export async function gone(pid: number): Promise<void> {
	for (let looks = 0; looks < 500; looks++) {
		try {
			process.kill(pid, 0);
		} catch {
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, 10));
	}
	throw new Error(`process ${pid} is still there`);
}

/**
 * A command, as Node code, that keeps the protocol but for what `tricks` says: methods by name, as
 * functions of their parameters. `answer`, `say` and `raw` are at hand there.
 */
export function command(tricks: string, type: "mechanism" | "manager" = "mechanism"): Program["main"] {
	return { command: [process.execPath, "-e", `${keeping(type)}\nObject.assign(methods, { ${tricks} });`] };
}

const closed = '{ type: "object", properties: {}, additionalProperties: false }';

function keeping(type: "mechanism" | "manager"): string {
	return `
		const raw = (text) => process.stdout.write(text);
		const say = (message) => raw(JSON.stringify({ jsonrpc: "2.0", ...message }) + "\\n");
		const described = { type: ${JSON.stringify(type)}, id: "tested", apiVersion: 1, version: "1.0.0", title: "Tested", settings: ${closed},
			...(${type === "mechanism"} && { kind: "im", address: ${closed}, capabilities: {} }) };
		const methods = {
			initialize: () => described,
			ping: () => ({}),
			create: () => ({ methods: [] }),
			close: () => ({}),
			send: ({ attempt }) => ({ outcome: "accepted", evidence: "taken: " + attempt.message.body.length }),
			judge: () => ({ allows: "all", complaints: [] }),
			next: () => ({ effect: null }),
		};
		const asked = new Map();
		let count = 0;
		const ask = (method, params) => new Promise((resolve) => { asked.set(++count, resolve); say({ id: count, method, params }); });
		const lines = require("node:readline").createInterface({ input: process.stdin });
		lines.on("line", async (line) => {
			const { id, method, params, ...rest } = JSON.parse(line);
			if (method === undefined) return asked.get(id)?.(rest);
			const result = await methods[method]?.(params, id);
			if (id !== undefined && result !== undefined) say({ id, result });
		});
		lines.on("close", () => process.exit());
	`;
}
