/** The demo's pagers, over the wire and through the mechanism that pages them. */
import { createConnection } from "node:net";
import { mechanismConformance, testAttempt, testHost } from "@posthaste/core/testing";
import snpp from "@posthaste/mechanism-snpp";
import { afterEach, describe, expect, it } from "vitest";
import { type Page, type PagerTerminal, type PagerTerminalOptions, startPagerTerminal } from "./pager-terminal.ts";

const now = Date.UTC(2026, 0, 15, 12);
const address = { pager: "5551234" };
const cleanups: (() => Promise<void>)[] = [];

async function cleanUp(): Promise<void> {
	for (const cleanup of cleanups.splice(0).reverse()) {
		await cleanup();
	}
}

afterEach(cleanUp);

async function start(options: Partial<PagerTerminalOptions> = {}): Promise<PagerTerminal> {
	const terminal = await startPagerTerminal({ pagers: ["5551234"], now: () => now, ...options });
	cleanups.push(() => terminal.close());
	return terminal;
}

async function mechanism(terminal: PagerTerminal, settings: object = {}, host = testHost({ now })) {
	const instance = await snpp.create({ url: terminal.url, receipts: { every: "5ms" }, ...settings }, host);
	cleanups.push(() => instance.close());
	return { instance, host };
}

/** Says lines, each after the reply to the one before, and answers what was replied. */
function talk(terminal: PagerTerminal, lines: readonly string[]): Promise<string[]> {
	return new Promise((resolve, reject) => {
		const socket = createConnection({ port: terminal.port, host: "127.0.0.1" });
		const replies: string[] = [];
		const rest = [...lines];
		socket.setEncoding("utf8").on("data", (text) => {
			replies.push(...String(text).split("\r\n").filter(Boolean));
			const line = rest.shift();
			if (line !== undefined) {
				socket.write(`${line}\r\n`);
			} else {
				socket.end();
			}
		});
		socket.on("end", () => resolve(replies));
		socket.on("error", reject);
	});
}

async function codes(terminal: PagerTerminal, lines: readonly string[]): Promise<string[]> {
	return (await talk(terminal, lines)).map((reply) => reply.slice(0, 3));
}

mechanismConformance(snpp, {
	reachable: async () => ({ settings: { url: (await start()).url }, address }),
	async unreachable() {
		const terminal = await start();
		await terminal.off();
		return { settings: { url: terminal.url }, address };
	},
	stop: cleanUp,
});

describe("the pager terminal", () => {
	it("puts a page on the display", async () => {
		const seen: Page[] = [];
		const terminal = await start({ onPage: (page) => seen.push(page) });
		const { instance } = await mechanism(terminal, { subject: "command" });
		const message = { subject: "Hall 3", body: "Pump stopped.\n.\n.call back 📟", priority: "urgent" } as const;
		const result = await instance.send(testAttempt(address, { message }), AbortSignal.timeout(5000));
		expect(result).toMatchObject({ outcome: "accepted", reference: "1" });
		expect(terminal.pages()).toEqual([
			{
				id: "1",
				pager: "5551234",
				subject: "Hall 3",
				text: "Pump stopped.\n.\n.call back 📟",
				caller: "operations",
				alert: true,
				receivedAt: now,
			},
		]);
		expect(seen).toEqual(terminal.pages());
	});

	it("tells the sender that it was delivered, and that the person acknowledged it", async () => {
		const changed: Page[] = [];
		const terminal = await start({ onChange: (page) => changed.push(page) });
		const { instance, host } = await mechanism(terminal);
		const attempt = testAttempt(address);
		await instance.send(attempt, AbortSignal.timeout(5000));
		await host.until(() => host.receipts.length === 1);
		expect(terminal.acknowledge("1")).toBe(true);
		await host.until(() => host.replies.length === 1);
		expect(host.receipts.map(({ level }) => level)).toEqual(["delivered", "acknowledged"]);
		expect(host.replies).toEqual([{ attempt: attempt.id, body: "OK" }]);
		expect(changed).toMatchObject([{ id: "1", acknowledgedAt: now }]);
		expect(terminal.acknowledge("1")).toBe(true);
		expect(terminal.acknowledge("2")).toBe(false);
		expect(changed).toHaveLength(1);
	});

	it("lets the sender take a page back", async () => {
		const terminal = await start();
		const { instance } = await mechanism(terminal);
		const attempt = testAttempt(address);
		await instance.send(attempt, AbortSignal.timeout(5000));
		expect(await instance.retract?.(attempt, AbortSignal.timeout(5000))).toBe(true);
		expect(terminal.pages()).toMatchObject([{ id: "1", retractedAt: now }]);
	});

	it("pages one-way when it has no level 3", async () => {
		const terminal = await start({ twoWay: false });
		const { instance } = await mechanism(terminal);
		const result = await instance.send(testAttempt(address), AbortSignal.timeout(5000));
		expect(result).toEqual({ outcome: "accepted", evidence: "250 Message sent" });
		expect(terminal.pages()).toHaveLength(1);
	});

	it("knows its pagers, and no others", async () => {
		const terminal = await start();
		const { instance } = await mechanism(terminal);
		const result = await instance.send(testAttempt({ pager: "5559999" }), AbortSignal.timeout(5000));
		expect(result).toEqual({ outcome: "rejected", evidence: "550 No such pager" });
	});

	it("can be switched off and on again, on the same port", async () => {
		const terminal = await start();
		const { instance } = await mechanism(terminal);
		const { port } = terminal;
		await terminal.off();
		expect(terminal.isOn).toBe(false);
		expect((await instance.send(testAttempt(address), AbortSignal.timeout(5000))).outcome).toBe("failed");
		await Promise.all([terminal.on(), terminal.off(), terminal.on()]);
		expect([terminal.isOn, terminal.port]).toEqual([true, port]);
		expect((await instance.send(testAttempt(address), AbortSignal.timeout(5000))).outcome).toBe("accepted");
	});

	it("keeps so many pages, and lets the oldest go", async () => {
		const terminal = await start({ keep: 2 });
		for (const text of ["one", "two", "three"]) {
			await talk(terminal, ["PAGE 5551234", `MESS ${text}`, "SEND"]);
		}
		expect(terminal.pages().map(({ text }) => text)).toEqual(["two", "three"]);
	});
});

