/** `plugins new`: the folder of a new plugin, ready to be tested and installed. */

import { relative } from "node:path";
import { thrownText } from "@posthaste/core";
import { Argument, type Command } from "commander";
import { action } from "../actions.ts";
import { usageFailure } from "../failure.ts";
import { complaintAboutName, type PluginType, type WrittenPlugin, writePlugin } from "../new-plugin.ts";
import { examples, option } from "../options.ts";
import { paint, writeJson, writeLine } from "../terminal.ts";

interface NewFlags {
	readonly folder?: string;
	readonly json?: boolean;
}

export function addNewPlugin(plugins: Command): void {
	const command = plugins
		.command("new")
		.description("Makes the folder of a new plugin, with its tests, ready to be changed. Needs no server.")
		.addArgument(new Argument("<type>", "what it is to be").choices(["mechanism", "manager"]))
		.argument("<name>", "its identifier, as in `use`: lower-case letters, digits and hyphens")
		.addOption(option("--folder <folder>", "where to make it; a folder of its name when left out"))
		.addOption(option("--json", "print JSON, also of errors"))
		.action(action(makePlugin));
	examples(command, [
		["posthaste plugins new mechanism hook", "a mechanism that posts JSON to a service, in ./hook"],
		["posthaste plugins new manager escalate --folder plugins/escalate", "a delivery manager, in another folder"],
	]);
}

async function makePlugin(type: PluginType, name: string, { folder = name, json }: NewFlags): Promise<void> {
	const complaint = complaintAboutName(name);
	if (complaint !== undefined) {
		throw usageFailure(`${name} is no name for a plugin: ${complaint}`);
	}
	const written = write(type, name, folder);
	if (json) {
		writeJson(written);
	} else {
		writtenLines(written).forEach(writeLine);
	}
}

function write(type: PluginType, name: string, folder: string): WrittenPlugin {
	try {
		return writePlugin({ type, name, folder });
	} catch (error) {
		const why = thrownText(error);
		throw usageFailure(`The plugin cannot be made: ${why}`, "Name another folder with --folder.");
	}
}

function writtenLines({ folder, files, package: name, linked }: WrittenPlugin): readonly string[] {
	const shown = relative(process.cwd(), folder);
	const path = shown === "" ? "." : shown.startsWith("..") ? folder : `./${shown}`;
	return [
		`${paint("green", "✓")} ${paint("bold", name)} in ${path}: ${files.join(", ")}`,
		...(linked ? [paint("dim", "  what it is developed with comes from this checkout of Posthaste")] : []),
		"",
		`  cd ${path} && npm install && npm test`,
		`  posthaste plugins add ${path}`,
	];
}
