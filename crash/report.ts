/** The outcome of a run, for people and for programs. */
import type { Violation } from "./audit.ts";
import type { CrashReport } from "./suite.ts";

export function percentile(values: readonly number[], share: number): number {
	const sorted = [...values].sort((a, b) => a - b);
	return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

export function rowsOf(report: CrashReport): Readonly<Record<string, string | number>> {
	const { answers, figures, startTimes, violations } = report;
	const others = [...answers.others].map(([status, count]) => `${count} × ${status}`).join(", ");
	const states = Object.entries(figures.states).map(([state, count]) => `${count} ${state}`);
	return {
		servers: report.servers.join(", "),
		kills: report.kills,
		"kills while starting": report.killsWhileStarting,
		requests: answers.requests,
		"answered 202": answers.accepted,
		refused: others === "" ? 0 : others,
		unanswered: answers.unanswered,
		"unanswered, and accepted": answers.replayed,
		"keys used again": report.repeated,
		"cancellations confirmed": answers.cancelled,
		"answers to questions confirmed": answers.answered,
		messages: figures.messages,
		deliveries: figures.deliveries,
		"ended as": states.join(", "),
		attempts: figures.attempts,
		"calls of mechanisms": figures.tries,
		"unknown outcomes": figures.unknown,
		"held for a person": figures.held,
		"arrived by mail": figures.arrivalsBy.email,
		"arrived by page": figures.arrivalsBy.pager,
		"arrived by IM": figures.arrivalsBy.im2,
		"doubled attempts": figures.doubled,
		"surplus arrivals": figures.surplus,
		"under way after expiry, ms at the most": Math.round(figures.latest),
		lost: violations.filter(({ rule }) => rule === "lost").length,
		violations: violations.length,
		"restart p50, ms": percentile(startTimes, 0.5),
		"restart p99, ms": percentile(startTimes, 0.99),
		"duration, s": Math.round(report.seconds),
	};
}

export function tableOf(report: CrashReport): string {
	const rows = Object.entries(rowsOf(report));
	const width = Math.max(...rows.map(([name]) => name.length));
	return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n");
}

/** A violation with all that was seen, so that nothing has to be run again to understand it. */
export function describeViolation({ rule, message, what, seen }: Violation): string {
	return `[${rule}] ${message}: ${what}\n${typeof seen === "string" ? seen : JSON.stringify(seen, undefined, "\t")}`;
}
