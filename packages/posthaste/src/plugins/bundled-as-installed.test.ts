/** Every plugin that comes with the program, installed at run time like any other, and used. */
import { readdirSync, readFileSync } from "node:fs";
import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { MessageDocument } from "@posthaste/core";
import { InboxClient, type InboxMessage, socketUrl } from "@posthaste/mechanism-web/client";
import { scratchFolder } from "@posthaste/real-servers";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { run, start } from "../cli/testing/run.ts";
import { type MailServer, startMailServer } from "../demo/mail-server.ts";
import { type PagerTerminal, startPagerTerminal } from "../demo/pager-terminal.ts";
import type { PluginView } from "../posthaste.ts";
import { type LocalRegistry, startRegistry } from "./testing/local-registry.ts";

// Each test runs several commands, each a process of its own.
vi.setConfig({ testTimeout: 60_000 });

const plugins = fileURLToPath(new URL("../../../../plugins", import.meta.url));
const bundled = readdirSync(plugins);

interface Manifest {
	readonly name: string;
	readonly version: string;
	readonly dependencies?: Readonly<Record<string, string>>;
	readonly peerDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

let scratch: Awaited<ReturnType<typeof scratchFolder>>;
let registry: LocalRegistry;
let mail: MailServer;
let pager: PagerTerminal;
let server: ReturnType<typeof start>;
let url: string;

beforeAll(async () => {
	scratch = await scratchFolder();
	registry = await startRegistry();
	mail = await startMailServer({ mailboxes: ["jsmith@example.com"] });
	pager = await startPagerTerminal({ pagers: ["5551234"] });
	const options = ["--listen", "127.0.0.1:0", "--data", join(scratch.path, "data"), "--log-level", "error"];
	server = start(["serve", ...options], { cwd: scratch.path, env: npmEnvironment() });
	await server.shows("Posthaste listens on");
	url = /http:\S+/.exec(server.stdout)?.[0] ?? "";
});

afterAll(async () => {
	server.process.kill("SIGTERM");
	await server.done;
	await Promise.all([mail.close(), pager.close(), registry.close()]);
	await scratch.remove();
});

/** The registry of this test, and no other. */
function npmEnvironment(): Record<string, string> {
	return { HOME: scratch.path, npm_config_registry: registry.url, npm_config_cache: join(scratch.path, "npm") };
}

async function posthaste<Document>(...args: readonly string[]): Promise<Document> {
	const { code, stdout, stderr } = await run([...args, "--json", "--server", url], { cwd: scratch.path });
	expect(code, stderr).toBe(0);
	return JSON.parse(stdout);
}

/** The message once it came to its end. */
async function send(manager: string, body: string): Promise<MessageDocument> {
	const { code, stderr, stdout } = await run(
		["send", "--to", "jsmith", "--from", "mary", "--manager", manager, "--watch", "--server", url, body],
		{ cwd: scratch.path },
	);
	expect(code, `${stdout}${stderr}`).toBe(0);
	const id = /message (\S+), accepted/.exec(stdout)?.[1] ?? "";
	return posthaste<MessageDocument>("show", id);
}

describe.each(bundled)("%s", (name) => {
	const folder = join(plugins, name);
	const manifest = manifestOf(folder);

	test("leaves the contract to whoever runs it", () => {
		expect(Object.keys(manifest.peerDependencies ?? {}).sort()).toEqual(["@posthaste/core", "typebox"]);
		expect(Object.keys(manifest.dependencies ?? {})).not.toContain("@posthaste/core");
	});

	test("is installed from its folder, with what else it needs", async () => {
		const before = registry.asked.length;
		const plugin = await posthaste<PluginView>("plugins", "add", folder);
		expect(`${plugin.type}-${plugin.id}`).toBe(name);
		expect(plugin.installed).toMatchObject({ active: manifest.version, pinned: false });
		expect(plugin.installed?.versions).toMatchObject([{ version: manifest.version, state: "loaded" }]);
		const asked = registry.asked.slice(before);
		expect(asked).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies ?? {})));
		expect(asked.filter((one) => one === "typebox" || one.startsWith("@posthaste/"))).toEqual([]);
	});
});

