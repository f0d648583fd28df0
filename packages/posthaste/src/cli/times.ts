/** Moments as people at this terminal read them: in their own time zone. */

// Made when first used: making them takes longer than many a command, and `serve` writes no times.
const clock = once({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = once({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const shortDay = once({ day: "numeric", month: "short" });

function once(options: Intl.DateTimeFormatOptions): () => Intl.DateTimeFormat {
	let format: Intl.DateTimeFormat | undefined;
	return () => {
		format ??= new Intl.DateTimeFormat("en-GB", options);
		return format;
	};
}

/** `14:05:09`. */
export function timeOf(moment: number | string): string {
	return clock().format(new Date(moment));
}

/** `Wed, 4 Mar 2026`. */
export function dayOf(moment: number | string): string {
	return day().format(new Date(moment));
}

/** The time alone when it is of the same day as `now`, else with its day: `4 Mar 14:05:09`. */
export function momentOf(moment: number | string, now: number = Date.now()): string {
	if (dayOf(moment) === dayOf(now)) {
		return timeOf(moment);
	}
	const sameYear = yearOf(moment) === yearOf(now);
	return `${shortDay().format(new Date(moment))} ${sameYear ? "" : `${yearOf(moment)} `}${timeOf(moment)}`;
}

function yearOf(moment: number | string): number {
	return new Date(moment).getFullYear();
}
