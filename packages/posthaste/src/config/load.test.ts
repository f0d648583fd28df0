/** Bad files are refused with file, line, column and a caret, exactly where the fault is. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PosthasteError } from "@posthaste/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { failure, openDatabases } from "../databases/test/fixtures.ts";
import { formatComplaints, withPlaces } from "./complaints.ts";
import { loadAndApply } from "./load.ts";
import { readConfiguration } from "./read.ts";

const good = `\
mechanisms:
  im2:   { use: chatter, settings: { url: "tcp://127.0.0.1:5347", secret: "\${env:CHAT_SECRET}" } }
  pager: { use: beeper, settings: { url: "snpp://127.0.0.1:4444" } }
managers:
  standard:
    use: steps
    configurations:
      - name: urgent
        when: message.priority == "urgent"
        settings: { steps: [ { attempt: [im2, pager], within: 2m } ] }
      - name: normal
        settings:
          steps:
            - { attempt: [im2] }
            - { ask: "Send a page?", otherwise: no }
            - { attempt: [pager] }
selection:
  - { manager: standard }
users:
  jsmith:
    name: John Smith
    timezone: America/New_York
    mechanisms:
      - { mechanism: im2, address: { jid: jsmith@localhost } }
      - { mechanism: pager, address: { pager: "5551234" } }
`;

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), "posthaste-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function fileOf(text: string): Promise<string> {
	const path = join(folder, "posthaste.yaml");
	await writeFile(path, text);
	return path;
}

/** The error, as a terminal shows it, without the folder and the remedy. */
function shown(error: PosthasteError): string {
	const lines = formatComplaints(error).replaceAll(`${folder}/`, "").split("\n");
	return lines.slice(0, -1).join("\n");
}

/** What is shown when the text in the good file is replaced. */
async function refused(text: string, by: string): Promise<string> {
	expect(good.split(text)).toHaveLength(2);
	return refusedText(good.replace(text, () => by));
}

async function refusedText(text: string): Promise<string> {
	const databases = await openDatabases();
	const error = await failure(loadAndApply(databases, await fileOf(text)));
	expect(await databases.configuration.export()).toEqual({});
	return shown(error);
}

describe("a good file", () => {
	it("is applied, and each record knows its line", async () => {
		const databases = await openDatabases();
		const path = await fileOf(good);
		expect((await loadAndApply(databases, path)).changes).toHaveLength(5);
		const line = (record: { managedBy: object } | undefined) => record?.managedBy;
		expect(line(await databases.mechanisms.get("pager"))).toEqual({ by: "file", file: path, line: 3 });
		expect(line(await databases.managers.get("standard"))).toEqual({ by: "file", file: path, line: 5 });
		expect(line(await databases.selection.get())).toEqual({ by: "file", file: path, line: 17 });
		expect(line(await databases.users.get("jsmith"))).toEqual({ by: "file", file: path, line: 20 });
	});

	it("may use anchors, merged keys, quoted keys and empty sections", () => {
		const text = `
users:
  a: &a { name: A, mechanisms: [] }
  "b": { <<: *a, name: B }
  c: *a
  123: *a
managers:
`;
		const { document, locate, lineOf } = readConfiguration(text, "x.yaml");
		expect(document).toEqual({
			users: {
				a: { name: "A", mechanisms: [] },
				b: { name: "B", mechanisms: [] },
				c: { name: "A", mechanisms: [] },
				123: { name: "A", mechanisms: [] },
			},
		});
		expect(locate("users.b.mechanisms")).toMatchObject({ line: 3, column: 20 });
		expect(locate('users["123"].name')).toMatchObject({ line: 3, column: 17 });
		expect(["a", "b", "c", "123", "none"].map((key) => lineOf("users", key))).toEqual([3, 4, 5, 6, 1]);
	});

	it("defines the selection where its rules or its default manager stand", () => {
		const lineOf = (text: string) => readConfiguration(text, "x.yaml").lineOf("selection", "selection");
		expect(lineOf("users: {}\nselection: []\ndefaultManager: x")).toBe(2);
		expect(lineOf("selection: []\nusers: {}\ndefaultManager: x")).toBe(1);
		expect(lineOf("users: {}\nmanagers: {}\ndefaultManager: x")).toBe(3);
	});
});

