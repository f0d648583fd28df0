/** The commands against the real program: one server, started and stopped by its own command. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MessageDocument } from "@posthaste/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Command, endCommands, run, start } from "./testing/run.ts";

const configuration = `
mechanisms:
  im: { use: web }
  pager: { use: snpp, settings: { url: "snpp://127.0.0.1:9" } }
  silent: { use: snpp, settings: { url: "snpp://127.0.0.1:PORT" } }
managers:
  careful:
    use: sequence
    configurations:
      - { name: hold, unknown: hold, settings: { steps: [{ attempt: [silent] }] } }
  standard:
    use: sequence
    configurations:
      - name: normal
        settings:
          steps:
            - { attempt: [im], until: read, within: 20s }
            - { ask: "Nobody is there. Try again?", within: 5m, otherwise: no }
            - { attempt: [im] }
selection:
  - { manager: careful, when: message.category == "careful" }
  - { manager: standard }
users:
  kim:
    name: Kim Doe
    mechanisms:
      - { mechanism: silent, address: { pager: "1" } }
  jsmith:
    name: John Smith
    mechanisms:
      - { mechanism: im, address: { inbox: jsmith } }
  mjones:
    name: Mary Jones
    mechanisms:
      - { mechanism: pager, address: { pager: "1" } }
`;

let folder: string;
let file: string;
let server: Command;
let url: string;
let pagers: Server;

/** Takes every page as far as SEND and hangs up then, so that nobody knows what became of it. */
function answerPager(socket: Socket): void {
	const answer = (line: string) => (line === "SEND" ? socket.destroy() : socket.write("250 OK\r\n"));
	socket.on("error", () => undefined).write("220 ready\r\n");
	createInterface(socket).on("line", answer);
}

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), "posthaste-cli-"));
	file = join(folder, "posthaste.yaml");
	pagers = createServer(answerPager).listen(0, "127.0.0.1");
	await once(pagers, "listening");
	writeFileSync(file, configuration.replace("PORT", String((pagers.address() as AddressInfo).port)));
	const data = join(folder, "data");
	server = start(["serve", "--listen", "127.0.0.1:0", "--data", data, "--config", file, "--log-level", "error"]);
	await server.shows("Posthaste listens on http://");
	url = server.stdout.trim().split(" ").at(-1) ?? "";
});

afterAll(async () => {
	server.process.kill("SIGTERM");
	const { code, stderr } = await server.done;
	await endCommands();
	pagers.close();
	rmSync(folder, { recursive: true, force: true });
	expect(stderr).toContain("Closing");
	expect(code).toBe(0);
});

function at(...args: readonly string[]): readonly string[] {
	return [...args, "--server", url];
}

async function json<T>(...args: readonly string[]): Promise<T> {
	const { stdout, stderr } = await run([...at(...args), "--json"]);
	expect(stderr).toBe("");
	return JSON.parse(stdout) as T;
}

