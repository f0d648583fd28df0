import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Outcome } from "@posthaste/core";
import { mechanismConformance, testAttempt, testHost } from "@posthaste/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";

type Settings = Parameters<typeof plugin.create>[0];

const address = { user: "john" };
const cleanups: (() => Promise<void>)[] = [];

async function cleanUp(): Promise<void> {
	for (const cleanup of cleanups.splice(0).reverse()) {
		await cleanup();
	}
}

afterEach(cleanUp);

interface Posted {
	readonly headers: IncomingMessage["headers"];
	readonly document: unknown;
}

/** A service that does as it is told with whatever is posted to it. */
async function startService(answer: (response: ServerResponse) => void) {
	const posted: Posted[] = [];
	const server = createServer(async (request, response) => {
		const text = (await request.toArray()).join("");
		if (request.method === "POST") {
			posted.push({ headers: request.headers, document: JSON.parse(text) });
		}
		answer(response);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	const stop = async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	cleanups.push(stop);
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}/`, posted, stop };
}

const ok = (response: ServerResponse) => response.end();

async function sendTo(url: string, settings: Partial<Settings> = {}) {
	const host = testHost();
	const instance = await plugin.create({ url, ...settings }, host);
	cleanups.push(() => instance.close());
	const attempt = testAttempt(address, { message: { subject: "Hall 3", priority: "urgent" } });
	return { attempt, result: await instance.send(attempt, AbortSignal.timeout(10_000)) };
}

mechanismConformance(plugin, {
	reachable: async () => ({ settings: { url: (await startService(ok)).url }, address }),
	async unreachable() {
		const { url, stop } = await startService(ok);
		await stop();
		return { settings: { url }, address };
	},
	silent: async () => ({ settings: { url: (await startService(() => undefined)).url }, address }),
	stop: cleanUp,
});

it("posts who is to read what, under the attempt's identifier", async () => {
	const service = await startService(ok);
	const { attempt } = await sendTo(service.url, { token: "s3cret" });
	expect(service.posted).toHaveLength(1);
	expect(service.posted[0]?.document).toMatchObject({
		id: attempt.id,
		user: "john",
		from: "operations",
		subject: "Hall 3",
		body: "The pump in hall 3 has stopped.",
		priority: "urgent",
	});
	expect(service.posted[0]?.headers).toMatchObject({
		authorization: "Bearer s3cret",
		"content-type": "application/json",
		"idempotency-key": attempt.id,
	});
});

describe("what the service answers, honestly", () => {
	it.each<[status: number, outcome: Outcome]>([
		[200, "accepted"],
		[202, "accepted"],
		[302, "rejected"],
		[401, "failed"],
		[404, "rejected"],
		[413, "rejected"],
		[429, "failed"],
		[500, "failed"],
		[503, "failed"],
		[504, "unknown"],
	])("%i is %s", async (status, outcome) => {
		const service = await startService((response) => response.writeHead(status).end());
		const { result } = await sendTo(service.url);
		expect(result.outcome).toBe(outcome);
		expect(result.evidence).toContain(String(status));
	});

	it("takes the service's word for when to come again", async () => {
		const seconds = await startService((response) => response.writeHead(429, { "retry-after": "90" }).end());
		expect((await sendTo(seconds.url)).result).toMatchObject({ outcome: "failed", retryAfter: 90_000 });
		const later = new Date(testHost().now() + 60_000).toUTCString();
		const date = await startService((response) => response.writeHead(503, { "retry-after": later }).end());
		expect((await sendTo(date.url)).result).toMatchObject({ outcome: "failed", retryAfter: 60_000 });
		const never = await startService((response) => response.writeHead(503, { "retry-after": "soon" }).end());
		expect((await sendTo(never.url)).result.retryAfter).toBeUndefined();
	});

	it("does not know what became of a message that was not answered in time", async () => {
		const service = await startService(() => undefined);
		const { result } = await sendTo(service.url, { timeout: "100ms" });
		expect(result.outcome).toBe("unknown");
		expect(service.posted).toHaveLength(1);
	});

	it("does not know what became of a message when the connection broke", async () => {
		const service = await startService((response) => response.socket?.destroy());
		expect((await sendTo(service.url)).result.outcome).toBe("unknown");
	});
});

it("is not well while the service is in trouble", async () => {
	const service = await startService((response) => response.writeHead(503).end());
	const instance = await plugin.create({ url: service.url }, testHost());
	expect(await instance.health?.(AbortSignal.timeout(10_000))).toEqual({ healthy: false, detail: "HTTP 503" });
	await instance.close();
});
