/** Logs go to standard error: lines of JSON, or text for people when that is a terminal. */
import { type Logger, pino } from "pino";
import pretty from "pino-pretty";

export function createLog(level: string): Logger {
	const stream = process.stderr.isTTY
		? pretty({ destination: 2, sync: true, ignore: "pid,hostname" })
		: pino.destination(2);
	return pino({ level }, stream);
}
