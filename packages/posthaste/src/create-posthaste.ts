/**
 * Puts the engine together for use inside an application: `createPosthaste` needs no server. What the
 * program adds (the HTTP API, the configuration file) stands in main.ts.
 */
import { resolve } from "node:path";
import type { DeliveryState, Milliseconds, Snapshot } from "@posthaste/core";
import { Databases } from "./databases/databases.ts";
import { type Clock, realClock } from "./engine/clock.ts";
import { Engine } from "./engine/engine.ts";
import { Events } from "./engine/events.ts";
import type { IdSource } from "./engine/ids.ts";
import { Intake } from "./engine/intake.ts";
import type { Log } from "./engine/ports.ts";
import { Retention } from "./engine/retention.ts";
import { Writer } from "./engine/writer.ts";
import type { GuardOptions } from "./host/guard.ts";
import { RunningMechanisms } from "./host/mechanisms.ts";
import { type AnyPlugin, bundledPlugins, Plugins } from "./host/plugins.ts";
import { WebSockets } from "./host/web-sockets.ts";
import { configurationMethods } from "./library/configuration.ts";
import { close, crash, idle } from "./library/ending.ts";
import { Inbound } from "./library/inbound.ts";
import { follow, mechanisms as mechanismMethods } from "./library/mechanisms.ts";
import { deliveries, messages, prompts, sending } from "./library/messages.ts";
import type { Parts } from "./library/parts.ts";
import { pluginMethods } from "./library/plugins.ts";
import { findUnreachable } from "./library/unreachable.ts";
import {
	closingCheck,
	configurationCheck,
	loadCheck,
	mechanismsCheck,
	type Readiness,
	readinessOf,
} from "./observability/readiness.ts";
import { WriteCheck } from "./observability/write-check.ts";
import { InstalledPlugins } from "./plugins/installed.ts";
import type { RunnerLimits } from "./plugins/runner.ts";
import type { Isolation } from "./plugins/wire.ts";
import type { ConfigurationDocument, MessageEvent, Posthaste } from "./posthaste.ts";
import type { Store } from "./store/port.ts";
import { openSqliteStore } from "./store/sqlite/index.ts";

export interface PosthasteOptions {
	/** Where the embedded store keeps its files; `./posthaste-data` when neither this nor `store` is given. */
	readonly data?: string;
	/** A store that is already open. Closing Posthaste closes it. */
	readonly store?: Store;
	/** Applied at the start, as `posthaste.yaml` would be. */
	readonly configuration?: ConfigurationDocument;
	/** Plugins besides the bundled ones. */
	readonly plugins?: readonly AnyPlugin[];
	readonly clock?: Clock;
	/** How installed plugins are kept apart from the application: a thread each when left out. */
	readonly isolation?: Isolation;
	readonly pluginLimits?: Partial<RunnerLimits>;
	/** Nothing is logged when left out. */
	readonly log?: Log;
	/** Where `${env:NAME}` is read; the process's environment when left out. */
	readonly env?: Readonly<Record<string, string | undefined>>;
	readonly guard?: Partial<GuardOptions>;
	/** Called back with every event from the start on; see {@link PosthasteCore.observe}. */
	readonly observe?: (event: MessageEvent) => void;
	/** How often mechanisms are asked whether they are well; 15 seconds when left out. */
	readonly healthInterval?: Milliseconds;
	/** Messages whose deliveries have all ended are forgotten after this time; 30 days when left out. */
	readonly keep?: Milliseconds;
	/** Unwritten items beyond which messages are refused; 100,000 when left out. */
	readonly pendingLimit?: number;
	/** Makes the identifiers of messages; from the system's randomness when left out. A seeded source makes runs repeatable. */
	readonly ids?: IdSource;
}

/** The library's Posthaste, with what only the program around it and tests need. */
export interface PosthasteCore extends Posthaste {
	/** WebSocket paths that mechanisms serve, for an HTTP server to hand connections to. */
	readonly webSockets: WebSockets;
	/** Asks every mechanism that can tell whether it is well, now. */
	checkHealth(): Promise<void>;
	/** Whether messages can be accepted now, check by check. */
	ready(): Promise<Readiness>;
	/** Calls back with every event, at once; for metrics. The callback must be quick and must not throw. */
	observe(listener: (event: MessageEvent) => void): () => void;
	/** The databases as the flow reads them now. */
	readonly snapshot: Snapshot;
	/** Nothing is being written or read; calls of mechanisms may be under way. */
	readonly isQuiet: boolean;
	readonly gauges: Gauges;
	/** Lets everything go at once, as the end of the process would. For tests of what a restart finds. */
	crash(): Promise<void>;
}

export interface Gauges {
	/** Deliveries in memory. */
	readonly resident: number;
	/** Who stands in a mechanism's line for a place: deliveries that are not in memory. */
	readonly inLine: number;
	/** Calls of mechanisms under way. */
	readonly calls: number;
	readonly pendingWrites: number;
	/** How long what is handed in now will wait until it is on disk, milliseconds, as far as can be told. */
	readonly writeDelay: Milliseconds;
	countDeliveries(): Promise<Readonly<Record<DeliveryState, number>>>;
}

const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
const day: Milliseconds = 86_400_000;
const defaultPendingLimit = 100_000;

