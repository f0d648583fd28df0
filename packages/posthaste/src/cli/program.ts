/** The command `posthaste`: all its commands, in the order in which help lists them. */
import { Command, type Option } from "commander";
import { packageVersion } from "../version.ts";
import { addAnswer } from "./commands/answer.ts";
import { addBackup, addRestore } from "./commands/backup.ts";
import { addApply, addExport } from "./commands/configuration.ts";
import { addDoctor } from "./commands/doctor.ts";
import { addExplain } from "./commands/explain.ts";
import { addInbox } from "./commands/inbox.ts";
import { addCancel, addMessages, addShow, addWatch } from "./commands/messages.ts";
import { addMechanisms, addPlugins } from "./commands/plugins.ts";
import { addResolve } from "./commands/resolve.ts";
import { addSend } from "./commands/send.ts";
import { addBench, addDemo, addServe } from "./commands/serve.ts";
import { exitCodes } from "./exit-codes.ts";
import { helpWidth } from "./options.ts";
import { paint } from "./terminal.ts";

const groups: readonly (readonly [title: string, add: readonly ((program: Command) => void)[]])[] = [
	["Server:", [addServe, addDemo]],
	["Messages:", [addSend, addExplain, addWatch, addShow, addMessages, addCancel]],
	["People:", [addInbox, addAnswer, addResolve]],
	["Configuration:", [addApply, addExport, addPlugins, addMechanisms]],
	["Operation:", [addDoctor, addBackup, addRestore, addBench]],
];

/** @param onError takes what commander has to say about a mistake in the arguments. */
export function createProgram(onError: (text: string) => void = () => {}): Command {
	const program = new Command("posthaste")
		.description("Posthaste gets a message to a person: it decides at run time through which of their channels.")
		.version(packageVersion(), "-V, --version", "print the version")
		// So that `plugins add NAME --version 1.2.0` names the plugin's version.
		.enablePositionalOptions()
		.helpOption("-h, --help", "show this help")
		.addHelpCommand(
			new Command("help").argument("[command]").description("show a command's help").helpGroup("Operation:"),
		)
		.configureHelp({
			helpWidth: helpWidth(),
			optionDescription: describeOption,
			styleTitle: (text) => paint("bold", text),
			styleCommandText: (text) => paint("cyan", text),
			styleSubcommandText: (text) => paint("cyan", text),
			styleOptionText: (text) => paint("cyan", text),
			styleArgumentText: (text) => paint("cyan", text),
		})
		.configureOutput({ outputError: onError })
		.exitOverride();
	for (const [title, adders] of groups) {
		program.commandsGroup(title);
		for (const add of adders) {
			add(program);
		}
	}
	return program.addHelpText("after", () => `\n${exitCodeText()}`);
}

/** Without the environment variable, which follows from the name as the help's end says. */
function describeOption({ description, argChoices, defaultValue }: Option): string {
	const facts = [
		...(argChoices === undefined ? [] : [argChoices.join(", ")]),
		...(defaultValue === undefined ? [] : [`default: ${defaultValue}`]),
	];
	return facts.length === 0 ? description : `${description} (${facts.join("; ")})`;
}

function exitCodeText(): string {
	const rows = Object.values(exitCodes).map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`);
	return [
		paint("bold", "Exit codes:"),
		...rows,
		"",
		"Every option can also come from the environment: --log-level is POSTHASTE_LOG_LEVEL.",
	].join("\n");
}
