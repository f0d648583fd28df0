import { describe, expect, it } from "vitest";
import { noon } from "./testing/memory-posthaste.ts";
import { draft, start } from "./testing/start.ts";

const post = { method: "POST", url: "/v1/messages" } as const;

describe("POST /v1/messages", () => {
	it("answers 202 with the place of the message", async () => {
		const { app } = await start();
		const answer = await app.inject({ ...post, payload: draft });
		expect(answer.statusCode).toBe(202);
		const accepted = answer.json();
		expect(answer.headers.location).toBe(`/v1/messages/${accepted.id}`);
		expect(accepted).toEqual({
			id: expect.any(String),
			acceptedAt: "2026-03-01T12:00:00.000Z",
			deliveries: [{ id: `${accepted.id}.1`, recipient: "jsmith" }],
		});
		const read = await app.inject(`/v1/messages/${accepted.id}`);
		expect(read.json()).toMatchObject({ id: accepted.id, body: "Disk full", to: ["jsmith"] });
	});

	it("answers a repeated request as it answered the first, and says so in a header", async () => {
		const { app } = await start();
		const headers = { "idempotency-key": "k1" };
		const first = await app.inject({ ...post, headers, payload: draft });
		const second = await app.inject({ ...post, headers, payload: draft });
		expect([second.statusCode, second.body, second.headers.location]).toEqual([
			202,
			first.body,
			first.headers.location,
		]);
		expect(first.headers["idempotent-replayed"]).toBeUndefined();
		expect(second.headers["idempotent-replayed"]).toBe("true");
		const other = await app.inject({ ...post, headers, payload: { ...draft, body: "Other" } });
		expect([other.statusCode, other.json().code]).toEqual([409, "idempotency-conflict"]);
	});

	it("keeps the sender's own properties as they are", async () => {
		const { app } = await start();
		const own = { at: 5, deep: { until: 7, list: [1, null, { due: 3 }] }, expires: "10m", priority: "high" };
		const { id } = (await app.inject({ ...post, payload: { ...draft, properties: own } })).json();
		const { properties } = (await app.inject(`/v1/messages/${id}`)).json();
		expect(properties).toEqual({
			...own,
			expires: "2026-03-01T12:10:00.000Z",
			confidential: false,
			prompts: "ask",
		});
	});

	it("coerces nothing in a body", async () => {
		const { app } = await start();
		for (const wrong of [{ to: "jsmith" }, { body: 5 }, { properties: { confidential: "true" } }]) {
			const answer = await app.inject({ ...post, payload: { ...draft, ...wrong } });
			expect([answer.statusCode, answer.json().code]).toEqual([400, "invalid-request"]);
			expect(answer.json().errors[0].field).toContain(Object.keys(wrong)[0]);
		}
	});
});

describe("a message's document", () => {
	it("has the journal whole, with its moments as text", async () => {
		const { app, posthaste } = await start();
		const { id } = await posthaste.send(draft);
		const { messages } = posthaste.memory;
		const policies = {
			type: "policies",
			manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "rule" },
			configuration: { name: "normal", revision: 3, unknown: "resend", settings: { at: 5, until: { due: 1 } } },
			recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
			routingPolicy: [{ mechanism: "im2", kept: true, postponedUntil: noon, postponeReason: "quiet-hours" }],
			deliveryPolicy: [{ mechanism: "email", kept: false, reason: "not-in-configuration" }],
		};
		const attempt = { type: "attempt", attempt: "a1", mechanism: "im2", try: 1, until: "read", deadline: noon };
		const outcome = { type: "outcome", attempt: "a1", mechanism: "im2", try: 1, outcome: "failed", retryAfter: 5 };
		messages.advance(`${id}.1`, [{ type: "began" }, policies, attempt, outcome], "waiting");
		const [delivery] = (await app.inject(`/v1/messages/${id}`)).json().deliveries;
		const text = "2026-03-01T12:00:00.000Z";
		expect(delivery).toMatchObject({ id: `${id}.1`, state: "waiting", due: text });
		expect(delivery).not.toHaveProperty("sequence");
		expect(delivery.journal).toEqual([
			{ sequence: 1, at: "2026-03-01T12:00:01.000Z", type: "began" },
			{
				sequence: 2,
				at: "2026-03-01T12:00:02.000Z",
				...policies,
				routingPolicy: [{ ...policies.routingPolicy[0], postponedUntil: text }],
			},
			{ sequence: 3, at: "2026-03-01T12:00:03.000Z", ...attempt, deadline: text },
			{ sequence: 4, at: "2026-03-01T12:00:04.000Z", ...outcome },
		]);
	});
});

