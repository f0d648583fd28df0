/** Makes snapshots of the tables. What was compiled for a record is kept as long as the record stays the same. */
import {
	type CompiledConfiguration,
	type CompiledManager,
	type Condition,
	compileCondition,
	type InactiveReason,
	type ManagerPlugin,
	type ManagerRecord,
	type MechanismPlugin,
	type MechanismRecord,
	type Milliseconds,
	type Snapshot,
	type SnapshotMechanism,
	thrownText,
} from "@posthaste/core";
import type { TSchema } from "typebox";
import type { PluginSource } from "./check-world.ts";
import { Recent } from "./recent.ts";
import { checkManagerSettings } from "./settings.ts";
import { validatorOf } from "./shape.ts";
import type { Tables } from "./tables.ts";

/** Why a mechanism cannot be used now, as far as the host knows; undefined while it is active. */
export type Activity = (name: string, now: Milliseconds) => InactiveReason | undefined;

/** A record that the snapshot had to leave out, because its plugin is gone or no longer takes its settings. */
export interface LeftOut {
	readonly database: "mechanisms" | "managers";
	readonly name: string;
	readonly reason: string;
}

interface Made<Plugin, Compiled> {
	readonly plugin: Plugin;
	readonly compiled: Compiled;
}

const mostConditions = 20_000;

export class Snapshots {
	readonly #plugins: PluginSource;
	readonly #activity: Activity;
	readonly #managers = new WeakMap<ManagerRecord, Made<ManagerPlugin, CompiledManager>>();
	readonly #mechanisms = new WeakMap<MechanismRecord, Made<MechanismPlugin, SnapshotMechanism>>();
	readonly #conditions = new Recent<string, { readonly condition: Condition | undefined }>(mostConditions);

	constructor(plugins: PluginSource, activity: Activity) {
		this.#plugins = plugins;
		this.#activity = activity;
	}

	/** Comes before `make`, for managers whose settings have to be judged elsewhere. */
	async prepare({ managers }: Tables): Promise<void> {
		await this.#plugins.prepare?.(managers.values());
	}

	make(tables: Tables): { readonly snapshot: Snapshot; readonly leftOut: readonly LeftOut[] } {
		const leftOut: LeftOut[] = [];
		const mechanisms = compileAll(tables.mechanisms, (record) => this.#mechanism(record), "mechanisms", leftOut);
		const managers = compileAll(tables.managers, (record) => this.#manager(record), "managers", leftOut);
		const { rules = [], defaultManager } = tables.selection ?? {};
		const snapshot: Snapshot = {
			revision: tables.revision,
			mechanisms,
			managers,
			rules: rules.map(({ when, manager }) => ({
				manager,
				...(when !== undefined && { when: this.#required(when) }),
			})),
			...(defaultManager !== undefined && { defaultManager }),
			condition: this.condition,
		};
		return { snapshot, leftOut };
	}

	/** Compiled once, and kept while it is in use; undefined when it is not valid. */
	readonly condition = (source: string): Condition | undefined => {
		let known = this.#conditions.get(source);
		if (known === undefined) {
			const compiled = compileCondition(source);
			known = { condition: compiled.ok ? compiled.condition : undefined };
			this.#conditions.set(source, known);
		}
		return known.condition;
	};

	#required(source: string): Condition {
		// A stored condition that an older or newer version took and this one does not must not hold by accident.
		return this.condition(source) ?? { source, holds: () => "failed" };
	}

	#mechanism(record: MechanismRecord): SnapshotMechanism {
		const plugin = this.#plugins.mechanism(record.use);
		if (plugin === undefined) {
			throw new Error(`there is no mechanism plugin "${record.use}"`);
		}
		const known = this.#mechanisms.get(record);
		if (known?.plugin === plugin) {
			return known.compiled;
		}
		const { name, disabled } = record;
		const activity = this.#activity;
		const compiled: SnapshotMechanism = {
			name,
			kind: plugin.kind,
			capabilities: plugin.capabilities,
			addressFits: addressFitter(plugin.address),
			inactive: disabled ? () => "disabled" : (now) => activity(name, now),
		};
		this.#mechanisms.set(record, { plugin, compiled });
		return compiled;
	}

	#manager(record: ManagerRecord): CompiledManager {
		const plugin = this.#plugins.manager(record.use);
		if (plugin === undefined) {
			throw new Error(`there is no manager plugin "${record.use}"`);
		}
		const known = this.#managers.get(record);
		if (known?.plugin === plugin) {
			return known.compiled;
		}
		const compiled = {
			name: record.name,
			plugin,
			configurations: record.configurations.map((row) => this.#configuration(record, row, plugin)),
		};
		this.#managers.set(record, { plugin, compiled });
		return compiled;
	}

	#configuration(
		{ revision }: ManagerRecord,
		row: ManagerRecord["configurations"][number],
		plugin: ManagerPlugin,
	): CompiledConfiguration {
		const { settings, findings } = checkManagerSettings(plugin, row.settings, ["settings"]);
		const [first] = findings;
		if (first !== undefined) {
			throw new Error(`the settings of configuration "${row.name}" do not fit the plugin: ${first.message}`);
		}
		return {
			name: row.name,
			revision,
			...(row.when !== undefined && { when: this.#required(row.when) }),
			unknown: row.unknown ?? "resend",
			settings,
			allows: plugin.allows(settings),
		};
	}
}

/** Compiles each record; one that cannot be compiled is left out and said to be, and the others stay. */
function compileAll<Row, Compiled>(
	rows: ReadonlyMap<string, Row>,
	compile: (row: Row) => Compiled,
	database: LeftOut["database"],
	leftOut: LeftOut[],
): ReadonlyMap<string, Compiled> {
	const compiled = new Map<string, Compiled>();
	for (const [name, row] of rows) {
		try {
			compiled.set(name, compile(row));
		} catch (error) {
			leftOut.push({ database, name, reason: thrownText(error) });
		}
	}
	return compiled;
}

const fitters = new WeakMap<object, (address: unknown) => boolean>();

/** Checks addresses against a schema. An address object is checked once: records are never changed in place. */
function addressFitter(schema: TSchema): (address: unknown) => boolean {
	let fits = fitters.get(schema);
	if (fits === undefined) {
		const validator = validatorOf(schema);
		const known = new WeakMap<object, boolean>();
		fits = (address) => {
			if (typeof address !== "object" || address === null) {
				return false;
			}
			let answer = known.get(address);
			if (answer === undefined) {
				answer = validator.Check(address);
				known.set(address, answer);
			}
			return answer;
		};
		fitters.set(schema, fits);
	}
	return fits;
}
