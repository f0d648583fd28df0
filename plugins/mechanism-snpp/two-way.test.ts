/** Two-way pages (RFC 1861 section 4.6): tickets, receipts, answers, taking back. */
import { type TestHost, testAttempt, testHost } from "@posthaste/core/testing";
import { afterEach, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import { answerIn } from "./receipts.ts";
import type { Settings } from "./settings.ts";
import { type Script, type ScriptedServer, scriptedServer } from "./test/scripted-server.ts";

const address = { pager: "5551234" };
const often = { receipts: { every: "5ms", within: "15m" } };
const queued = "960 17 4711 OK, message queued for delivery";
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) {
		await cleanup();
	}
});

async function start(answers: Script["answers"] = {}): Promise<ScriptedServer> {
	const server = await scriptedServer({ answers: { SEND: queued, ...answers } });
	cleanups.push(() => server.stop());
	return server;
}

async function mechanism(server: ScriptedServer, settings: Partial<Settings> = {}, host: TestHost = testHost()) {
	const instance = await plugin.create({ url: server.url, ...settings }, host);
	cleanups.push(() => instance.close());
	return instance;
}

/** A page that was sent, and the far end that answers MSTA as told. */
async function sent(status: string | undefined, settings: Partial<Settings> = often, host: TestHost = testHost()) {
	const server = await start({ MSTA: status });
	const instance = await mechanism(server, settings, host);
	const attempt = testAttempt(address);
	const result = await instance.send(attempt, AbortSignal.timeout(5000));
	const become = (changed: string) => server.change({ answers: { SEND: queued, MSTA: changed } });
	return { server, instance, host, attempt, result, become };
}

describe("a two-way page", () => {
	it("asks for a read confirmation and for an answer, and comes back with a reference", async () => {
		const server = await start();
		const instance = await mechanism(server, { responses: ["OK", "Not me"] });
		const result = await instance.send(testAttempt(address), AbortSignal.timeout(5000));
		expect(server.lines.slice(0, 8)).toEqual([
			"2WAY",
			"PAGE 5551234",
			"CALL operations",
			"ACKR 1",
			"RTYP MULTICHOICE",
			"MCRE 01 OK",
			"MCRE 02 Not me",
			"MESS The pump in hall 3 has stopped.",
		]);
		expect(result).toEqual({
			outcome: "accepted",
			evidence: "960 17 *** OK, message queued for delivery",
			reference: "17",
		});
	});

	it("brings a receipt at once when the server says that it is on the pager", async () => {
		const server = await start({ SEND: "880 17 4711 Message delivered" });
		const result = await (await mechanism(server)).send(testAttempt(address), AbortSignal.timeout(5000));
		expect(result).toMatchObject({ outcome: "accepted", level: "delivered", reference: "17" });
	});

	it.each([
		["3 hours and a half", 3.5, "EXPT 3"],
		["half an hour", 0.5, "NOQU"],
	])("that expires in %s does not queue longer", async (_, hours, command) => {
		const server = await start();
		const host = testHost();
		const instance = await mechanism(server, {}, host);
		const expiresAt = host.now() + hours * 3_600_000;
		await instance.send(testAttempt(address, { message: { expiresAt } }), AbortSignal.timeout(5000));
		expect(server.lines).toContain(command);
	});

	it("becomes a one-way page where the server knows no other", async () => {
		const server = await start({ "2WAY": "500 what?", SEND: "250 sent" });
		const result = await (await mechanism(server)).send(testAttempt(address), AbortSignal.timeout(5000));
		expect(result).toEqual({ outcome: "accepted", evidence: "250 sent" });
		expect(server.lines).not.toContain("ACKR 1");
	});

	it("becomes a one-way page where only the pager knows no other", async () => {
		let refused = false;
		const server = await start({
			PAGE: (socket) => {
				socket.write(refused ? "250 fine\r\n" : "550 Not a two-way unit\r\n");
				refused = true;
			},
			SEND: "250 sent",
		});
		const instance = await mechanism(server, { login: { id: "desk" } });
		expect((await instance.send(testAttempt(address), AbortSignal.timeout(5000))).outcome).toBe("accepted");
		expect(server.lines.slice(0, 6)).toEqual([
			"LOGI desk",
			"2WAY",
			"PAGE 5551234",
			"RESE",
			"LOGI desk",
			"PAGE 5551234",
		]);
		expect(server.lines).not.toContain("ACKR 1");
	});
});

