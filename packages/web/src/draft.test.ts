import { PosthasteError } from "@posthaste/core";
import { describe, expect, test } from "vitest";
import { blankMessage, type ComposeValues, checkValues, fieldErrors, fieldOf, toDraft } from "./draft.ts";

const values: ComposeValues = { ...blankMessage, to: ["jsmith"], from: " ops ", body: "Hello" };

describe("a draft", () => {
	test("has nothing that the sender left alone", () => {
		expect(toDraft(values)).toEqual({ to: ["jsmith"], from: "ops", body: "Hello" });
	});

	test("has everything that the sender chose", () => {
		const chosen: ComposeValues = {
			...values,
			subject: "Build",
			format: "markdown",
			priority: "urgent",
			expires: " 10m ",
			category: "ci",
			confidential: true,
			prompts: "yes",
			manager: "standard",
		};
		expect(toDraft(chosen)).toEqual({
			to: ["jsmith"],
			from: "ops",
			body: "Hello",
			subject: "Build",
			format: "markdown",
			properties: { priority: "urgent", expires: "10m", category: "ci", confidential: true, prompts: "yes" },
			manager: "standard",
		});
	});
});

describe("the form", () => {
	test("is content with what can be sent", () => {
		expect(checkValues(values)).toEqual({});
		expect(checkValues({ ...values, expires: "1h30m" })).toEqual({});
		expect(checkValues({ ...values, expires: "2030-01-31T18:00:00Z" })).toEqual({});
	});

	test("names what is missing at its field", () => {
		const errors = checkValues({ ...values, to: [], from: "  ", body: "\n" });
		expect(Object.keys(errors).toSorted()).toEqual(["body", "from", "to"]);
	});

	test("does not take just anything as an expiry", () => {
		expect(checkValues({ ...values, expires: "soon" })).toHaveProperty("expires");
	});
});

describe("a problem", () => {
	test("is told at the fields that it names", () => {
		const problem = new PosthasteError("invalid-request", "two things are wrong", [
			{ field: "to[1]", message: "there is no such user" },
			{ field: "properties.expires", message: "it is not a length of time" },
			{ field: "to[2]", message: "it is too long" },
		]).toProblem();
		expect(fieldErrors(problem)).toEqual({
			to: "there is no such user it is too long",
			expires: "it is not a length of time",
		});
	});

	test("about one field that names none is told there", () => {
		expect(fieldErrors(new PosthasteError("unknown-manager", "no manager fast").toProblem())).toEqual({
			manager: "no manager fast",
		});
	});

	test("about no field stays out of the form", () => {
		expect(fieldErrors(new PosthasteError("overloaded", "too much").toProblem())).toEqual({});
	});

	test.each([
		["to[0]", "to"],
		["/to/0", "to"],
		["body", "body"],
		["/properties/category", "category"],
		["properties.expires", "expires"],
		["deliveries[0]", undefined],
		["", undefined],
	])("with the path %j is about %s", (path, field) => {
		expect(fieldOf(path)).toBe(field);
	});
});
