/** The one table of exit codes: commands end with these, the help and the reference page list them. */
import type { DeliveryState } from "@posthaste/core";

export const exitCodes = {
	ok: { code: 0, meaning: "Done; with --watch, every recipient was reached" },
	unreached: { code: 1, meaning: "A recipient was not reached; `doctor` found something wrong" },
	usage: { code: 2, meaning: "The command was not understood, or a file could not be read" },
	refused: { code: 3, meaning: "What was asked is not valid or not possible (a 4xx answer)" },
	unavailable: {
		code: 4,
		meaning: "The server or the store cannot be used now (503); what is printed says whether to wait or what to do",
	},
	ended: { code: 5, meaning: "A delivery expired or was cancelled, and nobody was left unreached otherwise" },
	failed: { code: 6, meaning: "The server or the command itself failed (any other 5xx answer)" },
	interrupted: { code: 130, meaning: "Interrupted with Ctrl-C; a message that was accepted goes on" },
} as const satisfies Record<string, { code: number; meaning: string }>;

export type ExitName = keyof typeof exitCodes;
export type ExitCode = (typeof exitCodes)[ExitName]["code"];

/** The exit code for an HTTP status, which the error table gives each error. */
export function exitCodeOfStatus(status: number): ExitCode {
	if (status < 400) {
		return exitCodes.ok.code;
	}
	if (status < 500) {
		return exitCodes.refused.code;
	}
	return status === 503 ? exitCodes.unavailable.code : exitCodes.failed.code;
}

/** The exit code for the states that a message's deliveries came to: the worst one counts. */
export function exitCodeOfStates(states: readonly DeliveryState[]): ExitCode {
	if (states.some((state) => state !== "reached" && state !== "expired" && state !== "cancelled")) {
		return exitCodes.unreached.code;
	}
	return states.every((state) => state === "reached") ? exitCodes.ok.code : exitCodes.ended.code;
}