describe("receipts", () => {
	it("rise with what the server says, each once", async () => {
		const { host, attempt, become, server } = await sent("960 1 260115120000 Queued");
		become("861 1 260115120001 Delivered, awaiting reply");
		await host.until(() => host.receipts.length === 1);
		await server.told("MSTA", 6);
		become("870 1 260115120002 Read, awaiting reply");
		await host.until(() => host.receipts.length === 2);
		become("888 1 260115120003+0 01 Reply received");
		await host.until(() => host.replies.length === 1);
		expect(host.receipts.map(({ attempt: id, level }) => [id, level])).toEqual([
			[attempt.id, "delivered"],
			[attempt.id, "read"],
			[attempt.id, "acknowledged"],
		]);
		expect(host.replies).toEqual([{ attempt: attempt.id, body: "OK" }]);
		await host.until(() => Object.keys(host.stored()).length === 0);
	});

	it("bring the person's own words", async () => {
		const { host, attempt } = await sent("889 1 260115120003 -6 on my way");
		await host.until(() => host.replies.length === 1);
		expect(host.replies).toEqual([{ attempt: attempt.id, body: "on my way" }]);
	});

	it.each([
		["550 Unknown message tag"],
		["500 Command not implemented"],
		["780 1 260115120000 Expired before delivery"],
		["880 1 260115120000 Delivered, no reply pending"],
	])("end with %s", async (status) => {
		const { host } = await sent(status);
		await host.until(() => Object.keys(host.stored()).length === 0);
		expect(host.replies).toEqual([]);
	});

	it("are asked for no longer than was said", async () => {
		const { host, server } = await sent("960 1 260115120000 Queued");
		await server.told("MSTA 17 4711");
		host.advance(15 * 60_000 + 1);
		await host.until(() => Object.keys(host.stored()).length === 0);
	});

	it("are asked for after a time without a server", async () => {
		const { host, server, become } = await sent("960 1 260115120000 Queued");
		server.change({ greeting: "421 Out for lunch" });
		await host.until(() => host.logs.some(({ text }) => text.startsWith("could not ask")));
		become("881 1 260115120000 Read");
		await host.until(() => host.receipts.length === 1);
		expect(host.receipts[0]?.level).toBe("read");
	});

	it("are asked for again after a restart", async () => {
		const before = await sent("861 1 260115120000 Delivered");
		await before.host.until(() => before.host.receipts.length === 1);
		await before.instance.close();
		before.become("881 1 260115120000 Read");
		const host = testHost({ stored: before.host.stored() });
		await mechanism(before.server, often, host);
		await host.until(() => host.receipts.length === 1);
		expect(host.receipts).toMatchObject([{ attempt: before.attempt.id, level: "read" }]);
	});

	it("are not asked for on one-way pages", async () => {
		const { host, server } = await sent("880 1 260115120000 x", { ...often, twoWay: false });
		expect(host.stored()).toEqual({});
		expect(server.lines.filter((line) => line.startsWith("MSTA"))).toEqual([]);
	});

	it("are asked for a hundred at a time, and everyone gets their turn", async () => {
		const server = await start({ MSTA: "960 1 260115120000 Queued" });
		const tags = Array.from({ length: 150 }, (_, index) => String(1000 + index));
		const stored = tags.map((tag) => [`page/${tag}`, { tag, pass: "0", until: Date.UTC(2027, 0) }]);
		await mechanism(server, often, testHost({ stored: Object.fromEntries(stored) }));
		await server.told("MSTA 1149 0");
		expect(server.connections).toBe(2);
	});

	it("are over when the mechanism closes, even in the middle of a question", async () => {
		const { host, server, instance } = await sent(undefined);
		await server.told("MSTA");
		const calls = [...host.calls];
		await instance.close();
		expect(host.calls).toEqual(calls);
	});
});

describe("afterwards", () => {
	const signal = AbortSignal.timeout(60_000);

	it("asks the server what became of a page", async () => {
		const { instance, attempt } = await sent("870 1 260115120002 Read", {});
		expect(await instance.status?.(attempt, signal)).toEqual({
			outcome: "accepted",
			evidence: "870 1 260115120002 Read",
			level: "read",
			reference: "17",
		});
	});

	it("does not guess about a page without a tag", async () => {
		const { instance } = await sent(undefined, {});
		expect((await instance.status?.({ id: "another" }, signal))?.outcome).toBe("unknown");
		expect(await instance.retract?.({ id: "another", address }, signal)).toBe(false);
	});

	it("takes a page back, and asks no more about it", async () => {
		const { instance, attempt, server, host } = await sent(undefined, {});
		expect(await instance.retract?.(attempt, signal)).toBe(true);
		expect(server.lines).toContain("KTAG 17 4711");
		expect(host.stored()).toEqual({});
	});

	it("does not claim to have taken back what the server keeps", async () => {
		const { instance, attempt, server } = await sent(undefined, {});
		server.change({ answers: { KTAG: "550 Too late" } });
		expect(await instance.retract?.(attempt, signal)).toBe(false);
		await server.stop();
		expect(await instance.retract?.(attempt, signal)).toBe(false);
		expect((await instance.status?.(attempt, signal))?.outcome).toBe("unknown");
	});
});

describe("an answer", () => {
	it.each([
		[888, "1 260115120003 02 Reply received", "No"],
		[888, "1 260115120003 -06 2 Reply received", "No"],
		[888, "1 260115120003 77 Reply received", "77 Reply received"],
		[889, "1 20260115120003+0 call me", "call me"],
		[881, "1 260115120003 Read", undefined],
		[889, "nonsense", undefined],
	])("in %i %s is %s", (code, text, answer) => {
		expect(answerIn({ code, text, lines: [] }, ["Yes", "No"])).toBe(answer);
	});
});
