import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
	asked,
	begun,
	declined,
	eventWith,
	messageId,
	messageWith,
	paged,
	promptId,
	readMeanwhile,
} from "./testing/documents.ts";
import { atTerminal, endCommands, run, start } from "./testing/run.ts";
import { EventStream, problem, ScriptedServer } from "./testing/scripted-server.ts";

const events = `/v1/messages/${messageId}/events`;
const answer = `POST /v1/prompts/${promptId}/answer`;

let server: ScriptedServer;
let stream: EventStream;

beforeEach(async () => {
	stream = new EventStream();
	server = (await new ScriptedServer().listen())
		.on("POST /v1/messages", {
			status: 202,
			json: { id: messageId, acceptedAt: "2026-03-04T12:00:00.000Z", deliveries: [{ id: "d", recipient: "jsmith" }] },
		})
		.on(`GET ${events}`, { stream });
});

afterEach(async () => {
	await endCommands();
	await server.close();
});

function send(...args: readonly string[]): readonly string[] {
	return ["send", "--server", server.url, "--to", "jsmith", ...args];
}

async function draftSent(): Promise<unknown> {
	return JSON.parse((await server.asked("POST /v1/messages")).body);
}

describe("send", () => {
	test("hands in the message and says how to follow it", async () => {
		const { code, stdout } = await run(send("Lunch", "at", "noon?"));
		expect(stdout).toContain(`accepted for jsmith: ${messageId}`);
		expect(stdout).toContain(`posthaste watch ${messageId}`);
		expect(code).toBe(0);
		expect(await draftSent()).toEqual({ to: ["jsmith"], from: "alice", body: "Lunch at noon?" });
	});

	test("takes everything that a message can say", async () => {
		const args = ["--to", "mjones,kdoe", "--from", "bob", "--subject", "S", "-p", "urgent", "-e", "10m", "-c", "ops"];
		const more = ["--confidential", "--prompts", "no", "-m", "standard", "--property", "n=3", "--property", "s=a=b"];
		await run(send(...args, ...more, "--markdown", "-k", "key-1", "**Down**"));
		expect(await draftSent()).toEqual({
			to: ["jsmith", "mjones", "kdoe"],
			from: "bob",
			body: "**Down**",
			subject: "S",
			format: "markdown",
			manager: "standard",
			properties: {
				n: 3,
				s: "a=b",
				priority: "urgent",
				expires: "10m",
				category: "ops",
				confidential: true,
				prompts: "no",
			},
		});
		expect((await server.asked("POST /v1/messages")).headers["idempotency-key"]).toBe("key-1");
	});

	test.each([["-"], []])("reads the body from a pipe (%s)", async (...words) => {
		await run(send(...words), { input: "line one\nline two\n" });
		expect(await draftSent()).toMatchObject({ body: "line one\nline two" });
	});

	test("reads options from the environment, and no as no", async () => {
		const env = { POSTHASTE_SERVER: server.url, POSTHASTE_TO: "jsmith,mjones", POSTHASTE_PRIORITY: "low" };
		await run(["send", "Hello"], { env: { ...env, POSTHASTE_CONFIDENTIAL: "false", POSTHASTE_MARKDOWN: "1" } });
		expect(await draftSent()).toEqual({
			to: ["jsmith", "mjones"],
			from: "alice",
			body: "Hello",
			format: "markdown",
			properties: { priority: "low" },
		});
	});

	test("shows a refusal with the field and the remedy, and exits with 3", async () => {
		server.on("POST /v1/messages", () =>
			problem("unknown-recipient", "There is no user jsmith", [{ field: "to[0]", message: "jsmith does not exist" }]),
		);
		const { code, stdout, stderr } = await run(send("Hello"));
		expect(stderr).toContain("There is no user jsmith");
		expect(stderr).toContain("to[0]: jsmith does not exist");
		expect(stderr).toContain("`posthaste export` lists them");
		expect([code, stdout]).toEqual([3, ""]);
	});

	test("prints the problem document itself with --json", async () => {
		server.on("POST /v1/messages", () => problem("overloaded", "Too much at once"));
		const { code, stderr } = await run(send("--json", "Hello"));
		expect(JSON.parse(stderr)).toMatchObject({ code: "overloaded", status: 503, detail: "Too much at once" });
		expect(code).toBe(4);
	});

	test("exits with 4 when no server answers, naming the address", async () => {
		const url = server.url;
		await server.close();
		const { code, stderr } = await run(["send", "--server", url, "--to", "jsmith", "Hello"]);
		expect(stderr).toContain(`No Posthaste server answers at ${url} (connection refused)`);
		expect(code).toBe(4);
		await server.listen();
	});

	test("is not fooled by another kind of server", async () => {
		server.on("POST /v1/messages", { json: undefined, status: 404 });
		const { code, stderr } = await run(send("Hello"));
		expect(stderr).toContain("does not look like a Posthaste server");
		expect(code).toBe(3);
	});

	test.each([
		[["send", "Hello"], "There is no recipient"],
		[["send", "--to", "jsmith", "--priority", "soon", "x"], "Allowed choices are low, normal, high, urgent"],
		[["send", "--to", "jsmith", "--property", "x", "y"], "not of the form key=value"],
		[["send", "--too", "jsmith", "x"], "Did you mean --to?"],
		[["sned"], "Did you mean send?"],
		[["send", "--server", "http://", "--to", "x", "y"], "is not an address"],
	])("%j is a usage error", async (args, text) => {
		const { code, stderr } = await run(args);
		expect(stderr).toContain(text);
		expect(code).toBe(2);
	});

	test("a usage error is JSON with --json", async () => {
		const { code, stderr } = await run(["send", "--json", "Hello"]);
		expect(JSON.parse(stderr)).toMatchObject({ code: "usage", detail: "There is no recipient" });
		expect(code).toBe(2);
	});
});

