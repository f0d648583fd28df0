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
import type { DeliveryRow, MessageQuery, Page, PageQuery, PromptRow } from "./store/port.ts";

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
	readonly plugins: { list(): Promise<readonly PluginView[]> };

	/** Users whom no mechanism can reach now, with the reasons, for `doctor` and metrics. */
	unreachable(query?: PageQuery): Promise<
		Page<{
			readonly user: string;
			readonly reasons: readonly { readonly mechanism: string; readonly reason: string }[];
		}>
	>;
	/** Resolves when nothing is under way: no write, no call of a mechanism. Waiting deliveries do not count. */
	idle(): Promise<void>;
	close(): Promise<void>;
}
