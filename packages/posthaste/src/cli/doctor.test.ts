import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { nodeFinding } from "./checks/machine.ts";
import { messageWith } from "./testing/documents.ts";
import { run } from "./testing/run.ts";
import { problem, ScriptedServer } from "./testing/scripted-server.ts";

const healthy = {
	settings: {},
	disabled: false,
	managedBy: { by: "api" },
	revision: 1,
	active: true,
	breaker: "closed",
};

let folder: string;
let server: ScriptedServer;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "posthaste-doctor-test-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
	server = (await new ScriptedServer().listen())
		.on("GET /readyz", { json: { ready: true, reasons: [] } })
		.on("GET /v1/mechanisms", { json: { items: [{ ...healthy, name: "im", use: "web", kind: "im", inFlight: 0 }] } })
		.on("GET /v1/selection", { json: { rules: [{ manager: "standard" }] } })
		.on("GET /v1/unreachable", { json: { items: [] } })
		.on("GET /v1/prompts", { json: { items: [] } })
		.on("GET /v1/messages", { json: { items: [] } });
});
afterEach(() => server.close());

async function doctor() {
	const { code, stdout } = await run(["doctor", "--server", server.url, "--data", folder]);
	return { code, lines: stdout.split("\n") };
}

test("everything in order", async () => {
	const { code, lines } = await doctor();
	expect(lines.filter((line) => line.startsWith("✓"))).toHaveLength(7);
	expect(lines.join("\n")).not.toMatch(/^[!✗]/m);
	expect(lines).toContain("Nothing is wrong.");
	expect(code).toBe(0);
});

test("what is only worth knowing makes no exit code", async () => {
	server
		.on("GET /v1/mechanisms", {
			json: { items: [{ ...healthy, name: "im", use: "web", disabled: true, active: false, inFlight: 0 }] },
		})
		.on("GET /v1/prompts", { json: { items: [{ id: "p" }, { id: "q" }], next: "more" } })
		.on("GET /v1/selection", { json: { rules: [{ when: "message.priority == 'urgent'", manager: "standard" }] } });
	const { code, lines } = await doctor();
	expect(lines).toContain("! Mechanism im (web) is switched off by an operator");
	expect(lines).toContain("    `posthaste mechanisms enable im` switches it on again.");
	expect(lines).toContain("! 2 or more questions wait for their senders' answer");
	expect(lines).toContain("! Messages for which no selection rule holds are refused");
	expect(code).toBe(0);
});

test("breakers, inactive mechanisms, held deliveries and missing managers are wrong", async () => {
	server
		.on("GET /v1/mechanisms", {
			json: {
				items: [
					{ ...healthy, name: "im", use: "web", active: false, breaker: "open", inFlight: 0 },
					{ ...healthy, name: "sms", use: "smpp", active: false, inactive: { reason: "inactive", detail: "no bind" } },
				],
			},
		})
		.on("GET /v1/messages", ({ query }) => ({ json: { items: query.get("state") === "held" ? [held("m", 1)] : [] } }))
		.on("GET /v1/selection", { json: { rules: [] } });
	const { code, lines } = await doctor();
	expect(lines).toContain("✗ Mechanism im (web) rests: its breaker is open");
	expect(lines).toContain("✗ Mechanism sms (smpp) is not active: no bind");
	expect(lines).toContain("✗ No manager takes messages");
	expect(lines).toContain("✗ Delivery m.1 to user1 is held until a person decides");
	expect(lines.join("\n")).toContain(
		`\`posthaste resolve m.1 next --server ${server.url}\`; \`resend\` tries the same`,
	);
	expect(lines).toContain("4 found wrong.");
	expect(code).toBe(1);
});

/** A message to so many people whose deliveries are held, and one more who was reached. */
function held(id: string, count: number) {
	const deliveries = Array.from({ length: count + 1 }, (_, index) => ({
		...{ id: `${id}.${index + 1}`, message: id, recipient: `user${index + 1}`, due: null, journal: [] },
		state: index < count ? ("held" as const) : ("reached" as const),
	}));
	return messageWith([], { id, deliveries });
}

test("the first ten held deliveries are named with what to type, the others counted", async () => {
	server.on("GET /v1/messages", { json: { items: [held("m", 8), held("n", 7)], next: "more" } });
	const { lines } = await doctor();
	expect(lines).toContain("✗ Delivery n.2 to user2 is held until a person decides");
	expect(lines.join("\n")).not.toContain("n.3");
	expect(lines.join("\n")).not.toContain("m.9");
	expect(lines).toContain("✗ 5 or more other deliveries are held too");
	expect(lines).toContain("    `posthaste messages --state held` lists them, with what to type.");
});

test("unreachable users are looked for on every page, the first ten named, the others counted", async () => {
	const users = Array.from({ length: 12 }, (_, index) => ({
		user: `user${index}`,
		reasons: index === 0 ? [] : [{ mechanism: "im", reason: "quiet-hours" }],
	}));
	server.on("GET /v1/unreachable", ({ query }) => ({
		json: query.has("cursor") ? { items: users } : { items: [], next: "second" },
	}));
	const { code, lines } = await doctor();
	expect(lines).toContain("✗ No mechanism can reach user0 now (the delivery table is empty)");
	expect(lines).toContain("✗ No mechanism can reach user9 now (im: the recipient has quiet hours)");
	expect(lines.join("\n")).not.toContain("user10");
	expect(lines).toContain("✗ 2 other users cannot be reached either");
	expect(code).toBe(1);
});

test("a server that is not ready, or another program, is all there is to say", async () => {
	server.on("GET /readyz", { status: 503, json: { ready: false, reasons: ["closing"] } });
	const { code, lines } = await doctor();
	expect(lines).toContain(`✗ The server at ${server.url} is not ready: closing`);
	expect(code).toBe(1);
	server.on("GET /readyz", problem("not-found", "There is no /readyz"));
	expect((await doctor()).lines).toContain(`✗ What answers at ${server.url} is not Posthaste (status 404)`);
});

test("the findings as JSON", async () => {
	const { stdout } = await run(["doctor", "--server", server.url, "--data", folder, "--json"]);
	const { ok, findings } = JSON.parse(stdout);
	expect(ok).toBe(true);
	expect(findings.map(({ check }: { check: string }) => check)).toEqual([
		"node",
		"data",
		"server",
		"mechanism",
		"selection",
		"unreachable",
		"prompts",
	]);
});

test("a data folder that is a file is wrong", async () => {
	const { stdout } = await run(["doctor", "--server", server.url, "--data", import.meta.filename]);
	expect(stdout).toContain(`✗ ${import.meta.filename} is not a folder`);
});

test.each([
	["20.20.2", "wrong"],
	["22.17.9", "wrong"],
	["22.18.0", "fine"],
	["24.0.0", "fine"],
])("Node %s is %s", (version, level) => {
	expect(nodeFinding(version).level).toBe(level);
});
