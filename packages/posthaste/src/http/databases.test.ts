import { describe, expect, it } from "vitest";
import { start } from "./testing/start.ts";

const user = { name: "Ann", timezone: "Europe/Paris", mechanisms: [] };
const put = { method: "PUT", url: "/v1/users/ann" } as const;

describe("PUT /v1/users/{name}", () => {
	it("answers 201 for a new record, 200 for a changed one, each with its ETag", async () => {
		const { app } = await start();
		const made = await app.inject({ ...put, payload: user });
		expect([made.statusCode, made.headers.etag]).toEqual([201, '"1"']);
		expect(made.json()).toEqual({ id: "ann", ...user, managedBy: { by: "api" }, revision: 1 });
		const changed = await app.inject({ ...put, payload: { ...user, name: "Anne" } });
		expect([changed.statusCode, changed.headers.etag, changed.json().name]).toEqual([200, '"2"', "Anne"]);
	});

	it.each([
		['"1"', 200],
		['"7", "1"', 200],
		["*", 200],
		['"2"', 412],
		['W/"1"', 412],
		['"one"', 412],
		["1", 400],
		['"1', 400],
	])('with If-Match: %s answers %d when the ETag is "1"', async (match, status) => {
		const { app } = await start();
		await app.inject({ ...put, payload: user });
		const headers = { "if-match": match };
		const changed = await app.inject({ ...put, headers, payload: { ...user, name: "Anne" } });
		expect(changed.statusCode).toBe(status);
		expect((await app.inject("/v1/users/ann")).json().name).toBe(status === 200 ? "Anne" : "Ann");
	});

	it("with If-Match makes nothing new", async () => {
		const { app } = await start();
		for (const match of ["*", '"0"', '"1"']) {
			const answer = await app.inject({ ...put, headers: { "if-match": match }, payload: user });
			expect(answer.json().code).toBe("revision-conflict");
		}
		expect((await app.inject("/v1/users/ann")).statusCode).toBe(404);
	});

	it("with If-None-Match: * only makes", async () => {
		const { app } = await start();
		const headers = { "if-none-match": "*" };
		expect((await app.inject({ ...put, headers, payload: user })).statusCode).toBe(201);
		expect((await app.inject({ ...put, headers, payload: user })).statusCode).toBe(412);
		expect((await app.inject({ ...put, headers: { "if-none-match": '"1"' }, payload: user })).statusCode).toBe(412);
		expect((await app.inject({ ...put, headers: { "if-none-match": '"5"' }, payload: user })).statusCode).toBe(200);
	});

	it("refuses a name that is none, and a body that does not fit", async () => {
		const { app } = await start();
		const odd = await app.inject({ method: "PUT", url: "/v1/users/-ann%20", payload: user });
		expect([odd.statusCode, odd.json().errors[0].field]).toEqual([400, "name"]);
		const deep = { ...user, mechanisms: [{ mechanism: "im2", address: {}, quiet: { from: "25:00", to: "07:00" } }] };
		const bad = (await app.inject({ ...put, payload: deep })).json();
		expect([bad.code, bad.errors[0].field]).toEqual(["invalid-request", "mechanisms[0].quiet.from"]);
		const typo = (await app.inject({ ...put, payload: { ...user, time_zone: "UTC" } })).json();
		expect([typo.code, typo.errors[0].field]).toEqual(["unknown-key", "time_zone"]);
	});
});

describe("GET /v1/users/{name}", () => {
	it("answers 304 to a client that has the revision", async () => {
		const { app } = await start();
		await app.inject({ ...put, payload: user });
		const ask = async (known: string) => {
			const answer = await app.inject({ url: "/v1/users/ann", headers: { "if-none-match": known } });
			return [answer.statusCode, answer.headers.etag, answer.body === ""];
		};
		expect(await ask('"1"')).toEqual([304, '"1"', true]);
		expect(await ask('W/"1"')).toEqual([304, '"1"', true]);
		expect(await ask('"9", "1"')).toEqual([304, '"1"', true]);
		expect(await ask("*")).toEqual([304, '"1"', true]);
		expect(await ask('"2"')).toEqual([200, '"1"', false]);
	});

	it("answers HEAD like GET, without the body", async () => {
		const { app } = await start();
		const head = await app.inject({ method: "HEAD", url: "/v1/users/jsmith" });
		const get = await app.inject("/v1/users/jsmith");
		expect([head.statusCode, head.body, head.headers.etag]).toEqual([200, "", get.headers.etag]);
		expect(head.headers["content-length"]).toBe(String(get.rawPayload.length));
	});
});

