import { describe, expect, test } from "vitest";
import { messageAddress, viewAt } from "./address.ts";

describe("an address of the page", () => {
	test("of a message opens that message", () => {
		expect(viewAt(messageAddress("0199aaaa-0000-7000-8000-000000000000"))).toEqual({
			name: "message",
			id: "0199aaaa-0000-7000-8000-000000000000",
		});
		expect(viewAt("/messages/m/")).toEqual({ name: "message", id: "m" });
	});

	test("that is no message's opens the first page", () => {
		for (const path of ["/", "/index.html", "/messages", "/messages/", "/messages/m/more", "/users/m"]) {
			expect(viewAt(path), path).toEqual({ name: "home" });
		}
	});

	test("that was mistyped names a message that there is not, and breaks nothing", () => {
		expect(viewAt("/messages/%E0%A4%A")).toEqual({ name: "message", id: "%E0%A4%A" });
	});
});
