/**
 * Posthaste as a library: the interface that applications, the HTTP API and the CLI's own process
 * use alike. Everything here throws {@link PosthasteError} on bad input and on nothing else expected.
 */
import type {
	Draft,
	Explanation,
	JournalEntry,
	ManagerRecord,
	MechanismRecord,
	Message,
	Milliseconds,
	Policies,
	Presence,
	Resolution,
	Selection,
	User,
} from "@posthaste/core";
import type { DeliveryRow, MessageQuery, Page, PageQuery, PromptRow, StoreBackup } from "./store/port.ts";

/** A delivery as people see it. */
export interface DeliveryView extends DeliveryRow, Partial<Omit<Policies, "recipient">> {
	readonly journal: readonly JournalEntry[];
}

export interface MessageView {
	readonly message: Message;
	readonly deliveries: readonly DeliveryView[];
}

export interface Accepted {
	readonly id: string;
	readonly acceptedAt: Milliseconds;
	readonly deliveries: readonly { readonly id: string; readonly recipient: string }[];
	/** True when an earlier request with the same idempotency key made this message. */
	readonly repeated: boolean;
}

/** Something that happened to a message: new journal entries of one of its deliveries. */
export interface MessageEvent {
	readonly message: string;
	readonly delivery: string;
	readonly state: DeliveryRow["state"];
	readonly reason?: DeliveryRow["reason"];
	readonly entries: readonly JournalEntry[];
}

/** A mechanism's record together with what it is doing now. */
export interface MechanismView extends MechanismRecord {
	readonly kind?: string;
	readonly active: boolean;
	/** Why it is not active: the closed reason and the plugin's or the breaker's own words. */
	readonly inactive?: { readonly reason: string; readonly detail?: string };
	readonly breaker: "closed" | "open" | "half-open";
	readonly inFlight: number;
	/** Why an instance with what is configured now did not come up; the one before serves meanwhile. */
	readonly notReplaced?: string;
}

export interface PluginView {
	readonly type: "manager" | "mechanism";
	readonly id: string;
	readonly version: string;
	readonly title: string;
	readonly description?: string;
	readonly kind?: string;
	readonly bundled: boolean;
	readonly settings: object;
	readonly address?: object;
	readonly capabilities?: object;
	/** Missing for a plugin that the program or the application brings and that nobody installed over. */
	readonly installed?: PluginInstallation;
}

/** The versions of a plugin that were installed at run time. */
export interface PluginInstallation {
	/** What new deliveries use; null when that is what the program brings, if anything. */
	readonly active: string | null;
	/** What was active before. */
	readonly previous?: string;
	/** Installing another version does not make it active. */
	readonly pinned: boolean;
	readonly versions: readonly PluginVersionView[];
}

export interface PluginVersionView {
	readonly version: string;
	/** What was asked for, and where it came from. */
	readonly from: string;
	readonly resolved: string;
	/** Subresource integrity of its tarball. */
	readonly integrity: string;
	readonly installedAt: Milliseconds;
	readonly isolation: "thread" | "process" | "command";
	/** Megabytes. */
	readonly memory: number;
	readonly grants: object;
	/** `idle`: nothing needs it now, and it is loaded when something does. */
	readonly state: "loaded" | "idle" | "down";
	/** Why it is down. */
	readonly detail?: string;
	/** Deliveries under way that are pinned to it; only where that was asked for. */
	readonly deliveries?: number;
}

export interface PluginAdding {
	/** As `npm install` takes it: a name, `name@1.2.0`, an absolute path of a folder or a tarball, a URL. */
	readonly from: string;
	/** A version or range, where `from` is a name. */
	readonly version?: string;
	/** How it is kept apart from the program; as the program was started when left out. */
	readonly isolation?: "thread" | "process";
	/** Megabytes of heap; 128 when left out. */
	readonly memory?: number;
	/** What its process may do, of what its package says it needs. */
	readonly grants?: {
		readonly read?: readonly string[];
		readonly write?: readonly string[];
		readonly childProcesses?: boolean;
		readonly workers?: boolean;
	};
}

/** Tells a manager and a mechanism of the same name apart. */
export interface PluginChoice {
	readonly type?: "manager" | "mechanism";
}

/** A write to one record. `expected` is the revision the caller saw; leaving it out overwrites. */
export interface WriteOptions {
	readonly expected?: number;
	/** Only create: `If-None-Match: *`. */
	readonly create?: boolean;
}

export interface Database<Record, Definition> {
	get(name: string): Promise<Record | undefined>;
	list(query?: PageQuery): Promise<Page<Record>>;
	put(name: string, definition: Definition, options?: WriteOptions): Promise<Record>;
	/** False when it did not exist. */
	delete(name: string, options?: WriteOptions): Promise<boolean>;
}

/** What a definition holds that a caller may write; the rest of the record is ours. */
export type MechanismDefinition = Pick<MechanismRecord, "use"> & Partial<Pick<MechanismRecord, "settings">>;
export type ManagerDefinition = Pick<ManagerRecord, "use" | "configurations">;
export type SelectionDefinition = Pick<Selection, "rules" | "defaultManager">;
export type UserDefinition = Pick<User, "name" | "mechanisms"> & Partial<Pick<User, "timezone">>;

