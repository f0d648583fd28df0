import { describe, expect, test } from "vitest";
import { namesMechanism } from "./selector.ts";

const im = { name: "im", kind: "im" } as const;
const im2 = { name: "im2", kind: "im" } as const;
const sms = { name: "sms", kind: "sms" } as const;
/** A mechanism whose name is another one's kind. */
const pager = { name: "pager", kind: "push" } as const;

function meant(selector: string, mechanisms: readonly { name: string; kind?: "im" | "sms" | "push" }[]) {
	const exists = (name: string) => mechanisms.some((one) => one.name === name);
	return mechanisms.filter((one) => namesMechanism(selector, one, exists)).map(({ name }) => name);
}

describe("a selector", () => {
	test("means the mechanism of that name", () => {
		expect(meant("im2", [im2, sms])).toEqual(["im2"]);
	});

	test("means every mechanism of that kind when none has the name", () => {
		expect(meant("im", [im2, { name: "im3", kind: "im" }, sms])).toEqual(["im2", "im3"]);
	});

	test("means the name where one word is both", () => {
		expect(meant("im", [im, im2])).toEqual(["im"]);
		expect(meant("pager", [pager, sms])).toEqual(["pager"]);
	});

	test("means the kind when it says so", () => {
		expect(meant("kind:im", [im, im2, sms])).toEqual(["im", "im2"]);
		expect(meant("kind:pager", [pager])).toEqual([]);
		expect(meant("kind:im2", [im2])).toEqual([]);
	});

	test("means nothing otherwise, nor a mechanism whose kind is not known", () => {
		expect(meant("nowhere", [im, im2, sms])).toEqual([]);
		expect(meant("", [im])).toEqual([]);
		expect(meant("kind:", [{ name: "gone" }])).toEqual([]);
		expect(meant("im", [{ name: "gone" }])).toEqual([]);
		expect(meant("gone", [{ name: "gone" }])).toEqual(["gone"]);
	});
});
