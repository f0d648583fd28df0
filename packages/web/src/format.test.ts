import { describe, expect, test } from "vitest";
import { countdown, inWords, localTime, spokenDuration } from "./format.ts";

describe("a countdown", () => {
	test.each([
		[65_000, "1:05"],
		[59_001, "1:00"],
		[1, "0:01"],
		[0, "0:00"],
		[-5_000, "0:00"],
		[3_600_000, "1:00:00"],
		[90_061_000, "25:01:01"],
	])("of %d ms reads %s", (length, text) => {
		expect(countdown(length)).toBe(text);
	});
});

describe("a length of time in words", () => {
	test.each([
		[30_000, "30 seconds"],
		[60_000, "1 minute"],
		[90_000, "1 minute 30 seconds"],
		[300_000, "5 minutes"],
		[86_400_000, "1 day"],
		[90_061_000, "1 day 1 hour"],
		[500, "500 milliseconds"],
		[0, "no time"],
	])("%d ms is %s", (length, text) => {
		expect(spokenDuration(length)).toBe(text);
	});
});

describe("a moment", () => {
	const now = new Date(2030, 0, 31, 18, 0, 0).getTime();
	test("of today is a time of day", () => {
		expect(localTime(new Date(2030, 0, 31, 9, 5, 7).getTime(), now)).toBe("09:05:07");
	});
	test("of another day has its date", () => {
		expect(localTime(new Date(2030, 0, 30, 9, 5, 7).getTime(), now)).toMatch(/30.*09:05:07/);
	});
	test("that is none is shown as it is", () => {
		expect(localTime("soon", now)).toBe("soon");
	});
});

test("lists read as people write them", () => {
	expect(inWords([])).toBe("");
	expect(inWords(["im2"])).toBe("im2");
	expect(inWords(["im2", "pager"])).toBe("im2 and pager");
	expect(inWords(["a", "b", "c"], "or")).toBe("a, b or c");
});
