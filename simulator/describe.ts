/** A failing scenario as people can read it: what was done, what is wrong, and what stands in the journal. */
import type { Milliseconds } from "@posthaste/core";
import { rules } from "./audit/evidence.ts";
import type { Judged } from "./judge.ts";
import type { LoggedEvent } from "./log.ts";
import type { Scenario, Step } from "./scenario.ts";

/** Lines of one delivery's journal or of the world's record beyond which the rest is left out. */
const mostLines = 150;

export function describeFailure(judged: Judged, command: string): string {
	const { scenario, violations } = judged;
	const [first] = violations;
	return [
		`seed ${scenario.seed} breaks: ${first === undefined ? "nothing" : rules[first.rule]}`,
		...violations.slice(0, 5).map(({ rule, delivery, text }) => `  ${rule}: ${delivery ?? ""} ${text}`),
		"",
		`again: ${command}`,
		`fates left out: ${scenario.spared.join(", ") || "none"}`,
		"",
		...surroundings(scenario),
		"",
		"what is done",
		...scenario.steps.map((step) => `  ${clock(step.at)}  ${told(step)}`),
		`  ${clock(scenario.calmAt)}  nothing goes wrong any more`,
		...(first?.delivery === undefined ? [] : journalOf(judged, first.delivery)),
	].join("\n");
}

/** Everything that a scenario says besides what is done. */
function surroundings(scenario: Scenario): readonly string[] {
	const { document, mechanisms, installed, people, start, concurrency, healthInterval } = scenario;
	const { managers = {}, users = {}, selection = [], defaultManager } = document;
	return [
		`begins at ${new Date(start).toISOString()}; ${concurrency} calls of a mechanism at once, asked how it is every ${healthInterval} ms`,
		`selection ${plain(selection)}, else ${defaultManager}`,
		`people ${plain(people)}`,
		`installed ${plain(installed)}`,
		"",
		"mechanisms",
		...mechanisms.map(
			({ name, kind, capabilities, habits }) => `  ${name}: ${kind} ${plain(capabilities)}, goes ${plain(habits)}`,
		),
		"",
		"managers",
		...Object.entries(managers).map(([name, manager]) => `  ${name}: ${JSON.stringify(manager)}`),
		"",
		"users",
		...Object.entries(users).flatMap(([id, { mechanisms: table }]) => [
			`  ${id}`,
			...table.map(({ mechanism, address, ...others }) => `    ${mechanism} ${address.to} ${plain(others)}`.trimEnd()),
		]),
	];
}

/** Short JSON, which people can read and nothing has to. */
function plain(value: object): string {
	return JSON.stringify(value).replace(/"(\w+)"/g, "$1");
}

function journalOf({ disk, events, scenario }: Judged, delivery: string): readonly string[] {
	const message = delivery.slice(0, 36);
	const told = (entry: object & { readonly at: Milliseconds }): string => {
		const { at, sequence: _, type, ...about } = entry as { at: number; sequence?: number; type: string };
		return `  ${clock(at - scenario.start)}  ${type} ${shorten(JSON.stringify(about), message)}`;
	};
	const concerns = (event: LoggedEvent) =>
		["died", "started", "calm", "clock", "weather"].includes(event.type) || JSON.stringify(event).includes(message);
	return [
		"",
		`the journal of ${delivery}`,
		...disk.journal(delivery).map(told).slice(0, mostLines),
		"",
		"what the world saw",
		...events.filter(concerns).map(told).slice(0, mostLines),
	];
}

function shorten(text: string, message: string): string {
	const short = text.replaceAll(message, "…");
	return short.length > 300 ? `${short.slice(0, 300)}…` : short;
}

function told({ at: _, key, do: what, ...about }: Step): string {
	return `${what} ${key} ${JSON.stringify(about)}`;
}

/** Hours, minutes, seconds and milliseconds since the run began. */
function clock(length: Milliseconds): string {
	return new Date(length).toISOString().slice(11, 23);
}
