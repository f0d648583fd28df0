/** Every code of the table can be met over HTTP, and every error is a problem document. */
import { connect } from "node:net";
import { bodyLimit, type ErrorCode, errorTable, PosthasteError } from "@posthaste/core";
import type { InjectOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { requestLimit } from "./app.ts";
import { problemType } from "./problems.ts";
import { draft, type Started, start, startListening } from "./testing/start.ts";

interface Case {
	readonly request: InjectOptions;
	/** What is done before. */
	readonly given?: (started: Started) => Promise<unknown> | unknown;
}

function sending(changes: object, headers = {}): Case {
	return { request: { method: "POST", url: "/v1/messages", headers, payload: { ...draft, ...changes } } };
}

function putting(path: string, payload: object, headers = {}): Case {
	return { request: { method: "PUT", url: `/v1/${path}`, payload, headers } };
}

function failing(failure: Error): Case {
	return { ...sending({}), given: ({ posthaste }) => Object.assign(posthaste, { failure }) };
}

const rawPost = { method: "POST", url: "/v1/messages", headers: { "content-type": "application/json" } } as const;
const sequence = (settings: object, when = "true") => ({
	use: "sequence",
	configurations: [{ name: "a", when, settings }],
});
const user = { name: "Ann", mechanisms: [] };

const cases: Record<ErrorCode, Case> = {
	"invalid-request": sending({ from: 5 }),
	"invalid-json": { request: { ...rawPost, payload: '{"to": [jsmith]}' } },
	"empty-body": sending({ body: "  " }),
	"no-recipients": sending({ to: [] }),
	"unknown-key": sending({ subjct: "x" }),
	"already-expired": sending({ properties: { expires: "2020-01-01T00:00:00Z" } }),
	"invalid-condition": putting("managers/m", sequence({ steps: [] }, "message.")),
	"invalid-settings": putting("managers/m", sequence({})),
	"invalid-address": putting("users/ann", { ...user, mechanisms: [{ mechanism: "im2", address: {} }] }),
	"invalid-configuration": putting("configuration", { users: { ann: { ...user, timezone: "Mars/Olympus" } } }),
	"invalid-cursor": { request: { url: "/v1/messages?cursor=mine" } },
	"not-loopback": { request: { url: "/v1/messages", headers: { host: "evil.example" } } },
	"unknown-recipient": sending({ to: ["nobody"] }),
	"unknown-manager": sending({ manager: "nobody" }),
	"unknown-mechanism": putting("users/ann", { ...user, mechanisms: [{ mechanism: "fax", address: { a: 1 } }] }),
	"unknown-plugin": putting("mechanisms/fax", { use: "fax" }),
	"no-manager": {
		...sending({}),
		given: ({ posthaste }) => posthaste.selection.put({ rules: [] }),
	},
	"no-configuration": sending({ manager: "never" }),
	"not-found": { request: { url: "/v1/nothing" } },
	"method-not-allowed": { request: { method: "PATCH", url: "/v1/messages" } },
	"already-answered": { request: { method: "POST", url: "/v1/prompts/p/answer", payload: { answer: "yes" } } },
	"already-final": {
		request: { method: "DELETE", url: "/v1/messages/" },
		async given({ posthaste }) {
			const { id } = await posthaste.send(draft);
			await posthaste.messages.cancel(id);
			this.request.url = `/v1/messages/${id}`;
		},
	},
	"not-held": {
		request: { method: "POST", url: "", payload: { resolution: "end" } },
		async given({ posthaste }) {
			this.request.url = `/v1/deliveries/${(await posthaste.send(draft)).id}.1/resolve`;
		},
	},
	"delivery-held": failing(new PosthasteError("delivery-held", "as asked")),
	"idempotency-conflict": {
		...sending({ body: "another" }, { "idempotency-key": "k" }),
		given: ({ posthaste }) => posthaste.send(draft, { idempotencyKey: "k" }),
	},
	"managed-by-file": putting("users/filed", user),
	"in-use": { request: { method: "DELETE", url: "/v1/mechanisms/im2" } },
	"revision-conflict": putting("users/jsmith", user, { "if-match": '"9"' }),
	"too-large": sending({ body: "x".repeat(bodyLimit + 1) }),
	"unsupported-media-type": { request: { ...rawPost, headers: { "content-type": "text/csv" }, payload: "a,b" } },
	overloaded: failing(new PosthasteError("overloaded", "as asked")),
	"invalid-plugin": failing(new PosthasteError("invalid-plugin", "as asked")),
	"plugin-not-fetched": failing(new PosthasteError("plugin-not-fetched", "as asked")),
	"plugin-version-exists": failing(new PosthasteError("plugin-version-exists", "as asked")),
	"cannot-listen": failing(new PosthasteError("cannot-listen", "as asked")),
	"data-in-use": failing(new PosthasteError("data-in-use", "as asked")),
	"newer-schema": failing(new PosthasteError("newer-schema", "as asked")),
	"file-exists": failing(new PosthasteError("file-exists", "as asked")),
	"disk-full": failing(new PosthasteError("disk-full", "as asked")),
	"disk-failed": failing(new PosthasteError("disk-failed", "as asked")),
	"database-damaged": failing(new PosthasteError("database-damaged", "as asked")),
	"store-failed": failing(new PosthasteError("store-failed", "as asked")),
	closing: failing(new PosthasteError("closing", "as asked")),
	internal: failing(new Error("secret words")),
};

describe("errors", () => {
	it.each(Object.keys(errorTable) as ErrorCode[])("%s is answered as a problem document", async (code) => {
		const started = await start();
		await cases[code].given?.(started);
		const answer = await started.app.inject(cases[code].request);
		const { status, title, remedy } = errorTable[code];
		expect(answer.json()).toMatchObject({ type: `urn:posthaste:error:${code}`, code, status, title, remedy });
		expect(answer.statusCode).toBe(status);
		expect(answer.headers["content-type"]).toContain(problemType);
		expect(answer.headers["retry-after"]).toBe(status === 503 ? "1" : undefined);
	});

	it("of nobody's making say where the log knows more, and nothing else", async () => {
		const { app, posthaste, logged } = await start();
		posthaste.failure = new Error("secret words");
		const answer = await app.inject({ ...rawPost, payload: draft });
		const { instance } = answer.json();
		expect(instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
		expect(answer.body).not.toMatch(/secret|\.ts:|stack/);
		expect(logged).toMatchObject([{ instance, err: { message: "secret words", stack: expect.any(String) } }]);
	});

	it("that clients make are not logged", async () => {
		const { app, logged } = await start();
		await app.inject({ ...rawPost, payload: "{" });
		expect(logged).toEqual([]);
	});

	it("in JSON say where it breaks", async () => {
		const { app } = await start();
		const { detail, errors } = (
			await app.inject({ ...rawPost, payload: '{\n  "to": ["jsmith"],\n  body: 1\n}' })
		).json();
		expect(detail).toBe("Line 3, column 3: expected a key in double quotes");
		expect(errors).toEqual([
			{ field: "", message: "expected a key in double quotes", line: 3, column: 3, excerpt: "  body: 1\n  ^" },
		]);
	});

	it("name an unknown key", async () => {
		const { app } = await start();
		const { errors, detail } = (await app.inject({ ...sending({ subjct: "x" }).request })).json();
		expect(errors[0].field).toBe("subjct");
		expect(detail).toContain("subjct");
	});

	it.each([
		[{ from: "a", body: "b" }, "no-recipients"],
		[{ from: "a", to: ["jsmith"] }, "empty-body"],
		[{ to: ["jsmith"], body: "b" }, "invalid-request"],
		[[], "invalid-request"],
		[null, "invalid-request"],
		["text", "invalid-request"],
	])("of a draft %j: %s", async (payload, code) => {
		const { app } = await start();
		expect((await app.inject({ ...rawPost, payload: JSON.stringify(payload) })).json().code).toBe(code);
	});

	it.each([
		["nothing", undefined, undefined, 400],
		["nothing, announced as JSON", "application/json", "", 400],
		["text without a type", undefined, "{}", 415],
		["a type that is none", "json", "{}", 415],
		["JSON with a parameter", "application/json; charset=utf-8", JSON.stringify(draft), 202],
		["lines", "application/x-ndjson", JSON.stringify(draft), 415],
		["YAML", "application/yaml", "to: []", 415],
	])("for a body of %s", async (_name, type, payload, status) => {
		const { app } = await start();
		const headers = type === undefined ? {} : { "content-type": type };
		const answer = await app.inject({
			method: "POST",
			url: "/v1/messages",
			headers,
			...(payload !== undefined && { payload }),
		});
		expect(answer.statusCode).toBe(status);
	});

	it("refuse a request beyond the limit, announced or not", async () => {
		const { app, url } = await startListening();
		const payload = JSON.stringify({ ...draft, properties: { own: "x".repeat(requestLimit) } });
		const announced = await app.inject({ ...rawPost, payload });
		expect(announced.json().code).toBe("too-large");
		const pieces = new Response(payload).body;
		const streamed = await fetch(`${url}/v1/messages`, { ...rawPost, body: pieces, duplex: "half" } as RequestInit);
		expect([streamed.status, ((await streamed.json()) as { code: string }).code]).toEqual([413, "too-large"]);
	});
});

describe("a path", () => {
	it.each([
		["POST", "/v1/prompts", "GET, HEAD"],
		["PUT", "/v1/messages", "GET, HEAD, POST"],
		["DELETE", "/v1/users", "GET, HEAD"],
		["POST", "/v1/users/ann?x=1", "DELETE, GET, HEAD, PUT"],
		["GET", "/v1/explain", "POST"],
		["GET", "/v1/mechanisms/im2/disable", "POST"],
		["OPTIONS", "/v1/messages/1", "DELETE, GET, HEAD"],
		["PUT", "/v1/messages/batch", "DELETE, GET, HEAD, POST"],
		["POST", "/healthz", "GET, HEAD"],
	] as const)("answers %s %s with 405 and what it takes", async (method, url, allow) => {
		const { app } = await start();
		const answer = await app.inject({ method, url });
		expect([answer.statusCode, answer.headers.allow]).toEqual([405, allow]);
		expect(answer.json().code).toBe("method-not-allowed");
	});

	it.each([
		"/",
		"/v1",
		"/v1/users/a/b",
		"/v2/messages",
		"/v1/messages/",
		`/v1/users/${"a".repeat(600)}`,
		"/mechanisms/web/x",
	])("%s is not found", async (url) => {
		const { app } = await start();
		const answer = await app.inject(url);
		expect([answer.statusCode, answer.json().code]).toEqual([404, "not-found"]);
	});

	it("that is not one is refused", async () => {
		const { app } = await start();
		const answer = await app.inject("/v1/users/%zz");
		expect([answer.statusCode, answer.json().code]).toEqual([400, "invalid-request"]);
	});

	it("is not found whatever the body", async () => {
		const { app } = await start();
		const answer = await app.inject({
			method: "POST",
			url: "/v1/nothing",
			headers: { "content-type": "text/csv" },
			payload: "x",
		});
		expect(answer.statusCode).toBe(404);
	});
});

describe("what is not HTTP", () => {
	it.each(["HELLO\r\n\r\n", `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`])(
		"is answered with a problem document too",
		async (text) => {
			const { port } = await startListening();
			const answer = await new Promise<string>((resolve, reject) => {
				let all = "";
				const socket = connect(port, "127.0.0.1", () => socket.write(text));
				socket.setEncoding("utf8").on("data", (piece) => (all += piece));
				socket.on("end", () => resolve(all)).on("error", reject);
			});
			const [head = "", body = ""] = answer.split("\r\n\r\n");
			expect(head).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
			expect(JSON.parse(body).code).toBe("invalid-request");
		},
	);
});
