/**
 * What every manager plugin has to keep, as tests. A plugin's own test file calls
 * `managerConformance(plugin, { settings: [ … ] })` with examples of settings, the more different the
 * better; random worlds then play deliveries by each of them.
 */
import fc from "fast-check";
import Schema from "typebox/schema";
import { describe, expect, it } from "vitest";
import type { ExplainedNode } from "../explanation.ts";
import { type ManagerPlugin, managerApiVersion } from "../manager.ts";
import type { Capabilities } from "../mechanism.ts";
import { type MechanismKind, type Message, mechanismKinds } from "../model.ts";
import { isFinal } from "../outcome.ts";
import { namesMechanism } from "../selector.ts";
import type { InactiveReason } from "../snapshot.ts";
import { type Move, make, moves } from "./moves.ts";
import { type PlayedDelivery, play, standOf } from "./play.ts";
import { type Choose, playAsExplained } from "./play-as-explained.ts";
import { complaintsAboutSchema } from "./plugin-schema.ts";
import type { PlayedMechanism, PlayOptions } from "./scripted-world.ts";

export interface ManagerExamples<Settings> {
	/** Settings that fit the plugin's schema. */
	readonly settings: readonly Settings[];
	/** How many random worlds each guarantee is tried in, by each example. 100 when left out. */
	readonly runs?: number;
}

/** Registers the tests. */
export function managerConformance<Settings>(
	plugin: ManagerPlugin<Settings>,
	{ settings, runs = 100 }: ManagerExamples<Settings>,
): void {
	const tested = plugin as ManagerPlugin;
	describe(`the ${plugin.id} plugin keeps the manager contract`, () => {
		describeDescriptor(tested);
		describe.each(settings.map((one, index) => ({ index, example: one as unknown })))(
			"by example $index",
			({ example }) => {
				describeSettings(tested, example);
				describeDeliveries(tested, example, runs);
				describeExplanation(tested, example, runs);
			},
		);
	});
}

function describeDescriptor(plugin: ManagerPlugin): void {
	it("describes itself", () => {
		expect(plugin.type).toBe("manager");
		expect(plugin.id).toMatch(/^[a-z][a-z0-9-]*$/);
		expect(plugin.apiVersion).toBe(managerApiVersion);
		expect(plugin.version).toMatch(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
		expect(plugin.title.trim()).not.toBe("");
	});

	it("has a closed, described settings schema", () => {
		expect(complaintsAboutSchema(plugin.settings, "settings")).toEqual([]);
	});
}

function describeSettings(plugin: ManagerPlugin, example: unknown): void {
	it("takes its settings, and no key it does not know", () => {
		expect(Schema.Check(plugin.settings, example)).toBe(true);
		expect(Schema.Check(plugin.settings, { ...(example as object), "no-such-setting": 1 })).toBe(false);
		expect(plugin.check?.(example) ?? []).toEqual([]);
	});

	it("says which mechanisms the settings name, always the same, and leaves the settings as they are", () => {
		const frozen = deepFreeze(structuredClone(example));
		const allows = plugin.allows(frozen);
		expect(plugin.allows(frozen)).toEqual(allows);
		expect(plugin.allows(structuredClone(example))).toEqual(allows);
		const named = allows === "all" ? [] : allows;
		expect(named.every((selector) => typeof selector === "string" && selector !== "")).toBe(true);
	});
}

function describeDeliveries(plugin: ManagerPlugin, example: unknown, runs: number): void {
	const worlds = worldsFor(plugin, example);
	/** Plays random moves in random worlds; `after` is called with the delivery after each one. */
	const everywhere = (check: (delivery: PlayedDelivery, made: readonly Move[], world: PlayOptions) => void) =>
		fc.assert(
			fc.property(worlds, moves, (world, made) => {
				check(play(plugin, deepFreeze(structuredClone(example)), world), made, world);
			}),
			{ numRuns: runs },
		);

	it("decides the same when the same happens", () => {
		everywhere((one, made, world) => {
			const other = play(plugin, structuredClone(example), world);
			for (const move of made) {
				make(one, move);
				make(other, move);
			}
			expect(other.decisions).toEqual(one.decisions);
			expect(other.stand).toEqual(one.stand);
		});
	});

	it("attempts nothing outside what its settings name and the policies keep", () => {
		const allows = plugin.allows(example);
		everywhere((delivery, made, world) => {
			const exists = (name: string) => world.mechanisms[name] !== undefined;
			const allowed = (name: string) =>
				allows === "all" ||
				allows.some((one) => namesMechanism(one, { name, kind: world.mechanisms[name]?.kind }, exists));
			for (const move of made) {
				make(delivery, move);
			}
			expect(delivery.attempted.filter((name) => !allowed(name))).toEqual([]);
			const table = delivery.planned.recipient.mechanisms.map(({ mechanism }) => mechanism);
			expect(delivery.attempted.filter((name) => !table.includes(name))).toEqual([]);
		});
	});

	it("always has an end, a person, a call under way or a due moment to go on from", () => {
		everywhere((delivery, made) => {
			for (const move of made) {
				make(delivery, move);
				const goesOn = delivery.due !== null || delivery.sending.length > 0;
				expect(isFinal(delivery.state) || delivery.state === "held" || goesOn).toBe(true);
				expect(delivery.reason).not.toBe("manager-failed");
			}
		});
	});

	it("ends when a message expires, and attempts nothing from then on", () => {
		const expiresAt = noon + 3_600_000;
		everywhere((_, made, world) => {
			const delivery = play(plugin, example, { ...world, message: { ...world.message, expiresAt } });
			for (const move of made) {
				make(delivery, move);
			}
			delivery.pass("1h");
			expect(isFinal(delivery.state)).toBe(true);
			const late = delivery.journal.filter((entry) => entry.type === "attempt" && entry.at >= expiresAt);
			expect(late).toEqual([]);
		});
	});

	it("comes to the same place when its journal is replayed, wherever it breaks off", () => {
		everywhere((delivery, made) => {
			const stands = [{ length: delivery.journal.length, stand: delivery.stand }];
			for (const move of made) {
				make(delivery, move);
				stands.push({ length: delivery.journal.length, stand: delivery.stand });
			}
			for (const { length, stand } of stands) {
				expect(standOf(delivery.replayed(length))).toEqual(stand);
			}
		});
	});
}

function describeExplanation(plugin: ManagerPlugin, example: unknown, runs: number): void {
	it("does what was explained beforehand", () => {
		fc.assert(
			fc.property(worldsFor(plugin, example), choices, (world, chosen) => {
				playAsExplained(play(plugin, example, world), chooser(chosen));
			}),
			{ numRuns: runs },
		);
	});

	it("is explained within bounds, before anything is sent", () => {
		fc.assert(
			fc.property(worldsFor(plugin, example), (world) => {
				const { tree, cut } = play(plugin, example, world).explanation;
				const nodes = [...nodesOf(tree)];
				expect(nodes.length).toBeLessThan(10_000);
				expect(nodes.some(({ node }) => node === "cut") && !cut).toBe(false);
				expect(nodes.some((node) => node.node === "end" && node.reason === "manager-failed")).toBe(false);
				JSON.stringify(tree);
			}),
			{ numRuns: 20 },
		);
	});
}

/** Every node of an explanation's tree, the root first. */
export function* nodesOf(tree: ExplainedNode): Generator<ExplainedNode> {
	const waiting = [tree];
	for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
		yield node;
		if ("branches" in node) {
			waiting.push(...node.branches.map(({ then }) => then));
		} else if ("then" in node) {
			waiting.push(node.then);
		}
	}
}

