/** Checks of a user's delivery table. */
import type { DeliveryEntry } from "@posthaste/core";
import { checkCondition, duplicates } from "./check-common.ts";
import type { CheckWorld } from "./check-world.ts";
import type { Path } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import { environmentFindings } from "./settings.ts";
import { shapeFindings } from "./shape.ts";
import { didYouMean } from "./suggest.ts";

export function checkEntries(entries: readonly DeliveryEntry[], at: Path, world: CheckWorld): readonly Finding[] {
	return [
		...entries.flatMap((entry, index) => [
			...checkEntry(entry, [...at, index], world),
			...checkCondition(entry.when, [...at, index, "when"]),
		]),
		...duplicates(
			entries.map((entry) => entry.mechanism),
			(index) => [...at, index, "mechanism"],
			"in the delivery table",
		),
	];
}

function checkEntry({ mechanism, address }: DeliveryEntry, at: Path, world: CheckWorld): readonly Finding[] {
	const use = world.mechanisms.get(mechanism);
	if (use === undefined) {
		const hint = didYouMean(mechanism, world.mechanisms.keys());
		return [
			{
				code: "unknown-mechanism",
				path: [...at, "mechanism"],
				message: `there is no mechanism "${mechanism}"${hint}`,
			},
		];
	}
	const reference = environmentFindings(address, [...at, "address"], "invalid-address");
	const schema = world.plugins.mechanism(use)?.address;
	const shape = schema === undefined ? [] : shapeFindings(schema, address, [...at, "address"], "invalid-address");
	return [...reference, ...shape];
}
