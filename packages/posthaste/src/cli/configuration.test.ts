import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { atTerminal, endCommands, run } from "./testing/run.ts";
import { problem, ScriptedServer } from "./testing/scripted-server.ts";

const put = "PUT /v1/configuration";
const yaml = "managers:\n  standard:\n    use: sequnce\n";

const changes = [
	{ database: "users", key: "mjones", change: "added", after: { name: "Mary Jones", mechanisms: [] } },
	{
		database: "mechanisms",
		key: "pager",
		change: "changed",
		before: { use: "snpp", settings: { url: "snpp://127.0.0.1:4444", retries: 1 } },
		after: { use: "snpp", settings: { url: "snpp://127.0.0.1:4445", retries: 1 } },
	},
	{ database: "managers", key: "old", change: "removed", before: { use: "sequence", configurations: [] } },
];

let folder: string;
let file: string;
let server: ScriptedServer;

beforeAll(() => {
	folder = mkdtempSync(join(tmpdir(), "posthaste-cli-"));
	file = join(folder, "posthaste.yaml");
	writeFileSync(file, yaml);
});
afterAll(() => rmSync(folder, { recursive: true }));

beforeEach(async () => {
	server = (await new ScriptedServer().listen()).on(put, ({ query }) => ({
		json: { changes, applied: query.get("dryRun") !== "true", revision: 12 },
	}));
});
afterEach(async () => {
	await endCommands();
	await server.close();
});

function apply(...args: readonly string[]): readonly string[] {
	return ["apply", ...args, "--server", server.url];
}

describe("apply", () => {
	test("sends the file as it is and shows what changed", async () => {
		const { code, stdout } = await run(apply(file));
		const [request] = server.requests;
		expect(request?.headers["content-type"]).toBe("application/yaml");
		expect(request?.body).toBe(yaml);
		expect(request?.query.has("dryRun")).toBe(false);
		expect(stdout).toBe(
			[
				"+ users.mjones",
				"    +name: Mary Jones",
				"    +mechanisms: []",
				"~ mechanisms.pager",
				"     use: snpp",
				"     settings:",
				"    -  url: snpp://127.0.0.1:4444",
				"    +  url: snpp://127.0.0.1:4445",
				"       retries: 1",
				"- managers.old",
				"    -use: sequence",
				"    -configurations: []",
				"",
				"1 added, 1 changed, 1 removed",
				"✓ applied as revision 12",
				"",
			].join("\n"),
		);
		expect(code).toBe(0);
	});

	test("colours the difference at a terminal", async () => {
		const { stdout } = await run(apply(file), { env: { FORCE_COLOR: "1" } });
		expect(stdout).toContain("\u001b[31m-  url: snpp://127.0.0.1:4444\u001b[39m");
		expect(stdout).toContain("\u001b[32m+  url: snpp://127.0.0.1:4445\u001b[39m");
	});

	test("--dry-run says that nothing was applied", async () => {
		const { stdout } = await run(apply(file, "--dry-run"));
		expect(server.requests.map(({ query }) => query.get("dryRun"))).toEqual(["true"]);
		expect(stdout).toContain("! a dry run: nothing was applied");
	});

	test("reads standard input", async () => {
		await run(apply("-"), { input: "users: {}\n" });
		expect(server.requests[0]?.body).toBe("users: {}\n");
	});

	test("prints the answer itself with --json", async () => {
		const { stdout } = await run(apply(file, "--json"));
		expect(JSON.parse(stdout)).toEqual({ changes, applied: true, revision: 12 });
	});

	test("names file, line and column of each complaint, with the place marked, and the remedy", async () => {
		const field = "managers.standard.use";
		const complaint = { field, message: "there is no manager plugin sequnce" };
		server.on(put, () => problem("invalid-configuration", "The configuration has a mistake", [complaint]));
		const { code, stderr, stdout } = await run(apply(file));
		expect(stderr).toContain("✗ The configuration is not valid\n");
		expect(stderr).toContain(`  ${file}:3:10: ${field}: there is no manager plugin sequnce\n`);
		expect(stderr).toContain("        use: sequnce\n             ^^^^^^^\n");
		expect(stderr).toContain("nothing was applied");
		expect([code, stdout]).toEqual([3, ""]);
		const json = JSON.parse((await run(apply(file, "--json"))).stderr);
		expect(json.errors[0]).toMatchObject({ file, line: 3, column: 10 });
	});

	test("finds mistakes of form itself", async () => {
		const { code, stderr } = await run(apply("-"), { input: "users:\n  a: {}\n  a: {}\n" });
		expect(stderr).toContain("standard input:3:3: this key stands here twice");
		expect(code).toBe(3);
		expect(server.requests).toEqual([]);
	});

	test("a file that is not there is a usage error", async () => {
		const { code, stderr } = await run(apply(join(folder, "none.yaml")));
		expect(stderr).toContain("cannot be read");
		expect(code).toBe(2);
		expect(server.requests).toEqual([]);
	});
});

describe.runIf(process.platform === "linux")("apply at a terminal", () => {
	test("asks before anything is removed, and applies nothing on no", async () => {
		const command = atTerminal(apply(file));
		await command.shows("Apply this? One record is removed.");
		command.type("n");
		const { code } = await command.done;
		expect(code).toBe(130);
		expect(server.requests.map(({ query }) => query.get("dryRun"))).toEqual(["true"]);
	});

	test("applies on yes, and shows the difference once", async () => {
		const command = atTerminal(apply(file));
		await command.shows("Apply this?");
		command.type("y");
		const { code, stdout } = await command.done;
		expect(code).toBe(0);
		expect(stdout).toContain("applied as revision 12");
		expect(stdout.match(/managers\.old/g)).toHaveLength(1);
		expect(server.requests.map(({ query }) => query.get("dryRun"))).toEqual(["true", null]);
	});

	test("asks nothing with --yes", async () => {
		const { stdout } = await atTerminal(apply(file, "--yes")).done;
		expect(stdout).toContain("applied as revision 12");
		expect(server.requests).toHaveLength(1);
	});
});

describe("export", () => {
	const reference = `\${env:XMPP_SECRET}`;
	const document = { mechanisms: { im: { use: "xmpp", settings: { secret: reference } } }, users: {} };

	test("prints YAML that apply takes, or JSON", async () => {
		server.on("GET /v1/configuration", { json: document });
		const { stdout } = await run(["export", "--server", server.url]);
		expect(stdout).toBe(`mechanisms:\n  im:\n    use: xmpp\n    settings:\n      secret: ${reference}\nusers: {}\n`);
		expect(JSON.parse((await run(["export", "--json", "--server", server.url])).stdout)).toEqual(document);
	});
});