describe("posthaste serve and its clients", () => {
	test("inbox shows a message, tells that it was read, acknowledges and replies", async () => {
		const inbox = start(at("inbox", "jsmith", "--receipts", "read"));
		await inbox.shows("jsmith is available here");
		const sent = start(at("send", "--to", "jsmith", "--from", "alice", "--watch", "Lunch at noon?"));
		await inbox.shows("[1] alice");
		await inbox.shows("Lunch at noon?");
		const { code, stdout } = await sent.done;
		expect(stdout).toContain("John Smith read it on im");
		expect(stdout).toContain("✓ Reached through im");
		expect(code).toBe(0);
		inbox.type("a 7\nnonsense\nr Yes, gladly\na\n");
		await inbox.shows("There is no message 7");
		await inbox.shows("a [NUMBER] acknowledges");
		await inbox.shows("[1] replied");
		await inbox.shows("[1] acknowledged");
		inbox.type("q\n");
		expect((await inbox.done).code).toBe(0);
		const { items } = await json<{ items: MessageDocument[] }>("messages", "--recipient", "jsmith", "--limit", "1");
		const message = await json<MessageDocument>("show", items[0]?.id ?? "");
		expect(message.deliveries[0]?.journal.map(({ type }) => type)).toContain("receipt");
		expect(message.deliveries[0]?.state).toBe("reached");
	});

	test("answer lists the open question and answers it; watch sees how it ends", async () => {
		const { id } = await json<{ id: string }>("send", "--to", "jsmith", "--from", "alice", "Are you there?");
		const watch = start(at("watch", id));
		await watch.shows("Asking alice: “Nobody is there. Try again?”");
		const listed = await run(at("answer", "--message", id));
		expect(listed.stdout).toContain("Nobody is there. Try again?");
		expect((await run(at("answer", "no", "--message", id))).stdout).toContain("answered no");
		const { code, stdout } = await watch.done;
		expect(stdout).toContain("✗ Not reached: the sender answered no");
		expect(code).toBe(1);
		const again = await run(at("answer", "yes", "--message", id));
		expect(again.stderr).toContain("No question is open");
		expect(again.code).toBe(2);
	});

	test("a held delivery shows with what to type, and that decides about it", async () => {
		const draft = { to: ["kim"], from: "alice", body: "Held", properties: { category: "careful" } };
		const headers = { "content-type": "application/json" };
		const sent = await fetch(`${url}/v1/messages`, { method: "POST", headers, body: JSON.stringify(draft) });
		const { id } = (await sent.json()) as { id: string };
		const held = async () => {
			const message = (await (await fetch(`${url}/v1/messages/${id}`)).json()) as MessageDocument;
			return message.deliveries[0]?.state === "held";
		};
		await expect.poll(held, { timeout: 15_000 }).toBe(true);
		const { stdout } = await run(at("show", id));
		const [, typed = ""] = /^ {2}kim {2}posthaste (.+)$/m.exec(stdout) ?? [];
		expect(typed).toBe(`resolve ${id}.1 next --server ${url}`);
		expect((await run(typed.split(" "))).stdout).toBe("kim  ✗ not reached\n");
	});

	test("watch follows everything", async () => {
		const watch = start(at("watch"));
		await watch.shows("Following");
		const id = (await json<{ id: string }>("send", "--to", "jsmith", "Ping")).id;
		await watch.shows(id);
		await watch.shows("Asking alice");
		watch.process.kill("SIGINT");
		expect((await watch.done).code).toBe(130);
		expect((await run(at("cancel", id))).stdout).toContain("jsmith  ✗ cancelled");
		expect((await run(at("watch", id))).code).toBe(5);
	});

	test("explain says beforehand what send then does", async () => {
		const { stdout: beforehand } = await run(at("explain", "--to", "jsmith", "--prompts", "no"));
		const absent = beforehand.includes("pass over im: fresh presence says that the recipient is not there");
		expect(beforehand).toMatch(absent ? /beforehand: no/ : /try im until read within 20s/);
		const { stdout, code } = await run(at("send", "--to", "jsmith", "--prompts", "no", "--watch", "Hello?"));
		expect(stdout).toContain(absent ? "Passing over im: fresh presence" : "John Smith is not available on im");
		expect(stdout).toContain("✗ Not reached: the sender answered no");
		expect(code).toBe(1);
	});

	test("mechanisms switches one off and on", async () => {
		expect((await run(at("mechanisms", "disable", "im"))).stdout).toMatch(
			/im +web .* ✗ not active: an operator switched it off/,
		);
		const { stdout } = await run(at("explain", "--to", "jsmith"));
		expect(stdout).toContain("an operator switched it off");
		expect((await run(at("mechanisms", "enable", "im"))).stdout).toMatch(/im +web .* ✓ active/);
	});

	test("plugins list and show what there is", async () => {
		expect((await run(at("plugins"))).stdout).toMatch(/^sequence +manager/m);
		const { stdout } = await run(at("plugins", "show", "snpp"));
		expect(stdout).toMatch(/ {2}url +string .*\(required/);
		expect((await run(at("plugins", "show", "fax"))).stderr).toContain("There are ");
	});

	test("apply refuses what the watched file defines, and export gives what apply takes", async () => {
		const { stdout } = await run(at("export"));
		expect(stdout).toContain("name: John Smith");
		const own = join(folder, "own.yaml");
		writeFileSync(
			own,
			"users:\n  kdoe:\n    name: Kim Doe\n    mechanisms:\n      - { mechanism: im, address: { inbox: kdoe } }\n",
		);
		expect((await run(at("apply", own, "--dry-run"))).stdout).toContain("+ users.kdoe");
		expect((await run(at("apply", own))).stdout).toContain("applied as revision");
		expect((await run(at("apply", own))).stdout).toContain("nothing to change");
		writeFileSync(own, "users:\n  jsmith:\n    name: Somebody else\n    mechanisms: []\n");
		const refused = await run(at("apply", own));
		expect(refused.stderr).toContain(`${own}:2:3`);
		expect(refused.code).toBe(3);
		expect((await run(at("apply", "-"), { input: "users: {}\n" })).stdout).toContain("- users.kdoe");
	});

	test("doctor finds the pager that nobody serves, and whom it leaves unreachable", async () => {
		const { code, stdout } = await run(at("doctor", "--data", join(folder, "data"), "--config", file));
		expect(stdout).toContain("✓ The server at");
		expect(stdout).toContain(`✓ ${file} is valid`);
		expect(stdout).toContain("✓ Mechanism im (web) is active");
		expect(stdout).toMatch(/✗ Mechanism pager \(snpp\) is not active: .*ECONNREFUSED/);
		expect(stdout).toContain("✗ No mechanism can reach mjones now (pager: it is not active now)");
		expect(code).toBe(1);
	});

	test("doctor names the place of each mistake in a file", async () => {
		const bad = join(folder, "bad.yaml");
		writeFileSync(bad, "mechanisms:\n  im: { use: wbe }\n");
		const { code, stdout } = await run(at("doctor", "--data", folder, "--config", bad));
		expect(stdout).toMatch(new RegExp(`✗ ${bad}:2:\\d+: mechanisms\\.im\\.use: .*wbe`));
		expect(code).toBe(1);
	});

	test("an unknown message, user or inbox is refused with its name", async () => {
		expect((await run(at("show", "nothing"))).stderr).toContain("There is no message nothing");
		expect((await run(at("watch", "nothing"))).code).toBe(3);
		expect((await run(at("inbox", "nobody"))).code).toBe(3);
		expect((await run(at("inbox", "mjones"))).stderr).toContain("mjones has no mechanism of plugin web");
	});
});

describe("posthaste serve", () => {
	test("refuses an address that is not loopback", async () => {
		const { code, stderr } = await run(["serve", "--listen", "0.0.0.0:0", "--data", join(folder, "other")]);
		expect(stderr).toContain("127.0.0.1");
		expect(code).toBe(3);
	});

	test("says that a named configuration file is not there", async () => {
		const { code, stderr } = await run(["serve", "--config", join(folder, "none.yaml")]);
		expect(stderr).toContain("There is no configuration file");
		expect(code).toBe(2);
	});
});
