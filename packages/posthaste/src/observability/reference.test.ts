/** The pages and examples on monitoring speak of metrics that there are. */
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { describedMetrics, metricsPage } from "../../../../scripts/generate-metrics.ts";

const root = new URL("../../../../", import.meta.url);
const read = (path: string) => readFile(new URL(path, root), "utf8");

/** Biome lines up the columns of tables, which says nothing. */
const withoutPadding = (text: string) => text.replaceAll(/-{3,}/g, "---").replaceAll(/ +/g, " ");

interface Rules {
	readonly groups: readonly { readonly rules: readonly { readonly alert: string; readonly expr: string }[] }[];
}

async function rules() {
	const { groups } = parse(await read("examples/monitoring/posthaste-alerts.yml")) as Rules;
	return groups.flatMap((group) => group.rules);
}

/** Names in a text that look like metrics of ours, as Prometheus stores them. */
async function unknownIn(text: string): Promise<readonly string[]> {
	const known = new Set(
		(await describedMetrics()).flatMap(({ name, type }) =>
			type === "histogram" ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
		),
	);
	return [...text.matchAll(/\bposthaste_[a-z0-9_]+/g)].map(([name]) => name).filter((name) => !known.has(name));
}

describe("docs/reference/metrics.md", () => {
	it("is what scripts/generate-metrics.ts would write", async () => {
		expect(withoutPadding(await read("docs/reference/metrics.md"))).toBe(withoutPadding(await metricsPage()));
	});
});

describe("metrics that pages and examples use", () => {
	it.each([
		"examples/monitoring/posthaste-alerts.yml",
		"examples/monitoring/posthaste-dashboard.json",
		"docs/guide/monitoring.md",
	])("%s: there are all of them", async (path) => {
		const text = await read(path);
		expect(text).toContain("posthaste_");
		expect(await unknownIn(text)).toEqual([]);
	});

	it("labels in queries are labels of the metric", async () => {
		const dashboard = JSON.parse(await read("examples/monitoring/posthaste-dashboard.json")) as {
			panels: { targets: { expr: string }[] }[];
		};
		const queries = [
			...(await rules()).map(({ expr }) => expr),
			...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
		];
		const labels = new Map((await describedMetrics()).map(({ name, labels: own }) => [name, own]));
		const wrong = queries.flatMap((query) =>
			[...query.matchAll(/(posthaste_[a-z0-9_]+?)(?:_bucket|_sum|_count)?\{([^}]*)\}/g)].flatMap(
				([, name = "", pairs = ""]) =>
					[...pairs.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
						.map(([, label = ""]) => label)
						.filter((label) => labels.get(name)?.includes(label) !== true)
						.map((label) => `${name}{${label}}`),
			),
		);
		expect(queries.length).toBeGreaterThan(30);
		expect(wrong).toEqual([]);
	});

	it("the guide says what to do about each alert, and about no other", async () => {
		const guide = await read("docs/guide/monitoring.md");
		const told = [...guide.matchAll(/^\| `(Posthaste\w+)`/gm)].map(([, name]) => name);
		expect(told).toEqual((await rules()).map(({ alert }) => alert));
	});
});
