import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { readinessOf } from "../observability/readiness.ts";
import { head, stallMany } from "./testing/stalled.ts";
import { start, startListening } from "./testing/start.ts";

describe("operations", () => {
	it("/healthz says that the program runs", async () => {
		const { app } = await start();
		expect((await app.inject("/healthz")).json()).toEqual({ status: "ok" });
	});

	it("/readyz says whether messages can be accepted, check by check, and why not", async () => {
		let ready = readinessOf({ store: { ok: true }, load: { ok: true } });
		const { app } = await start({ ready: async () => ready });
		const well = await app.inject("/readyz");
		expect([well.statusCode, well.json()]).toEqual([
			200,
			{ ready: true, reasons: [], checks: { store: { ok: true }, load: { ok: true } } },
		]);
		ready = readinessOf({ store: { ok: false, detail: "the disk is full" }, load: { ok: true } });
		const answer = await app.inject("/readyz");
		expect([answer.statusCode, answer.json()]).toEqual([
			503,
			{
				ready: false,
				reasons: ["store: the disk is full"],
				checks: { store: { ok: false, detail: "the disk is full" }, load: { ok: true } },
			},
		]);
		const { app: broken } = await start({ ready: () => Promise.reject(new Error("disk gone")) });
		const failed = await broken.inject("/readyz");
		expect([failed.statusCode, failed.json().reasons]).toEqual([503, ["store: disk gone"]]);
	});

	it("/readyz says no once messages have been refused for more than a second, and yes as soon as they are not", async () => {
		vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "performance"] });
		onTestFinished(() => void vi.useRealTimers());
		let delay = 0;
		const { app } = await start({ writeDelay: () => delay, ready: async () => readinessOf({ load: { ok: true } }) });
		const load = async () => (await app.inject("/readyz")).json().checks.load;
		await vi.advanceTimersByTimeAsync(5000);
		delay = 2300;
		await vi.advanceTimersByTimeAsync(500);
		expect(await load()).toEqual({ ok: true });
		await vi.advanceTimersByTimeAsync(1000);
		expect(await load()).toEqual({
			ok: false,
			detail: expect.stringMatching(/^messages are refused: a message would wait about 2300 ms/),
		});
		expect((await app.inject("/readyz")).statusCode).toBe(503);
		delay = 0;
		expect(await load()).toEqual({ ok: true });
	});

	it("/readyz says no when too many clients stop sending to let a message in", async () => {
		const server = await startListening({ ready: async () => readinessOf({}) });
		const begun = head("POST /v1/messages", "Content-Type: application/json", "Content-Length: 100");
		await stallMany(server, begun, 1000);
		await expect
			.poll(async () => (await fetch(`${server.url}/readyz`)).json(), { timeout: 15_000 })
			.toMatchObject({ reasons: ["load: messages are refused: 1000 messages are being taken in at this moment"] });
	});

	it("/metrics answers Prometheus text where there is some", async () => {
		const { app } = await start({ metrics: async () => "posthaste_up 1\n" });
		const answer = await app.inject("/metrics");
		expect([answer.body, answer.headers["content-type"]]).toEqual([
			"posthaste_up 1\n",
			"text/plain; version=0.0.4; charset=utf-8",
		]);
		const { app: without } = await start();
		expect((await without.inject("/metrics")).statusCode).toBe(404);
	});

	it("takes the embedding program's own routes, which stay out of the document", async () => {
		const { app } = await start({
			extraRoutes: (server) => void server.get("/demo/switch", async () => ({ on: true })),
		});
		expect((await app.inject("/demo/switch")).json()).toEqual({ on: true });
		expect((await app.inject({ method: "PUT", url: "/demo/switch" })).headers.allow).toBe("GET, HEAD");
		expect(Object.keys((await app.inject("/openapi.json")).json().paths)).not.toContain("/demo/switch");
	});
});

describe("the web application", () => {
	let webRoot = "";

	beforeAll(async () => {
		webRoot = await mkdtemp(join(tmpdir(), "pages-"));
		await mkdir(join(webRoot, "assets"));
		await writeFile(join(webRoot, "index.html"), "<!doctype html><title>Posthaste</title>");
		await writeFile(join(webRoot, "assets", "main-1a2b.js"), "export {};");
		await writeFile(join(webRoot, "icon.svg"), "<svg/>");
		return () => rm(webRoot, { recursive: true });
	});

	it.each(["/", "/index.html", "/messages/0190", "/users"])("answers %s with its page", async (url) => {
		const { app } = await start({ webRoot });
		const answer = await app.inject(url);
		expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
		expect(answer.body).toContain("<title>Posthaste");
		expect(answer.headers["content-security-policy"]).toContain("frame-ancestors 'none'");
		expect(answer.headers["cache-control"]).toBe("no-cache");
	});

	it("lets browsers keep what is named by its content", async () => {
		const { app } = await start({ webRoot });
		const asset = await app.inject("/assets/main-1a2b.js");
		expect([asset.statusCode, asset.headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"]);
		expect((await app.inject("/icon.svg")).headers["cache-control"]).toBe("no-cache");
	});

	it.each([
		"/assets/gone.js",
		"/gone.png",
		"/v1/nothing",
		"/mechanisms/web/x",
		"/../package.json",
		"/%2e%2e/package.json",
	])("does not answer %s with a page", async (url) => {
		const { app } = await start({ webRoot });
		const answer = await app.inject(url);
		expect([answer.statusCode, answer.json().code]).toEqual([404, "not-found"]);
	});

	it("leaves the API as it is", async () => {
		const { app } = await start({ webRoot });
		expect((await app.inject("/v1/users")).json().items).toHaveLength(3);
		expect((await app.inject({ method: "POST", url: "/messages/0190" })).statusCode).toBe(404);
		const paths = Object.keys((await app.inject("/openapi.json")).json().paths);
		expect(paths.filter((path) => !/^\/(v1|healthz|readyz|metrics|openapi)/.test(path))).toEqual([]);
	});

	it("may be missing, which the log says", async () => {
		const { app, logged } = await start({ webRoot: join(webRoot, "missing") });
		expect((await app.inject("/")).statusCode).toBe(404);
		expect(logged).toMatchObject([{ webRoot: join(webRoot, "missing") }]);
	});
});
