import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { stringWidth } from "./layout.ts";
import { policyTable } from "./policies.ts";
import { explanation, policies } from "./testing/documents.ts";
import { run } from "./testing/run.ts";
import { ScriptedServer } from "./testing/scripted-server.ts";
import { type TreeNode, treeLines } from "./tree.ts";

const [delivery] = explanation.deliveries;
const tree = delivery?.tree as TreeNode;

describe("the tree", () => {
	test("is drawn with its branches", () => {
		expect(treeLines(tree, 200).join("\n")).toBe(
			[
				"try im2 until delivered within 30s",
				"├─ delivered → ✓ reached (a receipt of the level asked for came)",
				"└─ no receipt, unavailable, rejected → ask the sender “John Smith is not available on IM. Send a page?” within 5m, otherwise no",
				"   ├─ yes → try pager within 1m",
				"   │  ├─ accepted → ✓ reached (a mechanism accepted the message, which is all that was asked)",
				"   │  └─ unavailable, rejected, failed, unknown → ✗ not reached (every attempt was made and none brought what was asked)",
				"   └─ no, no answer → ✗ not reached (the sender answered no)",
			].join("\n"),
		);
	});

	test("keeps its branches together where lines wrap", () => {
		const lines = treeLines(tree, 50);
		expect(lines.slice(0, 6)).toEqual([
			"try im2 until delivered within 30s",
			"├─ delivered → ✓ reached (a receipt of the",
			"│     level asked for came)",
			"└─ no receipt, unavailable, rejected → ask the",
			"   │  sender “John Smith is not available on IM.",
			"   │  Send a page?” within 5m, otherwise no",
		]);
	});

	test("says what happens on the way, one line below the other", () => {
		const end = { node: "end", state: "held", reason: "unknown-held" } as const;
		const chain: TreeNode = {
			node: "passed-over",
			mechanism: "im2",
			reason: "inactive",
			then: {
				node: "answered",
				question: "Page?",
				answer: "yes",
				by: "standing-answer",
				then: { node: "note", text: "so be it", then: { node: "wait", duration: 90_000, then: end } },
			},
		};
		expect(treeLines(chain, 100)).toEqual([
			"pass over im2: it is not active now",
			"the sender answered “Page?” beforehand: yes",
			"so be it",
			"wait 1m30s",
			"! held (an attempt's outcome is unknown and the configuration wants a person to decide)",
		]);
	});

	test("leads on within a branch", () => {
		const end = { node: "end", state: "unreached", reason: "exhausted" } as const;
		const node: TreeNode = {
			node: "ask",
			question: "Page?",
			within: 1000,
			otherwise: "no",
			branches: [{ on: ["yes"], then: { node: "passed-over", mechanism: "pager", reason: "inactive", then: end } }],
		};
		expect(treeLines(node, 200)[1]).toBe(
			"└─ yes → pass over pager: it is not active now → ✗ not reached (every attempt was made and none brought what was asked)",
		);
	});

	test("names the mechanisms of a parallel attempt, and counts combinations beyond a few", () => {
		const results = ["unavailable", "rejected", "failed", "unknown", "no-receipt"];
		const node: TreeNode = {
			node: "attempt",
			mode: "parallel",
			mechanisms: ["im2", "pager"],
			until: "acknowledged",
			within: 120_000,
			branches: [
				{ on: ["im2=acknowledged", "pager=acknowledged"], then: { node: "end", state: "reached", reason: "receipt" } },
				{
					on: results.map((result) => `im2=${result},pager=failed`),
					then: { node: "cut", reason: "too-large" },
				},
			],
		};
		expect(treeLines(node, 300)).toEqual([
			"try im2 and pager at once until acknowledged within 2m",
			"├─ im2 acknowledged or pager acknowledged → ✓ reached (a receipt of the level asked for came)",
			"└─ im2 unavailable + pager failed or im2 rejected + pager failed or im2 failed + pager failed or im2 unknown + pager failed or 1 more → … (too large to show further)",
		]);
	});

	test("never is wider than the terminal, and loses no word", () => {
		const words = (width: number) =>
			treeLines(tree, width)
				.join(" ")
				.replaceAll(/[│├└─]/g, " ")
				.split(/\s+/)
				.filter((word) => word !== "");
		const whole = words(1000);
		fc.assert(
			fc.property(fc.integer({ min: 30, max: 140 }), (width) => {
				expect(Math.max(...treeLines(tree, width).map((line) => stringWidth(line)))).toBeLessThanOrEqual(width);
				expect(words(width)).toEqual(whole);
			}),
		);
	});
});