describe("DELETE /v1/users/{name}", () => {
	it("answers 204, then 404, and heeds If-Match", async () => {
		const { app } = await start();
		await app.inject({ ...put, payload: user });
		const remove = async (headers = {}) => (await app.inject({ ...put, method: "DELETE", headers })).statusCode;
		expect(await remove({ "if-match": '"2"' })).toBe(412);
		expect(await remove({ "if-match": '"1"' })).toBe(204);
		expect(await remove()).toBe(404);
	});
});

describe("lists", () => {
	it("go through pages by cursor", async () => {
		const { app } = await start();
		const first = (await app.inject("/v1/users?limit=2")).json();
		expect(first.items.map(({ id }: { id: string }) => id)).toEqual(["jsmith", "jdoe"]);
		const second = (await app.inject(`/v1/users?limit=2&cursor=${first.next}`)).json();
		expect(second).toMatchObject({ items: [{ id: "filed" }] });
		expect(second).not.toHaveProperty("next");
	});

	it.each(["mechanisms", "managers", "users", "plugins", "unreachable", "prompts", "messages"])(
		"of %s have items",
		async (path) => {
			const { app } = await start();
			expect((await app.inject(`/v1/${path}`)).json()).toMatchObject({ items: expect.any(Array) });
		},
	);
});

describe("mechanisms", () => {
	it("show settings as they are, whatever their keys", async () => {
		const { app } = await start();
		expect((await app.inject("/v1/mechanisms/im2")).json().settings).toEqual({ url: "im://127.0.0.1", at: 5 });
	});

	it("are switched off and on, with or without an empty JSON body", async () => {
		const { app } = await start();
		const url = "/v1/mechanisms/im2";
		const off = await app.inject({ method: "POST", url: `${url}/disable` });
		expect([off.statusCode, off.json().disabled, off.headers.etag]).toEqual([200, true, '"2"']);
		const on = await app.inject({
			method: "POST",
			url: `${url}/enable`,
			headers: { "content-type": "application/json" },
		});
		expect([on.statusCode, on.json().disabled]).toEqual([200, false]);
		expect((await app.inject({ method: "POST", url: "/v1/mechanisms/none/disable" })).statusCode).toBe(404);
	});

	it("never answer 304, since what they do now is not part of the revision", async () => {
		const { app } = await start();
		const answer = await app.inject({ url: "/v1/mechanisms/im2", headers: { "if-none-match": '"1"' } });
		expect([answer.statusCode, answer.headers.etag, answer.json().active]).toEqual([200, '"1"', true]);
	});
});

describe("/v1/selection", () => {
	it("is read and replaced with ETags", async () => {
		const { app } = await start();
		const url = "/v1/selection";
		const before = await app.inject(url);
		expect(before.json()).toEqual({ rules: [{ manager: "standard" }], managedBy: { by: "api" }, revision: 1 });
		const headers = { "if-match": String(before.headers.etag) };
		const payload = { rules: [{ when: 'message.priority == "urgent"', manager: "standard" }] };
		const after = await app.inject({ method: "PUT", url, headers, payload });
		expect([after.statusCode, after.headers.etag]).toEqual([200, '"2"']);
		expect((await app.inject({ method: "PUT", url, headers, payload })).statusCode).toBe(412);
		expect((await app.inject({ url, headers: { "if-none-match": '"2"' } })).statusCode).toBe(304);
	});
});

