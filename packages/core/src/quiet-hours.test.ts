import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { priorities, type QuietHours, weekdays } from "./model.ts";
import { isTimeZone, quietUntil } from "./quiet-hours.ts";

const minute = 60_000;
const day = 24 * 60 * minute;

/** Days around a change of the clocks, by their UTC midnight; Kathmandu has a quarter of an hour and no changes. */
const changes: readonly (readonly [zone: string, around: number])[] = [
	["America/New_York", Date.UTC(2026, 2, 8)],
	["America/New_York", Date.UTC(2026, 10, 1)],
	["Europe/Berlin", Date.UTC(2026, 2, 29)],
	["Europe/Berlin", Date.UTC(2026, 9, 25)],
	["Australia/Lord_Howe", Date.UTC(2026, 3, 4)],
	["Australia/Lord_Howe", Date.UTC(2026, 9, 3)],
	["Asia/Beirut", Date.UTC(2026, 2, 28)],
	["Asia/Kathmandu", Date.UTC(2026, 5, 1)],
];

interface Minute {
	readonly at: number;
	/** The local calendar day, counted from an arbitrary one. */
	readonly day: number;
	readonly weekday: (typeof weekdays)[number];
	/** `HH:MM`, as a clock on the wall shows it. */
	readonly clock: string;
}

const calendars = new Map<string, readonly Minute[]>();

/** What the clock on the wall and the calendar beside it show, minute by minute, for nine days. */
function calendar(zone: string, around: number): readonly Minute[] {
	const key = `${zone} ${around}`;
	const known = calendars.get(key);
	if (known !== undefined) {
		return known;
	}
	const format = new Intl.DateTimeFormat("en-GB", {
		timeZone: zone,
		hourCycle: "h23",
		weekday: "short",
		year: "numeric",
		month: "numeric",
		day: "numeric",
		hour: "2-digit",
		minute: "2-digit",
	});
	const minutes: Minute[] = [];
	for (let at = around - 4 * day; at < around + 5 * day; at += minute) {
		const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
		const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
		minutes.push({
			at,
			day: Date.UTC(Number(part("year")), Number(part("month")) - 1, Number(part("day"))) / day,
			weekday: weekdays.find((name) => name === part("weekday").toLowerCase()) ?? "mon",
			clock: `${part("hour")}:${part("minute")}`,
		});
	}
	calendars.set(key, minutes);
	return minutes;
}

/**
 * The same question answered by looking at the wall, minute after minute: quiet begins when the
 * clock first shows `from` or later on its day, and ends when it first shows `to` or later.
 */
function byTheWall(quiet: QuietHours, minutes: readonly Minute[], now: number): number | undefined {
	const first = (onDay: number, clock: string) =>
		minutes.find((one) => one.day > onDay || (one.day === onDay && one.clock >= clock))?.at;
	const today = minutes.find(({ at }) => at + minute > now)?.day ?? 0;
	const ends: number[] = [];
	for (const startDay of [today - 1, today]) {
		const weekday = minutes.find((one) => one.day === startDay)?.weekday;
		if (quiet.days !== undefined && (weekday === undefined || !quiet.days.includes(weekday))) {
			continue;
		}
		const from = first(startDay, quiet.from);
		const to = first(quiet.to <= quiet.from ? startDay + 1 : startDay, quiet.to);
		if (from !== undefined && to !== undefined && from <= now && now < to) {
			ends.push(to);
		}
	}
	return ends.length === 0 ? undefined : Math.max(...ends);
}

const clock = fc
	.tuple(fc.constantFrom(0, 1, 2, 3, 4, 7, 12, 22, 23), fc.constantFrom(0, 15, 29, 30, 31, 59))
	.map(([hour, past]) => `${String(hour).padStart(2, "0")}:${String(past).padStart(2, "0")}`);

const quietHours: fc.Arbitrary<QuietHours> = fc
	.tuple(clock, clock, fc.option(fc.uniqueArray(fc.constantFrom(...weekdays), { minLength: 1 })))
	.map(([from, to, days]) => ({ from, to, ...(days !== null && { days }) }));

