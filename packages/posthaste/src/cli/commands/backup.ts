/** `backup` and `restore`: a copy of everything, made while the server runs or not, and the way back. */
import type { Command } from "commander";
import { action } from "../actions.ts";
import { examples, option } from "../options.ts";
import { loadBackup } from "../program-parts.ts";
import { paint, writeJson, writeLine } from "../terminal.ts";

interface BackupFlags {
	readonly data: string;
	readonly force?: boolean;
	readonly json?: boolean;
}

export function addBackup(program: Command): void {
	const command = program
		.command("backup")
		.summary("copy everything to a file, while the server runs")
		.description(
			"Copies the database of the data folder to a file: all messages, deliveries and configuration as they are in one " +
				"moment. The server may run meanwhile and need not. The copy is checked, and the file is there only when it is whole. " +
				"It is readable to its owner alone, since it holds messages and settings with their secrets.",
		)
		.argument("<file>", "where the copy goes")
		.addOption(option("-d, --data <folder>", "the server's data folder").default("./posthaste-data"))
		.addOption(option("--force", "replace a file that is there"))
		.addOption(option("--json", "print JSON, also of errors"))
		.action(action(backup));
	examples(command, [
		["posthaste backup /var/backups/posthaste.sqlite", "the database in ./posthaste-data"],
		["posthaste backup --data /var/lib/posthaste --force latest.sqlite", "another folder's, over the last copy"],
	]);
}

async function backup(file: string, { data, force = false, json }: BackupFlags): Promise<void> {
	const { backupFolder } = await loadBackup();
	const made = await backupFolder(data, file, { force });
	if (json) {
		writeJson(made);
		return;
	}
	writeLine(`${paint("green", "✓")} ${made.file} holds everything of ${data} (${sizeOf(made.bytes)}, checked)`);
}

export function addRestore(program: Command): void {
	const command = program
		.command("restore")
		.summary("put a backup into a data folder")
		.description(
			"Puts a backup into a data folder, which is made when it is missing. No server may run on the folder. The backup is " +
				"checked before anything is changed. What stands in the backup goes on with the next start: a message that was " +
				"delivered after the backup was made is under way again there.",
		)
		.argument("<file>", "the backup")
		.addOption(option("-d, --data <folder>", "the data folder").default("./posthaste-data"))
		.addOption(option("--force", "put the database that is there aside"))
		.addOption(option("--json", "print JSON, also of errors"))
		.action(action(restore));
	examples(command, [
		["posthaste restore posthaste.sqlite --data /var/lib/posthaste", "into a folder without a database"],
		[
			"posthaste restore posthaste.sqlite --data /var/lib/posthaste --force",
			"the database there is kept, under another name",
		],
	]);
}

async function restore(file: string, { data, force = false, json }: BackupFlags): Promise<void> {
	const { restoreFolder } = await loadBackup();
	const restored = await restoreFolder(file, data, { force });
	if (json) {
		writeJson(restored);
		return;
	}
	writeLine(`${paint("green", "✓")} ${restored.file} is as ${file} (${sizeOf(restored.bytes)}, checked)`);
	if (restored.aside !== undefined) {
		writeLine(`  The database before it is now ${restored.aside}`);
	}
	if (restored.asideLog !== undefined) {
		writeLine(`  The write-ahead log that was there, with what was written last, is now ${restored.asideLog}`);
	}
}

const kibibyte = 1024;

function sizeOf(bytes: number): string {
	const units = ["KiB", "MiB", "GiB", "TiB"];
	let size = bytes / kibibyte;
	while (size >= kibibyte && units.length > 1) {
		size /= kibibyte;
		units.shift();
	}
	return `${size.toFixed(size < 10 ? 1 : 0)} ${units[0]}`;
}
