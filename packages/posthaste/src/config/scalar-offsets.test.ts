/** A character of a value is found in the file, however YAML wrote the value. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { isScalar, parseDocument, Scalar, stringify } from "yaml";
import { type ScalarStyle, sourceOffset } from "./scalar-offsets.ts";

const styles: Readonly<Record<string, ScalarStyle>> = {
	PLAIN: "plain",
	QUOTE_SINGLE: "single",
	QUOTE_DOUBLE: "double",
	BLOCK_LITERAL: "block",
	BLOCK_FOLDED: "block",
};

function scalarOf(text: string) {
	const scalar = parseDocument(text).getIn(["deep", "when"], true);
	if (!isScalar(scalar) || typeof scalar.value !== "string" || scalar.range == null) {
		throw new Error(`no text in ${text}`);
	}
	return { value: scalar.value, start: scalar.range[0], style: styles[scalar.type ?? "PLAIN"] ?? "plain" };
}

const words = fc.array(fc.constantFrom("message", "==", '"urgent"', "'it'", "&&", "\\", "é", "😀", "a\tb", "x"), {
	minLength: 1,
	maxLength: 30,
});
const value = fc
	.tuple(words, fc.array(fc.constantFrom(" ", " ", "  ", "\n", "\n\n"), { minLength: 30, maxLength: 30 }))
	.map(([parts, gaps]) => parts.map((part, index) => (index === 0 ? part : `${gaps[index]}${part}`)).join(""));

it("finds every letter exactly, in every style the library writes", () => {
	const seen = new Set<string>();
	const property = fc.property(
		value,
		fc.constantFrom(...(["PLAIN", "QUOTE_SINGLE", "QUOTE_DOUBLE", "BLOCK_LITERAL", "BLOCK_FOLDED"] as const)),
		fc.constantFrom(0, 20, 80),
		(written, type, lineWidth) => {
			const scalar = new Scalar(written);
			scalar.type = type;
			const source = stringify({ deep: { when: scalar, next: 1 } }, { lineWidth, minContentWidth: 10 });
			const { value: read, start, style } = scalarOf(source);
			seen.add(style);
			for (let offset = 0; offset < read.length; offset++) {
				const letter = read[offset] ?? "";
				const found = source[sourceOffset(source, start, style, read, offset)];
				// Quotes and backslashes of a double-quoted text stand behind a backslash.
				if (/\S/.test(letter) && found !== "\\") {
					expect(found).toBe(letter);
				}
			}
		},
	);
	fc.assert(property, { numRuns: 2000 });
	expect([...seen].sort()).toEqual(["block", "double", "plain", "single"]);
});

it("knows escapes", () => {
	const source = 'deep:\n  when: "\\x41\\u0042\\U0001F600\\\n    C\\tD \\"E\\""\n';
	const { value: read, start, style } = scalarOf(source);
	expect(read).toBe('AB😀C\tD "E"');
	const at = (letter: string) =>
		source.slice(sourceOffset(source, start, style, read, read.indexOf(letter))).slice(0, 4);
	expect(["A", "B", "😀", "C", "D", '"', "E"].map(at)).toEqual([
		"\\x41",
		"\\u00",
		"\\U00",
		"C\\tD",
		'D \\"',
		'\\"E\\',
		'E\\""',
	]);
});

it("finds the end of a value", () => {
	for (const source of ["deep:\n  when: abc\n", 'deep:\n  when: "abc"\n', "deep:\n  when: |-\n    abc\n"]) {
		const { value: read, start, style } = scalarOf(source);
		expect(sourceOffset(source, start, style, read, read.length)).toBe(source.indexOf("abc") + 3);
	}
});
