/** The plugin against servers that are scripted to be odd. */
import type { Outcome, SendResult } from "@posthaste/core";
import { mechanismConformance, type TestHost, testAttempt, testHost } from "@posthaste/core/testing";
import { freePort } from "@posthaste/real-servers";
import { afterEach, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import type { Settings } from "./settings.ts";
import { type Answer, type Script, type ScriptedServer, scriptedServer } from "./test/scripted-server.ts";

const address = { pager: "5551234" };
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const cleanup of cleanups.splice(0).reverse()) {
		await cleanup();
	}
});

async function start(script: Script): Promise<ScriptedServer> {
	const server = await scriptedServer(script);
	cleanups.push(() => server.stop());
	return server;
}

async function mechanism(server: { url: string }, settings: Partial<Settings> = {}, host: TestHost = testHost()) {
	const instance = await plugin.create({ url: server.url, twoWay: false, ...settings }, host);
	cleanups.push(() => instance.close());
	return instance;
}

async function sendTo(
	script: Script,
	settings: Partial<Settings> = {},
	message: Parameters<typeof testAttempt>[1] = {},
): Promise<{ result: SendResult; lines: readonly string[] }> {
	const server = await start(script);
	const instance = await mechanism(server, settings);
	const result = await instance.send(testAttempt(address, message), AbortSignal.timeout(5000));
	return { result, lines: server.lines };
}

const hangUp: Answer = (socket) => socket.destroy();
const closePolitely: Answer = (socket) => socket.end();

mechanismConformance(plugin, {
	reachable: async () => ({ settings: { url: (await start({})).url }, address }),
	unreachable: async () => ({ settings: { url: `snpp://127.0.0.1:${await freePort()}` }, address }),
	silent: async () => ({ settings: { url: (await start({ answers: { SEND: undefined } })).url }, address }),
	stop: async () => {
		for (const cleanup of cleanups.splice(0).reverse()) {
			await cleanup();
		}
	},
});

describe("a page", () => {
	it("goes out in as few commands as it needs", async () => {
		const { result, lines } = await sendTo({ answers: { SEND: "250 Message sent successfully" } });
		expect(result).toEqual({ outcome: "accepted", evidence: "250 Message sent successfully" });
		expect(lines.slice(0, 4)).toEqual([
			"PAGE 5551234",
			"CALL operations",
			"MESS The pump in hall 3 has stopped.",
			"SEND",
		]);
	});

	it("goes out by DATA when it has several lines, with dots doubled", async () => {
		const { lines } = await sendTo({}, {}, { message: { subject: "Hall 3", body: ".hidden\nlast" } });
		expect(lines).toContain("DATA");
		expect(lines).toContain("Hall 3\r\n..hidden\r\nlast");
	});

	it("goes out by MESS, in one line, where the server has no DATA", async () => {
		const { result, lines } = await sendTo({ answers: { DATA: "500 what?" } }, {}, { message: { body: "one\ntwo" } });
		expect(result.outcome).toBe("accepted");
		expect(lines).toContain("MESS one two");
	});

	it("logs in and says what is this server's own before it begins", async () => {
		const { lines } = await sendTo({}, { login: { id: "desk", password: "s3cret" }, site: ["JQUEUE YES"] });
		expect(lines.slice(0, 3)).toEqual(["LOGI desk s3cret", "SITE JQUEUE YES", "PAGE 5551234"]);
	});

	it("tells the pager's PIN, the priority and the subject by the commands for them", async () => {
		const server = await start({});
		const instance = await mechanism(server, { subject: "command" });
		const attempt = testAttempt(
			{ pager: "5551234", pin: "77" },
			{ message: { subject: "Hall 3", priority: "urgent" } },
		);
		await instance.send(attempt, AbortSignal.timeout(5000));
		expect(server.lines.slice(0, 5)).toEqual(["PAGE 5551234 77", "CALL operations", "LEVE 0", "ALER 1", "SUBJ Hall 3"]);
	});

	it("does without commands that the server lacks, and loses no subject by it", async () => {
		const no = "500 Command not implemented";
		const { result, lines } = await sendTo(
			{ answers: { "2WAY": no, CALL: no, LEVE: no, ALER: no, SUBJ: no, SITE: no } },
			{ subject: "command", twoWay: true, site: ["IDLE 5"] },
			{ message: { subject: "Hall 3", priority: "urgent" } },
		);
		expect(result.outcome).toBe("accepted");
		expect(lines).toContain("Hall 3\r\nThe pump in hall 3 has stopped.");
	});

	it("cannot smuggle in a command", async () => {
		const { lines } = await sendTo(
			{},
			{ subject: "command" },
			{ message: { from: "x\r\nPAGE 1", subject: "y\nPAGE 2", body: "z\r\n.\r\nPAGE 3" } },
		);
		expect(lines.filter((line) => line.startsWith("PAGE"))).toEqual(["PAGE 5551234"]);
	});

	it("is left to other mechanisms when it is too long, or cut where that is wanted", async () => {
		const rejected = await sendTo({}, { maxBytes: 20 });
		expect(rejected.result.outcome).toBe("rejected");
		expect(rejected.lines).toEqual([]);
		const cut = await sendTo({}, { maxBytes: 20, tooLong: "shorten" });
		expect(cut.lines).toContain("MESS The pump in hall...");
	});

	it("is rejected when a pager could show nothing of it", async () => {
		const { result } = await sendTo({}, {}, { message: { body: "\u0007\n \n" } });
		expect(result.outcome).toBe("rejected");
	});
});