describe("send --watch", () => {
	test("shows the timeline as it happens and exits with 0 when reached", async () => {
		const command = start(send("--watch", "The database is down"));
		stream.send("message", messageWith(begun));
		await command.shows("John Smith is not available on im2 (no window connected)");
		stream.send("entries", eventWith(asked));
		await command.shows("Asking alice: “John Smith is not available on IM. Send a page?”");
		stream.send("entries", eventWith(paged));
		stream.send("end");
		const { code, stdout } = await command.done;
		expect(stdout.split("\n").filter((line) => /^\d\d:/.test(line))).toEqual([
			"12:00:00  · The delivery to John Smith begins".replace("John Smith", "jsmith"),
			"12:00:00  · The manager standard takes it (it is the manager of the first selection rule that holds), by its configuration normal: it may use im2 and pager",
			"12:00:00  … Trying im2 until it is delivered, at most until 12:00:30",
			"12:00:01  ✗ John Smith is not available on im2 (no window connected)",
			"12:00:01  ? Asking alice: “John Smith is not available on IM. Send a page?” (no answer by 12:05:01 counts as no)",
			"12:00:09  · alice answered yes",
			"12:00:09  · “John Smith is not available on IM. Send a page?” is settled: yes",
			"12:00:09  … Trying pager",
			"12:00:10  · Accepted by pager (250 Page accepted)",
			"12:00:10  ✓ Reached through pager: a mechanism accepted the message, which is all that was asked",
		]);
		expect(stdout).toContain("without email: the chosen configuration does not name it");
		expect(stdout).toContain("without irc: the recipient's table names a mechanism that does not exist");
		expect(code).toBe(0);
	});

	test("exits with 1 when not reached", async () => {
		stream.send("message", messageWith([...begun, ...asked]));
		stream.send("entries", eventWith(declined));
		stream.send("end");
		const { code, stdout } = await run(send("--watch", "x"));
		expect(stdout).toContain("✗ Not reached: the sender answered no");
		expect(code).toBe(1);
	});

	test("bridges a broken connection without showing anything twice", async () => {
		const command = start(send("--watch", "x"));
		stream.send("message", messageWith(begun));
		await command.shows("not available on im2");
		const next = new EventStream();
		server.on(`GET ${events}`, { stream: next });
		next.send("message", messageWith([...begun, ...asked, ...paged]));
		next.send("end");
		stream.drop();
		const { code, stdout } = await command.done;
		expect(stdout).toContain("the connection broke; trying again");
		expect(stdout.match(/not available on im2/g)).toHaveLength(1);
		expect(stdout.match(/Trying im2/g)).toHaveLength(1);
		expect(code).toBe(0);
	});

	test("reads the message again when entries are missing", async () => {
		server.on(`GET /v1/messages/${messageId}`, { json: messageWith([...begun, ...asked, ...paged]) });
		stream.send("message", messageWith(begun));
		stream.send("entries", eventWith(paged));
		stream.send("end");
		const { stdout } = await run(send("--watch", "x"));
		expect(stdout).toContain("Asking alice");
		expect(stdout).toContain("Reached through pager");
	});

	test("--json prints one event a line", async () => {
		stream.send("message", messageWith([...begun, ...asked]));
		stream.send("entries", eventWith(paged));
		stream.send("end");
		const { code, stdout } = await run(send("--watch", "--json", "x"));
		const lines = stdout.trim().split("\n");
		expect(lines.map((line) => JSON.parse(line).event)).toEqual(["message", "entries", "end"]);
		expect(JSON.parse(lines[1] ?? "")).toEqual({ event: "entries", data: eventWith(paged) });
		expect(code).toBe(0);
	});

	test("names each recipient when there are several, and sums up", async () => {
		const second = `${messageId}.2`;
		const [delivery] = messageWith(begun).deliveries;
		if (delivery === undefined) {
			throw new Error("the example has a delivery");
		}
		const other = { ...delivery, id: second, recipient: "mjones", state: "expired", journal: [] } as const;
		stream.send("message", messageWith(begun, { to: ["jsmith", "mjones"], deliveries: [delivery, other] }));
		stream.send("entries", eventWith([...asked, ...paged]));
		stream.send("end");
		const { code, stdout } = await run(send("--watch", "--to", "mjones", "x"));
		expect(stdout).toContain("12:00:00  jsmith  … Trying im2");
		expect(stdout).toMatch(/jsmith {2}✓ reached\nmjones {2}✗ expired\n$/);
		expect(code).toBe(5);
	});

	test("Ctrl-C leaves with 130 and says that the message goes on", async () => {
		const command = start(send("--watch", "x"));
		stream.send("message", messageWith(begun));
		await command.shows("not available on im2");
		command.process.kill("SIGINT");
		const { code, stderr } = await command.done;
		expect(stderr).toContain(`posthaste watch ${messageId}`);
		expect(code).toBe(130);
	});

	test("text from elsewhere cannot steer the terminal", async () => {
		stream.send("message", messageWith(begun, { body: "\u001b[2Jgone\u0007", from: "al\u001b[31mice" }));
		stream.send("end");
		const { stdout } = await run(send("--watch", "x"));
		expect(stdout).not.toContain("\u001b");
		expect(stdout).not.toContain("\u0007");
		expect(stdout).toContain("gone");
	});
});