describe("with all of them installed", () => {
	const shown: InboxMessage[] = [];
	let inbox: InboxClient;

	beforeAll(async () => {
		const file = join(scratch.path, "people.yaml");
		await writeFile(file, configuration(mail.url, pager.url));
		await posthaste("apply", file);
		inbox = new InboxClient({ url: socketUrl(url, "im2"), inbox: "jsmith", leastPause: 50, longestPause: 200 });
		inbox.onMessage((message) => {
			shown.push(message);
			inbox.received(message.attempt);
		});
		const { promise: open, resolve } = Promise.withResolvers<void>();
		inbox.onState(({ state }) => state === "open" && resolve());
		await open;
	});

	afterAll(() => inbox.close());

	test("sequence reaches by web, and the window's receipt ends it", async () => {
		const { deliveries } = await send("by-im", "To the window");
		expect(deliveries[0]).toMatchObject({ state: "reached", manager: { plugin: "sequence" } });
		expect(shown.map(({ body }) => body)).toContain("To the window");
	});

	test("sequence reaches by email", async () => {
		await send("by-email", "To the mailbox");
		expect(mail.mails().map(({ text }) => text.trim())).toContain("To the mailbox");
	});

	test("sequence reaches by snpp", async () => {
		await send("by-pager", "To the pager");
		expect(pager.pages().map(({ text }) => text)).toContain("To the pager");
	});

	test("broadcast reaches by all of them at once", async () => {
		const { deliveries } = await send("everywhere", "To everything");
		expect(deliveries[0]).toMatchObject({ state: "reached", manager: { plugin: "broadcast" } });
		const tried = deliveries[0]?.journal.filter(({ type }) => type === "attempt");
		expect(tried).toHaveLength(3);
	});

	test("what is loaded is what was installed: a version that nothing uses is let go, and they are not", async () => {
		const next = await nextVersion("mechanism-snpp");
		await posthaste("plugins", "add", next);
		await posthaste("plugins", "rollback", "snpp");
		const states = async (id: string) => {
			const { items } = await posthaste<{ items: readonly PluginView[] }>("plugins", "list");
			const found = items.find((plugin) => plugin.id === id);
			return Object.fromEntries(found?.installed?.versions.map(({ version, state }) => [version, state]) ?? []);
		};
		await expect
			.poll(() => states("snpp"), { timeout: 30_000, interval: 500 })
			.toEqual({
				"1.0.0": "loaded",
				"1.0.1": "idle",
			});
		expect([await states("email"), await states("web")]).toEqual([{ "1.0.0": "loaded" }, { "1.0.0": "loaded" }]);
		await send("by-pager", "To the pager again");
		expect(pager.pages().map(({ text }) => text)).toContain("To the pager again");
	});
});

/** A copy of a bundled plugin whose version is one further. */
async function nextVersion(name: string): Promise<string> {
	const folder = join(scratch.path, name);
	await cp(join(plugins, name), folder, { recursive: true, filter: (path) => !path.includes("node_modules") });
	for (const file of ["package.json", "plugin.ts"]) {
		const text = await readFile(join(folder, file), "utf8");
		await writeFile(join(folder, file), text.replace(/(version"?: )"1\.0\.0"/, '$1"1.0.1"'));
	}
	return folder;
}

function configuration(mailUrl: string, pagerUrl: string): string {
	const manager = (name: string, mechanism: string, until: string) => `
  ${name}:
    use: sequence
    configurations: [ { name: all, settings: { steps: [ { attempt: [${mechanism}], until: ${until}, within: 20s } ] } } ]`;
	return `
mechanisms:
  im2: { use: web }
  email: { use: email, settings: { url: "${mailUrl}", from: "posthaste@example.com" } }
  pager: { use: snpp, settings: { url: "${pagerUrl}" } }
managers:
  everywhere:
    use: broadcast
    configurations: [ { name: all, settings: { until: delivered, within: 20s } } ]
${manager("by-im", "im2", "delivered")}
${manager("by-email", "email", "accepted")}
${manager("by-pager", "pager", "accepted")}
users:
  jsmith:
    name: John Smith
    mechanisms:
      - { mechanism: im2, address: { inbox: jsmith } }
      - { mechanism: email, address: { email: jsmith@example.com } }
      - { mechanism: pager, address: { pager: "5551234" } }
`;
}