describe("/v1/configuration", () => {
	const put = { method: "PUT", url: "/v1/configuration" } as const;
	const payload = { users: { ann: { name: "Ann", mechanisms: [] } } };

	it("is applied, or only tried", async () => {
		const { app } = await start();
		const tried = await app.inject({ ...put, url: "/v1/configuration?dryRun=true", payload });
		expect(tried.json()).toMatchObject({ applied: false, changes: [{ key: "ann", change: "added" }] });
		expect((await app.inject("/v1/users/ann")).statusCode).toBe(404);
		expect((await app.inject({ ...put, payload })).json()).toMatchObject({ applied: true });
		expect((await app.inject("/v1/configuration")).json().users.ann).toEqual(payload.users.ann);
	});

	it("is taken as YAML where somebody reads YAML", async () => {
		const read: string[] = [];
		const parseYaml = (text: string) => {
			read.push(text);
			return payload;
		};
		const headers = { "content-type": "application/yaml" };
		const { app } = await start({ parseYaml });
		const answer = await app.inject({ ...put, headers, payload: "users: {}\n" });
		expect([answer.statusCode, read]).toEqual([200, ["users: {}\n"]]);
		const { app: without } = await start();
		expect((await without.inject({ ...put, headers, payload: "users: {}" })).statusCode).toBe(415);
	});

	it("is refused with the place that is wrong", async () => {
		const { app } = await start();
		const wrong = (await app.inject({ ...put, payload: { users: { ann: { name: 5, mechanisms: [] } } } })).json();
		expect([wrong.code, wrong.errors[0].field]).toEqual(["invalid-configuration", "users.ann.name"]);
		const typo = (await app.inject({ ...put, payload: { usres: {} } })).json();
		expect([typo.code, typo.errors[0].field]).toEqual(["unknown-key", "usres"]);
		expect((await app.inject(put)).statusCode).toBe(400);
		expect((await app.inject({ ...put, url: "/v1/configuration?dryRun=maybe", payload })).statusCode).toBe(400);
	});
});

describe("prompts and held deliveries", () => {
	const prompt = { delivery: "", sender: "ops", recipient: "jsmith", question: "Page?", otherwise: "no" } as const;

	async function asked() {
		const started = await start();
		const { messages } = started.posthaste.memory;
		const { id: message } = await started.posthaste.send({ to: ["jsmith"], from: "ops", body: "x" });
		const delivery = `${message}.1`;
		const row = { ...prompt, id: `${delivery}.p1`, message, delivery, askedAt: 0, until: 60_000 };
		messages.prompts.set(row.id, row);
		return { ...started, messages, row };
	}

	it("are listed, shown and answered once", async () => {
		const { app, row } = await asked();
		const document = { ...row, askedAt: "1970-01-01T00:00:00.000Z", until: "1970-01-01T00:01:00.000Z" };
		expect((await app.inject("/v1/prompts?sender=ops")).json().items).toEqual([document]);
		expect((await app.inject("/v1/prompts?sender=other")).json().items).toEqual([]);
		const url = `/v1/prompts/${row.id}`;
		expect((await app.inject(url)).json()).toEqual(document);
		const answer = { method: "POST", url: `${url}/answer`, payload: { answer: "yes" } } as const;
		expect((await app.inject({ ...answer, payload: { answer: "maybe" } })).statusCode).toBe(400);
		const first = await app.inject(answer);
		expect([first.statusCode, first.body]).toEqual([204, ""]);
		expect((await app.inject(answer)).json().code).toBe("already-answered");
		expect((await app.inject(url)).statusCode).toBe(404);
	});

	it("are resolved by a person", async () => {
		const { app, messages, row } = await asked();
		const resolve = {
			method: "POST",
			url: `/v1/deliveries/${row.delivery}/resolve`,
			payload: { resolution: "end" },
		} as const;
		expect((await app.inject(resolve)).json().code).toBe("not-held");
		messages.advance(row.delivery, [{ type: "held", reason: "unknown-held" }], "held");
		const resolved = await app.inject(resolve);
		expect(resolved.json()).toMatchObject({ id: row.delivery, state: "unreached" });
		expect(resolved.json().journal.at(-1)).toMatchObject({ type: "resolved", resolution: "end" });
	});
});
