/**
 * Keeps out of lines of the log what must not show there. It looks at the finished line, whatever it was made of:
 * errors with what hangs on them, objects with a `toJSON` of their own, fields that a logger was given beforehand.
 */

const redacted = "[redacted]";
const cut = "[cut]";

/**
 * Names of members that never show, at any depth, also as the end of a longer name (`clientSecret`, `x-api-key`):
 * plugins log through here too, and may hand over a whole attempt or what a server answered.
 */
const hiddenNames = [
	"address",
	"api[-_]?key",
	"authorization",
	"body",
	"cookie",
	"credential",
	"evidence",
	"passphrase",
	"password",
	"private[-_]?key",
	"properties",
	"public[-_]?key",
	"question",
	"secret",
	"settings",
	"subject",
	"token",
].join("|");
const hidden = new RegExp(`(?:${hiddenNames})(?:e?s)?$`, "i");
/** The same in a line: a quotation mark within a text has a backslash before it. */
const hiddenInLine = new RegExp(`(?:${hiddenNames})(?:e?s)?":`, "i");

/**
 * `user:password@` of a URL: everything up to the last `@` of the authority, which ends at `/`, `?`, `#` or with the
 * text. In the midst of a text a URL ends at white space too; one that begins a text may be all of it, and has none
 * but its own.
 */
const authority = String.raw`(?:[^\\"/?#\s]|\\[^nrt])*`;
const authorityWithSpaces = String.raw`(?:[^\\"/?#]|\\.)*`;
const credentials = new RegExp(`(?<="[a-z][a-z0-9+.-]*://)${authorityWithSpaces}@|(?<=://)${authority}@`, "gi");

/** Hardly a line of the program's own is as long. A longer one is cut down. */
const longestLine = 16_384;
const longestText = 4096;
const mostDepth = 8;
/** Members of a line together, so that nothing of it grows without bounds. */
const mostMembers = 500;

/** @param line a line of JSON */
export function redactLine(line: string): string {
	const shown = line.replaceAll(credentials, `${redacted}@`);
	// Most lines are short and flat, and are looked at with expressions alone.
	return shown.length > longestLine || hiddenInLine.test(shown) ? redactMembers(shown) : shown;
}

function redactMembers(line: string): string {
	const { msg, ...members } = JSON.parse(line);
	const shown = redactObject(members, 0, { members: mostMembers, characters: longestLine });
	// What a line says comes last, and is kept whatever is cut before it.
	const said = typeof msg === "string" ? { msg: shortened(msg, { members: 1, characters: longestText }) } : {};
	return `${JSON.stringify({ ...shown, ...said })}\n`;
}

/** What may still be shown of a line. */
interface Room {
	members: number;
	characters: number;
}

function redact(value: unknown, depth: number, room: Room): unknown {
	if (typeof value === "string") {
		return shortened(value, room);
	}
	if (typeof value !== "object" || value === null) {
		return value;
	}
	if (depth === mostDepth) {
		return cut;
	}
	return Array.isArray(value) ? redactArray(value, depth, room) : redactObject(value, depth, room);
}

function redactObject(value: object, depth: number, room: Room): object {
	const shown: [name: string, member: unknown][] = [];
	for (const [name, member] of Object.entries(value)) {
		if (!takes(room, name.length)) {
			shown.push([cut, cut]);
			break;
		}
		shown.push([name, hidden.test(name) ? redacted : redact(member, depth + 1, room)]);
	}
	return Object.fromEntries(shown);
}

function redactArray(value: readonly unknown[], depth: number, room: Room): readonly unknown[] {
	const shown: unknown[] = [];
	for (const member of value) {
		if (!takes(room, 0)) {
			shown.push(cut);
			break;
		}
		shown.push(redact(member, depth + 1, room));
	}
	return shown;
}

function takes(room: Room, characters: number): boolean {
	room.members -= 1;
	room.characters -= characters;
	return room.members >= 0 && room.characters >= 0;
}

function shortened(text: string, room: Room): string {
	const most = Math.min(longestText, room.characters);
	room.characters -= Math.min(text.length, most);
	return text.length > most ? `${text.slice(0, most)}${cut}` : text;
}
