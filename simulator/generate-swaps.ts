/**
 * Adds to a scenario what was thought of after the basics: plugins and mechanisms that are swapped, a manager that runs
 * elsewhere, instances that hang, people who are said to be away, keys that are used twice. Each kind has a generator
 * of its own, so that the next addition changes nothing of these.
 */
import type { Draft, Milliseconds } from "@posthaste/core";
import type { ManagerDefinition, UserDefinition } from "../packages/posthaste/src/posthaste.ts";
import { distant } from "./distant.ts";
import { chainOf, type Drawing, userIds, userOf } from "./generate-basics.ts";
import { mechanismVersions } from "./mechanism.ts";
import { Random } from "./random.ts";
import type { Scenario, Step, StepOf, Unhealthy } from "./scenario.ts";

const minute: Milliseconds = 60_000;
/** It fails for every message, since no sender says a weight. The auditor knows it. */
export const failingCondition = "message.properties.weight > 3.0";

export function withSwaps(basics: Scenario): Scenario {
	const added = [
		...mechanismSwaps(basics),
		...deletions(basics),
		...hangings(basics),
		...absences(basics),
		...misusedKeys(basics),
		...failingConditions(basics),
	];
	const scenario = withDistant(basics);
	return { ...scenario, steps: [...scenario.steps, ...added].sort((one, other) => one.at - other.at) };
}

/** As the basics were drawn, but from a generator of its own. */
function drawing({ seed, mechanisms, calmAt, start }: Scenario, label: string): Drawing {
	const names = mechanisms.map(({ name }) => name);
	return { random: new Random(seed, label), mechanisms, names, calmAt, start };
}

/** In half of the scenarios, up to so many, as the basics' faults come. */
function often({ random }: Drawing, most: number): readonly number[] {
	return Array.from({ length: random.chance(0.5) ? random.int(1, most) : 0 }, (_, index) => index);
}

// The manager that runs elsewhere ------------------------------------------------------------------

/** In most scenarios a part of the messages goes to it, and its versions come and go. */
function withDistant(basics: Scenario): Scenario {
	const draw = drawing(basics, "distant");
	const { random } = draw;
	if (random.chance(0.3)) {
		return basics;
	}
	const { document, installed } = basics;
	const manager = { ...withPauses(chainOf(draw), random), use: distant.id };
	const steps = basics.steps.map((step) => (step.do === "send" && random.chance(0.4) ? handedOver(step) : step));
	return {
		...basics,
		document: { ...document, managers: { ...document.managers, distant: manager } },
		// Whoever is reached writes back more often, so that replies find deliveries that cannot go on.
		people: { ...basics.people, replies: 0.7 },
		installed: { ...installed, [`manager:${distant.id}`]: distant.first },
		steps: [...steps, ...versionSwaps(draw), ...silences(draw)],
	};
}

/** Deliveries that take their time are under way when their version goes. */
function withPauses(chain: ManagerDefinition, random: Random): ManagerDefinition {
	const configurations = chain.configurations.map((row) => {
		const { steps } = row.settings as { readonly steps: readonly object[] };
		const [step, ...others] = steps;
		const pause = random.chance(0.6) ? [{ wait: `${random.length(20, 900)}s` }] : [];
		return { ...row, settings: { steps: [step, ...pause, ...others] } };
	});
	return { ...chain, configurations };
}

function handedOver(step: StepOf<"send">): Step {
	return { ...step, draft: { ...step.draft, manager: "distant" } };
}

/** One version takes over from the other, which then goes away, and mostly comes back. */
function versionSwaps({ random, calmAt }: Drawing): Step[] {
	const steps: Step[] = [];
	const plugin = distant.id;
	let [active, other]: [string, string] = [distant.first, distant.second];
	for (let at = random.int(0, calmAt / 2); at < calmAt; at += random.length(10_000, calmAt / 2)) {
		[active, other] = [other, active];
		steps.push({ at, key: `install-${at}`, do: "install", plugin, version: active });
		at += random.length(1000, 5 * minute);
		if (random.chance(0.2)) {
			steps.push({ at, key: `roll-back-${at}`, do: "roll-back", plugin });
			[active, other] = [other, active];
		} else {
			steps.push({ at, key: `take-away-${at}`, do: "take-away", type: "manager", plugin, version: other });
		}
		at += random.length(10_000, 10 * minute);
	}
	return steps.filter(({ at }) => at < calmAt);
}

function silences(draw: Drawing): Step[] {
	const { random, calmAt } = draw;
	return often(draw, 3).map(() => {
		const at = random.int(0, calmAt);
		return { at, key: `silence-${at}`, do: "silence", lasts: random.length(5000, 5 * minute) };
	});
}