describe("the policies", () => {
	test("stand beside each other, the reason with the one that dropped", () => {
		expect(policyTable(policies, 100)).toEqual([
			"  mechanism  kind   routing  delivery  reason",
			"  im2        im     ✓        ✓",
			"  email      email  ✓        ✗         the chosen configuration does not name it",
			"  irc               ✗        –         the recipient's table names a mechanism that does not exist",
			"  pager      pager  ✓        ✓",
		]);
	});

	test("say until when a mechanism has to wait", () => {
		const row = {
			mechanism: "pager",
			kind: "pager",
			kept: true,
			postponedUntil: "2126-03-04T07:00:00.000Z",
			postponeReason: "quiet-hours",
		} as const;
		const [, line] = policyTable({ routingPolicy: [row], deliveryPolicy: [row] }, 200);
		expect(line).toMatch(/✓ +✓ +not before \d+ Mar 2126 .*: the recipient's quiet hours have to end first/);
	});

	test("say that a table is empty", () => {
		expect(policyTable({ routingPolicy: [], deliveryPolicy: [] }, 80)).toEqual([
			"  The recipient's delivery table is empty.",
		]);
	});
});

describe("posthaste explain", () => {
	let server: ScriptedServer;
	beforeAll(async () => {
		server = await new ScriptedServer().listen();
	});
	afterAll(() => server.close());
	beforeEach(() => {
		server.requests.length = 0;
		server.on("POST /v1/explain", { json: explanation });
	});

	test("shows recipient, manager, configuration, policies and tree", async () => {
		const { code, stdout } = await run(["explain", "--server", server.url, "--to", "jsmith", "Lunch?"]);
		expect(stdout).toContain("John Smith (jsmith)");
		expect(stdout).toContain(
			"standard (sequence 1.0.0) because it is the manager of the first selection rule that holds",
		);
		expect(stdout).toContain("normal revision 3");
		expect(stdout).toContain("  ├─ delivered → ✓ reached");
		expect(code).toBe(0);
		expect(JSON.parse(server.requests[0]?.body ?? "")).toEqual({ to: ["jsmith"], from: "alice", body: "Lunch?" });
	});

	test("prints the document with --json, and needs no body", async () => {
		const { stdout } = await run(["explain", "--server", server.url, "--to", "jsmith", "--json"]);
		expect(JSON.parse(stdout)).toEqual(explanation);
	});

	test("asks about another moment", async () => {
		const at = "2026-12-24T23:00:00Z";
		const { stdout } = await run(["explain", "--server", server.url, "--to", "jsmith", "--at", at]);
		expect(server.requests[0]?.query.get("at")).toBe("2026-12-24T23:00:00.000Z");
		expect(stdout).toContain("As of ");
		const before = Date.now();
		await run(["explain", "--server", server.url, "--to", "jsmith", "--at", "+2h"]);
		const asked = Date.parse(server.requests[1]?.query.get("at") ?? "");
		expect(asked - before).toBeGreaterThanOrEqual(2 * 3_600_000);
		expect(asked - before).toBeLessThan(2 * 3_600_000 + 60_000);
		expect((await run(["explain", "--server", server.url, "--to", "jsmith", "--at", "noonish"])).code).toBe(2);
	});
});
