import { PosthasteError } from "@posthaste/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { depthLimit, readJson } from "./json.ts";
import { findJsonBreak } from "./json-place.ts";

function parses(text: string): boolean {
	try {
		JSON.parse(text);
		return true;
	} catch {
		return false;
	}
}

/** JSON with something cut out of it or put into it. */
const damaged = fc
	.tuple(
		fc.json(),
		fc.nat(),
		fc.nat(3),
		fc.constantFrom("", ",", "}", '"', "\\", "x", "\u0001", "0", "-", "[", ":", "\n"),
	)
	.map(([text, at, cut, put]) => {
		const place = at % (text.length + 1);
		return text.slice(0, place) + put + text.slice(place + cut);
	});

describe("findJsonBreak", () => {
	it("agrees with JSON.parse on what is JSON", () => {
		fc.assert(
			fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
				expect(findJsonBreak(text) === undefined).toBe(parses(text));
			}),
			{ numRuns: 5000 },
		);
	});

	it("points to where JSON.parse points, where that says so", () => {
		fc.assert(
			fc.property(damaged, (text) => {
				// Within words, numbers and escapes it points further in; between tokens there is one place.
				const [, position] = /^(?:Expected|Unexpected non).* at position (\d+)/.exec(messageOf(text)) ?? [];
				fc.pre(position !== undefined);
				expect(findJsonBreak(text)?.offset).toBe(Number(position));
			}),
			{ numRuns: 3000 },
		);
	});

	it.each([
		['{"a": 1,}', 1, 9, "expected a key in double quotes"],
		['{\n  "a": 1\n  "b": 2\n}', 3, 3, "expected `,` or `}`"],
		['{"a": tru}', 1, 7, "expected a value"],
		["{'a': 1}", 1, 2, "expected a key in double quotes"],
		['{"a": "x', 1, 9, "the string is not closed"],
		['{"a": "\\q"}', 1, 8, "this escape is not one of JSON's"],
		['["a\nb"]', 1, 4, "a control character has to be escaped in a string"],
		["[1, 2", 1, 6, "the text ends too early"],
		["{} {}", 1, 4, "there is more after the end of the document"],
		["[01]", 1, 3, "expected `,` or `]`"],
		['{"a" 1}', 1, 6, "expected `:` after the key"],
	])("says of %j where and why", (text, line, column, message) => {
		expect(findJsonBreak(text)).toMatchObject({ line, column, message });
	});

	it("takes a long text in one sweep", () => {
		const text = `["${"\\n".repeat(500_000)}", ${"1,".repeat(500_000)}]`;
		expect(findJsonBreak(text)).toMatchObject({ offset: text.length - 1, message: "expected a value" });
	});
});

function messageOf(text: string): string {
	try {
		JSON.parse(text);
		return "";
	} catch (error) {
		return (error as Error).message;
	}
}

function refusal(text: string | Buffer, firstLine?: number): PosthasteError {
	try {
		readJson(Buffer.from(text), firstLine);
	} catch (error) {
		return error as PosthasteError;
	}
	throw new Error("it was taken");
}

describe("readJson", () => {
	it("reads what JSON.parse reads, and never fails otherwise than on purpose", () => {
		fc.assert(
			fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
				if (parses(text) && !text.includes("__proto__")) {
					expect(readJson(Buffer.from(text))).toEqual(JSON.parse(Buffer.from(text).toString()));
				} else if (!parses(text)) {
					expect(refusal(text)).toBeInstanceOf(PosthasteError);
				}
			}),
			{ numRuns: 2000, examples: [['{"__proto__":0}']] },
		);
	});

	it("refuses bytes that are not UTF-8", () => {
		expect(refusal(Buffer.from([0x22, 0xff, 0x22])).code).toBe("invalid-json");
	});

	it("counts lines from where the text stands", () => {
		expect(refusal("{\n x", 7).complaints[0]).toMatchObject({ line: 8, column: 2 });
	});

	it.each(["__proto__", "\\u005f_proto__", "__pr\\u006fto__"])("refuses the key %s", (key) => {
		expect(refusal(`{"to":{"${key}":{"a":1}}}`).code).toBe("unknown-key");
	});

	it("takes a text that only mentions __proto__", () => {
		expect(readJson(Buffer.from('{"body":"__proto__"}'))).toEqual({ body: "__proto__" });
	});

	it("bounds nesting, not counting brackets in strings", () => {
		const nested = (depth: number) => `${'{"a":['.repeat(depth / 2)}"${'\\"['.repeat(500)}"${"]}".repeat(depth / 2)}`;
		expect(readJson(Buffer.from(nested(depthLimit)))).toBeDefined();
		expect(refusal(nested(depthLimit + 2)).code).toBe("invalid-request");
		expect(refusal("[".repeat(1_000_000)).code).toBe("invalid-request");
	});
});
