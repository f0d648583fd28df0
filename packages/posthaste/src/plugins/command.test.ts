/** Whatever a command does, the program goes on, says what became of the message, and starts it again. */
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Lines } from "./output.ts";
import { type BenchOptions, command, context, gone, PluginBench, sendBy } from "./test/bench.ts";

const benches: PluginBench[] = [];
afterEach(() => Promise.all(benches.splice(0).map((bench) => bench.stop())));

function run(tricks = "", options?: BenchOptions): PluginBench {
	const bench = new PluginBench(command(tricks), options);
	benches.push(bench);
	return bench;
}

function runManager(tricks: string): PluginBench {
	const bench = new PluginBench(command(tricks, "manager"));
	benches.push(bench);
	return bench;
}

describe("a command that keeps the protocol", () => {
	test("is greeted, makes an instance, and sends", async () => {
		const { instance } = await run().instance();
		expect(await sendBy(instance, "12345")).toEqual({ outcome: "accepted", evidence: "taken: 5" });
	});

	test("calls back, and is answered", async () => {
		const bench = run(`send: async ({ instance, attempt }) => {
			await ask("storage.set", { instance, key: "k", value: { of: "mine" } });
			const { result } = await ask("storage.get", { instance, key: "k" });
			await ask("receipt", { instance, attempt: attempt.id, level: "read", evidence: "seen" });
			return { outcome: "accepted", evidence: JSON.stringify(result) };
		}`);
		const { instance, host } = await bench.instance();
		expect(await sendBy(instance)).toEqual({ outcome: "accepted", evidence: '{"value":{"of":"mine"}}' });
		expect(host.receipts).toMatchObject([{ level: "read", evidence: "seen" }]);
	});

	test("may print, write half lines, and answer what nobody asked", async () => {
		const bench = run(`send: async (_, id) => {
			raw("a library says hello\\n{ not json\\n[1, 2]\\n7\\n{\\"json\\": \\"but no message\\"}\\n\\n");
			say({ id: 4711, result: "nobody asked" });
			say({ id: null, error: { code: -32700, message: "?" } });
			say({ id: 99, method: "no.such.method", params: {} });
			const text = JSON.stringify({ jsonrpc: "2.0", id, result: { outcome: "accepted", evidence: "größer" } });
			const bytes = Buffer.from(text + "\\n");
			for (const byte of bytes) {
				raw(Buffer.of(byte));
				await new Promise(setImmediate);
			}
		}`);
		const { instance } = await bench.instance();
		expect(await sendBy(instance)).toEqual({ outcome: "accepted", evidence: "größer" });
		expect(bench.logged).toEqual(
			expect.arrayContaining(["a library says hello", "{ not json", '{"json": "but no message"}']),
		);
		expect(bench.ends).toEqual([]);
	});

	test("has its standard error in the log", async () => {
		const bench = run(`send: () => { console.error("to whom it may concern"); return { outcome: "accepted" }; }`);
		const { instance } = await bench.instance();
		await sendBy(instance);
		await expect.poll(() => bench.logged).toContain("to whom it may concern");
	});
});

