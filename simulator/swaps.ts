/** Steps that swap plugins and mechanisms while messages flow, by the library's own methods. */
import type { ManagerRecord, User } from "@posthaste/core";
import type { PosthasteCore } from "../packages/posthaste/src/create-posthaste.ts";
import { distant } from "./distant.ts";
import type { Step, StepOf } from "./scenario.ts";
import { shelfKey } from "./shelf.ts";
import type { World } from "./world.ts";

/** What a step does to a running program; undefined when it is not one of these. */
export function swapOf(step: Step, posthaste: PosthasteCore, world: World): Promise<unknown> | undefined {
	switch (step.do) {
		case "install": {
			const type = step.plugin === distant.id ? "manager" : "mechanism";
			return told(world, () => posthaste.plugins.add({ from: `${shelfKey(type, step.plugin)}@${step.version}` }));
		}
		case "roll-back":
			return told(world, () => posthaste.plugins.rollback(step.plugin));
		case "take-away":
			return told(world, () => takeAway(step, posthaste));
		case "delete-mechanism":
			return deleteMechanism(step.mechanism, posthaste, world);
		case "put-back-mechanism":
			return putBack(step, posthaste);
		default:
			return undefined;
	}
}

/** What was changed first is in force once whoever changed it is told so. */
async function told({ shelf, log }: World, change: () => Promise<unknown>): Promise<void> {
	const number = shelf.number + 1;
	await change();
	log.add({ type: "installed-told", number });
}

function takeAway({ type, plugin, version }: StepOf<"take-away">, posthaste: PosthasteCore): Promise<void> {
	return posthaste.plugins.remove(plugin, { type, force: true, ...(version !== undefined && { version }) });
}

async function deleteMechanism(mechanism: string, posthaste: PosthasteCore, { disk }: World): Promise<void> {
	for (const { name, use, configurations } of disk.all<ManagerRecord>("managers")) {
		const left = configurations.map((row) => ({ ...row, settings: settingsWithout(mechanism, row.settings) }));
		if (JSON.stringify(left) !== JSON.stringify(configurations)) {
			await posthaste.managers.put(name, { use, configurations: left });
		}
	}
	for (const { id, name, timezone, mechanisms } of disk.all<User>("users")) {
		const left = mechanisms.filter((entry) => entry.mechanism !== mechanism);
		if (left.length < mechanisms.length) {
			await posthaste.users.put(id, { name, timezone, mechanisms: left });
		}
	}
	await posthaste.mechanisms.delete(mechanism);
}

interface Settings {
	readonly steps?: readonly { readonly attempt?: readonly string[] }[];
	readonly mechanisms?: readonly string[];
}

/** A step that is left with nobody to attempt becomes a note, and a list with nobody on it goes. */
function settingsWithout(mechanism: string, settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
	const { steps, mechanisms, ...others } = settings as Settings;
	const left = (selectors: readonly string[]) => selectors.filter((selector) => selector !== mechanism);
	const stays = mechanisms !== undefined && left(mechanisms).length > 0;
	return {
		...others,
		...(steps !== undefined && {
			steps: steps.map((step) => {
				const attempt = step.attempt === undefined ? [] : left(step.attempt);
				const kept = attempt.length > 0 ? { ...step, attempt } : { note: `without ${mechanism}` };
				return step.attempt === undefined ? step : kept;
			}),
		}),
		...(stays && { mechanisms: left(mechanisms) }),
	};
}

async function putBack({ mechanism, note, users }: StepOf<"put-back-mechanism">, posthaste: PosthasteCore) {
	await posthaste.mechanisms.put(mechanism, { use: `virtual-${mechanism}`, settings: { note } });
	for (const [id, definition] of Object.entries(users)) {
		await posthaste.users.put(id, definition);
	}
}
