/**
 * Logs go to standard error: lines of JSON, or text for people when that is a terminal. Lines carry
 * identifiers, never what people wrote, where they can be reached, or secrets.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";
import { redactLine } from "./log-redaction.ts";

export const logOptions: LoggerOptions = { hooks: { streamWrite: redactLine } };

/** @param level `trace` to `fatal`, or `silent` */
export async function createLog(level: string, destination?: DestinationStream): Promise<Logger> {
	const made = destination ?? (process.stderr.isTTY ? await forPeople() : pino.destination(2));
	return pino({ ...logOptions, level }, made);
}

/** Loaded only at a terminal. */
async function forPeople(): Promise<DestinationStream> {
	const { default: pretty } = await import("pino-pretty");
	return pretty({ destination: 2, sync: true, ignore: "pid,hostname" });
}
