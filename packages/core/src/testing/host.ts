/**
 * A host for testing mechanism plugins: it records what an instance reports, keeps its storage in
 * memory, has a clock that the test sets, and plays the far end of WebSocket connections.
 */
import type { Health, HostSocket, MechanismHost, MechanismStorage, PresenceState } from "../mechanism.ts";
import type { Milliseconds } from "../model.ts";
import { type ClientSocket, socketPair } from "./socket-pair.ts";

export type { ClientSocket } from "./socket-pair.ts";

export type RecordedReceipt = Parameters<MechanismHost["receipt"]>[0];
export type RecordedReply = Parameters<MechanismHost["reply"]>[0];

export interface RecordedPresence {
	readonly address: Readonly<Record<string, unknown>>;
	readonly state: PresenceState;
}

export interface RecordedLog {
	readonly level: "debug" | "info" | "warn" | "error";
	readonly fields: object;
	readonly text: string;
}

/** What a plugin can report; `calls` holds one of these words for each report, in order. */
export type HostCall = "receipt" | "reply" | "presence" | "health" | "storage" | "log" | "webSocket";

export interface TestHostOptions {
	/** The mechanism's name; `test` when left out. */
	readonly name?: string;
	/** Where the clock stands, or a clock that runs, such as `Date.now`. */
	readonly now?: Milliseconds | (() => Milliseconds);
	/** What the instance's storage holds to begin with, as after a restart. */
	readonly stored?: Readonly<Record<string, unknown>>;
}

export interface TestHost extends MechanismHost {
	readonly receipts: readonly RecordedReceipt[];
	readonly replies: readonly RecordedReply[];
	readonly presences: readonly RecordedPresence[];
	readonly healths: readonly Health[];
	readonly logs: readonly RecordedLog[];
	/** Every call an instance made, in order; nothing may be added after its `close`. */
	readonly calls: readonly HostCall[];
	/** Sets the clock to a moment. */
	setNow(now: Milliseconds): void;
	/** Moves the clock on. No timer fires by it. */
	advance(by: Milliseconds): void;
	/** What the storage holds now, by key. */
	stored(): Readonly<Record<string, unknown>>;
	/** Resolves once `holds` answers true, looked at now and after each call; rejects after `within` real milliseconds. */
	until(holds: () => boolean, within?: Milliseconds): Promise<void>;
	/** Connects to a path the instance serves; `url` tells it the query. Throws when it serves no such path. */
	connectWebSocket(path: string, url?: string | URL): ClientSocket;
}

/** A moment without meaning, so that tests do not depend on the day they run. */
const someMoment = Date.UTC(2026, 0, 15, 12);

type OnConnection = (socket: HostSocket, request: { readonly url: URL }) => void;

/** Everything that was recorded, and whoever waits for more of it. */
class Recorder {
	readonly receipts: RecordedReceipt[] = [];
	readonly replies: RecordedReply[] = [];
	readonly presences: RecordedPresence[] = [];
	readonly healths: Health[] = [];
	readonly logs: RecordedLog[] = [];
	readonly calls: HostCall[] = [];
	readonly #waiting = new Set<() => void>();

	called(call: HostCall): void {
		this.calls.push(call);
		for (const look of [...this.#waiting]) {
			look();
		}
	}

	until(holds: () => boolean, within: Milliseconds): Promise<void> {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => {
				this.#waiting.delete(look);
				reject(new Error(`not so after ${within} ms; the plugin called: ${this.calls.join(", ") || "nothing"}`));
			}, within);
			const look = () => {
				if (holds()) {
					clearTimeout(timer);
					this.#waiting.delete(look);
					resolve();
				}
			};
			this.#waiting.add(look);
			look();
		});
	}
}

/** Values go in and come out as JSON, so that a plugin storing anything else fails here as it would on disk. */
function memoryStorage(values: Map<string, string>, called: () => void): MechanismStorage {
	const read = (text: string | undefined): unknown => (text === undefined ? undefined : JSON.parse(text));
	return {
		async get(key) {
			called();
			return read(values.get(key));
		},
		async set(key, value) {
			values.set(key, JSON.stringify(value));
			called();
		},
		async delete(key) {
			values.delete(key);
			called();
		},
		async list(prefix) {
			called();
			const keys = [...values.keys()].filter((key) => key.startsWith(prefix)).sort();
			return keys.map((key) => ({ key, value: read(values.get(key)) }));
		},
	};
}

/** A host that records. */
export function testHost(options: TestHostOptions = {}): TestHost {
	const recorder = new Recorder();
	const routes = new Map<string, OnConnection>();
	const values = new Map(Object.entries(options.stored ?? {}).map(([key, value]) => [key, JSON.stringify(value)]));
	const name = options.name ?? "test";
	let clock = clockOf(options.now ?? someMoment);
	const log = (level: RecordedLog["level"]) => (fields: object, text: string) => {
		recorder.logs.push({ level, fields, text });
		recorder.called("log");
	};
	return {
		name,
		log: { debug: log("debug"), info: log("info"), warn: log("warn"), error: log("error") },
		storage: memoryStorage(values, () => recorder.called("storage")),
		now: () => clock(),
		...reports(recorder),
		webSocket(path, onConnection) {
			routes.set(path, onConnection);
			recorder.called("webSocket");
		},
		receipts: recorder.receipts,
		replies: recorder.replies,
		presences: recorder.presences,
		healths: recorder.healths,
		logs: recorder.logs,
		calls: recorder.calls,
		setNow(now) {
			clock = clockOf(now);
		},
		advance(by) {
			clock = clockOf(clock() + by);
		},
		stored: () => Object.fromEntries([...values].map(([key, text]) => [key, JSON.parse(text)])),
		until: (holds, within = 5000) => recorder.until(holds, within),
		connectWebSocket: (path, url = "") => connect(routes, name, path, url),
	};
}

function clockOf(now: Milliseconds | (() => Milliseconds)): () => Milliseconds {
	return typeof now === "function" ? now : () => now;
}

function reports(recorder: Recorder): Pick<MechanismHost, "receipt" | "reply" | "presence" | "health"> {
	return {
		async receipt(receipt) {
			recorder.receipts.push(receipt);
			recorder.called("receipt");
		},
		async reply(reply) {
			recorder.replies.push(reply);
			recorder.called("reply");
		},
		presence(presence) {
			recorder.presences.push(presence);
			recorder.called("presence");
		},
		health(health) {
			recorder.healths.push(health);
			recorder.called("health");
		},
	};
}

function connect(routes: Map<string, OnConnection>, name: string, path: string, url: string | URL): ClientSocket {
	const onConnection = routes.get(path);
	if (onConnection === undefined) {
		const served = [...routes.keys()].join(", ") || "no path at all";
		throw new Error(`nothing is served at ${path}; the plugin serves ${served}`);
	}
	const { client, server } = socketPair();
	onConnection(server, { url: new URL(url, `http://127.0.0.1/mechanisms/${name}/${path}`) });
	return client;
}
