/** Building commands: every option has its environment variable, every command its examples. */
import { type Command, Option } from "commander";
import { Client } from "./client.ts";
import { columns } from "./terminal.ts";

export interface ServerOptions {
	readonly server: string;
	readonly json?: boolean;
}

const nothing: ReadonlySet<string> = new Set(["", "0", "false", "no", "off"]);

/** An option that is also read from `POSTHASTE_` and its long name in capitals. */
export function option(flags: string, description: string): Option {
	const made = new Option(flags, description);
	const variable = `POSTHASTE_${made.name().replaceAll("-", "_").toUpperCase()}`;
	// Commander takes a flag as given when its variable exists at all; `=0` and `=false` are meant as no.
	if (made.isBoolean() && nothing.has((process.env[variable] ?? "1").toLowerCase())) {
		delete process.env[variable];
	}
	return made.env(variable);
}

export const defaultServer = "http://127.0.0.1:7678";

/** Adds what every command needs that talks to a running server. */
export function withServer(command: Command): Command {
	return command
		.addOption(option("-s, --server <url>", "the running server").default(defaultServer))
		.addOption(option("--json", "print JSON, also of errors"));
}

export function clientOf(options: ServerOptions): Client {
	return new Client(options.server);
}

/** Collects an option that may be given several times, or once with commas between. */
export function collectNames(value: string, before: readonly string[] | undefined): readonly string[] {
	const names = value
		.split(",")
		.map((name) => name.trim())
		.filter((name) => name !== "");
	return [...(before ?? []), ...names];
}

type Example = readonly [typed: string, does: string];

const shown = new WeakMap<Command, readonly Example[]>();

/** The examples that a command's help shows. */
export function examplesOf(command: Command): readonly Example[] {
	return shown.get(command) ?? [];
}

/** Examples below a command's help: what one types, and what comes of it. */
export function examples(command: Command, rows: readonly Example[]): Command {
	shown.set(command, rows);
	return command.addHelpText("after", () => {
		const lines = rows.map(([typed, does]) => `  # ${does}\n  $ ${typed}`);
		return `\nExamples:\n${lines.join("\n\n")}`;
	});
}

/** The width that help is wrapped to. */
export function helpWidth(): number {
	return Math.min(columns(), 100);
}
