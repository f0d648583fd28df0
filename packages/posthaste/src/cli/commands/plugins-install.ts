/** `plugins add`, `remove`, `pin` and `rollback`: changing plugins while messages flow. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { PluginVersionView, PluginView } from "../../posthaste.ts";
import { action } from "../actions.ts";
import { usageFailure } from "../failure.ts";
import { hanging, plain, table } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { columns, paint, writeJson, writeLine } from "../terminal.ts";

/** What a plugin depends on may have to come from far away. */
const fetchTimeout = 330_000;

interface Choice extends ServerOptions {
	readonly type?: "manager" | "mechanism";
}

interface AddFlags extends ServerOptions {
	readonly version?: string;
	readonly isolate?: "thread" | "process";
	readonly memory?: string;
	readonly allowRead?: readonly string[];
	readonly allowWrite?: readonly string[];
	readonly allowChildProcesses?: boolean;
	readonly allowWorkers?: boolean;
}

interface RemoveFlags extends Choice {
	readonly version?: string;
	readonly force?: boolean;
}

export function addInstalling(plugins: Command): void {
	addAdd(plugins);
	addRemove(plugins);
	addPin(plugins);
	addRollback(plugins);
}

function addAdd(plugins: Command): void {
	const command = withServer(
		plugins
			.command("add")
			.summary("install a plugin, or another version of one")
			.description(
				"Installs a plugin from a registry, a folder or a tarball, without a restart. New deliveries use it at once, unless " +
					"another version is pinned; those under way end on the version that they began with.",
			)
			.argument("<source>", "an npm package, a folder, a tarball or a URL")
			.addOption(option("--version <version>", "version or range of the npm package"))
			.addOption(
				option("--isolate <how>", "thread or process; as the server was started otherwise").choices([
					"thread",
					"process",
				]),
			)
			.addOption(option("--memory <MB>", "megabytes of heap that it may use (default: 128)"))
			.addOption(option("--allow-read <path...>", "let its process read these, if its package says it needs them"))
			.addOption(option("--allow-write <path...>", "let its process write these"))
			.addOption(option("--allow-child-processes", "let its process start others"))
			.addOption(option("--allow-workers", "let its process start threads")),
	).action(
		action(async (source: string, flags: AddFlags) => {
			const plugin = await clientOf(flags).post<PluginView>("/v1/plugins", addingOf(source, flags), {
				timeout: fetchTimeout,
			});
			said(plugin, flags, (active) => `${plugin.type} plugin ${paint("bold", plugin.id)} ${active}`);
		}),
	);
	examples(command, [
		["posthaste plugins add ./my-plugin", "what is in a folder, as it is now"],
		["posthaste plugins add posthaste-mechanism-irc --version 2.1.0", "one version from the registry"],
	]);
}

function addingOf(source: string, flags: AddFlags): object {
	const { version, isolate, memory, allowRead, allowWrite, allowChildProcesses, allowWorkers } = flags;
	const megabytes = memory === undefined ? undefined : Number(memory);
	if (megabytes !== undefined && !Number.isInteger(megabytes)) {
		throw usageFailure(`--memory ${memory} is not a whole number of megabytes`);
	}
	return {
		// The server may run in another folder.
		from: existsSync(source) ? resolve(source) : source,
		version,
		isolation: isolate,
		memory: megabytes,
		grants: {
			read: allowRead?.map((path) => resolve(path)),
			write: allowWrite?.map((path) => resolve(path)),
			childProcesses: allowChildProcesses,
			workers: allowWorkers,
		},
	};
}

