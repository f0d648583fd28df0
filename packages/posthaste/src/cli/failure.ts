/** What can go wrong on this side of the wire, and how every error is shown. */
import type { Complaint, Problem } from "@posthaste/core";
import { type ExitCode, exitCodeOfStatus, exitCodes } from "./exit-codes.ts";
import { paintError, writeError } from "./terminal.ts";

/** An error that the command line expects: a sentence, a remedy, an exit code. */
export class Failure extends Error {
	readonly code: string;
	readonly exitCode: ExitCode;
	readonly remedy: string | undefined;
	readonly complaints: readonly Complaint[];
	/** The problem document as the server sent it, if it comes from there. */
	readonly problem: Problem | undefined;

	constructor(
		code: string,
		message: string,
		more: { exitCode: ExitCode; remedy?: string; complaints?: readonly Complaint[]; problem?: Problem },
	) {
		super(message);
		this.name = "Failure";
		this.code = code;
		this.exitCode = more.exitCode;
		this.remedy = more.remedy;
		this.complaints = more.complaints ?? [];
		this.problem = more.problem;
	}
}

/** The command was not understood. */
export function usageFailure(message: string, remedy?: string): Failure {
	return new Failure("usage", message, { exitCode: exitCodes.usage.code, ...(remedy !== undefined && { remedy }) });
}

/** The server refused or failed, and said so in an RFC 9457 problem document. */
export function refusal(problem: Problem): Failure {
	return new Failure(problem.code, problem.detail || problem.title, {
		exitCode: exitCodeOfStatus(problem.status),
		remedy: problem.remedy,
		complaints: problem.errors ?? [],
		problem,
	});
}

/** No answer came from the server's address. */
export function unreachable(server: string, why: string): Failure {
	return new Failure("server-unreachable", `No Posthaste server answers at ${server} (${why})`, {
		exitCode: exitCodes.unavailable.code,
		remedy: "Start one with `posthaste serve`, or name another with --server or POSTHASTE_SERVER.",
	});
}

/** The person pressed Ctrl-C. */
export function interruption(hint?: string): Failure {
	return new Failure("interrupted", hint ?? "Interrupted", { exitCode: exitCodes.interrupted.code });
}

/** Makes a failure of whatever was thrown; a PosthasteError of this process reads like a server's refusal. */
export function toFailure(error: unknown): Failure {
	if (error instanceof Failure) {
		return error;
	}
	if (isPosthasteError(error)) {
		return refusal(error.toProblem());
	}
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	return new Failure("internal", text, {
		exitCode: exitCodes.failed.code,
		remedy: "This should not happen; please report it with the lines above.",
	});
}

function isPosthasteError(error: unknown): error is Error & { toProblem(): Problem } {
	return error instanceof Error && error.name === "PosthasteError" && "toProblem" in error;
}

/** Prints a failure to standard error: for people, or as one JSON document for programs. */
export function report(failure: Failure, json: boolean): void {
	writeError(json ? `${JSON.stringify(failureDocument(failure), undefined, 2)}\n` : failureText(failure));
}

function failureDocument(failure: Failure): object {
	return (
		failure.problem ?? {
			code: failure.code,
			detail: failure.message,
			...(failure.remedy !== undefined && { remedy: failure.remedy }),
			...(failure.complaints.length > 0 && { errors: failure.complaints }),
		}
	);
}

function failureText({ message, complaints, problem, remedy }: Failure): string {
	// With excerpts the complaints say where and what; without, the message mostly has said it already.
	const excerpts = complaints.some(({ excerpt }) => excerpt !== undefined);
	const shown = excerpts ? complaints : complaints.filter((complaint) => !message.includes(complaint.message));
	const head = excerpts ? (problem?.title ?? message) : message;
	const lines = [`${paintError(["red", "bold"], "✗")} ${head}`, ...shown.flatMap(complaintLines)];
	if (remedy !== undefined) {
		lines.push(`  ${paintError("dim", remedy)}`);
	}
	return `${lines.join("\n")}\n`;
}

/** `file:line:column: message`, then the excerpt with its caret. */
export function complaintLines(complaint: Complaint): readonly string[] {
	const { file, line, column, field, message, excerpt } = complaint;
	const place = [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(":");
	const said = field === "" ? message : `${paintError("cyan", field)}: ${message}`;
	const head = place === "" ? said : `${paintError("bold", `${place}:`)} ${said}`;
	return [`  ${head}`, ...(excerpt === undefined ? [] : excerpt.split("\n").map((text) => `    ${caret(text)}`))];
}

/** The caret's own line stands out. */
function caret(text: string): string {
	return /^[\s|]*\^+~*\s*$/.test(text) ? paintError("red", text) : text;
}
