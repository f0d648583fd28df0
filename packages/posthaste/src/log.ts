/** Logs go to standard error: lines of JSON, or text for people when that is a terminal. */
import { type DestinationStream, type Logger, pino } from "pino";

export async function createLog(level: string): Promise<Logger> {
	return pino({ level }, process.stderr.isTTY ? await forPeople() : pino.destination(2));
}

/** Loaded only at a terminal. */
async function forPeople(): Promise<DestinationStream> {
	const { default: pretty } = await import("pino-pretty");
	return pretty({ destination: 2, sync: true, ignore: "pid,hostname" });
}
