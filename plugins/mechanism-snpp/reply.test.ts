import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NotSnpp, outcomeOfRefusal, type Reply, ReplyReader } from "./reply.ts";

function readAll(text: string): Reply[] {
	return new ReplyReader().read(Buffer.from(text));
}

describe("reading replies", () => {
	it("reads a reply of one line", () => {
		expect(readAll("250 Pager ID accepted\r\n")).toEqual([
			{ code: 250, text: "Pager ID accepted", lines: ["250 Pager ID accepted"] },
		]);
	});

	it("reads a bare code, and lines that end with LF alone", () => {
		expect(readAll("250\n221 bye\n").map(({ code, text }) => [code, text])).toEqual([
			[250, ""],
			[221, "bye"],
		]);
	});

	it("waits after lines of 214 for the line that ends them", () => {
		const reader = new ReplyReader();
		expect(reader.read(Buffer.from("214\r\n214 PAGE\r\n214    MESS\r\n"))).toEqual([]);
		expect(reader.read(Buffer.from("250 End of help\r\n"))).toMatchObject([
			{ code: 250, lines: ["214", "214 PAGE", "214    MESS", "250 End of help"] },
		]);
	});

	it("reads replies continued with a hyphen, whatever their inner lines look like", () => {
		expect(readAll("220-Welcome\r\n500 is not the end\r\n  nor this\r\n220 ready\r\n")).toMatchObject([
			{ code: 220, text: "ready", lines: { length: 4 } },
		]);
	});

	it("is not misled by how the bytes were cut", () => {
		const stream = Buffer.from("220 Grüße 📟\r\n214 a\r\n214 b\r\n250 c\r\n421 fort\r\n");
		const whole = new ReplyReader().read(stream);
		expect(whole.map(({ code }) => code)).toEqual([220, 250, 421]);
		fc.assert(
			fc.property(fc.array(fc.nat(stream.length)), (places) => {
				const cuts = [0, ...places.sort((a, b) => a - b), stream.length];
				const reader = new ReplyReader();
				const pieces = cuts.slice(1).map((end, index) => stream.subarray(cuts[index], end));
				expect(pieces.flatMap((piece) => reader.read(piece))).toEqual(whole);
			}),
		);
	});

	it("throws at what is no reply, and never anything else", () => {
		expect(() => readAll("HTTP/1.1 400 Bad Request\r\n")).toThrow(NotSnpp);
		expect(() => readAll("x".repeat(70_000))).toThrow(NotSnpp);
		expect(() => readAll("214 more\r\n".repeat(10_000))).toThrow(NotSnpp);
		fc.assert(
			fc.property(fc.uint8Array(), (bytes) => {
				try {
					new ReplyReader().read(Buffer.from(bytes));
				} catch (error) {
					expect(error).toBeInstanceOf(NotSnpp);
				}
			}),
		);
	});
});

describe("what a refusal means", () => {
	it.each([
		[421, "failed"],
		[450, "failed"],
		[500, "rejected"],
		[503, "rejected"],
		[530, "failed"],
		[550, "rejected"],
		[552, "rejected"],
		[554, "failed"],
		[750, "unavailable"],
		[780, "unavailable"],
		[354, "failed"],
	])("%i is %s", (code, outcome) => {
		expect(outcomeOfRefusal({ code, text: "", lines: [] })).toBe(outcome);
	});
});
