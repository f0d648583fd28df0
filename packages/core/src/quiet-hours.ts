/** Quiet hours of a recipient's entry, in their own time zone, through changes to and from summer time. */
import { Temporal } from "temporal-polyfill";
import { type Milliseconds, type Priority, priorities, type QuietHours, weekdays } from "./model.ts";

/**
 * When the quiet hours around `now` end; undefined when it is not quiet now, or when the message's
 * priority comes through.
 *
 * A clock time that a change to summer time skips counts as the moment after the gap; one that comes
 * twice counts as its first time.
 */
export function quietUntil(
	quiet: QuietHours,
	priority: Priority,
	timezone: string,
	now: Milliseconds,
): Milliseconds | undefined {
	if (quiet.except !== undefined && priorities.indexOf(priority) >= priorities.indexOf(quiet.except)) {
		return undefined;
	}
	const local = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(timezone);
	// A span that began yesterday may reach into today, so both days' spans are looked at. The later
	// end wins where they touch: 00:00 to 00:00 is quiet all day long.
	const ends = [-1, 0].flatMap((days) => spanEnd(quiet, local.toPlainDate().add({ days }), timezone, now) ?? []);
	return ends.length === 0 ? undefined : Math.max(...ends);
}

/** The end of the span that starts on `day`, when `now` lies within it. */
function spanEnd(
	quiet: QuietHours,
	day: Temporal.PlainDate,
	timezone: string,
	now: Milliseconds,
): Milliseconds | undefined {
	const weekday = weekdays[day.dayOfWeek - 1];
	if (quiet.days !== undefined && weekday !== undefined && !quiet.days.includes(weekday)) {
		return undefined;
	}
	const lastDay = quiet.to <= quiet.from ? day.add({ days: 1 }) : day;
	const from = momentOf(day, quiet.from, timezone);
	const to = momentOf(lastDay, quiet.to, timezone);
	return from <= now && now < to ? to : undefined;
}

/** Temporal moves a skipped clock time on by the length of the gap; the gap's end is what people mean. */
function momentOf(day: Temporal.PlainDate, time: string, timezone: string): Milliseconds {
	const moment = day.toZonedDateTime({ timeZone: timezone, plainTime: time });
	const skipped = !moment.toPlainTime().equals(time) || !moment.toPlainDate().equals(day);
	// One millisecond later, since the gap's end may be the moment itself and "previous" means before it.
	const gapEnd = skipped ? moment.add({ milliseconds: 1 }).getTimeZoneTransition("previous") : undefined;
	return (gapEnd ?? moment).epochMilliseconds;
}

/** Whether a name is a time zone that this runtime knows. */
export function isTimeZone(name: string): boolean {
	try {
		new Intl.DateTimeFormat("en", { timeZone: name });
		return true;
	} catch {
		return false;
	}
}