describe("GET /v1/messages", () => {
	it("filters, and goes through pages by cursor", async () => {
		const { app, posthaste } = await start();
		for (const body of ["one", "two", "three"]) {
			await posthaste.send({ ...draft, body });
		}
		await posthaste.send({ ...draft, to: ["jdoe"], from: "other" });
		const bodies = async (url: string) => {
			const page = (await app.inject(url)).json();
			return { bodies: page.items.map((each: { body: string }) => each.body), next: page.next };
		};
		const first = await bodies("/v1/messages?recipient=jsmith&limit=2");
		expect(first).toEqual({ bodies: ["three", "two"], next: expect.any(String) });
		const rest = await bodies(`/v1/messages?recipient=jsmith&limit=2&cursor=${first.next}`);
		expect(rest).toEqual({ bodies: ["one"], next: undefined });
		expect((await bodies("/v1/messages?sender=other")).bodies).toEqual(["Disk full"]);
		expect((await bodies("/v1/messages?state=reached")).bodies).toEqual([]);
	});

	it.each([
		["limit=0", "limit"],
		["limit=1001", "limit"],
		["limit=many", "limit"],
		["limit=5&limit=6", "limit"],
		["state=lost", "state"],
		["recpient=jsmith", "recpient"],
	])("refuses ?%s", async (query, field) => {
		const { app } = await start();
		const answer = await app.inject(`/v1/messages?${query}`);
		expect(answer.statusCode).toBe(400);
		expect(answer.json().errors[0].field).toBe(field);
	});
});

describe("DELETE /v1/messages/{id}", () => {
	it("cancels and shows the message", async () => {
		const { app, posthaste } = await start();
		const { id } = await posthaste.send(draft);
		const url = `/v1/messages/${id}`;
		const cancelled = await app.inject({ method: "DELETE", url, headers: { "content-type": "application/json" } });
		expect(cancelled.statusCode).toBe(200);
		expect(cancelled.json().deliveries[0]).toMatchObject({ state: "cancelled", reason: "cancelled", due: null });
		expect((await app.inject({ method: "DELETE", url })).json().code).toBe("already-final");
		expect((await app.inject({ method: "DELETE", url: "/v1/messages/none" })).json().code).toBe("not-found");
	});
});

describe("POST /v1/explain", () => {
	it("passes the moment on and answers moments as text", async () => {
		const { app } = await start();
		const url = "/v1/explain?at=2026-12-24T18:00:00%2B01:00";
		const explained = (await app.inject({ method: "POST", url, payload: draft })).json();
		expect(explained.at).toBe("2026-12-24T17:00:00.000Z");
		expect(explained.deliveries[0]).toMatchObject({
			configuration: { settings: { at: 7 } },
			routingPolicy: [{ postponedUntil: "2026-03-01T12:00:00.000Z" }],
			tree: { node: "end" },
		});
	});

	it.each(["tomorrow", "2026-12-24", "2026-12-24T18:00:00", "2026-12-31T23:59:60Z"])("refuses ?at=%s", async (at) => {
		const { app } = await start();
		const answer = await app.inject({ method: "POST", url: `/v1/explain?at=${at}`, payload: draft });
		expect([answer.statusCode, answer.json().code]).toEqual([400, "invalid-request"]);
	});
});
