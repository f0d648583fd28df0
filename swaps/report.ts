/** The outcome of a run, for people and for programs. */
import { percentile } from "../crash/report.ts";
import type { Rule, Took, Violation } from "./audit.ts";
import type { Memory, SwapsReport } from "./suite.ts";
import type { Swap } from "./swaps.ts";

/** The memory after the last swap may be this much more than after the first that it was read after. */
const growth = 1.1;
/** What a swap set off is over this long after its answer. */
const echo = 500;

export function rowsOf(report: SwapsReport): Readonly<Record<string, string | number>> {
	const { audit, swaps } = report;
	const count = (rule: Rule) => audit.violations.filter((violation) => violation.rule === rule).length;
	const { during, outside } = latenciesOf(audit.latencies, swaps);
	return {
		swaps: swaps.length,
		...kindsOf(swaps),
		"duration, s": Math.round(report.seconds),
		messages: report.messages,
		"messages not taken": listed(report.refused),
		"messages not sent, for want of answers": report.notSent,
		deliveries: audit.deliveries,
		"ended as": [...audit.states].map(([state, times]) => `${times} ${state}`).join(", "),
		attempts: audit.attempts,
		"arrived at the sink": report.arrivals,
		receipts: audit.receipts,
		"unknown outcomes": audit.unknown,
		"failed outcomes, tried again": listed(audit.failed),
		"ended on the version they began with, with another in force": audit.straddled,
		"compared with what was in force": audit.comparedWithForce,
		lost: count("lost"),
		doubled: count("doubled"),
		"outside policy": count("outside policy"),
		"not reached": count("not reached"),
		"mixed versions": count("mixed versions"),
		"not in force": count("not in force"),
		"other violations": count("swap"),
		"accepted to reached during swaps": describe(during),
		"accepted to reached otherwise": describe(outside),
		...Object.fromEntries(report.memory.map((memory) => [`after swap ${memory.afterSwap}, at rest`, inWords(memory)])),
	};
}

export function tableOf(report: SwapsReport): string {
	const rows = Object.entries(rowsOf(report));
	const width = Math.max(...rows.map(([name]) => name.length));
	return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** What was found, and memory that was not given back. */
export function violationsOf({ audit, memory }: SwapsReport): readonly (Violation | { rule: string; what: string })[] {
	const [first, last] = [memory[0], memory.at(-1)];
	if (first === undefined || last === undefined || last.resident <= first.resident * growth) {
		return audit.violations;
	}
	const what = `${first.resident} MB after swap ${first.afterSwap}, ${last.resident} MB after swap ${last.afterSwap}`;
	return [...audit.violations, { rule: "memory", what }];
}

function listed(counts: ReadonlyMap<string, number>): string {
	return [...counts].map(([what, times]) => `${times} × ${what}`).join(", ") || "0";
}

function kindsOf(swaps: readonly Swap[]): Record<string, string> {
	const kinds = [...Map.groupBy(swaps, ({ kind }) => kind)].sort(([one], [other]) => (one < other ? -1 : 1));
	return Object.fromEntries(
		kinds.map(([kind, all]) => {
			const refused = all.filter(({ isRefused }) => isRefused).length;
			const took = percentile(
				all.map(({ from, until }) => until - from),
				0.5,
			);
			return [`  ${kind}`, `${all.length}${refused > 0 ? `, ${refused} refused` : ""}; p50 ${took} ms`];
		}),
	);
}

function latenciesOf(all: readonly Took[], swaps: readonly Swap[]): Record<"during" | "outside", readonly number[]> {
	const begun = swaps[0]?.from ?? 0;
	const isDuring = (at: number) => swaps.some(({ from, until }) => at >= from && at <= until + echo);
	const { during = [], outside = [] } = Object.groupBy(
		// What came before the first swap was the warm-up.
		all.filter(({ at }) => at >= begun),
		({ at }) => (isDuring(at) ? "during" : "outside"),
	);
	return { during: during.map(({ took }) => took), outside: outside.map(({ took }) => took) };
}

function describe(times: readonly number[]): string {
	return `p50 ${percentile(times, 0.5)} ms, p99 ${percentile(times, 0.99)} ms, longest ${percentile(times, 1)} ms, of ${times.length}`;
}

function inWords({ resident, threads, loaded, installed, messages }: Memory): string {
	return `${resident} MB, ${threads} threads, ${loaded} of ${installed} versions loaded, ${messages} messages`;
}