export async function createPosthaste(options: PosthasteOptions = {}): Promise<PosthasteCore> {
	const folder = options.data ?? "./posthaste-data";
	const { log = silentLog } = options;
	const opened = options.store ?? (await openSqliteStore({ folder, thread: "worker", log }));
	const writes = new WriteCheck(opened);
	const { store } = writes;
	let parts: Parts | undefined;
	try {
		parts = await assemble(store, options);
		await start(parts, options);
		return library(parts, readiness(parts, writes, options));
	} catch (error) {
		await (parts === undefined ? store.close() : crash(parts));
		throw error;
	}
}

/** Without a folder of its own, as with a store that somebody else opened, no plugin can be installed. */
function pluginFolder({ data, store }: PosthasteOptions): string | undefined {
	return data === undefined && store !== undefined ? undefined : resolve(data ?? "./posthaste-data", "plugins");
}

/** The parts, each given what it needs. */
async function assemble(store: Store, options: PosthasteOptions): Promise<Parts> {
	const { clock = realClock, log = silentLog, env, guard, healthInterval } = options;
	const installed = await InstalledPlugins.open({
		folder: pluginFolder(options),
		log,
		isolation: options.isolation ?? "thread",
		...(options.pluginLimits && { limits: options.pluginLimits }),
	});
	const plugins = new Plugins([...bundledPlugins, ...(options.plugins ?? [])], bundledPlugins, installed);
	const webSockets = new WebSockets();
	const inbound = new Inbound();
	const mechanisms = new RunningMechanisms({
		...{ plugins, store, webSockets, clock, log, incoming: inbound },
		settingsOf: (name) => databases.mechanismSettings(name),
		...(guard && { guard }),
		...(healthInterval !== undefined && { healthInterval }),
	});
	const activity = (name: string, now: Milliseconds) => mechanisms.activity(name, now);
	const databases = await Databases.open({ store, plugins, activity, ...(env && { env }) });
	const writer = new Writer(store);
	const events = new Events();
	if (options.observe !== undefined) {
		events.observe(options.observe);
	}
	const engine = new Engine({ store, writer, directory: databases, mechanisms, plugins, events, clock, log });
	const pendingLimit = options.pendingLimit ?? defaultPendingLimit;
	const { ids } = options;
	const intake = new Intake({ store, writer, directory: databases, engine, clock, pendingLimit, ...(ids && { ids }) });
	const retention = new Retention(store, clock, log, options.keep ?? 30 * day);

	return {
		store,
		clock,
		plugins,
		installed,
		env: env ?? process.env,
		databases,
		mechanisms,
		inbound,
		webSockets,
		writer,
		events,
		engine,
		intake,
		retention,
	};
}

/** Starts the parts in the order that they depend on one another. */
async function start(parts: Parts, { configuration, log = silentLog }: PosthasteOptions): Promise<void> {
	const { databases, inbound, engine, retention } = parts;
	if (configuration !== undefined) {
		await configurationMethods(parts).apply(configuration);
	}
	await follow(parts);
	databases.onChange(({ mechanisms, users }) => {
		engine.refresh(users);
		if (mechanisms.length > 0) {
			void follow(parts);
		}
	});
	inbound.deliverTo(engine, log);
	await engine.start();
	retention.start();
}

function library(parts: Parts, looks: { ready(): Promise<Readiness>; closing(): void }): PosthasteCore {
	const { databases, events, engine, store, mechanisms, writer, webSockets, clock } = parts;
	return {
		...sending(parts),
		messages: messages(parts),
		events: (signal) => events.listen(undefined, signal),
		prompts: prompts(parts),
		deliveries: deliveries(parts),
		mechanisms: mechanismMethods(parts),
		managers: databases.managers,
		users: databases.users,
		selection: databases.selection,
		configuration: configurationMethods(parts),
		plugins: pluginMethods(parts),
		unreachable: (query) => findUnreachable(databases, clock, query),
		backup: (file, options) => store.backup(file, options),
		idle: () => idle(parts),
		close() {
			looks.closing();
			return close(parts);
		},

		webSockets,
		observe: (listener) => events.observe(listener),
		checkHealth: () => mechanisms.checkHealth(),
		ready: () => looks.ready(),
		get snapshot() {
			return databases.snapshot;
		},
		get isQuiet() {
			return engine.isQuiet;
		},
		gauges: {
			get resident() {
				return engine.resident;
			},
			get inLine() {
				return engine.inLine;
			},
			get calls() {
				return engine.calls;
			},
			get pendingWrites() {
				return writer.pending;
			},
			get writeDelay() {
				return writer.delay;
			},
			countDeliveries: () => store.countDeliveries(),
		},
		crash: () => crash(parts),
	};
}

/** What readiness looks at. Once closing has begun the store is not asked any more. */
function readiness({ databases, mechanisms, writer }: Parts, writes: WriteCheck, { pendingLimit }: PosthasteOptions) {
	let closing = false;
	return {
		closing() {
			closing = true;
		},
		async ready(): Promise<Readiness> {
			if (closing) {
				return readinessOf({ closing: closingCheck(true) });
			}
			return readinessOf({
				store: await writes.check(),
				configuration: configurationCheck(databases.snapshot.managers.size),
				load: loadCheck(writer.pending, pendingLimit ?? defaultPendingLimit),
				mechanisms: mechanismsCheck([...databases.mechanismRecords.values()], (name) => mechanisms.standing(name)),
				closing: closingCheck(false),
			});
		},
	};
}
