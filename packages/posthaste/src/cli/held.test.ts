import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { at, begun, eventWith, messageId as id, journal, messageWith } from "./testing/documents.ts";
import { run } from "./testing/run.ts";
import { EventStream, ScriptedServer } from "./testing/scripted-server.ts";

let server: ScriptedServer;

beforeEach(async () => {
	server = await new ScriptedServer().listen();
});
afterEach(() => server.close());

/** The message with a delivery in each of these states; the server has it. */
function message(states: readonly ("held" | "reached")[]) {
	const deliveries = states.map((state, index) => ({
		...({
			id: `${id}.${index + 1}`,
			message: id,
			recipient: `user${index + 1}`,
			due: null,
			reason: "unknown-held",
			journal: [],
		} as const),
		state,
	}));
	server.on(`GET /v1/messages/${id}`, { json: messageWith([], { deliveries }) });
	server.on("GET /v1/messages", { json: { items: [messageWith([], { deliveries })] } });
}

describe("what shows messages", () => {
	test.each([
		["the list", ["messages", "--state", "held"]],
		["one message", ["show", id]],
	])("says what to type for each held delivery: %s", async (_, command) => {
		message(["held", "reached", "held"]);
		const { stdout } = await run([...command, "--server", server.url], { env: { COLUMNS: "60" } });
		expect(stdout).toContain(
			[
				"",
				"Held until a person decides:",
				`  user1  posthaste resolve ${id}.1 next --server ${server.url}`,
				`  user3  posthaste resolve ${id}.3 next --server ${server.url}`,
				"  `resend` tries the same again, `next` goes on with what comes next, `end` ends the delivery.",
				"",
			].join("\n"),
		);
	});

	test("says it to whoever watches, once: what is told again after a break is not new", async () => {
		const stream = new EventStream();
		server.on(`GET /v1/messages/${id}/events`, { stream });
		const held = journal(5, { type: "held", at: at(2), reason: "unknown-held" });
		const whole = messageWith([...begun, ...held]);
		stream.send("message", messageWith(begun));
		stream.send("entries", { ...eventWith(held), state: "held", reason: "unknown-held" });
		stream.send("message", { ...whole, deliveries: whole.deliveries.map((one) => ({ ...one, state: "held" })) });
		stream.send("end");
		const { stdout } = await run(["watch", id, "--server", server.url]);
		expect(stdout.split("\n").filter((line) => line.includes("posthaste resolve"))).toEqual([
			`  jsmith  posthaste resolve ${id}.1 next --server ${server.url}`,
		]);
	});

	test("suggests what can be decided: a delivery without its manager can go on or end, one whose manager failed only end", async () => {
		const held = (index: number, reason: "no-such-manager" | "manager-failed", ...before: readonly "stranded"[]) => {
			const why = { reason, detail: "odd 1.0.0" };
			const entries = [...before, "held" as const].map((type) => ({ type, at: at(2), ...why }));
			const about = { id: `${id}.${index}`, message: id, recipient: `user${index}`, due: null, reason };
			return { ...about, state: "held" as const, journal: journal(5, ...entries) };
		};
		const deliveries = [
			held(1, "manager-failed"),
			held(2, "no-such-manager", "stranded"),
			held(3, "manager-failed", "stranded"),
		];
		server.on(`GET /v1/messages/${id}`, { json: messageWith([], { deliveries }) });
		const { stdout } = await run(["show", id], { env: { POSTHASTE_SERVER: server.url } });
		expect(stdout).toContain(
			[
				"Held until a person decides:",
				`  user1  posthaste resolve ${id}.1 end`,
				"  Its manager failed, so that it can only be ended.",
				`  user2  posthaste resolve ${id}.2 next`,
				`  user3  posthaste resolve ${id}.3 next`,
				"  `next` asks its manager again and goes on where it stood, `end` ends the delivery.",
			].join("\n"),
		);
	});

	test("leaves out the server that the shell knows", async () => {
		message(["held"]);
		const { stdout } = await run(["show", id], { env: { POSTHASTE_SERVER: server.url } });
		expect(stdout).toContain(`  user1  posthaste resolve ${id}.1 next\n`);
	});

	test("says nothing of it when none is held", async () => {
		message(["reached"]);
		expect((await run(["show", id, "--server", server.url])).stdout).not.toMatch(/resolve|Held/);
	});
});

describe("resolve with a message's identifier", () => {
	test("takes its only held delivery", async () => {
		message(["reached", "held"]);
		const path = `/v1/deliveries/${id}.2/resolve`;
		server.on(`POST ${path}`, { json: { id: `${id}.2`, recipient: "user2", state: "waiting", journal: [] } });
		const { code, stdout } = await run(["resolve", id, "next", "--server", server.url]);
		expect([code, stdout]).toEqual([0, "user2  … waiting\n"]);
		expect((await server.asked(`POST ${path}`)).body).toBe('{"resolution":"next"}');
	});

	test("names those there are when there are several, and decides nothing", async () => {
		message(["held", "reached", "held"]);
		const { code, stderr } = await run(["resolve", id, "end", "--server", server.url]);
		expect(stderr).toContain(`2 deliveries of message ${id} are held: say which`);
		expect(stderr).toContain(`  user1: posthaste resolve ${id}.1 end --server ${server.url}\n  user3: `);
		expect([code, server.requests.map(({ method }) => method)]).toEqual([2, ["GET"]]);
	});

	test("says that none is held", async () => {
		message(["reached"]);
		const { code, stderr } = await run(["resolve", id, "end", "--server", server.url]);
		expect([code, stderr]).toEqual([3, expect.stringContaining(`✗ No delivery of message ${id} is held\n`)]);
	});
});
