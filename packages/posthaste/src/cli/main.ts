/** Runs one command and ends the process with its exit code. */
import { CommanderError } from "commander";
import { exitCodes } from "./exit-codes.ts";
import { report, toFailure, usageFailure } from "./failure.ts";
import { createProgram } from "./program.ts";

/** @param args what stands behind the command's name */
export async function main(args: readonly string[]): Promise<void> {
	endQuietlyOnBrokenPipe();
	let complaint = "";
	try {
		const program = createProgram((text) => {
			complaint += text;
		});
		await program.parseAsync([...args], { from: "user" });
	} catch (error) {
		endWith(error, complaint, args);
	}
}

function endWith(error: unknown, complaint: string, args: readonly string[]): void {
	if (error instanceof CommanderError && error.exitCode === 0) {
		return;
	}
	if (error instanceof CommanderError && error.code === "commander.help") {
		// Help was shown because no command was given.
		process.exitCode = exitCodes.usage.code;
		return;
	}
	const failure =
		error instanceof CommanderError ? usageFailure(said(complaint || error.message), hint(args)) : toFailure(error);
	process.exitCode = failure.exitCode;
	if (failure.message !== "") {
		report(failure, wantsJson(args));
	}
}

/** Commander's sentence as ours: no prefix, a capital letter. */
function said(complaint: string): string {
	const text = complaint
		.replace(/^error: /, "")
		.replaceAll(/\s+/g, " ")
		.trim();
	return text.charAt(0).toUpperCase() + text.slice(1);
}

function hint(args: readonly string[]): string {
	const command = args.find((arg) => !arg.startsWith("-"));
	const known = createProgram().commands.some((each) => each.name() === command);
	return `\`posthaste ${known ? `${command} ` : ""}--help\` shows what there is.`;
}

/** Errors come before options are read, so the flag is looked for where it was typed. */
function wantsJson(args: readonly string[]): boolean {
	const end = args.indexOf("--");
	return (end < 0 ? args : args.slice(0, end)).includes("--json") || process.env.POSTHASTE_JSON !== undefined;
}

/** `posthaste messages | head` is no error. */
function endQuietlyOnBrokenPipe(): void {
	process.stdout.on("error", (error: NodeJS.ErrnoException) => {
		if (error.code === "EPIPE") {
			process.exit(exitCodes.ok.code);
		}
		throw error;
	});
}
