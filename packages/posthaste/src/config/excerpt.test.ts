import { expect, it } from "vitest";
import { excerpt } from "./excerpt.ts";

it("draws carets below the place", () => {
	expect(excerpt("  when: abc", 9, 3)).toBe("  when: abc\n        ^^^");
	expect(excerpt("abc", 4)).toBe("abc\n   ^");
	expect(excerpt("abc", 2, 99)).toBe("abc\n ^^");
	expect(excerpt("", 1)).toBe("\n^");
});

it("keeps tabs, and gives wide characters their room", () => {
	expect(excerpt("\tx: y", 5)).toBe("\tx: y\n\t   ^");
	expect(excerpt("名前: y", 5)).toBe("名前: y\n      ^");
	expect(excerpt("a\u0301: y", 5)).toBe("a\u0301: y\n   ^");
});

it("shows no control characters", () => {
	expect(excerpt("a\u001b[31mb\r", 1)).toBe("a\uFFFD[31mb\n^");
});

it("cuts long lines around the place", () => {
	const [text = "", carets = ""] = excerpt(`${"x".repeat(300)}Y${"z".repeat(300)}`, 301).split("\n");
	expect(text.length).toBeLessThan(130);
	expect(text[carets.length - 1]).toBe("Y");
	expect([text.at(0), text.at(-1)]).toEqual(["…", "…"]);
});
