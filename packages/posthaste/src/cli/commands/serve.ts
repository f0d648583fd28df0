/** `serve`, `demo` and `bench`: the commands that run the program itself. */
import { existsSync } from "node:fs";
import type { Command } from "commander";
import { action } from "../actions.ts";
import { usageFailure } from "../failure.ts";
import { runUntilSignal } from "../interrupt.ts";
import { examples, option } from "../options.ts";
import { loadBench, loadDemo, loadServe, type ServeOptions } from "../program-parts.ts";
import { writeJson, writeLine } from "../terminal.ts";

const logLevels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"];

export function addServe(program: Command): void {
	const command = program
		.command("serve")
		.summary("run the server")
		.description("Runs the server until Ctrl-C or SIGTERM, then closes in order: nothing accepted is lost.")
		.addOption(option("-l, --listen <host:port>", "loopback address to listen on").default("127.0.0.1:7678"))
		.addOption(option("-d, --data <folder>", "where messages are kept").default("./posthaste-data"))
		.addOption(option("-c, --config <file>", "configuration file, watched for changes").default("posthaste.yaml"))
		.addOption(option("--database-url <url>", "not in this version, which keeps messages in the data folder"))
		.addOption(
			option("--isolate <how>", "run each installed plugin in a thread or a process of its own")
				.choices(["thread", "process"])
				.default("thread"),
		)
		.addOption(option("--log-level <level>", "what to log, to standard error").choices(logLevels).default("info"))
		.addOption(option("--otlp-endpoint <url>", "send traces to this OpenTelemetry collector, over HTTP"))
		.addOption(option("--json", "print the address as JSON"))
		.action(action(serve));
	examples(command, [
		["posthaste serve", "the configuration in posthaste.yaml, on http://127.0.0.1:7678"],
		["posthaste serve --listen 127.0.0.1:0 --data /var/lib/posthaste", "any free port, another folder"],
	]);
}

interface ServeFlags extends Omit<ServeOptions, "config"> {
	readonly config: string;
	readonly json?: boolean;
}

async function serve({ config, json, ...options }: ServeFlags, command: Command): Promise<void> {
	// The default file may be missing, as on the first start; one that somebody named may not.
	const file = existsSync(config) ? config : undefined;
	if (file === undefined && command.getOptionValueSource("config") !== "default") {
		throw usageFailure(`There is no configuration file ${config}`);
	}
	const { serve: start } = await loadServe();
	await runUntilSignal(() => start({ ...options, ...(file !== undefined && { config: file }) }), announce(json));
}

function announce(json: boolean | undefined): (url: string) => void {
	return (url) => (json ? writeJson({ url }) : writeLine(`Posthaste listens on ${url}`));
}

interface DemoFlags {
	readonly listen: string;
	readonly data?: string;
	readonly logLevel: string;
	readonly json?: boolean;
}

export function addDemo(program: Command): void {
	const command = program
		.command("demo")
		.summary("run the server with John Smith, his mailbox and his pager")
		.description(
			"Runs the server with a ready configuration and, on loopback, a real mail server and a real pager terminal of " +
				"its own. Open the printed address to send messages and to watch John Smith's devices.",
		)
		.addOption(option("-l, --listen <host:port>", "loopback address to listen on").default("127.0.0.1:7678"))
		.addOption(option("-d, --data <folder>", "keep messages there; otherwise they are gone afterwards"))
		.addOption(option("--log-level <level>", "what to log, to standard error").choices(logLevels).default("warn"))
		.addOption(option("--json", "print the address as JSON"))
		.action(
			action(async ({ json, ...options }: DemoFlags) => {
				const { runDemo } = await loadDemo();
				await runUntilSignal(() => runDemo(options), announce(json));
			}),
		);
	examples(command, [["posthaste demo", "then open http://127.0.0.1:7678 in a browser"]]);
}

export function addBench(program: Command): void {
	const command = program
		.command("bench")
		.summary("measure this machine")
		.description(
			"Measures, in this process and on this machine's disk, how many messages a second come to their outcome.",
		)
		.addOption(
			option("--seconds <number>", "how long to measure each")
				.argParser((text) => {
					const seconds = Number(text);
					if (!(seconds > 0 && seconds <= 600)) {
						throw usageFailure(`--seconds ${text} is not a number from 1 to 600`);
					}
					return seconds;
				})
				.default(3),
		)
		.addOption(option("--json", "print JSON"))
		.action(
			action(async ({ seconds, json = false }: { seconds: number; json?: boolean }) => {
				const { runBench } = await loadBench();
				await runBench({ seconds, json });
			}),
		);
	examples(command, [["posthaste bench --seconds 10", "longer measurements, steadier figures"]]);
}
