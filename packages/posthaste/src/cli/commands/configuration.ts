/** `apply` and `export`: the whole configuration as one document. */
import { readFileSync } from "node:fs";
import { confirm, isCancel } from "@clack/prompts";
import { PosthasteError } from "@posthaste/core";
import type { Command } from "commander";
import { stringify } from "yaml";
import type { ConfigurationFile } from "../../config/index.ts";
import type { ApplyResult, ConfigurationChange, ConfigurationDocument } from "../../posthaste.ts";
import { action } from "../actions.ts";
import type { Client } from "../client.ts";
import { Failure, interruption, usageFailure } from "../failure.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { isInteractive, paint, write, writeJson, writeLine } from "../terminal.ts";

interface ApplyFlags extends ServerOptions {
	readonly dryRun?: boolean;
	readonly yes?: boolean;
}

export function addApply(program: Command): void {
	const command = withServer(
		program
			.command("apply")
			.summary("apply a configuration file")
			.description(
				"Makes the server's configuration what the file says, all of it or nothing, and shows what changed. It replaces " +
					"what was applied before, so what the file leaves out is removed; at a terminal you are asked first. What a " +
					"file that the server watches defines stays as it is.",
			)
			.argument("<file>", "YAML or JSON; `-` for standard input")
			.addOption(option("-n, --dry-run", "only show what would change"))
			.addOption(option("-y, --yes", "do not ask before something is removed")),
	).action(action(apply));
	examples(command, [
		["posthaste apply posthaste.yaml --dry-run", "what would change"],
		["posthaste export | sed s/5551234/5559876/ | posthaste apply -", "change one thing in all of it"],
	]);
}

async function apply(file: string, flags: ApplyFlags): Promise<void> {
	const client = clientOf(flags);
	const text = readDocument(file);
	const asks = !flags.dryRun && !flags.yes && !flags.json && file !== "-" && isInteractive();
	let shown = false;
	if (asks) {
		const planned = await put(client, file, text, true);
		const removed = planned.changes.filter(({ change }) => change === "removed");
		if (removed.length > 0) {
			await showChanges(planned.changes);
			shown = true;
			await confirmRemoval(removed.length);
		}
	}
	const result = await put(client, file, text, flags.dryRun === true);
	if (flags.json) {
		writeJson(result);
		return;
	}
	if (!shown) {
		await showChanges(result.changes);
	}
	writeLine(summary(result));
}

async function confirmRemoval(count: number): Promise<void> {
	const message = `Apply this? ${count === 1 ? "One record is" : `${count} records are`} removed.`;
	const answer = await confirm({ message, initialValue: false });
	if (isCancel(answer) || !answer) {
		throw interruption("Nothing was applied");
	}
}

function readDocument(file: string): string {
	try {
		return readFileSync(file === "-" ? 0 : file, "utf8");
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
	}
}

/** Reads the file first, so that its mistakes of form need no server, then sends it as it is. */
async function put(client: Client, file: string, text: string, dryRun: boolean): Promise<ApplyResult> {
	const { readConfiguration } = await import("../../config/index.ts");
	const read = readConfiguration(text, file === "-" ? "standard input" : file);
	const type = file.endsWith(".json") ? "application/json" : "application/yaml";
	try {
		return await client.put<ApplyResult>("/v1/configuration", text, {
			query: { dryRun: dryRun || undefined },
			headers: { "content-type": type },
		});
	} catch (error) {
		throw await placed(error, read);
	}
}

/** The server knows fields, not lines of a file that is here: its complaints get their places. */
async function placed(error: unknown, read: ConfigurationFile): Promise<unknown> {
	if (!(error instanceof Failure) || error.problem === undefined || error.complaints.length === 0) {
		return error;
	}
	const { withPlaces } = await import("../../config/index.ts");
	const complaints = error.complaints.map(({ file: _, ...complaint }) => complaint);
	return withPlaces(new PosthasteError(error.problem.code, error.message, complaints), read);
}

function summary({ changes, applied, revision }: ApplyResult): string {
	if (changes.length === 0) {
		return `${paint("green", "✓")} nothing to change`;
	}
	return applied
		? `${paint("green", "✓")} applied as revision ${revision}`
		: `${paint("yellow", "!")} a dry run: nothing was applied`;
}

async function showChanges(changes: readonly ConfigurationChange[]): Promise<void> {
	if (changes.length > 0) {
		const { formatChanges } = await import("../../config/diff.ts");
		// Painting something tells whether this is a terminal that shows colours.
		writeLine(formatChanges(changes, { colour: paint("red", "") !== "" }));
	}
}

export function addExport(program: Command): void {
	const command = withServer(
		program
			.command("export")
			.summary("print the configuration as YAML")
			.description(
				"Prints everything that is defined now, whoever defined it, as one document that `apply` and `serve --config` " +
					"take. What came from the environment stays a reference to it, so that no secret is printed.",
			),
	).action(
		action(async (options: ServerOptions) => {
			const document = await clientOf(options).get<ConfigurationDocument>("/v1/configuration");
			if (options.json) {
				writeJson(document);
			} else {
				write(stringify(document, { lineWidth: 0 }));
			}
		}),
	);
	examples(command, [["posthaste export > posthaste.yaml", "a copy that can be applied again"]]);
}
