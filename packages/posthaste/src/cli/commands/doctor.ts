/** `doctor`: is everything as it should be, and if not, what to do about it. */
import type { Command } from "commander";
import { action } from "../actions.ts";
import { type Finding, type Level, localFindings, serverFindings } from "../checks/checks.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { hanging } from "../layout.ts";
import { clientOf, examples, option, type ServerOptions, withServer } from "../options.ts";
import { columns, paint, type Style, writeJson, writeLine } from "../terminal.ts";

export interface DoctorOptions extends ServerOptions {
	readonly config?: string;
	readonly data: string;
}

export function addDoctor(program: Command): void {
	const command = withServer(
		program
			.command("doctor")
			.summary("check that everything works, and say what to do")
			.description(
				"Checks Node, the data folder, the configuration file, the server, each mechanism, open questions, held deliveries, " +
					"and which users no mechanism can reach now. Exits with 1 when something is wrong (✗).",
			)
			.addOption(option("-c, --config <file>", "check this configuration file too"))
			.addOption(option("-d, --data <folder>", "the server's data folder").default("./posthaste-data")),
	).action(action(doctor));
	examples(command, [["posthaste doctor --config posthaste.yaml", "also whether the file could be applied"]]);
}

async function doctor(options: DoctorOptions): Promise<ExitCode> {
	const findings: Finding[] = [];
	for await (const finding of allFindings(options)) {
		findings.push(finding);
		if (!options.json) {
			findingLines(finding, columns()).forEach(writeLine);
		}
	}
	const wrong = findings.filter(({ level }) => level === "wrong").length;
	if (options.json) {
		writeJson({ ok: wrong === 0, findings });
	} else {
		writeLine();
		writeLine(wrong === 0 ? paint("green", "Nothing is wrong.") : paint("red", `${wrong} found wrong.`));
	}
	return wrong === 0 ? exitCodes.ok.code : exitCodes.unreached.code;
}

async function* allFindings(options: DoctorOptions): AsyncGenerator<Finding> {
	const client = clientOf(options);
	yield* localFindings(options, client);
	yield* serverFindings(client);
}

const symbols: Readonly<Record<Level, readonly [symbol: string, style: Style]>> = {
	fine: ["✓", "green"],
	notable: ["!", "yellow"],
	wrong: ["✗", "red"],
};

function findingLines({ level, what, remedy }: Finding, width: number): readonly string[] {
	const [symbol, style] = symbols[level];
	return [
		...hanging(`${paint(style, symbol)} `, what, width),
		...(remedy === undefined ? [] : hanging("    ", paint("dim", remedy), width)),
	];
}
