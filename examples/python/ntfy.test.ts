/** The mechanism in Python keeps the contract that every mechanism keeps, and says honestly what happened. */
import { mechanismConformance, testAttempt, testHost } from "@posthaste/core/testing";
import { available, freePort } from "@posthaste/real-servers";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { PluginBench } from "../../packages/posthaste/src/plugins/test/bench.ts";
import { type NtfyServer, startNtfyServer } from "./test/ntfy-server.ts";

const folder = new URL("ntfy", import.meta.url).pathname;
const bench = new PluginBench({ command: ["python3", "mechanism.py"] }, { folder });
const servers: NtfyServer[] = [];

async function server(): Promise<NtfyServer> {
	const started = await startNtfyServer();
	servers.push(started);
	return started;
}

async function stop(): Promise<void> {
	await Promise.all(servers.splice(0).map((one) => one.close()));
}

const address = { topic: "jsmith-pager" };
const patience = AbortSignal.timeout(60_000);

afterEach(stop);
afterAll(() => bench.stop());

if (available("Python")) {
	const { plugin } = await bench.mechanism();
	mechanismConformance(plugin, {
		reachable: async () => ({ settings: { server: (await server()).url }, address }),
		unreachable: async () => ({ settings: { server: `http://127.0.0.1:${await freePort()}` }, address }),
		async silent() {
			const one = await server();
			one.fallSilent();
			return { settings: { server: one.url }, address };
		},
		stop,
	});
}

describe.runIf(available("Python"))("ntfy in Python", async () => {
	const { plugin } = available("Python") ? await bench.mechanism() : { plugin: undefined };
	const instanceFor = async (settings: object) => {
		const instance = await plugin?.create(settings, testHost({ now: Date.now }));
		if (instance === undefined) {
			throw new Error("there is no Python");
		}
		return instance;
	};
	const toSend = (message: object = {}) => testAttempt(address, { now: Date.now(), message });

	test("publishes subject, body, priority and format, with the token", async () => {
		const ntfy = await server();
		const instance = await instanceFor({ server: ntfy.url, token: "tk_secret" });
		const message = { subject: "Halle 3", body: "Die Pumpe steht. 🚨", priority: "urgent", format: "markdown" };
		expect(await instance.send(toSend(message), patience)).toEqual({
			outcome: "accepted",
			evidence: "200 OK",
			reference: "m1",
		});
		expect(ntfy.published).toMatchObject([
			{ topic: "jsmith-pager", title: "Halle 3", message: "Die Pumpe steht. 🚨", priority: 5, markdown: true },
		]);
		expect(ntfy.published[0]?.headers.authorization).toBe("Bearer tk_secret");
		await instance.close();
	});

	test.each([
		[429, { "retry-after": "7" }, { outcome: "failed", retryAfter: 7000 }],
		[401, {}, { outcome: "failed" }],
		[403, {}, { outcome: "rejected" }],
		[404, {}, { outcome: "rejected" }],
		[500, {}, { outcome: "failed" }],
		[502, {}, { outcome: "unknown" }],
		[504, {}, { outcome: "unknown" }],
	])("an answer of %i is told for what it is", async (status, headers, expected) => {
		const ntfy = await server();
		ntfy.answerWith(status, { error: "as the server says" }, headers as Record<string, string>);
		const instance = await instanceFor({ server: ntfy.url });
		const result = await instance.send(toSend(), patience);
		expect(result).toEqual({ evidence: `${status} as the server says`, ...expected });
		await instance.close();
	});

	test("twenty sends are under way at the same time, and the plugin answers still", async () => {
		const ntfy = await server();
		ntfy.fallSilent();
		const instance = await instanceFor({ server: ntfy.url });
		const sending = Promise.all(Array.from({ length: 20 }, () => instance.send(toSend(), patience)));
		await ntfy.came(20);
		expect(await instance.health?.(patience)).toEqual({ healthy: true, detail: "ntfy answers 200" });
		ntfy.answerAll();
		expect((await sending).map(({ outcome }) => outcome)).toEqual(Array(20).fill("accepted"));
		await instance.close();
	});

	test("what breaks off after the bytes left is unknown", async () => {
		const ntfy = await server();
		ntfy.fallSilent();
		const instance = await instanceFor({ server: ntfy.url, timeout: "300ms" });
		expect(await instance.send(toSend(), patience)).toEqual({
			outcome: "unknown",
			evidence: `${new URL(ntfy.url).host}: timed out`,
		});
		await instance.close();
	});
});
