/**
 * Logs go to standard error: lines of JSON, or text for people when that is a terminal. Lines carry
 * identifiers, never what people wrote, where they can be reached, or secrets.
 */
import { type DestinationStream, type Logger, type LoggerOptions, pino } from "pino";

/**
 * Members that never show, at the top of a line or one level below: plugins log through here too, and
 * may hand over more than they should.
 */
const hidden = [
	"address",
	"apiKey",
	"authorization",
	"body",
	"credentials",
	"evidence",
	"password",
	"privateKey",
	"publicKey",
	"question",
	"secret",
	"settings",
	"subject",
	"token",
];

/** `user:password@` in a URL, wherever in a line it stands. */
const credentials = /([a-z][a-z0-9+.-]*:\/\/)[^\s/"@]+@/gi;

export const logOptions: LoggerOptions = {
	redact: { paths: hidden.flatMap((name) => [name, `*.${name}`]), censor: "[redacted]" },
	hooks: { streamWrite: (line) => line.replaceAll(credentials, "$1[redacted]@") },
};

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