/** The whole configuration as a document: what `posthaste.yaml` holds after parsing. */
export interface ConfigurationDocument {
	/** Installed before the rest is applied; by identifier. */
	readonly plugins?: Readonly<Record<string, PluginAdding>>;
	readonly mechanisms?: Readonly<Record<string, MechanismDefinition>>;
	readonly managers?: Readonly<Record<string, ManagerDefinition>>;
	readonly selection?: readonly { readonly when?: string; readonly manager: string }[];
	readonly defaultManager?: string;
	readonly users?: Readonly<Record<string, UserDefinition>>;
}

export interface ConfigurationChange {
	readonly database: "mechanisms" | "managers" | "users" | "selection";
	readonly key: string;
	readonly change: "added" | "changed" | "removed";
	readonly before?: unknown;
	readonly after?: unknown;
}

export interface ApplyOptions {
	/** Works out and checks the changes, and applies none. */
	readonly dryRun?: boolean;
	/** Records become `managedBy: file`, with the line that `lines` knows for each. */
	readonly file?: { readonly path: string; readonly lineOf: (database: string, key: string) => number };
}

export interface ApplyResult {
	readonly changes: readonly ConfigurationChange[];
	readonly applied: boolean;
	readonly revision: number;
}

export interface Posthaste {
	/** Resolves when the message is on disk. */
	send(draft: Draft, options?: { readonly idempotencyKey?: string }): Promise<Accepted>;
	/** Each draft stands for itself: one's error does not touch the others. */
	sendMany(drafts: readonly Draft[]): Promise<readonly (Accepted | Error)[]>;
	/** What would happen, and why; sends nothing. `at` asks about another moment than now. */
	explain(draft: Draft, options?: { readonly at?: Milliseconds }): Promise<Explanation>;

	readonly messages: {
		get(id: string): Promise<MessageView | undefined>;
		list(query?: MessageQuery): Promise<Page<MessageView>>;
		/** What happens to one message from now on, ending when all its deliveries are final. */
		events(id: string, signal?: AbortSignal): AsyncIterable<MessageEvent>;
		/** Cancels what is not final and retracts what can be. */
		cancel(id: string, who?: string): Promise<MessageView>;
	};
	/** What happens to any message; ends with the signal. A listener that lags far behind loses events: their sequences show it. */
	events(signal?: AbortSignal): AsyncIterable<MessageEvent>;

	readonly prompts: {
		list(query?: PageQuery & { readonly sender?: string; readonly message?: string }): Promise<Page<PromptRow>>;
		get(id: string): Promise<PromptRow | undefined>;
		answer(id: string, answer: "yes" | "no", who?: string): Promise<void>;
	};

	readonly deliveries: {
		/** A person's decision about a held delivery. */
		resolve(id: string, resolution: Resolution, who?: string): Promise<DeliveryView>;
	};

	readonly mechanisms: Omit<Database<MechanismView, MechanismDefinition>, never> & {
		enable(name: string): Promise<MechanismView>;
		disable(name: string): Promise<MechanismView>;
		presence(name: string, address: object): Promise<Presence | undefined>;
	};
	readonly managers: Database<ManagerRecord, ManagerDefinition>;
	readonly users: Database<User, UserDefinition>;
	readonly selection: {
		get(): Promise<Selection>;
		put(definition: SelectionDefinition, options?: WriteOptions): Promise<Selection>;
	};
	readonly configuration: {
		/** Replaces everything of the same owner (this file, or the API), all or nothing. */
		apply(document: ConfigurationDocument, options?: ApplyOptions): Promise<ApplyResult>;
		/** Everything that is defined now, as one document; secrets that came as `${env:…}` stay so. */
		export(): Promise<ConfigurationDocument>;
	};
	readonly plugins: {
		list(): Promise<readonly PluginView[]>;
		/** With the number of deliveries that are pinned to each version. */
		get(id: string, choice?: PluginChoice): Promise<PluginView | undefined>;
		/** Installs a version; new deliveries use it from then on, unless another one is pinned. */
		add(adding: PluginAdding): Promise<PluginView>;
		/** New deliveries use this version, whatever is installed later; `null` lets the newest installed take over again. */
		pin(id: string, version: string | null, choice?: PluginChoice): Promise<PluginView>;
		/** New deliveries use the version that was active before. */
		rollback(id: string, choice?: PluginChoice): Promise<PluginView>;
		/**
		 * Removes a version, or all of them. `force` removes also what deliveries under way are pinned to: they
		 * are held until the version is installed again.
		 */
		remove(id: string, options?: PluginChoice & { readonly version?: string; readonly force?: boolean }): Promise<void>;
	};

	/** Users whom no mechanism can reach now, with the reasons, for `doctor` and metrics. */
	unreachable(query?: PageQuery): Promise<
		Page<{
			readonly user: string;
			readonly reasons: readonly { readonly mechanism: string; readonly reason: string }[];
		}>
	>;
	/**
	 * Copies everything that is stored, as it is in one moment, to a file of this machine, while work goes on. The file
	 * is there only when it is whole and checked.
	 * @throws PosthasteError `file-exists` without `force`; `disk-full` or `disk-failed`, naming the disk that is meant
	 */
	backup(file: string, options?: { readonly force?: boolean }): Promise<StoreBackup>;
	/** Resolves when nothing is under way: no write, no call of a mechanism. Waiting deliveries do not count. */
	idle(): Promise<void>;
	close(): Promise<void>;
}
