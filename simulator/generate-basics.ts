/**
 * Draws the greater part of a scenario from a seed: the people, their tables, the configurations, and most of what
 * happens. What was added later is drawn elsewhere and from generators of its own, so that a seed keeps its basics.
 */
import type { Capabilities, DeliveryEntry, Draft, MechanismKind, Milliseconds, QuietHours } from "@posthaste/core";
import type { ConfigurationDocument, ManagerDefinition, UserDefinition } from "../packages/posthaste/src/posthaste.ts";
import { Random } from "./random.ts";
import type { DiskFault, Fate, People, Scenario, SimulatedMechanism, Step, Unhealthy } from "./scenario.ts";

const minute: Milliseconds = 60_000;
const hour: Milliseconds = 60 * minute;
/** Monday, 5 January 2026, half past eleven in UTC. */
const monday: Milliseconds = Date.UTC(2026, 0, 5, 11, 30);

export const userIds = ["ann", "bob", "cy", "dora", "eve", "fay"] as const;
const categories = ["ops", "sales", "news"] as const;
/** The auditor knows these, and judges them without the program's help. */
export const conditions = [
	'message.priority == "urgent"',
	'message.category == "ops"',
	'message.priority != "low"',
] as const;

const makes: readonly { readonly name: string; readonly kind: MechanismKind; readonly capabilities: Capabilities }[] = [
	{
		name: "im1",
		kind: "im",
		capabilities: { presence: true, receipts: "acknowledged", retraction: true, replies: true, encryption: true },
	},
	{ name: "im2", kind: "im", capabilities: { presence: true, receipts: "read", idempotency: true } },
	{ name: "post", kind: "email", capabilities: {} },
	{ name: "pager", kind: "pager", capabilities: { receipts: "acknowledged" } },
	{ name: "text", kind: "sms", capabilities: { receipts: "delivered", sizeLimit: 160 } },
	{ name: "phone", kind: "push", capabilities: { receipts: "acknowledged", retraction: true, encryption: true } },
];

export interface Size {
	/** Most messages of one scenario. */
	readonly messages: number;
}

export const usualSize: Size = { messages: 80 };

export function generateBasics(seed: number, size: Size = usualSize): Scenario {
	const random = new Random(seed, "scenario");
	const mechanisms = random
		.shuffled(makes)
		.slice(0, random.int(2, makes.length))
		.map((make) => withHabits(make, random));
	const calmAt = random.int(20, 90) * minute;
	const names = mechanisms.map(({ name }) => name);
	const start = monday + random.int(0, 7 * 24 * 60) * minute;
	const draw: Drawing = { random, mechanisms, names, calmAt, start };
	const steps = [...sends(draw, size), ...changes(draw), ...faults(draw)];
	return {
		seed,
		start,
		mechanisms,
		document: documentOf(draw),
		installed: {},
		people: peopleOf(random),
		healthInterval: random.pick([15_000, 60_000]),
		concurrency: random.pick([1, 3, 64]),
		steps: steps.sort((one, other) => one.at - other.at),
		calmAt,
		spared: [],
	};
}

export interface Drawing {
	readonly random: Random;
	readonly mechanisms: readonly SimulatedMechanism[];
	readonly names: readonly string[];
	readonly calmAt: Milliseconds;
	readonly start: Milliseconds;
}

function withHabits(make: Omit<SimulatedMechanism, "habits">, random: Random): SimulatedMechanism {
	const bad: Partial<Record<Fate, number>> = {
		loses: 2,
		unavailable: 2,
		rejects: 1,
		fails: 3,
		unknown: 2,
		throws: 1,
		"throws-at-once": 0.5,
		hangs: 0.7,
		dawdles: 0.7,
		"answers-late": 0.5,
		doubles: 1.5,
		overtakes: 1.5,
	};
	const chosen = Object.fromEntries(Object.entries(bad).filter(() => random.chance(0.7)));
	return { ...make, habits: { accepts: random.pick([1, 5, 20]), ...chosen } };
}

function peopleOf(random: Random): People {
	return {
		answers: random.pick([0.3, 0.8]),
		yes: random.pick([0.4, 0.9]),
		resolutions: ["resend", "next", "end"],
		delivered: random.pick([0.5, 0.9]),
		read: random.pick([0.2, 0.7]),
		acknowledges: random.pick([0.1, 0.5]),
		replies: 0.1,
	};
}

// The configuration ------------------------------------------------------------------------------

function documentOf(draw: Drawing): ConfigurationDocument {
	const { random, names } = draw;
	return {
		mechanisms: Object.fromEntries(names.map((name) => [name, { use: `virtual-${name}`, settings: {} }])),
		managers: { chain: chainOf(draw), everything: everythingOf(draw) },
		selection: [{ when: conditions[1], manager: random.pick(["chain", "everything"]) }],
		defaultManager: "chain",
		users: Object.fromEntries(userIds.map((id) => [id, userOf(id, draw)])),
	};
}

