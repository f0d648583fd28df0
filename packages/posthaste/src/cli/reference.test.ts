import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { examplesOf } from "./options.ts";
import { createProgram } from "./program.ts";
import { referencePage } from "./reference.ts";

const program = createProgram();

test("docs/reference/cli.md is what `node scripts/generate-cli.ts` writes", () => {
	const page = readFileSync(new URL("../../../../docs/reference/cli.md", import.meta.url), "utf8");
	expect(page).toBe(referencePage(program));
});

test("every command has a summary and an example that begins with itself", () => {
	for (const command of program.commands) {
		expect(command.summary(), command.name()).not.toBe("");
		const own =
			command.commands.length > 0 ? command.commands.flatMap((each) => examplesOf(each)) : examplesOf(command);
		expect(own.length, command.name()).toBeGreaterThan(0);
		expect(
			own.every(([typed]) => typed.includes(`posthaste ${command.name()}`)),
			command.name(),
		).toBe(true);
	}
});

test("every option has its environment variable, named after it", () => {
	const all = [...program.commands, ...program.commands.flatMap((command) => command.commands)];
	for (const option of all.flatMap((command) => command.options)) {
		expect(option.envVar).toBe(`POSTHASTE_${option.name().replaceAll("-", "_").toUpperCase()}`);
	}
});

test("exit codes differ", () => {
	const codes = Object.values(exitCodes).map(({ code }) => code);
	expect(new Set(codes).size).toBe(codes.length);
});
