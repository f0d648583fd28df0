/** The people, the mechanisms and the manager of a run, and the messages that are sent to them. */
import type { Draft } from "@posthaste/core";
import type { Random } from "../simulator/random.ts";
import { pluginIds } from "./versions.ts";

/** Recipients, and the mechanisms in their tables. Whoever has no spare cannot be reached when their line refuses. */
export const people: Readonly<Record<string, readonly string[]>> = {
	...Object.fromEntries(Array.from({ length: 8 }, (_, index) => [`reader${index}`, ["line", "spare", "closed"]])),
	lone0: ["line", "closed"],
	lone1: ["line"],
};

/** What may ever be used; `closed` stands in people's tables and in nobody's configuration. */
export const allowed = ["line", "spare"] as const;

export function configuration(url: string): object {
	const mechanism = { use: pluginIds.mechanism, settings: { url } };
	return {
		mechanisms: { line: mechanism, spare: mechanism, closed: mechanism },
		managers: {
			course: {
				use: pluginIds.manager,
				configurations: [{ name: "all", settings: { names: [...allowed] } }],
			},
		},
		selection: [{ manager: "course" }],
		users: Object.fromEntries(
			Object.entries(people).map(([id, mechanisms]) => [
				id,
				{ name: id, mechanisms: mechanisms.map((name) => ({ mechanism: name, address: { box: `${id}/${name}` } })) },
			]),
		),
	};
}

/** `plain` ones wait for nothing: the time until they arrive is what swaps are measured by. */
const ways = { plain: 60, slow: 10, refused: 8, pause: 8, question: 7, receipt: 7 } as const;
export type Way = keyof typeof ways;

export interface Drafted {
	readonly way: Way;
	readonly draft: Draft;
}

export function draftMessage(random: Random, number: number): Drafted {
	const way = random.weighted(ways) as Way;
	const names = random.shuffled(Object.keys(people)).slice(0, Number(random.weighted({ "1": 5, "2": 3, "3": 1 })));
	return {
		way,
		draft: {
			to: names,
			from: "mary",
			body: `Message ${number} of the run`,
			properties: { category: way, ...hintsOf(way, random) },
		},
	};
}

/** Deliveries that wait do so for long enough to live through several swaps. */
function hintsOf(way: Way, random: Random): object {
	switch (way) {
		case "plain":
			return {};
		case "slow":
			return { slow: random.int(50, 400) };
		case "refused":
			return { refuse: true };
		case "pause":
		case "question":
			return { pause: random.length(300, 8000) };
		case "receipt":
			return { receipt: random.length(200, 8000), slow: random.int(0, 100) };
	}
}