describe.each(changes)("%s around %d", (zone, around) => {
	test("quiet is when the clock on the recipient's wall says so, through changes of the clocks", () => {
		const minutes = calendar(zone, around);
		const now = fc
			.tuple(fc.integer({ min: -36 * 60, max: 60 * 60 }), fc.constantFrom(0, 1, 59_999))
			.map(([past, millis]) => around + past * minute + millis);
		fc.assert(
			fc.property(quietHours, now, (quiet, at) => {
				expect(quietUntil(quiet, "normal", zone, at)).toBe(byTheWall(quiet, minutes, at));
			}),
			{ numRuns: 400 },
		);
	});
});

describe("spans", () => {
	const at = (text: string) => Date.parse(text);
	const until = (quiet: QuietHours, zone: string, now: string) => {
		const end = quietUntil(quiet, "normal", zone, at(now));
		return end === undefined ? undefined : new Date(end).toISOString();
	};

	test("`from` is quiet, `to` is not", () => {
		const quiet = { from: "12:00", to: "13:00" };
		expect(until(quiet, "UTC", "2026-01-15T11:59:59.999Z")).toBeUndefined();
		expect(until(quiet, "UTC", "2026-01-15T12:00:00Z")).toBe("2026-01-15T13:00:00.000Z");
		expect(until(quiet, "UTC", "2026-01-15T12:59:59.999Z")).toBe("2026-01-15T13:00:00.000Z");
		expect(until(quiet, "UTC", "2026-01-15T13:00:00Z")).toBeUndefined();
	});

	test("a span past midnight belongs to the day it starts on", () => {
		const quiet: QuietHours = { from: "22:00", to: "07:00", days: ["fri"] };
		expect(until(quiet, "UTC", "2026-01-16T21:59:00Z")).toBeUndefined();
		expect(until(quiet, "UTC", "2026-01-16T23:00:00Z")).toBe("2026-01-17T07:00:00.000Z");
		expect(until(quiet, "UTC", "2026-01-17T06:59:00Z")).toBe("2026-01-17T07:00:00.000Z");
		expect(until(quiet, "UTC", "2026-01-17T23:00:00Z")).toBeUndefined();
		expect(until(quiet, "UTC", "2026-01-16T06:00:00Z")).toBeUndefined();
	});

	test("the same time twice is a whole day", () => {
		expect(until({ from: "00:00", to: "00:00" }, "UTC", "2026-01-15T12:00:00Z")).toBe("2026-01-16T00:00:00.000Z");
		expect(until({ from: "08:00", to: "08:00" }, "UTC", "2026-01-15T08:00:00Z")).toBe("2026-01-16T08:00:00.000Z");
	});

	test("a clock time that is skipped counts as the end of the gap", () => {
		const zone = "America/New_York";
		const ends = { from: "22:00", to: "02:30" };
		expect(until(ends, zone, "2026-03-08T01:59:00-05:00")).toBe("2026-03-08T07:00:00.000Z");
		expect(until(ends, zone, "2026-03-08T03:00:00-04:00")).toBeUndefined();
		const begins = { from: "02:00", to: "05:00" };
		expect(until(begins, zone, "2026-03-08T01:59:59-05:00")).toBeUndefined();
		expect(until(begins, zone, "2026-03-08T03:00:00-04:00")).toBe("2026-03-08T09:00:00.000Z");
	});

	test("a clock time that comes twice counts as its first time", () => {
		const zone = "America/New_York";
		const ends = { from: "22:00", to: "01:30" };
		expect(until(ends, zone, "2026-11-01T01:29:00-04:00")).toBe("2026-11-01T05:30:00.000Z");
		expect(until(ends, zone, "2026-11-01T01:00:00-05:00")).toBeUndefined();
		const begins = { from: "01:30", to: "05:00" };
		expect(until(begins, zone, "2026-11-01T01:00:00-05:00")).toBe("2026-11-01T10:00:00.000Z");
	});
});

test("the exception lets a priority and every higher one through, and no lower one", () => {
	for (const [limit, except] of priorities.entries()) {
		for (const [index, priority] of priorities.entries()) {
			const quiet = { from: "00:00", to: "00:00", except } as const;
			expect(quietUntil(quiet, priority, "UTC", 0) === undefined, `${priority}, except ${except}`).toBe(index >= limit);
		}
	}
});

test("time zones are told from other names", () => {
	expect(["UTC", "America/New_York", "Asia/Kathmandu"].map(isTimeZone)).toEqual([true, true, true]);
	expect(["", "Mars/Olympus", "New York", "../etc"].map(isTimeZone)).toEqual([false, false, false, false]);
});
