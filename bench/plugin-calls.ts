/** What it costs to ask a manager for one effect, and to hand one attempt to a mechanism, in each style. */
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Attempt, DeliverContext, MechanismInstance } from "@posthaste/core";
import { testAttempt, testHost, testMessage } from "@posthaste/core/testing";
import type { Log } from "../packages/posthaste/src/engine/ports.ts";
import { RemoteManager } from "../packages/posthaste/src/plugins/remote-manager.ts";
import { RemoteMechanism } from "../packages/posthaste/src/plugins/remote-mechanism.ts";
import { Runner } from "../packages/posthaste/src/plugins/runner.ts";
import { type PluginType, programOf, type RemoteStyle, remoteStyles, type Style } from "./plugin-styles.ts";
import inlineManager from "./plugins/manager.ts";
import inlineMechanism from "./plugins/mechanism.ts";

/** One call, and nothing else. */
export type Call = () => Promise<unknown> | unknown;

export interface Callable {
	readonly step: Call;
	readonly send: Call;
	stop(): Promise<void>;
}

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing } as unknown as Log;
const signal = new AbortController().signal;
const settings = { mechanism: "im" };
const body = "The nightly build has failed on the release branch; the log is attached to the ticket. ".repeat(2);

/** @param folderOf packages as `makePackage` made them */
export async function callable(style: Style, folderOf: (type: PluginType) => string): Promise<Callable> {
	const host = testHost({ now: Date.now });
	if (style === "inline") {
		const instance = await inlineMechanism.create({}, host);
		return {
			step: () => inlineManager.deliver(contextOf<{ mechanism: string }>()).next(),
			send: sendBy(instance as unknown as MechanismInstance),
			stop: () => instance.close(),
		};
	}
	const runners = [
		runnerOf(style, folderOf("manager"), "manager"),
		runnerOf(style, folderOf("mechanism"), "mechanism"),
	];
	const [managed, sent] = await Promise.all(runners.map((runner) => runner.start()));
	if (managed?.type !== "manager" || sent?.type !== "mechanism") {
		throw new Error("the plugins are not what they should be");
	}
	const manager = new RemoteManager(managed, runners[0] as Runner);
	const mechanism = new RemoteMechanism(sent, runners[1] as Runner);
	let deliveries = 0;
	return {
		step: () => {
			deliveries += 1;
			return manager.next(`delivery-${deliveries}`, contextOf(), []);
		},
		send: sendBy(await mechanism.plugin.create({}, host)),
		stop: async () => void (await Promise.all(runners.map((runner) => runner.stop()))),
	};
}

export interface Weight {
	/** From nothing until it has said what it is, milliseconds. */
	readonly load: number;
	/** Resident megabytes of one more. */
	readonly memory: number;
}

/** Of a mechanism, which does nothing: what remains is what each plugin costs. */
export async function weigh(style: RemoteStyle, folder: string, count = 5): Promise<Weight> {
	const before = await residentMemory();
	const runners = Array.from({ length: count }, () => runnerOf(style, folder, "mechanism"));
	const times: number[] = [];
	for (const runner of runners) {
		const start = performance.now();
		await runner.start();
		times.push(performance.now() - start);
	}
	await delay(1000);
	const after = await residentMemory();
	await Promise.all(runners.map((runner) => runner.stop()));
	times.sort((one, other) => one - other);
	return { load: times[Math.floor(count / 2)] ?? 0, memory: (after - before) / count };
}

export const weighed = remoteStyles;

function runnerOf(style: RemoteStyle, folder: string, type: PluginType): Runner {
	return new Runner({ program: programOf(folder, type, style), name: `${type} ${style}`, log: silent });
}

function contextOf<Settings>(): DeliverContext<Settings> {
	return {
		message: testMessage({ body }),
		recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
		policy: [{ mechanism: "im", kind: "im", kept: true }],
		settings: settings as Settings,
	};
}

function sendBy(instance: MechanismInstance): Call {
	const attempt: Attempt = testAttempt({ to: "jsmith@example.com" }, { now: Date.now(), message: { body } });
	return () => instance.send(attempt, signal);
}

/** Of this process and those it started, megabytes. Linux tells it in /proc; elsewhere it is not measured. */
async function residentMemory(): Promise<number> {
	const tasks = await readdir("/proc/self/task").catch(() => []);
	const lists = await Promise.all(
		tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "")),
	);
	const pids = ["self", ...lists.join(" ").split(" ").filter(Boolean)];
	const statuses = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/status`, "utf8").catch(() => "")));
	return statuses.reduce((sum, status) => sum + Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024, 0);
}