describe("what is not YAML", () => {
	it("is refused where it breaks", async () => {
		expect(await refusedText("users: { a: 1\n")).toBe(
			"posthaste.yaml:2:1: Flow map in block collection must be sufficiently indented and end with a }\n  2 | \n    | ^",
		);
		expect(await refused("  jsmith:\n", "\tjsmith:\n")).toBe(
			"posthaste.yaml:20:1: a tab cannot indent in YAML; use spaces\n  20 | \tjsmith:\n     | ^",
		);
		expect(await refused("    timezone: America/New_York", "    name: Twice")).toBe(
			"posthaste.yaml:22:5: this key stands here twice\n  22 |     name: Twice\n     |     ^^^^",
		);
		expect(await refused("selection:\n", "---\nselection:\n")).toContain(
			"posthaste.yaml:17:1: a configuration is a single document; remove this `---`\n  17 | ---\n     | ^",
		);
		expect(await refused("name: John Smith", "name: !secret John")).toBe(
			"posthaste.yaml:21:11: Unresolved tag: !secret\n  21 |     name: !secret John\n     |           ^^^^^^^",
		);
		expect(await refusedText("%YAML 1.1\n---\nusers: {}\n")).toContain("only YAML 1.2 is read");
		expect(await refusedText("? [a]\n: 1\n")).toContain("posthaste.yaml:1:3: a key has to be a plain word");
	});

	it("refuses aliases that lead nowhere, to themselves, or to too much", async () => {
		expect(await refused("name: John Smith", "name: *nobody")).toBe(
			"posthaste.yaml:21:11: there is no anchor &nobody before this alias\n  21 |     name: *nobody\n     |           ^^^^^^^",
		);
		expect(await refused("name: John Smith", "name: &me [ *me ]")).toBe(
			"posthaste.yaml:21:17: an alias cannot stand within its own anchor\n  21 |     name: &me [ *me ]\n     |                 ^^^",
		);
		const bomb = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
		for (let level = 1; level < 10; level++) {
			const name = String.fromCharCode(96 + level);
			const next = String.fromCharCode(97 + level);
			bomb.push(`${next}: &${next} [${Array.from({ length: 10 }, () => `*${name}`).join(", ")}]`);
		}
		expect(await refusedText(bomb.join("\n"))).toContain("Excessive alias count");
	});

	it("refuses an empty file, which an editor may leave for a moment", async () => {
		expect(await refusedText("")).toContain("posthaste.yaml:1:1: the file is empty; write {} to define nothing");
		expect(await refusedText("# nothing\n")).toContain("the file is empty");
		expect((await loadAndApply(await openDatabases(), await fileOf("{}"))).changes).toEqual([]);
	});

	it("refuses what is no map, and a file that is not there", async () => {
		expect(await refusedText("- a\n")).toBe(
			"posthaste.yaml:1:1: a configuration has to be a map of keys\n  1 | - a\n    | ^^^",
		);
		const missing = await failure(loadAndApply(await openDatabases(), join(folder, "none.yaml")));
		expect(missing.message).toBe(`${join(folder, "none.yaml")}: there is no such file`);
	});
});

describe("what does not fit", () => {
	it("is shown at its place", async () => {
		expect(await refused("users:\n", "usrs:\n")).toBe(
			'posthaste.yaml:19:1: usrs: unknown key "usrs"; did you mean "users"?\n  19 | usrs:\n     | ^^^^',
		);
		expect(await refused("within: 2m", "witin: 2m")).toBe(
			"posthaste.yaml:10:55: managers.standard.configurations[0].settings.steps[0].witin: " +
				'unknown key "witin"; did you mean "within"?\n' +
				"  10 |         settings: { steps: [ { attempt: [im2, pager], witin: 2m } ] }\n" +
				"     |                                                       ^^^^^",
		);
		expect(await refused('"5551234"', "5551234")).toBe(
			"posthaste.yaml:25:47: users.jsmith.mechanisms[1].address.pager: " +
				"has to be a string, and it is a number; put it in quotes\n" +
				"  25 |       - { mechanism: pager, address: { pager: 5551234 } }\n" +
				"     |                                               ^^^^^^^",
		);
	});

	it("is shown where it is missing", async () => {
		expect(await refused("    name: John Smith\n", "")).toBe(
			"posthaste.yaml:20:3: users.jsmith.name: is missing\n  20 |   jsmith:\n     |   ^^^^^^",
		);
	});

	it("is shown where a name refers to nothing", async () => {
		expect(await refused("[im2, pager]", "[im2, pagr]")).toBe(
			"posthaste.yaml:10:47: managers.standard.configurations[0].settings.steps[0].attempt[1]: " +
				'there is no mechanism "pagr"; did you mean "pager"?\n' +
				"  10 |         settings: { steps: [ { attempt: [im2, pagr], within: 2m } ] }\n" +
				"     |                                               ^^^^",
		);
		expect(await refused("manager: standard", "manager: standrad")).toBe(
			'posthaste.yaml:18:16: selection[0].manager: there is no manager "standrad"; did you mean "standard"?\n' +
				"  18 |   - { manager: standrad }\n" +
				"     |                ^^^^^^^^",
		);
		expect(await refused(`\${env:CHAT_SECRET}`, `\${env:OTHER}`)).toBe(
			"posthaste.yaml:2:75: mechanisms.im2.settings.secret: the environment variable OTHER is not set\n" +
				`  2 |   im2:   { use: chatter, settings: { url: "tcp://127.0.0.1:5347", secret: "\${env:OTHER}" } }\n` +
				"    |                                                                           ^^^^^^^^^^^^^^",
		);
	});

	it("is shown at the key of the record that clashes", async () => {
		const databases = await openDatabases();
		await databases.users.put("jsmith", { name: "J", mechanisms: [] });
		const error = await failure(loadAndApply(databases, await fileOf(good)));
		expect(shown(error)).toBe(
			'posthaste.yaml:20:3: users.jsmith: user "jsmith" is defined both in posthaste.yaml, line 20 and over the API; ' +
				"remove it from one of them\n  20 |   jsmith:\n     |   ^^^^^^",
		);
	});

	it("is all shown at once, in the order of the checks, with the remedy at the end", async () => {
		const text = good.replace("use: beeper", "use: beepr").replace("America/New_York", "Mars").replace("within", "w");
		const error = await failure(loadAndApply(await openDatabases(), await fileOf(text)));
		expect(error.complaints.map(({ line, column }) => [line, column])).toEqual([
			[3, 17],
			[10, 55],
			[22, 15],
		]);
		expect(error.message).toContain("posthaste.yaml:3:17: mechanisms.pager.use: there is no mechanism plugin");
		expect(formatComplaints(error).split("\n").at(-1)).toBe(
			"Correct the line that the detail names; nothing was applied.",
		);
		expect(formatComplaints(error, { colour: true })).toContain("\u001b[31m");
	});
});

