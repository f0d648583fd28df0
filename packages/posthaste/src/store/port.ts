/**
 * The store port: everything Posthaste asks of a database, in sets. Two kinds of things are kept:
 * what happens (messages, deliveries, journals, prompts), which is only ever appended to, and the
 * databases (mechanisms, managers, selection, users), each record with a revision.
 *
 * A promise that resolves means that the change is on disk (fsynced).
 */
import type {
	DeliveryState,
	JournalEntry,
	ManagerRecord,
	MechanismRecord,
	Message,
	Milliseconds,
	Selection,
	SettleReason,
	User,
} from "@posthaste/core";

/** A delivery's row. Its identifier is `MESSAGE.N`, N counting recipients from 1. */
export interface DeliveryRow {
	readonly id: string;
	readonly message: string;
	readonly recipient: string;
	readonly sender: string;
	readonly state: DeliveryState;
	readonly reason?: SettleReason;
	/** When the delivery has to be looked at next; null when it is final or held. */
	readonly due: Milliseconds | null;
	/** Sequence of the last journal entry; 0 before the first. */
	readonly sequence: number;
	readonly acceptedAt: Milliseconds;
	readonly settledAt?: Milliseconds;
	/** The installed manager plugin it runs with, as `ID@VERSION`; missing when the plugin is bundled, and once it is final. */
	readonly pin?: string;
}

export interface PromptRow {
	/** `DELIVERY.pN`. */
	readonly id: string;
	readonly message: string;
	readonly delivery: string;
	readonly sender: string;
	readonly recipient: string;
	readonly question: string;
	readonly askedAt: Milliseconds;
	readonly until: Milliseconds;
	readonly otherwise: "yes" | "no";
}

export interface Accept {
	readonly message: Message;
	readonly recipients: readonly string[];
	/** The accepting process begins the deliveries itself: until this moment nobody else claims them. Null: free at once. */
	readonly claimedUntil: Milliseconds | null;
	readonly idempotency?: { readonly key: string /** Of the request as it came in. */; readonly digest: string };
}

/** What came of an accept: new, or the message an earlier request with the same key made, or a clash. */
export type AcceptResult =
	| { readonly result: "accepted" }
	| { readonly result: "repeated"; readonly message: string }
	| { readonly result: "conflict" };

export interface Append {
	readonly delivery: string;
	/** Consecutive entries. The first one's sequence must be the row's sequence + 1, or nothing is written. */
	readonly entries: readonly JournalEntry[];
	/** The row after these entries. */
	readonly state: DeliveryState;
	readonly reason?: SettleReason | undefined;
	readonly due: Milliseconds | null;
	/** The claim after these entries: kept until this moment while a call is under way, null to let it go. */
	readonly claimedUntil: Milliseconds | null;
	readonly settledAt?: Milliseconds | undefined;
	/** Opens a question to the sender. */
	readonly openPrompt?: PromptRow | undefined;
	/** Closes one: answered, withdrawn, or out of time. */
	readonly closePrompt?: string | undefined;
	/**
	 * Pins the delivery to an installed manager plugin, as `ID@VERSION`. Left out, the row keeps what it has, until a
	 * final state takes it away.
	 */
	readonly pin?: string | undefined;
}

/** `fenced`: another append came first, so this one wrote nothing. */
export type AppendResult = "written" | "fenced";

export interface WriteBatch {
	readonly accepts: readonly Accept[];
	readonly appends: readonly Append[];
}

export interface WriteResult {
	readonly accepts: readonly AcceptResult[];
	readonly appends: readonly AppendResult[];
}

export interface PinCount {
	/** `ID@VERSION` of an installed manager plugin. */
	readonly pin: string;
	/** At least 1. */
	readonly deliveries: number;
}

export interface Page<T> {
	readonly items: readonly T[];
	/** Opaque; hand it back as `cursor` for the next page. */
	readonly next?: string;
}

export interface PageQuery {
	readonly cursor?: string;
	/** 1 to 1000; 50 when left out. */
	readonly limit?: number;
}

export interface MessageQuery extends PageQuery {
	readonly recipient?: string;
	readonly sender?: string;
	/** Messages with at least one delivery in this state. */
	readonly state?: DeliveryState;
}

/** A message as it was accepted, with the rows of its deliveries in the order of its recipients. */
export interface StoredMessage {
	readonly message: Message;
	readonly deliveries: readonly DeliveryRow[];
}

/** A delivery with what is needed to go on with it. */
export interface StoredDelivery {
	readonly row: DeliveryRow;
	readonly message: Message;
	readonly journal: readonly JournalEntry[];
}

export type DatabaseName = "mechanisms" | "managers" | "users" | "selection";

