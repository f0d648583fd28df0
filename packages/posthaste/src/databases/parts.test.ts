/** The small parts: paths, suggestions, secrets, the bounded map. */
import { PosthasteError } from "@posthaste/core";
import fc from "fast-check";
import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { formatPath, parsePath, pointerPath } from "./field-path.ts";
import { maskSecrets, resolveSecrets, secretMask } from "./index.ts";
import { Recent } from "./recent.ts";
import { nearest } from "./suggest.ts";

describe("field paths", () => {
	it("read as people write them", () => {
		expect(formatPath(["managers", "standard", "configurations", 0, "when"])).toBe(
			"managers.standard.configurations[0].when",
		);
		expect(formatPath(["users", "john.doe@x", "name"])).toBe('users["john.doe@x"].name');
	});

	it("can be read back, whatever the keys", () => {
		const segment = fc.oneof(fc.nat(99), fc.string(), fc.constantFrom("a", "a-b", "0", '"', "a.b", "[1]"));
		fc.assert(
			fc.property(fc.array(segment), (path) => {
				expect(parsePath(formatPath(path))).toEqual(path);
			}),
		);
	});

	it("are not read from what is none", () => {
		for (const text of ["a..b", ".a", "a[", "a[x]", "a b", "a.[0]"]) {
			expect(parsePath(text)).toBeUndefined();
		}
	});

	it("come from JSON pointers (RFC 6901)", () => {
		expect(pointerPath("/a~1b/0/c~0d", { "a/b": [{ "c~d": 1 }] })).toEqual(["a/b", 0, "c~d"]);
		expect(pointerPath("/0", { 0: 1 })).toEqual(["0"]);
	});
});

describe("suggestions", () => {
	it("are near, or none", () => {
		const words = ["settings", "use", "configurations", "im2", "pager"];
		expect(["settngs", "ues", "Settings", "configuration", "im3"].map((word) => nearest(word, words))).toEqual([
			"settings",
			"use",
			"settings",
			"configurations",
			"im2",
		]);
		expect(["zzz", "x", "completely"].map((word) => nearest(word, words))).toEqual([undefined, undefined, undefined]);
	});
});

const schema = Type.Object({
	password: Type.String({ secret: true }),
	port: Type.Integer(),
	accounts: Type.Array(Type.Object({ token: Type.String({ secret: true }), name: Type.String() })),
	login: Type.Union([Type.Object({ key: Type.String({ secret: true }) }), Type.Object({ anonymous: Type.Boolean() })]),
	headers: Type.Record(Type.String(), Type.String({ secret: true })),
});

describe("secrets", () => {
	it("are masked wherever the schema has them", () => {
		const settings = {
			password: "p",
			port: 1,
			accounts: [{ token: "t", name: "n" }],
			login: { key: "k" },
			headers: { authorization: "h" },
		};
		expect(maskSecrets(schema, settings)).toEqual({
			password: secretMask,
			port: 1,
			accounts: [{ token: secretMask, name: "n" }],
			login: { key: secretMask },
			headers: { authorization: secretMask },
		});
		expect(settings.password).toBe("p");
	});

	it("that only refer to the environment are no secret, those that also hold text are", () => {
		expect(maskSecrets(schema, { password: `\${env:A}` })).toEqual({ password: `\${env:A}` });
		expect(maskSecrets(schema, { password: `x\${env:A}` })).toEqual({ password: secretMask });
	});

	it("may be anything where nobody knows the schema", () => {
		expect(maskSecrets(undefined, { a: "x", b: [1, "y"] })).toEqual({ a: secretMask, b: [1, secretMask] });
	});

	it("are resolved, and a variable that is not set is named with its field", () => {
		const settings = {
			password: `\${env:USER_NAME}:\${env:PASS}`,
			accounts: [{ token: `\${env:PASS}` }],
			port: `\${env:PORT}`,
		};
		expect(resolveSecrets(settings, { USER_NAME: "u", PASS: `\${env:PORT}`, PORT: "25" }, schema)).toEqual({
			password: `u:\${env:PORT}`,
			accounts: [{ token: `\${env:PORT}` }],
			port: 25,
		});
		const missing = () => resolveSecrets(settings, { USER_NAME: "u", PORT: "25" }, schema);
		expect(missing).toThrow(PosthasteError);
		expect(missing).toThrow("settings.password: the environment variable PASS is not set");
	});
});

describe("the bounded map", () => {
	it("keeps what is read and forgets what is not", () => {
		const recent = new Recent<number, object>(10);
		recent.set(0, {});
		for (let key = 1; key < 100; key++) {
			recent.set(key, {});
			expect(recent.get(0)).toBeDefined();
			expect(recent.size).toBeLessThanOrEqual(10);
		}
		expect(recent.get(1)).toBeUndefined();
		recent.delete(0);
		expect(recent.get(0)).toBeUndefined();
	});
});