describe("what a command says is looked at", () => {
	test.each([
		['{ outcome: "delivered" }', /`outcome` has to be one of .*accepted/],
		["{}", /`outcome` is missing/],
		['"accepted"', /it has to be a map/],
		["null", /it has to be a map/],
		['{ outcome: "accepted", evidence: 5 }', /`evidence` has to be a string/],
		['{ outcome: "failed", retryAfter: -1 }', /`retryAfter` has to be >= 0/],
		['{ outcome: "accepted", level: "seen" }', /`level` has to be one of/],
	])("the answer %s to send is none", async (answer, complaint) => {
		const { instance } = await run(`send: (_, id) => say({ id, result: ${answer} })`).instance();
		await expect(sendBy(instance)).rejects.toThrow(complaint);
	});

	test.each([
		["{ ...described, type: undefined }", /no `type`/],
		['{ ...described, id: "No Such" }', /`id` /],
		["{ ...described, apiVersion: 99 }", /speaks version 99 of the contract; this program speaks 1/],
		['{ ...described, version: "one" }', /`version` /],
		['{ ...described, title: " " }', /`title` /],
		['{ ...described, kind: "telegram" }', /`kind` has to be one of/],
		['{ ...described, settings: { type: "string" } }', /`settings.type` /],
		[
			'{ ...described, address: { type: "object", properties: { a: { type: "string", pattern: "(" } } } }',
			/`address` is no JSON Schema/,
		],
		['{ ...described, capabilities: { receipts: "seen" } }', /`capabilities.receipts` has to be one of/],
		["[]", /no `type`/],
	])("as a description %s is refused", async (description, complaint) => {
		await expect(run(`initialize: () => (${description})`).start()).rejects.toThrow(complaint);
	});

	test("one that takes many at once is handed them one by one", async () => {
		const { plugin } = await run("initialize: () => ({ ...described, capabilities: { batch: 10 } })").mechanism();
		expect(plugin.capabilities).toEqual({});
	});

	test("its calls are refused with what is wrong, and the log has it", async () => {
		const bench = run(`send: async ({ instance, attempt }) => {
			say({ method: "health.changed", params: { instance, health: { healthy: "very" } } });
			const { error } = await ask("receipt", { instance, attempt: attempt.id, level: "seen" });
			return { outcome: "accepted", evidence: error.code + " " + error.message };
		}`);
		const { instance, host } = await bench.instance();
		const { evidence } = await sendBy(instance);
		expect(evidence).toMatch(/^-32602 `receipt`: `level` has to be one of/);
		expect(host.receipts).toEqual([]);
		expect(host.healths).toEqual([]);
		expect(bench.logged.join("\n")).toMatch(/`health.changed`: `health.healthy` has to be true or false/);
	});

	test("long words are cut", async () => {
		const { instance } = await run(
			`send: () => ({ outcome: "accepted", evidence: "long ".repeat(100000) })`,
		).instance();
		expect((await sendBy(instance)).evidence).toHaveLength(2001);
	});

	test.each([
		["null", /it has to be a map/],
		['{ effect: { effect: "dance" } }', /`effect` /],
		['{ effect: { effect: "attempt", mechanisms: "im", mode: "serial", until: "read", within: 5 } }', /`effect/],
		['{ effect: { effect: "wait", duration: "5m" } }', /`effect/],
	])("the answer %s to next is none", async (answer, complaint) => {
		const manager = await runManager(`next: (_, id) => say({ id, result: ${answer} })`).manager();
		await expect(manager.next("d1", context, [])).rejects.toThrow(complaint);
	});

	test("a judgement that is none is a complaint about the settings", async () => {
		const manager = await runManager(`judge: () => ({ allows: "some", complaints: [] })`).manager();
		await manager.judge({});
		expect(() => manager.plugin.allows({})).toThrow(/`judge` is not understood: `allows`/);
	});

	test("a manager that says it would now do otherwise is named", async () => {
		const manager = await runManager(
			`next: (_, id) => say({ id, error: { code: -32001, message: "effect 1 is now another" } })`,
		).manager();
		await expect(manager.next("d1", context, [])).rejects.toThrow(
			"manager plugin tested 1.0.0 is not deterministic: effect 1 is now another",
		);
	});
});

describe("a command that ends", () => {
	test("in the middle of a send leaves an unknown outcome, and is started again", async () => {
		const bench = run(
			`send: ({ attempt }) => { if (attempt.message.body === "die") { console.error("Error: nobody catches me\\n    at send"); process.exit(3); } return { outcome: "accepted" }; }`,
		);
		const { instance, host } = await bench.instance();
		const up = bench.next("up");
		expect(await sendBy(instance, "die")).toEqual({
			outcome: "unknown",
			evidence: "the plugin ended before it answered: the command ended with code 3: Error: nobody catches me",
		});
		expect(host.healths).toMatchObject([{ healthy: false }]);
		expect(await sendBy(instance)).toMatchObject({ outcome: "failed", evidence: expect.stringMatching(/^not sent: /) });
		await up;
		expect(host.healths.at(-1)).toEqual({ healthy: true });
		expect(await sendBy(instance)).toMatchObject({ outcome: "accepted" });
	});

	test("with an answer on its lips has answered", async () => {
		const bench = run(
			`send: async (_, id) => { say({ id, result: { outcome: "accepted", evidence: "last words" } }); process.exit(0); }`,
		);
		const { instance } = await bench.instance();
		expect(await sendBy(instance)).toEqual({ outcome: "accepted", evidence: "last words" });
	});

	test("by what it throws says what", async () => {
		const bench = run(`send: () => { setTimeout(() => { throw new TypeError("nobody catches me"); }); }`);
		const { instance } = await bench.instance();
		expect((await sendBy(instance)).evidence).toMatch(/ended with code 1: TypeError: nobody catches me$/);
	});

	test("takes what it started with it", async () => {
		const bench = run(`send: () => {
			const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "inherit" });
			console.error("grandchild " + child.pid);
			setTimeout(() => process.exit(4), 50);
		}`);
		const { instance } = await bench.instance();
		expect((await sendBy(instance)).evidence).toMatch(/code 4/);
		await gone(Number(/grandchild (\d+)/.exec(bench.logged.join("\n"))?.[1]));
	});

	test("is unloaded although it does not want to, with what it started", async () => {
		const bench = run(`send: () => {
			process.on("SIGTERM", () => undefined);
			lines.removeAllListeners("close");
			setInterval(() => undefined, 1000);
			const child = require("node:child_process").spawn("sleep", ["600"]);
			return { outcome: "accepted", evidence: process.pid + " " + child.pid };
		}`);
		const { instance } = await bench.instance();
		const { evidence = "" } = await sendBy(instance);
		await bench.stop();
		await Promise.all(evidence.split(" ").map((pid) => gone(Number(pid))));
	});

	test("at once, each time, is told by what it says", async () => {
		const bench = new PluginBench({ command: ["sh", "-c", "echo I cannot find my teeth >&2; exit 7"] });
		benches.push(bench);
		await expect(bench.start()).rejects.toThrow("the command ended with code 7: I cannot find my teeth");
	});

	test("or never begins, because there is no such command", async () => {
		const bench = new PluginBench({ command: ["no-such-command-anywhere"] });
		benches.push(bench);
		await expect(bench.start()).rejects.toThrow(/"no-such-command-anywhere" could not be run: .*ENOENT/);
	});

	test.each([
		["output", 1],
		["input", 0],
	])("to all intents, because it closed its standard %s", async (which, descriptor) => {
		const bench = run(`send: () => {
			lines.removeAllListeners("close");
			require("node:fs").closeSync(${descriptor});
			setInterval(() => undefined, 1000);
		}`);
		const { instance } = await bench.instance();
		const sent = sendBy(instance);
		// A closed input is noticed by the next message.
		const talk = setInterval(() => bench.runner.tell("abort", { call: "none" }), 20);
		const { outcome, evidence } = await sent.finally(() => clearInterval(talk));
		expect(outcome).toBe("unknown");
		expect(evidence).toContain(`it closed its standard ${which}`);
	});
});