/** Numbers to choose by. */
export const choices = fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 30 });

/** Chooses by a list of numbers, over and over. */
export function chooser(numbers: readonly number[]): Choose {
	let next = 0;
	return (from) => {
		next += 1;
		const chosen = from[((numbers[next % numbers.length] ?? 0) + next) % from.length];
		if (chosen === undefined) {
			throw new RangeError("there is nothing to choose from");
		}
		return chosen;
	};
}

/** The moment at which test messages are accepted. */
const noon = Date.UTC(2026, 0, 15, 12);

/** Worlds with one mechanism of each kind and one for each name in the settings; some missing, off or without receipts. */
function worldsFor(plugin: ManagerPlugin, example: unknown): fc.Arbitrary<PlayOptions> {
	const allows = plugin.allows(example);
	const kinds: readonly string[] = mechanismKinds;
	const named = (allows === "all" ? [] : allows).filter((one) => !one.startsWith("kind:") && !kinds.includes(one));
	const fixed = new Map<string, MechanismKind>(mechanismKinds.map((kind) => [`${kind}-1`, kind]));
	for (const [index, name] of named.entries()) {
		fixed.set(name, mechanismKinds[index % mechanismKinds.length] ?? "im");
	}
	const mechanism = (kind: MechanismKind): fc.Arbitrary<PlayedMechanism> =>
		fc.record({
			kind: fc.constant(kind),
			capabilities: fc.constantFrom<Capabilities[]>(
				{},
				{ receipts: "delivered" },
				{ receipts: "acknowledged", retraction: true },
			),
			inactive: fc.constantFrom<(false | InactiveReason)[]>(false, false, false, "inactive", "breaker-open"),
		});
	const mechanisms = fc.record(Object.fromEntries([...fixed].map(([name, kind]) => [name, mechanism(kind)])));
	const message: fc.Arbitrary<Partial<Message>> = fc.record({
		priority: fc.constantFrom("normal", "urgent"),
		prompts: fc.constantFrom("ask", "ask", "yes", "no"),
	});
	return fc.record({
		mechanisms,
		table: fc.shuffledSubarray([...fixed.keys()]),
		message,
		unknown: fc.constantFrom("resend", "next", "hold"),
	});
}

function deepFreeze<T>(value: T): T {
	if (value !== null && typeof value === "object") {
		for (const member of Object.values(value)) {
			deepFreeze(member);
		}
		Object.freeze(value);
	}
	return value;
}
