/** The selection: one record, which is empty until somebody writes it. */
import type { Selection } from "@posthaste/core";
import type { Posthaste } from "../posthaste.ts";
import { checkSelection } from "./check.ts";
import { type Context, worldNow } from "./context.ts";
import { throwFindings } from "./finding.ts";
import { selectionRecord } from "./records.ts";
import { emptySelection } from "./tables.ts";
import { writeRecord } from "./writing.ts";

export function selectionDatabase(context: Context): Posthaste["selection"] {
	const { state, inTurn, lines } = context;
	const read = () => {
		const record = state.tables.selection;
		return record === undefined ? undefined : lines.correct("selection", "selection", record);
	};
	return {
		async get() {
			return read() ?? emptySelection;
		},
		put: (definition, options) =>
			inTurn(async () => {
				const make = () => {
					const at = ["selection", "rules"];
					throwFindings(checkSelection(definition, worldNow(context), at, ["selection", "defaultManager"]));
					return selectionRecord(definition, { by: "api" });
				};
				const writing = { state, database: "selection", key: "selection", options, read, make } as const;
				return (await writeRecord<Selection>(writing)) as Selection;
			}),
	};
}
