/** The chart: the share of messages seen, against the fault level, as an SVG on a ground of its own. */
import { parse, View } from "vega";
import { type Config, compile, type TopLevelSpec } from "vega-lite";
import type { Measured } from "./report.ts";
import type { Strategy } from "./strategies.ts";

const ink = "#24292f";
const quiet = "#d0d7de";
const colours = {
	im: "#1f6fb4",
	email: "#b35900",
	pager: "#8a3fb0",
	reference: "#157a3c",
	everything: "#57606a",
} as const;
const dashed = [6, 4];
const dotted = [2, 3];
const solid = [1, 0];

/** White in itself, so that it reads the same on a light page and on a dark one. */
const config: Config = {
	background: "#ffffff",
	font: "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif",
	view: { stroke: quiet },
	axis: {
		labelColor: ink,
		titleColor: ink,
		gridColor: "#eaeef2",
		domainColor: quiet,
		tickColor: quiet,
		labelFontSize: 12,
		titleFontSize: 12,
		titleFontWeight: "normal",
		titlePadding: 8,
	},
	title: { color: ink, fontSize: 13, anchor: "start", offset: 8 },
	legend: { labelColor: ink, labelFontSize: 12, symbolType: "stroke", symbolSize: 900, labelLimit: 300, rowPadding: 8 },
};

export async function chart(measured: readonly Measured[]): Promise<string> {
	const view = new View(parse(compile(specification(measured)).spec), { renderer: "none" });
	try {
		return `${await view.toSVG()}\n`;
	} finally {
		view.finalize();
	}
}

function specification(measured: readonly Measured[]): TopLevelSpec {
	const panels = [
		{ field: "seenIn5", title: "Seen within 5 minutes", lowest: 0 },
		{ field: "seen", title: "Seen before it expires (axis from 50%)", lowest: 0.5 },
	] as const;
	return {
		padding: 16,
		config,
		hconcat: panels.map(({ field, title, lowest }) => ({
			title,
			width: 320,
			height: 320,
			data: {
				values: measured.map(({ strategy, level, figures }) => ({ ...named(strategy), level, share: figures[field] })),
			},
			mark: { type: "line" },
			encoding: encodingOf(measured, lowest),
		})),
	};
}

function named({ title }: Strategy): { readonly strategy: string } {
	return { strategy: title };
}

function encodingOf(measured: readonly Measured[], lowest: number) {
	const strategies = [...new Set(measured.map(({ strategy }) => strategy))];
	const levels = [...new Set(measured.map(({ level }) => level))];
	const legend = { orient: "right", title: null, offset: 20 } as const;
	const domain = strategies.map(({ title }) => title);
	const byStrategy = { field: "strategy", type: "ordinal", sort: domain, legend } as const;
	return {
		x: {
			field: "level",
			type: "quantitative",
			title: "faults, times the assumed rates",
			axis: { values: levels, format: "~g" },
		},
		y: {
			field: "share",
			type: "quantitative",
			title: null,
			axis: { format: ".0%" },
			scale: { domain: [lowest, 1] as number[] },
		},
		color: { ...byStrategy, scale: { domain, range: strategies.map(({ group }) => colours[group]) } },
		strokeDash: { ...byStrategy, scale: { domain, range: strategies.map(dashOf) } },
		strokeWidth: {
			...byStrategy,
			scale: { type: "ordinal", domain, range: strategies.map(({ group }) => (group === "reference" ? 3.2 : 1.6)) },
		},
	} as const;
}

function dashOf({ name, script }: Strategy): number[] {
	if (name === "extended") {
		return dotted;
	}
	return script !== undefined || name === "unasked" ? dashed : solid;
}
