/** The measured part of docs/reliability.md. */
import type { Milliseconds } from "@posthaste/core";
import type { Figures } from "./figures.ts";
import { hour, minute } from "./rates.ts";
import type { Strategy } from "./strategies.ts";

export interface Measured {
	readonly strategy: Strategy;
	readonly level: number;
	readonly figures: Figures;
}

export interface Run {
	readonly from: number;
	readonly to: number;
	readonly messages: number;
	readonly about: string;
}

export function tables(measured: readonly Measured[], { from, to, messages, about }: Run): string {
	const one = measured.filter(({ level }) => level === 1);
	const levels = [...new Set(measured.map(({ level }) => level))];
	const number = messages.toLocaleString("en");
	return [
		`Seeds ${from} to ${to}, ${number} messages for each line and fault level, ${about}. ± is the 95 % interval.`,
		"At fault level 1, what the world saw:",
		table(
			["", "seen in 5 min", "in 30 min", "before it expires", "arrived", "median", "p90", "twice", "pages a message"],
			one.map(({ strategy, figures: f }) => [
				strategy.title,
				`${percent(f.seenIn5)} ± ${points(f.seenIn5Margin)}`,
				percent(f.seenIn30),
				`${percent(f.seen)} ± ${points(f.seenMargin)}`,
				percent(f.arrived),
				length(f.median),
				length(f.p90),
				percent(f.doubled, 2),
				f.pages.toFixed(2),
			]),
		),
		"And beside it what the sender was told:",
		table(
			[
				"",
				"told *reached*",
				"of these arrived",
				"of these seen in time",
				"told *not reached*",
				"of these nothing arrived",
				"of these not seen in time",
				"unknown, or told nothing",
				"sender declined the page",
			],
			one.map(({ strategy, figures: f }) => [
				strategy.title,
				percent(f.claimedReached),
				percent(f.reachedArrived, 2),
				percent(f.reachedSeen),
				percent(f.claimedNot),
				percent(f.notArrived),
				percent(f.notSeen),
				percent(f.unknown, 2),
				percent(f.declined),
			]),
		),
		"The share seen before it expires, by fault level:",
		table(
			["", ...levels.map((level) => `× ${level}`)],
			one.map(({ strategy }) => [
				strategy.title,
				...levels.map((level) => {
					const found = measured.find((other) => other.strategy === strategy && other.level === level);
					return found === undefined ? "" : percent(found.figures.seen);
				}),
			]),
		),
	].join("\n\n");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
	return [line(head), `|${head.map((_, index) => (index === 0 ? "---" : "--:")).join("|")}|`, ...rows.map(line)].join(
		"\n",
	);
}

function percent(share: number, digits = 1): string {
	return Number.isNaN(share) ? "–" : `${(share * 100).toFixed(digits)} %`;
}

function points(share: number): string {
	return (share * 100).toFixed(1);
}

function length(time: Milliseconds): string {
	if (time < 2 * minute) {
		return `${Math.round(time / 1000)} s`;
	}
	return time < 2 * hour ? `${Math.round(time / minute)} min` : `${(time / hour).toFixed(1)} h`;
}