interface OddServer {
	readonly server: string;
	readonly script: Script;
	readonly outcome: Outcome;
	readonly settings?: Partial<Settings>;
	readonly body?: string;
}

describe("what the server answers, honestly", () => {
	const cases: readonly OddServer[] = [
		{
			server: "turns away at the greeting",
			script: { greeting: "421 Gateway service unavailable" },
			outcome: "failed",
		},
		{ server: "hangs up at the greeting", script: { greeting: hangUp }, outcome: "failed" },
		{ server: "never greets", script: { greeting: undefined }, outcome: "failed", settings: { timeout: "50ms" } },
		{ server: "is no SNPP server", script: { greeting: "HTTP/1.1 400 Bad Request" }, outcome: "failed" },
		{
			server: "refuses the login",
			script: { answers: { LOGI: "550 No" } },
			outcome: "failed",
			settings: { login: { id: "a" } },
		},
		{ server: "does not know the pager", script: { answers: { PAGE: "550 Invalid pager" } }, outcome: "rejected" },
		{
			server: "ends the session in the middle",
			script: { answers: { PAGE: "421 Too many errors" } },
			outcome: "failed",
		},
		{
			server: "ends the session at a command it need not have",
			script: { answers: { CALL: "421 Too many errors" } },
			outcome: "failed",
		},
		{ server: "hangs up before SEND", script: { answers: { MESS: hangUp } }, outcome: "failed" },
		{
			server: "says nothing before SEND",
			script: { answers: { MESS: undefined } },
			outcome: "failed",
			settings: { timeout: "50ms" },
		},
		{ server: "finds the text too long", script: { answers: { MESS: "552 Too long" } }, outcome: "rejected" },
		{
			server: "refuses the text after DATA",
			script: { afterData: "554 Disk full" },
			outcome: "failed",
			body: "one\ntwo",
		},
		{ server: "refuses SEND for now", script: { answers: { SEND: "554 Technical error" } }, outcome: "failed" },
		{ server: "has troubles of its own at SEND", script: { answers: { SEND: "550 No FIFO" } }, outcome: "failed" },
		{ server: "closes the shop at SEND", script: { answers: { SEND: "421 Going down" } }, outcome: "failed" },
		{ server: "refuses SEND for good", script: { answers: { SEND: "503 Incomplete" } }, outcome: "rejected" },
		{ server: "cannot have the device", script: { answers: { SEND: "750 Device off" } }, outcome: "unavailable" },
		{
			server: "hangs after SEND",
			script: { answers: { SEND: undefined } },
			outcome: "unknown",
			settings: { sendTimeout: "50ms" },
		},
		{ server: "hangs up after SEND", script: { answers: { SEND: hangUp } }, outcome: "unknown" },
		{ server: "closes after SEND", script: { answers: { SEND: closePolitely } }, outcome: "unknown" },
		{ server: "answers SEND by half", script: { answers: { SEND: (socket) => socket.end("25") } }, outcome: "unknown" },
		{ server: "answers SEND with rubbish", script: { answers: { SEND: "lp0 on fire" } }, outcome: "unknown" },
		{
			server: "answers and hangs up",
			script: { answers: { SEND: (socket) => socket.end("250 Sent\r\n") } },
			outcome: "accepted",
		},
	];
	it.each(cases)("$outcome: a server that $server", async ({ script, outcome, settings, body }) => {
		const { result } = await sendTo(script, settings, body === undefined ? {} : { message: { body } });
		expect(result.outcome).toBe(outcome);
		expect(result.evidence).toBeTruthy();
	});

	it("does not take a text for the command that it looks like", async () => {
		const message = { body: "SEND more pumps\nto hall 3" };
		const { result } = await sendTo({ afterData: hangUp }, {}, { message });
		expect(result.outcome).toBe("failed");
		expect(result.evidence).not.toContain("SEND");
	});

	it("understands answers that come in pieces and in several lines", async () => {
		const inPieces: Answer = (socket) => {
			const pieces = ["2", "14 one\r", "\n214 two\r\n25", "0 don", "e\r\n"];
			const next = () => {
				const piece = pieces.shift();
				if (piece !== undefined) {
					socket.write(piece, () => setImmediate(next));
				}
			};
			next();
		};
		const { result } = await sendTo({
			greeting: "214 Type HELP\r\n220-Hello\r\n220 ready",
			answers: { SEND: inPieces },
		});
		expect(result).toEqual({ outcome: "accepted", evidence: "250 done" });
	});

	it("does not take a belated answer for the one to SEND", async () => {
		const { result, lines } = await sendTo({ answers: { MESS: "250 fine\r\n250 sent" } });
		expect(result.outcome).toBe("failed");
		expect(lines).not.toContain("SEND");
	});

	it("hears a 421 that came while it was busy", async () => {
		const { result, lines } = await sendTo({ answers: { MESS: "250 fine\r\n421 Going down" } });
		expect(result).toEqual({ outcome: "failed", evidence: "421 Going down" });
		expect(lines).not.toContain("SEND");
	});
});

