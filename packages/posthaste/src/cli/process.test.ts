/** The process around the commands: versions of Node, signals, pipes, help. */
import { afterEach, describe, expect, test } from "vitest";
import { exitCodes } from "./exit-codes.ts";
import { bin, Command, endCommands, run, start } from "./testing/run.ts";
import { ScriptedServer } from "./testing/scripted-server.ts";

function node(...args: readonly string[]): Command {
	return new Command(process.execPath, args, {});
}

/** Runs a server that takes `closing` milliseconds to close, until a signal. */
function running(closing: string): Command {
	const interrupt = new URL("interrupt.ts", import.meta.url).href;
	const source = `
		import { runUntilSignal } from ${JSON.stringify(interrupt)};
		const alive = setInterval(() => {}, 1000);
		const close = async () => { ${closing}; clearInterval(alive); console.log("closed"); };
		await runUntilSignal(async () => ({ url: "http://here", close }), (url) => console.log("at " + url));
	`;
	return node("--input-type=module", "--eval", source);
}

afterEach(endCommands);

test("an old Node gets a sentence, not a stack", async () => {
	const pretend = 'Object.defineProperty(process.versions, "node", { value: "20.20.2" })';
	const command = node("--import", `data:text/javascript,${encodeURIComponent(pretend)}`, bin, "--version");
	const { code, stdout, stderr } = await command.done;
	expect(stderr).toContain("Posthaste needs Node 22.18 or later; this is Node 20.20.2.");
	expect(stderr).not.toContain("    at ");
	expect([code, stdout]).toEqual([exitCodes.usage.code, ""]);
});

describe.each(["SIGINT", "SIGTERM"] as const)("%s", (signal) => {
	test("closes in order and exits with 0", async () => {
		const command = running("");
		await command.shows("at http://here");
		command.process.kill(signal);
		const { code, stdout } = await command.done;
		expect(stdout).toBe("at http://here\nclosed\n");
		expect(code).toBe(0);
	});

	test("a second time ends at once", async () => {
		const command = running("await new Promise(() => {})");
		await command.shows("at http://here");
		command.process.kill(signal);
		await command.shows("once more ends it at once");
		command.process.kill(signal);
		const { code, stdout } = await command.done;
		expect(stdout).not.toContain("closed");
		expect(code).toBe(exitCodes.interrupted.code);
	});
});

test("a reader that leaves early is no error", async () => {
	const item = { id: "m", to: ["a"], from: "b", body: "x".repeat(500), format: "text", properties: {}, deliveries: [] };
	const items = Array.from({ length: 200 }, () => ({ ...item, acceptedAt: "2026-03-04T12:00:00Z" }));
	const server = (await new ScriptedServer().listen()).on("GET /v1/messages", { json: { items, next: "more" } });
	const command = start(["messages", "--limit", "10000", "--json", "--server", server.url]);
	command.process.stdout?.once("data", () => command.process.stdout?.destroy());
	const { code, stderr } = await command.done;
	await server.close();
	expect([code, stderr]).toEqual([0, ""]);
});

test("help lists the exit codes, and no command at all is a usage error", async () => {
	const help = await run(["--help"]);
	for (const { code, meaning } of Object.values(exitCodes)) {
		expect(help.stdout).toContain(`${code}  ${meaning}`);
	}
	expect(help.code).toBe(0);
	const nothing = await run([]);
	expect(nothing.stderr).toContain("Usage: posthaste");
	expect(nothing.code).toBe(exitCodes.usage.code);
});

test("colours follow FORCE_COLOR and NO_COLOR", async () => {
	expect((await run(["--help"], { env: { FORCE_COLOR: "1" } })).stdout).toContain("\u001b[");
	expect((await run(["--help"], { env: { NO_COLOR: "1" } })).stdout).not.toContain("\u001b[");
});
