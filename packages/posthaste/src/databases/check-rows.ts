/** Checks of a manager's table of configurations. */
import { type Configuration, type ManagerPlugin, mechanismKinds, thrownText } from "@posthaste/core";
import { checkCondition, duplicates, unreachable } from "./check-common.ts";
import type { CheckWorld } from "./check-world.ts";
import type { Path } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import { mapTexts } from "./schema-walk.ts";
import type { SettingsValue } from "./secrets.ts";
import { checkManagerSettings, invalid } from "./settings.ts";
import { didYouMean } from "./suggest.ts";

/** @param plugin undefined when there is none by that name, which is complained about elsewhere */
export function checkRows(
	plugin: ManagerPlugin | undefined,
	rows: readonly Configuration[],
	at: Path,
	world: CheckWorld,
): readonly Finding[] {
	return [
		...rows.flatMap((row, index) => [
			...checkCondition(row.when, [...at, index, "when"]),
			...(plugin === undefined ? [] : checkRowSettings(plugin, row, [...at, index, "settings"], world)),
		]),
		...duplicates(
			rows.map((row) => row.name),
			(index) => [...at, index, "name"],
			"in the table",
		),
		...unreachable(rows, at, (index) => `"${rows[index]?.name}"`),
	];
}

function checkRowSettings(plugin: ManagerPlugin, row: Configuration, at: Path, world: CheckWorld): readonly Finding[] {
	const written: SettingsValue = row.settings ?? {};
	const { settings, findings } = checkManagerSettings(plugin, written, at);
	return findings.length > 0 ? findings : checkSelectors(plugin, settings, written, at, world);
}

/** Whether every selector that the settings name means a mechanism or a kind. */
function checkSelectors(
	plugin: ManagerPlugin,
	settings: SettingsValue,
	written: SettingsValue,
	at: Path,
	world: CheckWorld,
): readonly Finding[] {
	try {
		const allowed = plugin.allows(settings);
		const unknown = allowed === "all" ? [] : [...new Set(allowed)].filter((selector) => !isKnown(selector, world));
		return unknown.map((selector) => ({
			code: "unknown-mechanism",
			path: [...at, ...placeOf(selector, written)],
			message: unknownSelector(selector, world),
		}));
	} catch (error) {
		return [invalid(at, `the plugin "${plugin.id}" failed on these settings: ${thrownText(error)}`)];
	}
}

const kinds: ReadonlySet<string> = new Set(mechanismKinds);

function isKnown(selector: string, { mechanisms }: CheckWorld): boolean {
	return selector.startsWith("kind:")
		? kinds.has(selector.slice("kind:".length))
		: mechanisms.has(selector) || kinds.has(selector);
}

function unknownSelector(selector: string, { mechanisms }: CheckWorld): string {
	if (selector.startsWith("kind:")) {
		const kind = selector.slice("kind:".length);
		return `there is no kind "${kind}"${didYouMean(kind, kinds) || `; the kinds are ${mechanismKinds.join(", ")}`}`;
	}
	return `there is no mechanism "${selector}"${didYouMean(selector, [...mechanisms.keys(), ...kinds])}`;
}

/** Where a selector stands within the settings: a text of that value, rather in a list than elsewhere. */
function placeOf(selector: string, settings: SettingsValue): Path {
	const places: Path[] = [];
	mapTexts({}, settings, (text, path) => {
		if (text === selector) {
			places.push(path);
		}
		return text;
	});
	return places.find((path) => typeof path.at(-1) === "number") ?? places[0] ?? [];
}