describe("a bad condition", () => {
	const bad = 'message.priority == "urgent" && mesage.body != ""';
	const marked = async (written: string) => {
		const text = await refused('when: message.priority == "urgent"', `when: ${written}`);
		const [head = "", line = "", carets = ""] = text.split("\n");
		const start = carets.indexOf("^");
		return [head.split(": ")[0], line.slice(start, carets.lastIndexOf("^") + 1), head.split(": ").at(-1)];
	};

	it("is marked within a plain text", async () => {
		expect(await marked(bad)).toEqual(["posthaste.yaml:9:47", "mesage", "mesage"]);
		expect(await refused('message.priority == "urgent"', "message.priority ==")).toBe(
			"posthaste.yaml:9:34: managers.standard.configurations[0].when: Unexpected token: EOF\n" +
				"  9 |         when: message.priority ==\n" +
				"    |                                  ^",
		);
	});

	it("is marked within quotes, past escapes", async () => {
		expect(await marked(`'${bad.replace('""', "''''")}'`)).toEqual(["posthaste.yaml:9:48", "mesage", "mesage"]);
		expect(await marked(JSON.stringify(bad))).toEqual(["posthaste.yaml:9:50", "mesage", "mesage"]);
	});

	it("is marked within blocks and folded lines", async () => {
		const [left, right] = bad.split(" && ");
		expect(await marked(`|-\n          ${left} &&\n          ${right}`)).toEqual([
			"posthaste.yaml:11:11",
			"mesage",
			"mesage",
		]);
		expect(await marked(`>\n          ${left}\n          && ${right}`)).toEqual([
			"posthaste.yaml:11:14",
			"mesage",
			"mesage",
		]);
		expect(await marked(`${left}\n          && ${right}`)).toEqual(["posthaste.yaml:10:14", "mesage", "mesage"]);
	});

	it("is marked also when the document went over the API and only the fields came back", async () => {
		const text = good.replace('message.priority == "urgent"', JSON.stringify(bad));
		const file = readConfiguration(text, "posthaste.yaml");
		const databases = await openDatabases();
		const error = await failure(databases.configuration.apply(file.document));
		expect(error.complaints[0]).toMatchObject({ line: 1, column: 33 });
		const [complaint] = withPlaces(error, file).complaints;
		expect([complaint?.file, complaint?.line, complaint?.column]).toEqual(["posthaste.yaml", 9, 50]);
	});
});

describe("complaints without a file", () => {
	it("show the field and what is wrong within it", async () => {
		const databases = await openDatabases();
		const when = "message.body.size( > 3";
		const rules = await failure(databases.selection.put({ rules: [{ when, manager: "x" }] }));
		const text = formatComplaints(rules);
		expect(text).toContain("selection.rules[0].when: ");
		expect(text).toContain(`   | ${when}\n`);
	});
});