/** A change of one record. `expected` guards against lost updates: the revision it must still have (0: must not exist). */
export type DatabaseChange =
	| {
			readonly database: "mechanisms";
			readonly key: string;
			readonly value: MechanismRecord | null;
			readonly expected?: number;
	  }
	| {
			readonly database: "managers";
			readonly key: string;
			readonly value: ManagerRecord | null;
			readonly expected?: number;
	  }
	| { readonly database: "users"; readonly key: string; readonly value: User | null; readonly expected?: number }
	| {
			readonly database: "selection";
			readonly key: "selection";
			readonly value: Selection | null;
			readonly expected?: number;
	  };

export type ChangeResult =
	/** The revision given to every record of this change. Records are stored with it. */
	| { readonly result: "changed"; readonly revision: number }
	/** Nothing was written: this record no longer has the expected revision. */
	| { readonly result: "conflict"; readonly database: DatabaseName; readonly key: string; readonly revision: number };

export interface StoreBackup {
	/** The full path. */
	readonly file: string;
	readonly bytes: number;
	/** Version of the schema it has. */
	readonly schema: number;
}

export interface Store {
	/**
	 * Accepts and appends in one transaction, results in the order given. One item's clash does not
	 * touch the others. Deliveries accepted here start in state `routing`, due at once.
	 */
	write(batch: WriteBatch): Promise<WriteResult>;

	/**
	 * Deliveries whose `due` has come, soonest first, hidden from further claims for `lease`
	 * milliseconds or as their next append says.
	 */
	claimDue(now: Milliseconds, limit: number, lease: Milliseconds): Promise<readonly DeliveryRow[]>;
	/** Keeps claims for another `lease` milliseconds. */
	renew(deliveries: readonly string[], now: Milliseconds, lease: Milliseconds): Promise<void>;
	/** Forgets every claim: what a single process does when it starts, since nobody else can hold one. */
	releaseClaims(): Promise<void>;
	/** The soonest due moment of an unclaimed delivery, null when nothing waits for time. */
	nextDue(): Promise<Milliseconds | null>;

	loadDeliveries(deliveries: readonly string[]): Promise<readonly (StoredDelivery | undefined)[]>;
	loadMessage(message: string): Promise<StoredMessage | undefined>;
	/** Newest first. A page of large messages may end before its limit; `next` says whether there are more. */
	listMessages(query: MessageQuery): Promise<Page<StoredMessage>>;
	/** Open questions, oldest first. */
	listPrompts(query: PageQuery & { readonly sender?: string; readonly message?: string }): Promise<Page<PromptRow>>;
	loadPrompt(prompt: string): Promise<PromptRow | undefined>;
	/** Deliveries by state, for metrics and health. */
	countDeliveries(): Promise<Readonly<Record<DeliveryState, number>>>;
	/** Deliveries that are not final (held ones included) by what they are pinned to, in the order of the pins. */
	countPins(): Promise<readonly PinCount[]>;

	/** All records of the three small databases. */
	readDatabases(): Promise<{
		readonly revision: number;
		readonly mechanisms: readonly MechanismRecord[];
		readonly managers: readonly ManagerRecord[];
		readonly selection?: Selection;
	}>;
	readUsers(users: readonly string[]): Promise<readonly (User | undefined)[]>;
	/** By key. */
	listUsers(query: PageQuery & { readonly managedBy?: "file" | "api" }): Promise<Page<User>>;
	/** All or nothing. */
	change(changes: readonly DatabaseChange[]): Promise<ChangeResult>;
	/** Calls back after each change of a database, whoever made it. Returns how to stop. */
	watch(listener: (revision: number) => void): () => void;

	/** Durable storage of one mechanism's own. */
	pluginGet(mechanism: string, key: string): Promise<unknown>;
	pluginSet(mechanism: string, key: string, value: unknown): Promise<void>;
	pluginDelete(mechanism: string, key: string): Promise<void>;
	pluginList(mechanism: string, prefix: string): Promise<readonly { readonly key: string; readonly value: unknown }[]>;

	/**
	 * Forgets messages accepted before `before` whose deliveries are all final, with everything of
	 * theirs, in bounded steps. Returns how many messages went; fewer than `limit` means it is done.
	 */
	retain(before: Milliseconds, limit: number): Promise<number>;

	/**
	 * Copies everything, as it is in one moment, to a file on the store's machine while work goes on. The file is
	 * there only when it is whole.
	 * @throws PosthasteError `file-exists`; `invalid-request` where the database has means of its own
	 */
	backup(
		file: string,
		options?: { /** Replaces a file that is there. */ readonly force?: boolean },
	): Promise<StoreBackup>;

	/**
	 * Cheap. Resolves as long as what is written now will be there at the next start.
	 * @throws PosthasteError `database-damaged` when it was removed or replaced under the running program
	 */
	verify(): Promise<void>;

	close(): Promise<void>;
}
