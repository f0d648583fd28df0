import fc from "fast-check";
import { expect, test } from "vitest";
import { clip, hanging, plain, stringWidth, table } from "./layout.ts";

test("a table's last column wraps below itself", () => {
	const rows = [
		["a", "one", "some words that do not fit into what is left"],
		["long", "b", "short"],
	];
	expect(table(rows, 40)).toEqual([
		"a     one  some words that do not fit",
		"           into what is left",
		"long  b    short",
	]);
});

test("a last column without room stands below the others", () => {
	const rows = [["x".repeat(30), "a question that is rather long"]];
	expect(table(rows, 40)).toEqual(["x".repeat(30), "    a question that is rather long"]);
});

test("columns are aligned for wide characters too", () => {
	const [first = "", second = ""] = table(
		[
			["日本", "x"],
			["abcdef", "y"],
		],
		80,
	);
	expect(stringWidth(first.slice(0, first.indexOf("x")))).toBe(second.indexOf("y"));
});

test("nothing is wrapped without a width", () => {
	expect(hanging("- ", "word ".repeat(100).trim(), Number.POSITIVE_INFINITY)).toHaveLength(1);
});

test("hanging text stays within its width", () => {
	fc.assert(
		fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 24, max: 120 }), (text, width) => {
			const lines = hanging("> ", plain(text).replaceAll("\n", " "), width);
			expect(Math.max(...lines.map((line) => stringWidth(line)))).toBeLessThanOrEqual(width);
		}),
	);
});

test("plain text has nothing that steers a terminal, whatever it was", () => {
	expect(plain("a\u001b[31mb\u001b]0;title\u0007c\td\r\ne\u009bf")).not.toMatch(/(?!\n)\p{Cc}/u);
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (text) => {
			expect(plain(text)).not.toMatch(/(?!\n)\p{Cc}/u);
		}),
	);
});

test("clipping keeps short text and marks what it cut", () => {
	expect(clip("short", 10)).toBe("short");
	expect(clip("a longer text", 8)).toBe("a longe…");
	expect(clip("two\nlines", 20)).toBe("two lines");
	expect(stringWidth(clip("日本語日本語", 7))).toBeLessThanOrEqual(7);
});
