/**
 * The four databases as a service: mechanisms, managers (each with its configurations), selection and
 * users. Every change is checked, written with a revision, and shows in a new immutable snapshot before
 * the call that made it resolves.
 */
import { type ManagerRecord, type MechanismRecord, PosthasteError, type Snapshot, type User } from "@posthaste/core";
import type { Database, ManagerDefinition, Posthaste, UserDefinition } from "../posthaste.ts";
import type { PluginSource } from "./check-world.ts";
import { type ConfigurationDatabase, configurationDatabase } from "./configuration.ts";
import { type Context, turns } from "./context.ts";
import { Lines } from "./lines.ts";
import { managerDatabase } from "./manager-database.ts";
import { type MechanismDatabase, mechanismDatabase, noSuchMechanism } from "./mechanism-database.ts";
import { type Environment, resolveSecrets, type SettingsValue } from "./secrets.ts";
import { selectionDatabase } from "./selection-database.ts";
import { withDefaults } from "./settings.ts";
import { type Activity, type LeftOut, Snapshots } from "./snapshots.ts";
import { type ChangeListener, State, type StateStore } from "./state.ts";
import { userDatabase } from "./user-database.ts";

export interface DatabasesOptions {
	readonly store: StateStore;
	readonly plugins: PluginSource;
	/** Why a mechanism is not active now; "disabled" is answered from its record before this is asked. */
	readonly activity: Activity;
	/** Where `${env:NAME}` is read; the process's environment when left out. */
	readonly env?: Environment;
	/** Users kept in memory; 50,000 when left out. */
	readonly cachedUsers?: number;
}

const usualCache = 50_000;

export class Databases {
	readonly mechanisms: MechanismDatabase;
	readonly managers: Database<ManagerRecord, ManagerDefinition>;
	readonly users: Database<User, UserDefinition>;
	readonly selection: Posthaste["selection"];
	readonly configuration: ConfigurationDatabase;
	readonly #context: Context;
	readonly #state: State;

	private constructor(context: Context) {
		this.#context = context;
		this.#state = context.state;
		this.mechanisms = mechanismDatabase(context);
		this.managers = managerDatabase(context);
		this.users = userDatabase(context);
		this.selection = selectionDatabase(context);
		this.configuration = configurationDatabase(context);
	}

	/** Reads what the store holds and keeps in step with it until {@link close}. */
	static async open(options: DatabasesOptions): Promise<Databases> {
		const { store, plugins, activity, env = process.env, cachedUsers = usualCache } = options;
		const state = await State.open(store, new Snapshots(plugins, activity), cachedUsers);
		return new Databases({ state, store, plugins, env, lines: new Lines(), inTurn: turns() });
	}

	/** The databases as they are now, for the flow. */
	get snapshot(): Snapshot {
		return this.#state.snapshot;
	}

	/** Records that the snapshot leaves out, because their plugin is gone or no longer takes their settings. */
	get leftOut(): readonly LeftOut[] {
		return this.#state.leftOut;
	}

	/** Mechanisms as they are stored, secrets and all, for whoever makes instances of them. */
	get mechanismRecords(): ReadonlyMap<string, MechanismRecord> {
		return this.#state.tables.mechanisms;
	}

	/** Managers as they are stored. */
	get managerRecords(): ReadonlyMap<string, ManagerRecord> {
		return this.#state.tables.managers;
	}

	/** Calls back after each change, when the snapshot shows it. Returns how to stop. A listener must not throw. */
	onChange(listener: ChangeListener): () => void {
		return this.#state.onChange(listener);
	}

	/** A user whom the cache holds. Undefined does not say that they do not exist. */
	cachedUser(id: string): User | undefined {
		return this.#state.users.cached(id);
	}

	/** Those of the users that exist, by key. */
	loadUsers(ids: Iterable<string>): Promise<Map<string, User>> {
		return this.#state.users.load(ids);
	}

	/** Makes the snapshot anew, after plugins came or went. */
	rebuild(): Promise<void> {
		return this.#context.inTurn(() => this.#state.prepareAgain());
	}

	/**
	 * A mechanism's settings as its plugin gets them: with defaults, and with secrets resolved.
	 * @throws PosthasteError `unknown-mechanism`, `unknown-plugin`, `invalid-settings` naming a variable that is not set
	 */
	mechanismSettings(name: string): SettingsValue {
		const record = this.mechanismRecords.get(name);
		if (record === undefined) {
			throw noSuchMechanism(name);
		}
		const schema = this.#context.plugins.mechanism(record.use)?.settings;
		if (schema === undefined) {
			throw new PosthasteError("unknown-plugin", `there is no mechanism plugin "${record.use}"`);
		}
		const at = ["mechanisms", name, "settings"];
		return withDefaults(schema, resolveSecrets(record.settings, this.#context.env, schema, at));
	}

	/** Stops following the store. Writes that are under way still end as they would. */
	close(): void {
		this.#state.close();
	}
}
