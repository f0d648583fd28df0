/** The manager database. */
import type { ManagerRecord } from "@posthaste/core";
import type { Database, ManagerDefinition } from "../posthaste.ts";
import { checkManager } from "./check.ts";
import { wellFormed } from "./check-world.ts";
import { type Context, worldNow } from "./context.ts";
import { throwFindings } from "./finding.ts";
import { pageOf } from "./pages.ts";
import { managerRecord } from "./records.ts";
import { inUse, selectionReferences } from "./references.ts";
import { type Writing, writeRecord } from "./writing.ts";

export function managerDatabase(context: Context): Database<ManagerRecord, ManagerDefinition> {
	const { state, inTurn, lines } = context;
	const read = (name: string) => {
		const record = state.tables.managers.get(name);
		return record === undefined ? undefined : lines.correct("managers", name, record);
	};
	const write = (name: string, rest: Pick<Writing<ManagerRecord>, "options" | "make">) =>
		writeRecord({ state, database: "managers", key: name, read: () => read(name), ...rest });

	return {
		async get(name) {
			return read(name);
		},
		async list(query) {
			const page = pageOf(state.tables.managers, query);
			return { ...page, items: page.items.map((record) => lines.correct("managers", record.name, record)) };
		},
		put: (name, definition, options) =>
			inTurn(async () => {
				await context.plugins.prepare?.(wellFormed([definition]));
				const make = () => {
					throwFindings(checkManager(name, definition, worldNow(context)));
					return managerRecord(name, definition, { by: "api" });
				};
				return (await write(name, { options, make })) as ManagerRecord;
			}),
		delete: (name, options) =>
			inTurn(async () => {
				let existed = false;
				const make = (current: ManagerRecord | undefined) => {
					existed = current !== undefined;
					if (existed) {
						throwFindings(inUse("managers", name, selectionReferences(name, state.tables.selection)));
					}
					return existed ? null : undefined;
				};
				await write(name, { options, make });
				return existed;
			}),
	};
}
