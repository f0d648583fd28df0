/** The library's methods about mechanisms: their records, and what their instances are doing. */
import type { MechanismRecord } from "@posthaste/core";
import type { MechanismView, Posthaste } from "../posthaste.ts";
import type { Parts } from "./parts.ts";

export function mechanisms(parts: Parts): Posthaste["mechanisms"] {
	const { databases, mechanisms: running } = parts;
	const view = (record: MechanismRecord) => viewOf(parts, record);
	return {
		async get(name) {
			const record = await databases.mechanisms.get(name);
			return record && view(record);
		},
		async list(query) {
			const page = await databases.mechanisms.list(query);
			return { ...page, items: page.items.map(view) };
		},
		async put(name, definition, options) {
			const record = await databases.mechanisms.put(name, definition, options);
			await follow(parts);
			return view(record);
		},
		delete: (name, options) => databases.mechanisms.delete(name, options),
		enable: async (name) => view(await databases.mechanisms.setDisabled(name, false)),
		disable: async (name) => view(await databases.mechanisms.setDisabled(name, true)),
		presence: (name, address) => running.presence(name, address as Readonly<Record<string, unknown>>),
	};
}

/** Brings the instances in step with the records; resolves when new ones are up or have failed, or take too long. */
export function follow({ databases, mechanisms: running }: Pick<Parts, "databases" | "mechanisms">): Promise<void> {
	return running.follow([...databases.mechanismRecords.values()]);
}

function viewOf({ mechanisms: running, plugins }: Parts, record: MechanismRecord): MechanismView {
	const { inactive, ...standing } = running.standing(record.name);
	const reason = record.disabled ? ({ reason: "disabled" } as const) : inactive;
	const kind = plugins.mechanism(record.use)?.kind;
	return {
		...record,
		...(kind !== undefined && { kind }),
		active: reason === undefined,
		...(reason !== undefined && { inactive: reason }),
		...standing,
	};
}