describe("a command that takes too much", () => {
	test("a line of more than 8 MB ends it", async () => {
		const bench = run(`send: () => {
			const part = "x".repeat(1 << 20);
			const more = () => process.stdout.write(part, more);
			more();
		}`);
		const { instance } = await bench.instance();
		expect(await sendBy(instance)).toMatchObject({
			outcome: "unknown",
			evidence: expect.stringContaining("it wrote a line of more than 8 MB"),
		});
	});

	test("one that reads nothing is ended before what waits for it fills the memory", async () => {
		const bench = run("send: () => { lines.pause(); process.stdin.pause(); }", { limits: { silence: 60_000 } });
		const { instance } = await bench.instance();
		const results = await Promise.all(Array.from({ length: 300 }, () => sendBy(instance, "x".repeat(256 * 1024))));
		expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(["unknown", "failed"]));
		expect(results[0]?.evidence).toMatch(/does not read its standard input: more than 64 MB wait for it/);
	});

	test("one that is caught in an endless loop is ended", async () => {
		const { instance } = await run("send: () => { for (;;); }", { limits: { silence: 300 } }).instance();
		expect(await sendBy(instance)).toMatchObject({
			outcome: "unknown",
			evidence: expect.stringContaining("answered nothing for 300 ms"),
		});
	});

	test.runIf(process.platform === "linux")("one that holds more memory than it may is ended", async () => {
		const bench = run("send: () => { globalThis.held = Buffer.alloc(300 << 20, 1); }");
		const { instance } = await bench.instance();
		expect((await sendBy(instance)).evidence).toMatch(/used more than 256 MB of memory/);
	});

	const floods = {
		notices: 'JSON.stringify({ jsonrpc: "2.0", method: "log", params: { level: "info", text: "again" } })',
		calls: 'JSON.stringify({ jsonrpc: "2.0", id: 1, method: "storage.get", params: { instance, key: "k" } })',
		"lines of nothing": '"nothing"',
	};
	test.each([
		["notices", "stdout", floods.notices],
		["calls", "stdout", floods.calls],
		["lines of nothing", "stdout", floods["lines of nothing"]],
		["lines of nothing", "stderr", floods["lines of nothing"]],
	])("one that floods the program with %s on its %s is ended", async (_, stream, line) => {
		const bench = run(`send: ({ instance }) => {
			const part = (${line} + "\\n").repeat(1000);
			const more = () => process.${stream}.write(part, more);
			more();
		}`);
		const { instance } = await bench.instance();
		expect((await sendBy(instance)).evidence).toMatch(/said more than 5000 things a second/);
		expect(bench.logged.length).toBeLessThan(1000);
	});
});

describe("lines", () => {
	test("come out as they went in, however they are cut into chunks", () => {
		const text = fc.array(fc.string({ unit: "binary" }).map((line) => line.replaceAll(/[\n\r]/g, "")));
		fc.assert(
			fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (written, sizes) => {
				const bytes = Buffer.from(written.map((line) => `${line}\n`).join(""));
				const read: string[] = [];
				const lines = new Lines(1000, (line) => read.push(line));
				for (let at = 0, turn = 0; at < bytes.length; turn++) {
					const size = sizes[turn % sizes.length] ?? 1;
					lines.feed(bytes.subarray(at, at + size));
					at += size;
				}
				lines.flush();
				const whole = written.map((line) => Buffer.from(line).toString()).filter((line) => line !== "");
				expect(read).toEqual(whole);
			}),
		);
	});

	test("hold no more than their limit", () => {
		const read: string[] = [];
		let tooLong = 0;
		const lines = new Lines(
			5,
			(line) => read.push(line),
			() => {
				tooLong += 1;
			},
		);
		for (const chunk of ["12", "345", "6", "789\nab", "c\r\n1234567", "89\n"]) {
			lines.feed(Buffer.from(chunk));
		}
		expect(read).toEqual(["12345", "abc", "12345"]);
		expect(tooLong).toBe(2);
	});
});
