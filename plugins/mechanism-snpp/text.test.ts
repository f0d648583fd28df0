import { testMessage } from "@posthaste/core/testing";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteLength, dotStuffed, oneLine, plain, shorten, textOf, toAscii } from "./text.ts";

const anything = fc.string({ unit: "binary" });

describe("the text of a page", () => {
	it("has lines that end with LF and no control characters", () => {
		expect(plain("one\r\ntwo\rthree\u0000\u001b[31m\tfour  \n\n", "utf-8")).toBe("one\ntwo\nthree[31m four");
		fc.assert(
			fc.property(anything, (text) => {
				expect(plain(text, "utf-8")).not.toMatch(/(?!\n)\p{Cc}/u);
				expect(plain(text, "utf-8").isWellFormed()).toBe(true);
			}),
		);
	});

	it("spells other letters in ASCII as near as it can", () => {
		expect(toAscii("Łódź, Straße, naïve – „ja“ 5 €…")).toBe('Lodz, Strasse, naive - "ja" 5 EUR...');
		expect(toAscii("насос 📟")).toBe("????? ?");
		fc.assert(
			fc.property(anything, (text) => {
				expect(plain(text, "ascii")).toMatch(/^[\n -~]*$/);
			}),
		);
	});

	it("leaves ASCII text as it is", () => {
		fc.assert(
			fc.property(fc.string({ unit: "grapheme-ascii" }), (text) => {
				expect(toAscii(text)).toBe(text);
			}),
		);
	});

	it("keeps a subject in one line", () => {
		const { subject, body } = textOf(testMessage({ subject: "Pump\r\nQUIT\r\n3", body: "It\nstopped" }), "utf-8");
		expect(subject).toBe("Pump QUIT 3");
		expect(body).toBe("It\nstopped");
		fc.assert(
			fc.property(anything, (text) => {
				expect(oneLine(plain(text, "utf-8"))).not.toMatch(/[\r\n]/);
			}),
		);
	});

	it("is cut between characters, within the limit", () => {
		expect(shorten("The pump has stopped", 20)).toBe("The pump has stopped");
		expect(shorten("The pump has stopped!", 20)).toBe("The pump has stop...");
		fc.assert(
			fc.property(anything, fc.integer({ min: 20, max: 200 }), (text, limit) => {
				const whole = text.toWellFormed();
				const cut = shorten(whole, limit);
				expect(byteLength(cut)).toBeLessThanOrEqual(limit);
				expect(cut.isWellFormed()).toBe(true);
			}),
		);
	});

	it("comes out of DATA as it went in", () => {
		const line = fc.array(fc.constantFrom(".", "a", " "), { maxLength: 4 }).map((parts) => parts.join(""));
		fc.assert(
			fc.property(fc.array(line), (lines) => {
				const sent = dotStuffed(lines.join("\n")).split("\r\n");
				expect(sent).not.toContain(".");
				expect(sent.map((text) => text.replace(/^\./, ""))).toEqual(lines.length === 0 ? [""] : lines);
			}),
		);
	});
});
