/** Databases in memory, for tests of the API: revisions, preconditions and the commonest checks. */
import {
	compileCondition,
	type ErrorCode,
	type ManagerRecord,
	PosthasteError,
	type Selection,
	type User,
} from "@posthaste/core";
import type {
	Database,
	ManagerDefinition,
	MechanismDefinition,
	MechanismView,
	SelectionDefinition,
	UserDefinition,
	WriteOptions,
} from "../../posthaste.ts";
import type { Page, PageQuery } from "../../store/port.ts";

interface Kept {
	readonly revision: number;
	readonly managedBy: { readonly by: string };
}

export function refuse(code: ErrorCode, field: string, message: string): never {
	throw new PosthasteError(code, `${field}: ${message}`, [{ field, message }]);
}

/** One page of what stands in an order of its own; a cursor is the place where the next page begins. */
export function pageOf<Item>(items: readonly Item[], { cursor, limit = 50 }: PageQuery = {}): Page<Item> {
	if (cursor !== undefined && !/^at-\d{1,9}$/.test(cursor)) {
		throw new PosthasteError("invalid-cursor", `${cursor} is not a cursor`);
	}
	const from = Number(cursor?.slice(3) ?? 0);
	const next = from + limit;
	return { items: items.slice(from, next), ...(next < items.length && { next: `at-${next}` }) };
}

export class MemoryDatabase<Record extends Kept, Definition> implements Database<Record, Definition> {
	readonly records = new Map<string, Record>();
	readonly #toRecord: (name: string, definition: Definition, revision: number) => Record;
	readonly #usedBy: (name: string) => string | undefined;

	constructor(
		toRecord: (name: string, definition: Definition, revision: number) => Record,
		usedBy: (name: string) => string | undefined = () => undefined,
	) {
		this.#toRecord = toRecord;
		this.#usedBy = usedBy;
	}

	async get(name: string): Promise<Record | undefined> {
		return this.records.get(name);
	}

	async list(query?: PageQuery): Promise<Page<Record>> {
		return pageOf([...this.records.values()], query);
	}

	async put(name: string, definition: Definition, options: WriteOptions = {}): Promise<Record> {
		const before = this.records.get(name);
		this.#check(name, before, options);
		const record = this.#toRecord(name, definition, (before?.revision ?? 0) + 1);
		this.records.set(name, record);
		return record;
	}

	async delete(name: string, options: WriteOptions = {}): Promise<boolean> {
		this.#check(name, this.records.get(name), options);
		const user = this.#usedBy(name);
		if (user !== undefined) {
			refuse("in-use", name, `${user} refers to it`);
		}
		return this.records.delete(name);
	}

	#check(name: string, before: Record | undefined, { expected, create }: WriteOptions): void {
		if (before?.managedBy.by === "file") {
			refuse("managed-by-file", name, "posthaste.yaml defines it at line 3");
		}
		if ((create === true && before !== undefined) || (expected !== undefined && expected !== (before?.revision ?? 0))) {
			throw new PosthasteError("revision-conflict", `${name} has revision ${before?.revision ?? 0}`);
		}
	}
}

const api = { by: "api" } as const;

function checkCondition(field: string, source: string | undefined): void {
	const compiled = source === undefined ? undefined : compileCondition(source);
	if (compiled?.ok === false) {
		refuse("invalid-condition", field, compiled.error.message);
	}
}

export class MemoryDatabases {
	readonly users: MemoryDatabase<User, UserDefinition>;
	readonly managers: MemoryDatabase<ManagerRecord, ManagerDefinition>;
	readonly mechanisms: MemoryDatabase<MechanismView, MechanismDefinition>;
	selection: Selection = { rules: [], managedBy: api, revision: 0 };

	constructor() {
		this.mechanisms = new MemoryDatabase(toMechanism, (name) => {
			const users = [...this.users.records.values()];
			return users.find(({ mechanisms }) => mechanisms.some(({ mechanism }) => mechanism === name))?.id;
		});
		this.managers = new MemoryDatabase(toManager);
		this.users = new MemoryDatabase((id, definition, revision) => this.#toUser(id, definition, revision));
	}

	async putSelection(definition: SelectionDefinition, options: WriteOptions = {}): Promise<Selection> {
		if (options.expected !== undefined && options.expected !== this.selection.revision) {
			throw new PosthasteError("revision-conflict", "the selection was changed");
		}
		for (const { when, manager } of definition.rules) {
			checkCondition("rules", when);
			if (!this.managers.records.has(manager)) {
				refuse("unknown-manager", "rules", manager);
			}
		}
		this.selection = { ...definition, managedBy: api, revision: this.selection.revision + 1 };
		return this.selection;
	}

	#toUser(id: string, definition: UserDefinition, revision: number): User {
		for (const { mechanism, address, when } of definition.mechanisms) {
			checkCondition("mechanisms", when);
			if (!this.mechanisms.records.has(mechanism)) {
				refuse("unknown-mechanism", "mechanisms", mechanism);
			}
			if (Object.keys(address).length === 0) {
				refuse("invalid-address", "mechanisms", "the address is empty");
			}
		}
		return { timezone: "UTC", ...definition, id, managedBy: api, revision };
	}
}

/** The plugins `im`, whose settings need an `url`, and `sequence`, whose settings need `steps`. */
function toMechanism(name: string, { use, settings = {} }: MechanismDefinition, revision: number): MechanismView {
	if (use !== "im") {
		refuse("unknown-plugin", "use", use);
	}
	if (typeof settings.url !== "string") {
		refuse("invalid-settings", "settings.url", "is missing");
	}
	const state = { disabled: false, active: true, breaker: "closed", inFlight: 0 } as const;
	return { name, use, settings, kind: "im", ...state, managedBy: api, revision };
}

function toManager(name: string, { use, configurations }: ManagerDefinition, revision: number): ManagerRecord {
	if (use !== "sequence") {
		refuse("unknown-plugin", "use", use);
	}
	for (const { when, settings } of configurations) {
		checkCondition("configurations", when);
		if (!Array.isArray(settings?.steps)) {
			refuse("invalid-settings", "configurations", "steps are missing");
		}
	}
	return { name, use, configurations, managedBy: api, revision };
}