describe.runIf(process.platform === "linux")("send --watch at a terminal", () => {
	test("asks the sender and sends the answer on", async () => {
		server.on(answer, { status: 204 });
		const command = atTerminal(send("--watch", "x"));
		stream.send("message", messageWith([...begun, ...asked]));
		await command.shows("your answer, y or n:");
		command.type("maybe\ry\r");
		expect(JSON.parse((await server.asked(answer)).body)).toEqual({ answer: "yes" });
		stream.send("entries", eventWith(paged));
		stream.send("end");
		const { code, stdout } = await command.done;
		expect(stdout).toContain("Reached through pager");
		expect(code).toBe(0);
	});

	test("withdraws the question when a receipt comes, and ends by itself", async () => {
		const command = atTerminal(send("--watch", "x"));
		stream.send("message", messageWith([...begun, ...asked]));
		await command.shows("your answer, y or n:");
		stream.send("entries", eventWith(readMeanwhile));
		stream.send("end");
		const { code, stdout } = await command.done;
		expect(stdout).toContain("The question is withdrawn");
		expect(code).toBe(0);
		expect(server.requests.some(({ path }) => path.endsWith("/answer"))).toBe(false);
	});

	test("Ctrl-C at the question leaves with 130", async () => {
		const command = atTerminal(send("--watch", "x"));
		stream.send("message", messageWith([...begun, ...asked]));
		await command.shows("your answer, y or n:");
		command.type("\u0003");
		expect((await command.done).code).toBe(130);
	});

	test("does not put somebody else's question to whoever watches", async () => {
		const command = atTerminal(["watch", messageId, "--server", server.url, "--from", "bob"]);
		stream.send("message", messageWith([...begun, ...asked]));
		await command.shows("Asking alice");
		stream.send("entries", eventWith(readMeanwhile));
		stream.send("end");
		expect((await command.done).stdout).not.toContain("your answer");
	});
});
