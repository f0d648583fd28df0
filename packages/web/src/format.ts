/** Moments and lengths of time as people read them. */

const timeOnly: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false };

/** The time of day where the reader is, with the date when it is not today. */
export function localTime(moment: string | number, now: number = Date.now()): string {
	const date = new Date(moment);
	if (Number.isNaN(date.getTime())) {
		return String(moment);
	}
	const today = date.toDateString() === new Date(now).toDateString();
	const time = date.toLocaleTimeString(undefined, timeOnly);
	return today ? time : `${date.toLocaleDateString(undefined, { day: "numeric", month: "short" })}, ${time}`;
}

/** The time left, as a clock shows it: `4:05`, `1:00:00`. Never negative. */
export function countdown(length: number): string {
	const seconds = Math.max(0, Math.ceil(length / 1000));
	const hours = Math.floor(seconds / 3600);
	const minutes = Math.floor((seconds % 3600) / 60);
	const padded = (value: number) => String(value).padStart(2, "0");
	return hours > 0 ? `${hours}:${padded(minutes)}:${padded(seconds % 60)}` : `${minutes}:${padded(seconds % 60)}`;
}

const units = [
	["day", 86_400],
	["hour", 3_600],
	["minute", 60],
	["second", 1],
] as const;

/** A length of time in words: `1 minute 30 seconds`. At most two units, since nobody plans by the third. */
export function spokenDuration(length: number): string {
	if (length > 0 && length < 1000) {
		return `${Math.round(length)} milliseconds`;
	}
	let rest = Math.max(0, Math.round(length / 1000));
	const words: string[] = [];
	for (const [name, size] of units) {
		const count = Math.floor(rest / size);
		rest -= count * size;
		if (count > 0) {
			words.push(`${count} ${name}${count === 1 ? "" : "s"}`);
		}
	}
	return words.length === 0 ? "no time" : words.slice(0, 2).join(" ");
}

/** `a`, `a and b`, `a, b and c`. */
export function inWords(list: readonly string[], joiner: "and" | "or" = "and"): string {
	const [last = "", ...before] = [...list].reverse();
	return before.length === 0 ? last : `${before.reverse().join(", ")} ${joiner} ${last}`;
}
