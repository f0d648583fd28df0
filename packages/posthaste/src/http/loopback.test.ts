import { describe, expect, it } from "vitest";
import { isLoopbackAddress, resolveListen } from "./loopback.ts";
import { listen } from "./server.ts";
import { draft, start, startListening } from "./testing/start.ts";

describe("the address to listen on", () => {
	it.each([
		["127.0.0.1:7678", { host: "127.0.0.1", port: 7678 }],
		["127.8.9.10:1", { host: "127.8.9.10", port: 1 }],
		["[::1]:7678", { host: "::1", port: 7678 }],
		["localhost:7678", { host: "127.0.0.1", port: 7678 }],
		["7678", { host: "127.0.0.1", port: 7678 }],
	])("%s is taken", async (address, expected) => {
		expect(await resolveListen(address)).toEqual(expected);
	});

	it.each(["0.0.0.0:7678", "[::]:7678", ":7678", "*:7678", "192.168.1.5:7678", "128.0.0.1:80", "[::ffff:10.0.0.1]:80"])(
		"%s is refused",
		async (address) => {
			await expect(resolveListen(address)).rejects.toMatchObject({ code: "not-loopback" });
		},
	);

	it.each(["127.0.0.1", "127.0.0.1:99999", "localhost:http", "", "[::1]"])("%j is no address", async (address) => {
		await expect(resolveListen(address)).rejects.toMatchObject({ code: "invalid-request" });
	});

	it("is not opened when it is refused", async () => {
		const { app } = await start();
		await expect(listen(app, "0.0.0.0:0")).rejects.toMatchObject({ code: "not-loopback" });
		expect(app.server.listening).toBe(false);
	});

	it("answers on the port it found", async () => {
		const { url } = await startListening();
		expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
		expect((await fetch(`${url}/healthz`)).status).toBe(200);
	});

	it("that somebody else has is an error that says so", async () => {
		const { url } = await startListening();
		const { app } = await start();
		await expect(listen(app, new URL(url).host)).rejects.toMatchObject({
			code: "cannot-listen",
			message: expect.stringContaining("something listens there already"),
		});
	});

	it("knows loopback addresses", () => {
		expect(["127.255.0.1", "::1", "::ffff:127.0.0.1"].map(isLoopbackAddress)).toEqual([true, true, true]);
		expect(["126.0.0.1", "::2", "localhost", "", "fe80::1"].map(isLoopbackAddress)).toEqual(Array(5).fill(false));
	});
});

describe("a browser's page", () => {
	const ask = async (headers: Record<string, string>) => {
		const { app, posthaste } = await start();
		const answer = await app.inject({ method: "POST", url: "/v1/messages", headers, payload: draft });
		const { items } = await posthaste.messages.list();
		return { status: answer.statusCode, code: answer.json().code, messages: items.length };
	};
	const taken = { status: 202, code: undefined, messages: 1 };
	const refused = { status: 400, code: "not-loopback", messages: 0 };

	it.each(["localhost:7678", "127.0.0.1", "[::1]:7678", "posthaste.localhost", "LOCALHOST"])(
		"may ask the host %s",
		async (host) => {
			expect(await ask({ host })).toEqual(taken);
		},
	);

	it.each([
		"evil.example",
		"localhost.evil.example",
		"127.0.0.1.evil.example",
		"evil.example:7678",
		"10.0.0.1",
		"a@localhost",
		"localhost:x",
	])("may not reach us under the name %s, which an attacker pointed at 127.0.0.1", async (host) => {
		expect(await ask({ host })).toEqual(refused);
	});

	it.each(["http://localhost:5173", "http://127.0.0.1:7678", "https://[::1]:7678"])(
		"may come from %s",
		async (origin) => {
			expect(await ask({ origin })).toEqual(taken);
		},
	);

	it.each(["https://evil.example", "null", "http://localhost.evil.example", "file://", "chrome-extension://localhost"])(
		"may not come from %s",
		async (origin) => {
			expect(await ask({ origin, "sec-fetch-site": "cross-site" })).toEqual(refused);
		},
	);

	it("may come through a proxy of the same origin", async () => {
		expect(await ask({ origin: "https://posthaste.example", "sec-fetch-site": "same-origin" })).toEqual(taken);
	});

	it("cannot send what needs no preflight", async () => {
		const { app } = await start();
		for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
			const headers = { "content-type": type };
			const answer = await app.inject({ method: "POST", url: "/v1/messages", headers, payload: JSON.stringify(draft) });
			expect(answer.statusCode).toBe(415);
		}
	});
});
