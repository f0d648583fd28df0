/** The three small databases in memory, as they stand at one revision. Users stay in the store. */
import type { ManagerRecord, MechanismRecord, Selection } from "@posthaste/core";
import type { DatabaseChange, Store } from "../store/port.ts";

export interface Tables {
	readonly revision: number;
	readonly mechanisms: ReadonlyMap<string, MechanismRecord>;
	readonly managers: ReadonlyMap<string, ManagerRecord>;
	readonly selection: Selection | undefined;
}

export const emptySelection: Selection = { rules: [], managedBy: { by: "api" }, revision: 0 };

/** What the store holds. Records that did not change stay the same objects, so that what was made of them can be kept. */
export function toTables(read: Awaited<ReturnType<Store["readDatabases"]>>, before?: Tables): Tables {
	return {
		revision: read.revision,
		mechanisms: keyed(read.mechanisms, before?.mechanisms),
		managers: keyed(read.managers, before?.managers),
		selection: read.selection,
	};
}

function keyed<Row extends { readonly name: string; readonly revision: number }>(
	rows: readonly Row[],
	before?: ReadonlyMap<string, Row>,
): ReadonlyMap<string, Row> {
	return sorted(
		new Map(
			rows.map((row) => {
				const known = before?.get(row.name);
				return [row.name, known?.revision === row.revision ? known : row];
			}),
		),
	);
}

/** The tables after a change that the store has made. A table that no change is about stays the same object. */
export function withChanges(tables: Tables, changes: readonly DatabaseChange[], revision: number): Tables {
	let { mechanisms, managers, selection } = tables;
	for (const change of changes) {
		if (change.database === "mechanisms") {
			mechanisms = withRow(mechanisms, change.key, change.value, revision);
		} else if (change.database === "managers") {
			managers = withRow(managers, change.key, change.value, revision);
		} else if (change.database === "selection") {
			selection = change.value === null ? undefined : { ...change.value, revision };
		}
	}
	return { revision, mechanisms, managers, selection };
}

function withRow<Row>(
	rows: ReadonlyMap<string, Row>,
	key: string,
	value: Row | null,
	revision: number,
): ReadonlyMap<string, Row> {
	const changed = new Map(rows);
	if (value === null) {
		changed.delete(key);
		return changed;
	}
	changed.set(key, { ...value, revision });
	return rows.has(key) ? changed : sorted(changed);
}

/** Lists come by key, whatever order things were defined in. */
function sorted<Row>(rows: Map<string, Row>): ReadonlyMap<string, Row> {
	return new Map([...rows].sort(([left], [right]) => (left < right ? -1 : 1)));
}

/** The names whose records differ between two states. */
export function changedNames(
	before: ReadonlyMap<string, unknown>,
	after: ReadonlyMap<string, unknown>,
): readonly string[] {
	if (before === after) {
		return [];
	}
	const names = new Set([...before.keys(), ...after.keys()]);
	return [...names].filter((name) => before.get(name) !== after.get(name));
}
