/** `plugins` and `mechanisms`: what there is to configure, and what is configured and active. */
import { type PageDocument, type PolicyReason, policyReasons } from "@posthaste/core";
import type { Command } from "commander";
import type { MechanismView, PluginView } from "../../posthaste.ts";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { usageFailure } from "../failure.ts";
import { hanging, plain, table } from "../layout.ts";
import { clientOf, examples, type ServerOptions, withServer } from "../options.ts";
import { schemaRows } from "../schema-table.ts";
import { columns, paint, writeJson, writeLine } from "../terminal.ts";
import { addInstalling, installedLines } from "./plugins-install.ts";
import { addNewPlugin } from "./plugins-new.ts";

export function addPlugins(program: Command): void {
	const plugins = program
		.command("plugins")
		.summary("what mechanisms and managers can be made of")
		.description("The plugins of the running server: what mechanisms and managers can be made of, and their settings.");
	const list = withServer(plugins.command("list", { isDefault: true }).description("Lists the plugins.")).action(
		action(async (options: ServerOptions) => {
			const items = await readPlugins(clientOf(options));
			if (options.json) {
				writeJson({ items });
			} else {
				listLines(items).forEach(writeLine);
			}
		}),
	);
	const show = withServer(
		plugins
			.command("show")
			.description("Shows a plugin's settings, and the address that it needs in a user's delivery table.")
			.argument("<id>", "the plugin's identifier"),
	).action(action(showPlugin));
	examples(list, [["posthaste plugins", "everything that `use` can name"]]);
	examples(show, [["posthaste plugins show email", "its settings and addresses"]]);
	addInstalling(plugins);
	addNewPlugin(plugins);
}

async function readPlugins(client: Client): Promise<readonly PluginView[]> {
	return (await client.get<PageDocument<PluginView>>("/v1/plugins")).items;
}

function listLines(items: readonly PluginView[]): readonly string[] {
	const heads = ["plugin", "type", "kind", "version", "title"].map((head) => paint("dim", head));
	const rows = items.map(({ id, type, kind, version, title, bundled, installed }) => [
		paint("bold", id),
		type,
		kind ?? "",
		version,
		`${plain(title)}${installed?.active ? paint("dim", " (installed)") : bundled ? "" : paint("dim", " (the application's)")}`,
	]);
	return table([heads, ...rows], columns());
}

async function showPlugin(id: string, options: ServerOptions): Promise<void> {
	const all = await readPlugins(clientOf(options));
	const found = all.filter((plugin) => plugin.id === id);
	if (found.length === 0) {
		const known = all.map((plugin) => plugin.id).join(", ");
		throw usageFailure(`There is no plugin ${id}`, `There are ${known}.`);
	}
	if (options.json) {
		writeJson(found.length === 1 ? found[0] : found);
		return;
	}
	for (const plugin of found) {
		// With what only this view knows: the deliveries that are pinned to each version.
		const shown = await clientOf(options).get<PluginView>(`/v1/plugins/${encodeURIComponent(id)}?type=${plugin.type}`);
		[...pluginLines(shown, columns()), ...installedLines(shown, columns())].forEach(writeLine);
	}
}

export function pluginLines(plugin: PluginView, width: number): readonly string[] {
	const { id, type, kind, version, title, description, settings, address, capabilities } = plugin;
	const capable = Object.entries(capabilities ?? {}).filter(([, value]) => value !== false && value !== undefined);
	const can = capable.map(([name, value]) => (value === true ? name : `${name}: ${value}`)).join(", ");
	return [
		`${paint("bold", id)} ${version}, ${kind === undefined ? type : `${type} of kind ${kind}`}: ${plain(title)}`,
		...(description === undefined ? [] : hanging("", plain(description), width)),
		...(can === "" ? [] : hanging("can  ", can, width)),
		...section("settings", settings, width),
		...(address === undefined ? [] : section("address, in a user's delivery table", address, width)),
	];
}

function section(title: string, schema: object, width: number): readonly string[] {
	const rows = schemaRows(schema);
	const body = rows.length === 0 ? [paint("dim", "  none")] : table(rows, width, "  ");
	return ["", paint("bold", title), ...body];
}

export function addMechanisms(program: Command): void {
	const mechanisms = program
		.command("mechanisms")
		.summary("what is active, and the switch to turn it off")
		.description(
			"The configured mechanisms and whether they are active; `disable` and `enable` are the operator's switch.",
		);
	const list = withServer(
		mechanisms.command("list", { isDefault: true }).description("Lists the mechanisms and what they are doing."),
	).action(
		action(async (options: ServerOptions) => {
			const items = await clientOf(options).all<MechanismView>("/v1/mechanisms");
			if (options.json) {
				writeJson({ items });
			} else {
				mechanismLines(items).forEach(writeLine);
			}
		}),
	);
	examples(list, [["posthaste mechanisms", "which are active, and why the others are not"]]);
	for (const [word, done] of [
		["disable", "No delivery uses it from now on, whoever defined it."],
		["enable", "Deliveries may use it again."],
	] as const) {
		const command = withServer(
			mechanisms.command(word).description(done).argument("<name>", "the mechanism's name"),
		).action(
			action(async (name: string, options: ServerOptions) => {
				const path = `/v1/mechanisms/${encodeURIComponent(name)}/${word}`;
				const mechanism = await clientOf(options).post<MechanismView>(path, undefined);
				if (options.json) {
					writeJson(mechanism);
				} else {
					mechanismLines([mechanism]).forEach(writeLine);
				}
			}),
		);
		examples(command, [[`posthaste mechanisms ${word} pager`, done.charAt(0).toLowerCase() + done.slice(1, -1)]]);
	}
}

function mechanismLines(items: readonly MechanismView[]): readonly string[] {
	if (items.length === 0) {
		return [paint("dim", "No mechanism is configured.")];
	}
	const heads = ["mechanism", "plugin", "kind", "in flight", "state"].map((head) => paint("dim", head));
	const rows = items.map((item) => [
		paint("bold", item.name),
		item.use,
		item.kind ?? "",
		String(item.inFlight),
		stateOf(item),
	]);
	return table([heads, ...rows], columns());
}

function stateOf(mechanism: MechanismView): string {
	const { active, inactive, breaker } = mechanism;
	if (active) {
		return `${paint("green", "✓ active")}${breaker === "closed" ? "" : paint("yellow", `, breaker ${breaker}`)}`;
	}
	return `${paint("red", "✗ not active")}: ${whyInactive(inactive)}`;
}

/** The reason, and the plugin's or the breaker's own words, which say more than "inactive". */
export function whyInactive(inactive: MechanismView["inactive"]): string {
	const { reason = "inactive", detail } = inactive ?? {};
	const why = policyReasons[reason as PolicyReason] ?? reason;
	if (detail === undefined) {
		return why;
	}
	return reason === "inactive" ? plain(detail) : `${why} (${plain(detail)})`;
}