// Mechanisms ---------------------------------------------------------------------------------------

/** The second version of a mechanism's plugin takes over, and is removed again. */
function mechanismSwaps(basics: Scenario): Step[] {
	const draw = drawing(basics, "mechanism-swaps");
	const { random, calmAt, names } = draw;
	return often(draw, 3).flatMap((): Step[] => {
		const at = random.int(0, calmAt);
		const plugin = `virtual-${random.pick(names)}`;
		const later = at + random.length(minute, calmAt);
		return [
			{ at, key: `install-${at}`, do: "install", plugin, version: mechanismVersions.second },
			{ at: later, key: `take-away-${later}`, do: "take-away", type: "mechanism", plugin },
		];
	});
}

function deletions(basics: Scenario): Step[] {
	const draw = drawing(basics, "deletions");
	const { random, calmAt, names } = draw;
	return often(draw, 2).flatMap((): Step[] => {
		const at = random.int(0, calmAt);
		const mechanism = random.pick(names);
		const back = at + random.length(minute, calmAt);
		const users = Object.fromEntries(random.some(userIds, 0.5).map((id) => [id, reachedBy(mechanism, id, draw)]));
		return [
			{ at, key: `delete-${at}`, do: "delete-mechanism", mechanism },
			{ at: back, key: `put-back-${back}`, do: "put-back-mechanism", mechanism, note: `${back}`, users },
		];
	});
}

/** A person whose table has a mechanism, whatever else it has. */
function reachedBy(mechanism: string, id: string, draw: Drawing): UserDefinition {
	const user = userOf(id, draw);
	const others = user.mechanisms.filter((entry) => entry.mechanism !== mechanism);
	return { ...user, mechanisms: [{ mechanism, address: { to: `${id}@${mechanism}/1` } }, ...others] };
}

function hangings(basics: Scenario): Step[] {
	const draw = drawing(basics, "hangings");
	const { random, calmAt, names } = draw;
	return often(draw, 4).flatMap((): Step[] => {
		const at = random.int(0, calmAt);
		const mechanism = random.pick(names);
		const how = random.pick<Unhealthy>(["start-hangs", "start-late", "close-hangs"]);
		const lasts = random.length(10_000, 10 * minute);
		const renewed = at + random.int(1, 5000);
		return [
			{ at, key: `hanging-${at}`, do: "unhealthy", mechanism, lasts, how },
			// An instance shows whether it hangs when it is made or let go.
			{ at: renewed, key: `renew-${renewed}`, do: "renew-mechanism", mechanism, note: `${renewed}` },
		];
	});
}

// People -------------------------------------------------------------------------------------------

/** Some mechanisms can tell whether people are there, and say for a while that they are not. */
function absences(basics: Scenario): Step[] {
	const draw = drawing(basics, "absences");
	const { random, calmAt, mechanisms } = draw;
	const telling = mechanisms.filter(({ capabilities }) => capabilities.presence === true).map(({ name }) => name);
	return Array.from({ length: telling.length === 0 ? 0 : random.int(2, 16) }, (): Step => {
		const at = random.int(0, calmAt);
		const about = { user: random.pick(userIds), lasts: random.length(2 * minute, 30 * minute) };
		return { at, key: `missed-${at}`, do: "missed", mechanism: random.pick(telling), ...about };
	});
}

/** The condition of one of a person's entries cannot be evaluated. */
function failingConditions(basics: Scenario): Step[] {
	const draw = drawing(basics, "failing-conditions");
	const { random, calmAt } = draw;
	return often(draw, 3).map((): Step => {
		const at = random.int(0, calmAt);
		const user = random.pick(userIds);
		const definition = userOf(user, draw);
		const mechanisms = definition.mechanisms.map((entry) =>
			random.chance(0.4) ? { ...entry, when: failingCondition } : entry,
		);
		return { at, key: `user-${at}`, do: "put-user", user, definition: { ...definition, mechanisms } };
	});
}

function misusedKeys(basics: Scenario): Step[] {
	const random = new Random(basics.seed, "misused-keys");
	const keyed = basics.steps.filter((step) => step.do === "send");
	return keyed.flatMap(({ at, key, draft, idempotencyKey }): Step[] => {
		if (idempotencyKey === undefined || !random.chance(0.1)) {
			return [];
		}
		const other: Draft = { ...draft, subject: `${key}-other`, body: "something else" };
		const misused = { key: `misuse-${key}`, do: "misuse-key", draft: other, idempotencyKey } as const;
		return [{ at: at + random.length(1, 10 * minute), ...misused }];
	});
}
