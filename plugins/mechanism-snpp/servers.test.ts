/** The plugin against SNPP servers that others wrote. */
import { mechanismConformance, testAttempt, testHost } from "@posthaste/core/testing";
import { available, freePort } from "@posthaste/real-servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import type { Settings } from "./settings.ts";
import { type HylaFax, mayStartHylaFax, type NetSnpp, startHylaFax, startNetSnpp } from "./test/real-servers.ts";

const address = { pager: "5551234" };
const signal = AbortSignal.timeout(120_000);
const closing: { close(): Promise<void> }[] = [];

afterEach(async () => {
	await Promise.all(closing.splice(0).map((instance) => instance.close()));
});

async function mechanism(settings: Settings, host = testHost()) {
	const instance = await plugin.create(settings, host);
	closing.push(instance);
	return instance;
}

const unreachable = async () => ({ settings: { url: `snpp://127.0.0.1:${await freePort()}` }, address });

describe.runIf(available("Net::SNPP"))("pages through Net::SNPP's server", () => {
	let server: NetSnpp;
	beforeAll(async () => {
		server = await startNetSnpp();
	});
	afterAll(() => server.stop());

	mechanismConformance(plugin, {
		reachable: async () => ({ settings: { url: server.url }, address }),
		unreachable,
		stop: async () => {},
	});

	it("arrive as they were written", async () => {
		const instance = await mechanism({ url: server.url, twoWay: false, subject: "command" });
		const message = { subject: "Hall 3", body: "Pump stopped.\n.call back", priority: "urgent" } as const;
		const result = await instance.send(testAttempt(address, { message }), signal);
		expect(result).toEqual({ outcome: "accepted", evidence: "250 Message Sent Successfully" });
		expect((await server.pages()).at(-1)).toMatchObject({
			pager: "5551234",
			mess: "Pump stopped.\n.call back\n",
			subj: "Hall 3",
			alert: 1,
		});
	});

	it("are rejected for a pager that cannot be", async () => {
		const instance = await mechanism({ url: server.url });
		const result = await instance.send(testAttempt({ pager: "nobody" }), signal);
		expect(result).toEqual({ outcome: "rejected", evidence: "550 Error, Invalid Pager ID" });
	});

	it("bring receipts and an answer two-way", async () => {
		const host = testHost();
		const instance = await mechanism({ url: server.url, receipts: { every: "20ms" } }, host);
		await server.answerStatus("960 1 260115120000 Message queued; awaiting delivery");
		const attempt = testAttempt(address);
		const result = await instance.send(attempt, signal);
		expect(result).toMatchObject({ outcome: "accepted", evidence: expect.stringMatching(/^960 \d+ \*\*\* OK/) });
		await server.answerStatus("870 2 260115120001 Delivered, read, awaiting reply");
		await host.until(() => host.receipts.length === 1);
		await server.answerStatus("888 3 260115120002 01 MCR reply received");
		await host.until(() => host.replies.length === 1);
		expect(host.receipts.map(({ level }) => level)).toEqual(["read", "acknowledged"]);
		expect(host.replies).toEqual([{ attempt: attempt.id, body: "OK" }]);
	});
});

describe.runIf(available("HylaFAX") && mayStartHylaFax)("pages through HylaFAX", () => {
	let server: HylaFax;
	const settings = () => ({ url: server.url, login: { id: "desk" }, site: ["JQUEUE YES"] });
	beforeAll(async () => {
		server = await startHylaFax();
	});
	afterAll(() => server.stop());

	it("are queued for the modem", async () => {
		const instance = await mechanism({ ...settings(), charset: "ascii" });
		const message = { subject: "Hall 3", body: "Pump stopped – now", priority: "urgent" } as const;
		const result = await instance.send(testAttempt(address, { message }), signal);
		expect(result).toEqual({ outcome: "accepted", evidence: "250 Message successfully queued." });
		expect(await server.queue()).toContainEqual({ pin: "5551234", text: "Hall 3\nPump stopped - now\n" });
	});

	it("are rejected for pagers that its map rejects", async () => {
		const instance = await mechanism(settings());
		const result = await instance.send(testAttempt({ pager: "5559999" }), signal);
		expect(result.outcome).toBe("rejected");
		expect(result.evidence).toMatch(/^550 .*5559999/);
	});

	it("are rejected when they are longer than it takes", async () => {
		const instance = await mechanism(settings());
		const result = await instance.send(testAttempt(address, { message: { body: "long ".repeat(60) } }), signal);
		expect(result.outcome).toBe("rejected");
		expect(result.evidence).toMatch(/too long/);
	});

	it("do not pass without a login", async () => {
		const instance = await mechanism({ url: server.url });
		const result = await instance.send(testAttempt(address), signal);
		expect(result.outcome).toBe("failed");
		expect(result.evidence).toMatch(/^530 /);
	});

	it("are unknown when it does not say in time what became of them", async () => {
		const instance = await mechanism({ url: server.url, login: { id: "desk" }, sendTimeout: "300ms" });
		const before = (await server.queue()).length;
		const result = await instance.send(testAttempt(address), signal);
		expect(result).toEqual({ outcome: "unknown", evidence: "no reply within 300 ms (waiting for the reply to SEND)" });
		expect((await server.queue()).length).toBe(before + 1);
	});

	it("find it healthy", async () => {
		const instance = await mechanism(settings());
		expect(await instance.health?.(signal)).toEqual({
			healthy: true,
			detail: expect.stringMatching(/^220 .*HylaFAX/),
		});
	});
});
