import { describe, expect, test } from "vitest";
import { compileCondition } from "./condition.ts";
import type { Message } from "./model.ts";
import { testMessage } from "./testing/attempt.ts";

const now = Date.UTC(2026, 0, 15, 12);

function holds(source: string, message: Partial<Message> = {}): boolean | "failed" {
	const compiled = compileCondition(source);
	if (!compiled.ok) {
		throw new Error(`${compiled.error.message} at ${compiled.error.offset}`);
	}
	expect(compiled.condition.source).toBe(source);
	return compiled.condition.holds(testMessage(message), now);
}

function marked(source: string): { message: string; marked: string } | undefined {
	const compiled = compileCondition(source);
	if (compiled.ok) {
		return undefined;
	}
	const { message, offset, length } = compiled.error;
	return { message, marked: source.slice(offset, offset + length) };
}

describe("a condition sees the message", () => {
	test.each<[string, Partial<Message>, boolean]>([
		['message.priority == "urgent"', { priority: "urgent" }, true],
		['message.priority == "urgent"', { priority: "high" }, false],
		['message.priority in ["high", "urgent"]', { priority: "high" }, true],
		["message.confidential", { confidential: true }, true],
		['message.category == ""', {}, true],
		['message.subject == ""', {}, true],
		['message.subject.startsWith("Pump")', { subject: "Pump 3" }, true],
		['message.body.contains("pump")', {}, true],
		['"jsmith" in message.to && size(message.to) == 1', {}, true],
		['message.from == "operations" && message.format == "text"', {}, true],
		["message.properties.hall > 2", { properties: { hall: 3 } }, true],
		["message.properties.hall == 3", { properties: { hall: 3 } }, true],
		["message.properties.load > 0.5", { properties: { load: 0.75 } }, true],
		['"pump" in message.properties.tags', { properties: { tags: ["pump"] } }, true],
		["message.properties.where.hall == 3", { properties: { where: { hall: 3 } } }, true],
		["has(message.properties.hall)", {}, false],
		["has(message.properties.hall) && message.properties.hall > 2", {}, false],
		["message.properties.on", { properties: { on: true } }, true],
		['now > timestamp("2026-01-01T00:00:00Z")', {}, true],
		["now.getHours() == 12", {}, true],
		["true", {}, true],
	])("%s", (source, message, expected) => {
		expect(holds(source, message)).toBe(expected);
	});
});

describe("a condition that fails on a message does not hold, and says that it failed", () => {
	test("a property that the sender left out", () => {
		expect(holds("message.properties.hall > 2")).toBe("failed");
		expect(holds("message.properties.where.hall > 2", { properties: { where: {} } })).toBe("failed");
	});

	test("a property of another type", () => {
		expect(holds("message.properties.hall > 2", { properties: { hall: "three" } })).toBe("failed");
	});

	test("a value that is no truth value", () => {
		for (const hall of ["yes", 1, 0, "", null, [], {}]) {
			expect(holds("message.properties.hall", { properties: { hall } })).toBe("failed");
		}
	});

	test("what every object has is no property of the sender's", () => {
		for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) {
			expect(holds(`message.properties["${name}"] == "x"`)).toBe("failed");
			expect(holds(`"${name}" in message.properties`)).toBe(false);
		}
	});
});

describe("a condition is checked when it is applied, and the place is marked", () => {
	test.each([
		['message.priorty == "urgent"', "priorty"],
		["nothing == 3", "nothing"],
		['message.priority = "urgent"', "="],
		["message.priority == 3", "message.priority == 3"],
		["message.confidential == true && mesage.confidential", "mesage"],
		["message.body", "message.body"],
		["size(message.to)", "size(message.to)"],
		["message.to > 3", "message.to > 3"],
	])("%s", (source, place) => {
		expect(marked(source)?.marked).toBe(place);
		expect(marked(source)?.message).not.toBe("");
		expect(marked(source)?.message).not.toContain("\n");
	});

	test.each(["", " ", "true &&", "(true", '"open', "message.", "1 +", "\u0000"])("what breaks off: %j", (source) => {
		const compiled = compileCondition(source);
		expect(compiled.ok).toBe(false);
		if (!compiled.ok) {
			expect(compiled.error.offset).toBeGreaterThanOrEqual(0);
			expect(compiled.error.offset).toBeLessThanOrEqual(source.length);
			expect(compiled.error.length).toBeGreaterThan(0);
		}
	});

	test("a condition cannot get at the program", () => {
		for (const source of [
			"process.exit()",
			"globalThis",
			"message.constructor.constructor('return 1')()",
			"import('fs')",
		]) {
			expect(compileCondition(source).ok).toBe(false);
		}
	});
});