describe("the pager terminal's protocol", () => {
	it.each<[string, string[], string[]]>([
		[
			"a page in small letters and long words",
			["pager 5551234", "message hi", "send", "quit"],
			["250", "250", "250", "221"],
		],
		["no pager", ["MESS hi", "SEND"], ["250", "503"]],
		["no message", ["PAGE 5551234", "SEND"], ["250", "503"]],
		["two messages", ["MESS a", "MESS b", "DATA"], ["250", "503", "503"]],
		["an empty message", ["MESS", "DATA", "."], ["550", "354", "550"]],
		["a new beginning", ["PAGE 5551234", "MESS a", "RESE", "SEND"], ["250", "250", "250", "503"]],
		["an unknown command", ["EHLO x", ""], ["500", "500"]],
		["a second pager two-way", ["2WAY", "PAGE 5551234", "PAGE 5551234"], ["250", "250", "552"]],
		["2WAY too late", ["PAGE 5551234", "2WAY"], ["250", "550"]],
		["a response that was not asked for", ["2WAY", "MCRE 01 OK"], ["250", "550"]],
		["a response that is too long", ["2WAY", "RTYP MULTICHOICE", "MCRE 01 sixteen letters."], ["250", "250", "550"]],
		["somebody else's page", ["MSTA 1 123", "KTAG 1 123"], ["550", "550"]],
		["help", ["HELP"], ["214", "214", "214", "250"]],
		["a locator", ["PING 5551234", "PING 1"], ["250", "550"]],
	])("answers %s", async (_, lines, expected) => {
		expect(await codes(await start(), lines)).toEqual(["220", ...expected]);
	});

	it("says what became of a page to whoever has its pass code", async () => {
		const terminal = await start();
		const sendTwoWay = async (...asked: string[]) => {
			const replies = await talk(terminal, ["2WAY", ...asked, "PAGE 5551234", "MESS hi", "SEND"]);
			const [, tag, pass] = /^960 (\d+) (\d+) /.exec(replies.at(-1) ?? "") ?? [];
			return `${tag} ${pass}`;
		};
		const status = async (ticket: string) => (await talk(terminal, [`MSTA ${ticket}`])).at(-1);
		const plain = await sendTwoWay();
		const read = await sendTwoWay("ACKR 1");
		const asked = await sendTwoWay("RTYP MULTICHOICE", "MCRE 7 Coming");
		expect(await status(plain)).toBe("880 1 260115120000+0 Delivered");
		expect(await status(read)).toMatch(/^860 /);
		expect(await status(asked)).toMatch(/^861 /);
		terminal.acknowledge("2");
		terminal.acknowledge("3");
		expect(await status(read)).toBe("889 2 260115120000+0 Acknowledged");
		expect(await status(asked)).toBe("888 3 260115120000+0 07 Reply received");
	});

	it("ends a session whose lines have no end", async () => {
		const terminal = await start();
		expect(await codes(terminal, ["x".repeat(200_000)])).toEqual(["220", "421"]);
		expect(await codes(terminal, ["DATA", `${"x".repeat(70_000)}\r\n.`])).toEqual(["220", "354", "550"]);
	});

	it("refuses a port that is taken", async () => {
		const { port } = await start();
		await expect(startPagerTerminal({ port, pagers: [] })).rejects.toThrow(/EADDRINUSE/);
	});
});
