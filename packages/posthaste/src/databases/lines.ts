/**
 * Lines of file-managed records that moved within their file. A move alone is not worth a revision, so
 * it is not stored: what is read is corrected instead. The file is applied at every start, which brings
 * the lines back.
 */
import type { DatabaseName } from "../store/port.ts";
import type { RecordStep } from "./apply-plan.ts";
import { type AnyRecord, sameOwner } from "./records.ts";

export class Lines {
	readonly #moved = new Map<string, number>();

	/** Takes note of an applied plan. */
	note(plan: readonly RecordStep[]): void {
		for (const { database, key, before, after } of plan) {
			const stored = before?.managedBy;
			const now = after?.managedBy;
			const moved = stored?.by === "file" && now?.by === "file" && sameOwner(stored, now) && stored.line !== now.line;
			if (moved) {
				this.#moved.set(`${database}/${key}`, now.line);
			} else {
				this.#moved.delete(`${database}/${key}`);
			}
		}
	}

	correct<Row extends AnyRecord>(database: DatabaseName, key: string, record: Row): Row {
		const line = this.#moved.get(`${database}/${key}`);
		return line === undefined || record.managedBy.by === "api"
			? record
			: { ...record, managedBy: { ...record.managedBy, line } };
	}
}
