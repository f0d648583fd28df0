/** A server with something of everything, for requests made at random, and the words that mean something to it. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineMechanism, type MechanismPlugin } from "@posthaste/core";
import { pino } from "pino";
import { Type } from "typebox";
import { onTestFinished, vi } from "vitest";
import { readConfiguration } from "../../config/index.ts";
import { createPosthaste, type PosthasteCore } from "../../create-posthaste.ts";
import { mechanismPackage } from "../../plugins/test/packages.ts";
import type { ConfigurationDocument } from "../../posthaste.ts";
import { createHttpServer } from "../server.ts";

/** Whatever it sends, nobody knows what became of it. */
const lost = defineMechanism<object, { to: string }>({
	id: "lost",
	apiVersion: 1,
	version: "1.0.0",
	kind: "sms",
	title: "Never says",
	settings: Type.Object({}, { additionalProperties: false }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: {},
	create: async () => ({ send: async () => ({ outcome: "unknown" }), close: async () => undefined }),
}) as unknown as MechanismPlugin;

const steps = (name: string, step: object, unknown?: "hold") => [
	{ name, settings: { steps: [step] }, ...(unknown && { unknown }) },
];

const configuration: ConfigurationDocument = {
	mechanisms: { im2: { use: "web" }, lost: { use: "lost" } },
	managers: {
		standard: { use: "sequence", configurations: steps("normal", { attempt: ["im2"] }) },
		asking: { use: "sequence", configurations: steps("ask", { ask: "May I?", within: "1h", otherwise: "no" }) },
		holding: { use: "sequence", configurations: steps("hold", { attempt: ["lost"] }, "hold") },
	},
	users: {
		jsmith: {
			name: "John Smith",
			mechanisms: [
				{ mechanism: "im2", address: { inbox: "jsmith" } },
				{ mechanism: "lost", address: { to: "jsmith" } },
			],
		},
		jdoe: { name: "Jane Doe", mechanisms: [] },
	},
};

const times = (count: number, word: string) => Array<string>(count).fill(word);

/** `ann`, `spare` and `other` are nobody's until a request makes them; what a file defines stays as it is. */
const users = [...times(6, "jsmith"), ...times(2, "jdoe"), ...times(4, "ann")];
const mechanisms = [...times(2, "im2"), ...times(3, "spare")];
const managers = [...times(2, "standard"), "asking", ...times(4, "other")];
const conditions = ['message.priority == "high"', "true", 'message.properties.own == "x"', "now > timestamp(0)"];
const plugins = ["line", "wire", "cord"];

/** By the key they stand at. Some of it is wrong there: a mechanism plugin where a manager's is due. */
const words = {
	...{ to: users, users, recipient: users, sender: ["ops"] },
	...{ mechanisms, mechanism: mechanisms, managers, manager: managers, defaultManager: managers },
	...{ plugins, version: ["1.0.0", "2.0.0"], use: ["web", "sequence", "broadcast"] },
	...{ when: conditions, expires: ["10m", "1d", "2100-01-01T00:00:00Z"], timezone: ["UTC", "Europe/Paris"] },
	...{ at: ["2026-12-24T18:00:00Z"], body: ["Disk full"], state: [], cursor: [] },
};

const ask = { ask: "Well?", within: "1h" };

export const values = {
	settings: [{}, { steps: [{ attempt: ["im2"] }] }, { steps: [ask, { attempt: ["im"], within: "1m" }] }],
	address: [{ inbox: "jsmith" }],
};

export async function startFuzzServer() {
	const data = await mkdtemp(join(tmpdir(), "fuzz-"));
	// Whatever requests name as a plugin's package is looked for on this machine alone.
	vi.stubEnv("npm_config_offline", "true");
	vi.stubEnv("npm_config_git", join(data, "no-git"));
	const posthaste = await createPosthaste({ data, plugins: [lost] });
	// A file's records stay, whatever the requests change and delete beside them.
	await posthaste.configuration.apply(configuration, { file: { path: "fuzz.yaml", lineOf: () => 1 } });
	await posthaste.selection.put({ rules: [{ manager: "standard" }] });
	const failures: string[] = [];
	const log = pino({ level: "error" }, { write: (line: string) => void failures.push(line) });
	const parseYaml = (text: string) => readConfiguration(text, "the request").document;
	const ready = () => posthaste.ready();
	const app = await createHttpServer({ posthaste, log, parseYaml, ready, metrics: async () => "" });
	onTestFinished(async () => {
		await app.close();
		await posthaste.close();
		await rm(data, { recursive: true });
		vi.unstubAllEnvs();
	});
	const from = await installPlugins(posthaste, data);
	return { app, failures, words: { ...words, from, ...(await sendSome(posthaste)) } };
}

/** Two versions of each. Answers what messages and plugins come from: as a plugin's most of it names no package. */
async function installPlugins(posthaste: PosthasteCore, folder: string): Promise<readonly string[]> {
	const made: string[] = [];
	for (const id of plugins) {
		for (const version of ["1.0.0", "2.0.0"]) {
			const from = await mechanismPackage(folder, { id, version });
			await posthaste.plugins.add({ from });
			made.push(from);
		}
	}
	return [...times(12 * made.length, "the ops team"), ...made];
}

/** Messages that wait for an answer, and some that are held. */
async function sendSome(posthaste: PosthasteCore) {
	const messages: string[] = [];
	for (const manager of [...times(20, "asking"), ...times(10, "holding")]) {
		messages.push((await posthaste.send({ to: ["jsmith"], from: "ops", body: "x", manager })).id);
	}
	await posthaste.idle();
	const { items } = await posthaste.prompts.list();
	return { messages, deliveries: messages.map((id) => `${id}.1`), prompts: items.map(({ id }) => id) };
}