describe("giving up", () => {
	it.each([
		["MESS", "failed"],
		["SEND", "unknown"],
	] as const)("while waiting for the answer to %s is %s", async (command, outcome) => {
		const server = await start({ answers: { [command]: undefined } });
		const instance = await mechanism(server);
		const controller = new AbortController();
		const sending = instance.send(testAttempt(address), controller.signal);
		await server.told(command);
		controller.abort();
		expect(await sending).toEqual({
			outcome,
			evidence: expect.stringMatching(
				new RegExp(`^no answer within \\d+ ms \\(waiting for the reply to ${command}\\)$`),
			),
		});
	});

	it("because the mechanism is closed says so", async () => {
		const server = await start({ answers: { MESS: undefined } });
		const instance = await mechanism(server);
		const sending = instance.send(testAttempt(address), AbortSignal.timeout(5000));
		await server.told("MESS");
		await instance.close();
		expect(await sending).toEqual({
			outcome: "failed",
			evidence: "the mechanism was closed (waiting for the reply to MESS)",
		});
	});

	it("before it began connects to nobody", async () => {
		const server = await start({});
		const instance = await mechanism(server);
		expect((await instance.send(testAttempt(address), AbortSignal.abort())).outcome).toBe("failed");
		expect(server.connections).toBe(0);
	});
});

describe("health", () => {
	it("is the greeting of a server that lets us in", async () => {
		const server = await start({ greeting: "220 Pager gateway" });
		const instance = await mechanism(server, { login: { id: "desk" } });
		expect(await instance.health?.(AbortSignal.timeout(5000))).toEqual({ healthy: true, detail: "220 Pager gateway" });
		await server.told("QUIT");
		expect(server.lines).toEqual(["LOGI desk", "QUIT"]);
	});

	it("is bad with a wrong password", async () => {
		const server = await start({ answers: { LOGI: "550 Illegal login" } });
		const instance = await mechanism(server, { login: { id: "desk" } });
		expect(await instance.health?.(AbortSignal.timeout(5000))).toEqual({ healthy: false, detail: "550 Illegal login" });
	});
});