export function chainOf(draw: Drawing): ManagerDefinition {
	const { random } = draw;
	const rows = random.some(conditions, 0.4).map((when, index) => ({ when, name: `row${index + 1}` }));
	return {
		use: "sequence",
		configurations: [...rows, { name: "otherwise" }].map((row) => ({
			...row,
			unknown: random.pick(["resend", "resend", "next", "hold"] as const),
			settings: { steps: Array.from({ length: random.int(1, 5) }, (_, index) => stepOf(index, draw)) },
		})),
	};
}

function stepOf(index: number, draw: Drawing) {
	const { random } = draw;
	const kind = random.weighted({ attempt: 6, ask: 2, wait: 1, note: 0.5 });
	switch (kind) {
		case "ask":
			return {
				ask: `Step ${index + 1}: go on with {recipient.name}?`,
				within: `${random.length(5, 300)}s`,
				otherwise: random.pick(["yes", "no"]),
			};
		case "wait":
			return { wait: `${random.length(1, 300)}s` };
		case "note":
			return { note: `Step ${index + 1}` };
		default:
			return {
				attempt: selectorsOf(draw),
				...(random.chance(0.7) && { mode: random.pick(["serial", "parallel"]) }),
				...(random.chance(0.7) && { until: random.pick(["accepted", "delivered", "read", "acknowledged"]) }),
				...(random.chance(0.8) && { within: `${random.length(5, 900)}s` }),
			};
	}
}

function selectorsOf({ random, names, mechanisms }: Drawing): string[] {
	const kinds = mechanisms.map(({ kind }) => random.pick([`kind:${kind}`, kind]));
	const selectors = random.shuffled([...names, ...random.some(kinds, 0.3)]);
	return [...new Set(selectors.slice(0, random.int(1, 3)))];
}

function everythingOf(draw: Drawing): ManagerDefinition {
	const { random } = draw;
	const settings = {
		...(random.chance(0.3) && { mechanisms: selectorsOf(draw) }),
		...(random.chance(0.5) && { until: random.pick(["accepted", "delivered", "read"]) }),
		within: `${random.length(10, 900)}s`,
	};
	return {
		use: "broadcast",
		configurations: [{ name: "otherwise", unknown: random.pick(["resend", "next", "hold"] as const), settings }],
	};
}

export function userOf(id: string, draw: Drawing): UserDefinition {
	const { random, names } = draw;
	const table = random.shuffled(names).slice(0, random.int(Math.ceil(names.length / 2), names.length));
	return {
		name: `${id[0]?.toUpperCase()}${id.slice(1)}`,
		timezone: "UTC",
		mechanisms: table.map((mechanism) => entryOf(id, mechanism, draw)),
	};
}

function entryOf(user: string, mechanism: string, draw: Drawing): DeliveryEntry {
	const { random } = draw;
	return {
		mechanism,
		address: { to: `${user}@${mechanism}/${random.int(1, 3)}` },
		...(random.chance(0.4) && { publicKey: `key-of-${user}` }),
		...(random.chance(0.2) && { quiet: quietOf(draw) }),
		...(random.chance(0.15) && { when: random.pick(conditions) }),
	};
}

function quietOf({ random, start }: Drawing): QuietHours {
	const from = start + random.int(-20, 60) * minute;
	const clock = (moment: Milliseconds) => new Date(moment).toISOString().slice(11, 16);
	return {
		from: clock(from),
		to: clock(from + random.int(1, 45) * minute),
		...(random.chance(0.5) && { then: random.pick(["skip", "wait"] as const) }),
		...(random.chance(0.3) && { except: "urgent" as const }),
	};
}

// What happens ------------------------------------------------------------------------------------

function sends(draw: Drawing, size: Size): Step[] {
	const { random, calmAt } = draw;
	const count = Math.min(size.messages, random.length(3, 80));
	return Array.from({ length: count }, (_, index) => {
		const key = `m${index + 1}`;
		const own = new Random(random.int(0, 2 ** 30), key);
		const at = own.int(0, calmAt);
		const keyed = own.chance(0.6);
		const send: Step = {
			at,
			key,
			do: "send",
			draft: draftOf(key, own, draw),
			...(keyed && { idempotencyKey: `key-${key}` }),
			again: keyed && own.chance(0.3) ? [own.length(1, 60_000)] : [],
		};
		const cancelled = own.chance(0.15);
		const cancel: Step = { at: at + own.length(1, 600_000), key: `cancel-${key}`, do: "cancel", message: key };
		return cancelled ? [send, cancel] : [send];
	}).flat();
}