function addRemove(plugins: Command): void {
	const command = withChoice(
		plugins
			.command("remove")
			.summary("remove an installed plugin, or one version")
			.description("Removes an installed plugin that nothing configured uses, or one version of it, with its files.")
			.argument("<id>", "the plugin's identifier")
			.addOption(option("--version <version>", "only this version"))
			.addOption(option("--force", "even when deliveries under way are pinned to it; they are held then")),
	).action(
		action(async (id: string, flags: RemoveFlags) => {
			const { type, version, force } = flags;
			await clientOf(flags).delete(pathOf(id), { query: { type, version, force } });
			if (!flags.json) {
				writeLine(`${version === undefined ? id : `${id} ${version}`} is removed.`);
			}
		}),
	);
	examples(command, [["posthaste plugins remove irc --version 1.0.0", "once no delivery is pinned to it any more"]]);
}

function addPin(plugins: Command): void {
	const command = withChoice(
		plugins
			.command("pin")
			.summary("stay with one installed version")
			.description(
				"Has new deliveries use one installed version, whatever is installed later. Without a version it unpins.",
			)
			.argument("<id>", "the plugin's identifier")
			.argument("[version]", "an installed version"),
	).action(
		action(async (id: string, version: string | undefined, flags: Choice) => {
			const body = { version: version ?? null };
			const plugin = await clientOf(flags).post<PluginView>(`${pathOf(id)}/pin`, body, { query: { type: flags.type } });
			said(
				plugin,
				flags,
				(active) => `${paint("bold", id)} ${version === undefined ? "is not pinned any more: " : ""}${active}`,
			);
		}),
	);
	examples(command, [
		["posthaste plugins pin irc 1.0.0", "stay with 1.0.0"],
		["posthaste plugins pin irc", "let the next version that is installed take over"],
	]);
}

function addRollback(plugins: Command): void {
	const command = withChoice(
		plugins
			.command("rollback")
			.summary("go back to the version before")
			.description("Has new deliveries use the version that was active before.")
			.argument("<id>", "the plugin's identifier"),
	).action(
		action(async (id: string, flags: Choice) => {
			const plugin = await clientOf(flags).post<PluginView>(`${pathOf(id)}/rollback`, undefined, {
				query: { type: flags.type },
			});
			said(plugin, flags, (active) => `${paint("bold", id)} ${active}`);
		}),
	);
	examples(command, [["posthaste plugins rollback irc", "the new version was no good"]]);
}

function withChoice(command: Command): Command {
	return withServer(
		command.addOption(
			option("--type <type>", "where a manager and a mechanism have the same name").choices(["manager", "mechanism"]),
		),
	);
}

function pathOf(id: string): string {
	return `/v1/plugins/${encodeURIComponent(id)}`;
}

function said(plugin: PluginView, flags: ServerOptions, text: (active: string) => string): void {
	if (flags.json) {
		writeJson(plugin);
		return;
	}
	const { active = null, pinned = false } = plugin.installed ?? {};
	writeLine(text(active === null ? "is installed" : `${active} is active${pinned ? ", and pinned" : ""}`));
}

/** The installed versions of a plugin, for `show`. */
export function installedLines({ installed, type }: PluginView, width: number): readonly string[] {
	if (installed === undefined) {
		return [];
	}
	const heads = ["version", "state", "isolation", ...(type === "manager" ? ["deliveries"] : []), "from"];
	const rows = installed.versions.map((one) => [
		`${one.version}${one.version === installed.active ? paint("green", " active") : ""}`,
		stateOf(one),
		`${one.isolation}, ${one.memory} MB`,
		...(type === "manager" ? [String(one.deliveries ?? "")] : []),
		plain(one.from),
	]);
	const down = installed.versions.flatMap(({ version, detail }) =>
		detail === undefined ? [] : hanging("  ", `${version}: ${plain(detail)}`, width),
	);
	return [
		"",
		`${paint("bold", "installed versions")}${installed.pinned ? paint("yellow", ` (pinned to ${installed.active})`) : ""}`,
		...table([heads.map((head) => paint("dim", head)), ...rows], columns(), "  "),
		...down,
	];
}

function stateOf({ state }: PluginVersionView): string {
	return state === "down" ? paint("red", "✗ down") : state;
}
