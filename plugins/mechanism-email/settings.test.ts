import Schema from "typebox/schema";
import { describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import { parseMailbox, transportOptions } from "./settings.ts";

const settings = { url: "smtp://127.0.0.1:2525", from: "posthaste@example.com" };

describe("the schemas", () => {
	it.each(["smtp://mail.example.com", "smtps://mail.example.com:465", "smtp://[::1]:2525", "smtp://127.0.0.1:2525/"])(
		"take the server %s",
		(url) => expect(Schema.Check(plugin.settings, { ...settings, url })).toBe(true),
	);

	it.each([
		"http://example.com",
		"smtp://user:secret@example.com",
		"smtp://example.com?pool=true",
		"smtp://",
		"example.com",
	])("refuse the server %s", (url) => expect(Schema.Check(plugin.settings, { ...settings, url })).toBe(false));

	it.each(["jsmith@example.com", "j.smith+tag@localhost", "jörg@bücher.example", "o'neil@a-b.example"])(
		"take the address %s",
		(email) => expect(Schema.Check(plugin.address, { email })).toBe(true),
	);

	it.each([
		...["jsmith", "a@b@c", "a@b,c@d", "a b@c", "<a@b>", "a@b\r\nBcc: c@d", ".a@b", "a@b.", '"a b"@c', "a@[127.0.0.1]"],
		`${"a".repeat(260)}@example.com`,
	])("refuse the address %j", (email) => expect(Schema.Check(plugin.address, { email })).toBe(false));

	it("want a user and a password together", () => {
		expect(Schema.Check(plugin.settings, { ...settings, user: "a" })).toBe(false);
		expect(Schema.Check(plugin.settings, { ...settings, password: "a" })).toBe(false);
		expect(Schema.Check(plugin.settings, { ...settings, user: "a", password: "b" })).toBe(true);
	});

	it("mark the password as a secret", () => {
		expect(plugin.settings.properties.password).toMatchObject({ secret: true });
	});
});

describe("the transport", () => {
	const away = { ...settings, url: "smtp://mail.example.com" };
	const signedIn = { user: "posthaste", password: "secret" };

	it("has the usual ports", () => {
		expect(transportOptions(away)).toMatchObject({ host: "mail.example.com", port: 587, secure: false });
		expect(transportOptions({ ...away, url: "smtps://[::1]" })).toMatchObject({ host: "::1", port: 465, secure: true });
	});

	it("gives a password to a server elsewhere only over an encrypted connection", () => {
		expect(transportOptions({ ...away, ...signedIn }).requireTLS).toBe(true);
		expect(transportOptions({ ...away, ...signedIn, tls: { require: false } }).requireTLS).toBe(false);
		expect(transportOptions({ ...settings, ...signedIn }).requireTLS).toBe(false);
		expect(transportOptions(away).requireTLS).toBe(false);
	});

	it("checks certificates but on loopback", () => {
		expect(transportOptions(away).tls).toEqual({ rejectUnauthorized: true });
		expect(transportOptions(settings).tls).toEqual({ rejectUnauthorized: false });
		expect(transportOptions({ ...settings, tls: { verify: true } }).tls).toEqual({ rejectUnauthorized: true });
	});

	it("is as patient as the settings say", () => {
		expect(transportOptions(settings).socketTimeout).toBe(30_000);
		expect(transportOptions({ ...settings, timeout: "1m30s" })).toMatchObject({
			socketTimeout: 90_000,
			dnsTimeout: 90_000,
		});
	});
});

describe("a sender", () => {
	it("has a name or none", () => {
		expect(parseMailbox("a@b.c")).toEqual({ address: "a@b.c" });
		expect(parseMailbox("<a@b.c>")).toEqual({ address: "a@b.c" });
		expect(parseMailbox("Night Watch <a@b.c>")).toEqual({ name: "Night Watch", address: "a@b.c" });
	});

	it.each(["a", "a@b.c, d@e.f", "A <a@b.c> <d@e.f>", "A\r\nBcc: x <a@b.c>", '"A" <a@b.c>'])("is not %j", (from) =>
		expect(Schema.Check(plugin.settings, { ...settings, from })).toBe(false),
	);
});