function draftOf(key: string, random: Random, { start, calmAt }: Drawing): Draft {
	const expires = random.chance(0.5)
		? `${random.length(2, 1800)}s`
		: new Date(start + random.int(0, calmAt + hour)).toISOString();
	return {
		to: random.shuffled(userIds).slice(0, random.pick([1, 1, 1, 1, 1, 2, 2, 3])),
		from: random.pick(["mary", "monitoring"]),
		subject: key,
		body: "text ".repeat(random.pick([1, 10, 60])),
		...(random.chance(0.15) && { manager: random.pick(["chain", "everything"]) }),
		properties: {
			priority: random.pick(["low", "normal", "normal", "high", "urgent"] as const),
			...(random.chance(0.4) && { expires }),
			...(random.chance(0.6) && { category: random.pick(categories) }),
			...(random.chance(0.1) && { confidential: true }),
			...(random.chance(0.3) && { prompts: random.pick(["yes", "no"] as const) }),
		},
	};
}

/** Each as often as its rate says within the time that things happen. */
function repeated(draw: Drawing, label: string, most: number, make: (at: Milliseconds, own: Random) => Step): Step[] {
	const { random, calmAt } = draw;
	const count = random.chance(0.5) ? random.int(0, most) : 0;
	return Array.from({ length: count }, (_, index) => {
		const own = new Random(random.int(0, 2 ** 30), `${label}${index}`);
		return make(own.int(0, calmAt), own);
	});
}

function changes(draw: Drawing): Step[] {
	const { names } = draw;
	const drawn = (random: Random): Drawing => ({ ...draw, random });
	return [
		...repeated(draw, "user", 6, (at, own) => {
			const user = own.pick(userIds);
			return { at, key: `user-${at}`, do: "put-user", user, definition: userOf(user, drawn(own)) };
		}),
		...repeated(draw, "gone", 2, (at, own) => ({
			...{ at, key: `gone-${at}`, do: "delete-user" as const, user: own.pick(userIds) },
		})),
		...repeated(draw, "manager", 4, (at, own) => {
			const manager = own.pick(["chain", "everything"]);
			const definition = manager === "chain" ? chainOf(drawn(own)) : everythingOf(drawn(own));
			return { at, key: `manager-${at}`, do: "put-manager", manager, definition };
		}),
		...repeated(draw, "renew", 4, (at, own) => {
			return { at, key: `renew-${at}`, do: "renew-mechanism", mechanism: own.pick(names), note: `${at}` };
		}),
		...repeated(draw, "switch", 6, (at, own) => {
			const onOrOff = own.pick(["disable", "enable", "enable"] as const);
			return { at, key: `${onOrOff}-${at}`, do: onOrOff, mechanism: own.pick(names) };
		}),
	];
}

function faults(draw: Drawing): Step[] {
	const { names } = draw;
	return [
		...repeated(draw, "kill", 8, (at, own) => ({
			...{ at, key: `kill-${at}`, do: "kill" as const },
			after: own.chance(0.3) ? 0 : own.length(1, 60),
			turns: own.chance(0.5) ? 0 : own.int(1, 12),
			down: own.length(100, 300_000),
		})),
		...repeated(draw, "stop", 3, (at, own) => ({
			...{ at, key: `stop-${at}`, do: "stop" as const, down: own.length(100, 60_000) },
		})),
		...repeated(draw, "disk", 5, (at, own) => ({
			...{ at, key: `disk-${at}`, do: "disk" as const },
			fault: own.pick<DiskFault>(["full", "failing", "doubtful", "slow"]),
			lasts: own.length(500, 600_000),
		})),
		...repeated(draw, "unhealthy", 5, (at, own) => ({
			...{ at, key: `unhealthy-${at}`, do: "unhealthy" as const, mechanism: own.pick(names) },
			lasts: own.length(1000, 900_000),
			how: own.pick<Unhealthy>(["says-so", "will-not-start", "asked-says-so", "asked-throws", "asked-hangs"]),
		})),
		...repeated(draw, "presence", 10, (at, own) => ({
			...{ at, key: `presence-${at}`, do: "presence" as const, mechanism: own.pick(names) },
			user: own.pick(userIds),
			available: own.chance(0.4),
		})),
		...repeated(draw, "stray", 3, (at, own) => ({
			...{ at, key: `stray-${at}`, do: "stray-receipt" as const, mechanism: own.pick(names) },
			attempt: own.pick(["", "nonsense", "00000000-0000-7000-8000-000000000000.1.a1", "x.y.z"]),
		})),
		...repeated(draw, "clock", 3, (at, own) => ({
			...{ at, key: `clock-${at}`, ...clockChange(own) },
		})),
	];
}

/** The clock is set forward or back, or nothing runs for a while. */
function clockChange(random: Random): { readonly do: "jump" | "stall"; readonly by: Milliseconds } {
	const by = random.length(1000, 3_600_000);
	const change = random.pick(["forward", "back", "stall"] as const);
	return change === "stall" ? { do: "stall", by } : { do: "jump", by: change === "back" ? -by : by };
}
