/** A small Posthaste in memory: what tests of the API need of the interface, and no engine. */
import { type Explanation, PosthasteError } from "@posthaste/core";
import type { ConfigurationDocument, PluginView, Posthaste } from "../../posthaste.ts";
import { MemoryDatabases, pageOf, refuse } from "./memory-databases.ts";
import { MemoryMessages, messageParts, noon } from "./memory-messages.ts";

export { noon } from "./memory-messages.ts";

const im: PluginView = {
	type: "mechanism",
	id: "im",
	version: "1.0.0",
	title: "IM",
	kind: "im",
	bundled: true,
	settings: { type: "object" },
};

export interface MemoryPosthaste extends Posthaste {
	readonly memory: { readonly databases: MemoryDatabases; readonly messages: MemoryMessages };
	/** What the next call of `send`, `sendMany` or `explain` fails with. */
	failure: Error | undefined;
}

/** Comes with the mechanism `im2`, the managers `standard` and `never`, and the users `jsmith` and `jdoe`. */
export async function createMemoryPosthaste(): Promise<MemoryPosthaste> {
	const databases = new MemoryDatabases();
	const messages = new MemoryMessages(databases);
	await fill(databases);
	const parts = messageParts(messages);
	const posthaste: MemoryPosthaste = {
		memory: { databases, messages },
		failure: undefined,
		...parts,
		async send(draft, options) {
			throwFailure();
			return parts.send(draft, options);
		},
		async sendMany(drafts) {
			throwFailure();
			return parts.sendMany(drafts);
		},
		async explain(draft, { at = noon } = {}) {
			throwFailure();
			return explain(draft.to, at);
		},
		prompts: {
			list: async ({ sender, message, ...query } = {}) => {
				const rows = [...messages.prompts.values()];
				const isMeant = (row: (typeof rows)[number]) =>
					(sender ?? row.sender) === row.sender && (message ?? row.message) === row.message;
				return pageOf(rows.filter(isMeant), query);
			},
			get: async (id: string) => messages.prompts.get(id),
			answer: (id, answer) => messages.answer(id, answer),
		},
		deliveries: { resolve: (id, resolution) => messages.resolve(id, resolution) },
		...databaseParts(databases),
		backup: async () => refuse("invalid-request", "file", "there is no file to copy"),
		idle: async () => {},
		close: async () => {},
	};
	function throwFailure() {
		const { failure } = posthaste;
		posthaste.failure = undefined;
		if (failure !== undefined) {
			throw failure;
		}
	}
	return posthaste;
}

async function fill(databases: MemoryDatabases): Promise<void> {
	const { users, managers, mechanisms } = databases;
	await mechanisms.put("im2", { use: "im", settings: { url: "im://127.0.0.1", at: 5 } });
	await managers.put("standard", { use: "sequence", configurations: [{ name: "normal", settings: { steps: [] } }] });
	const never = { name: "never", when: "false", settings: { steps: [] } };
	await managers.put("never", { use: "sequence", configurations: [never] });
	const entry = { mechanism: "im2", address: { jid: "jsmith@localhost" } };
	await users.put("jsmith", { name: "John Smith", timezone: "America/New_York", mechanisms: [entry] });
	await users.put("jdoe", { name: "Jane Doe", mechanisms: [] });
	const file = await users.put("filed", { name: "Filed Away", mechanisms: [] });
	users.records.set("filed", { ...file, managedBy: { by: "file", file: "posthaste.yaml", line: 3 } });
	await databases.putSelection({ rules: [{ manager: "standard" }] });
}

function explain(to: readonly string[], at: number): Explanation {
	return {
		at,
		deliveries: to.map((id) => ({
			recipient: { id, name: id, timezone: "UTC" },
			manager: { name: "standard", plugin: "sequence", version: "1.0.0", reason: "rule" },
			configuration: { name: "normal", revision: 1, unknown: "resend", settings: { at: 7 } },
			routingPolicy: [{ mechanism: "im2", kept: true, postponedUntil: noon, postponeReason: "quiet-hours" }],
			deliveryPolicy: [{ mechanism: "im2", kept: true }],
			tree: { node: "end", state: "unreached", reason: "exhausted" },
			cut: false,
		})),
	};
}

function databaseParts(databases: MemoryDatabases) {
	const { mechanisms, managers, users } = databases;
	const toggle = async (name: string, disabled: boolean) => {
		const before = mechanisms.records.get(name) ?? refuse("not-found", name, "is no mechanism");
		const after = { ...before, disabled, active: !disabled, revision: before.revision + 1 };
		mechanisms.records.set(name, after);
		return after;
	};
	return {
		mechanisms: Object.assign(mechanisms, {
			enable: (name: string) => toggle(name, false),
			disable: (name: string) => toggle(name, true),
			presence: async () => undefined,
		}),
		managers,
		users,
		selection: {
			get: async () => databases.selection,
			put: (...call: Parameters<MemoryDatabases["putSelection"]>) => databases.putSelection(...call),
		},
		configuration: {
			apply: async (document: ConfigurationDocument, { dryRun = false } = {}) =>
				applyUsers(databases, document, dryRun),
			export: async (): Promise<ConfigurationDocument> => ({
				users: Object.fromEntries(
					[...users.records].map(([id, { name, mechanisms: table }]) => [id, { name, mechanisms: table }]),
				),
			}),
		},
		plugins: {
			list: async () => [im],
			get: async (id: string) => (id === "im" ? im : undefined),
			add: async () => refuse("plugin-not-fetched", "from", "there is nothing to fetch from"),
			pin: async () => refuse("not-found", "id", "nothing is installed"),
			rollback: async () => refuse("not-found", "id", "nothing is installed"),
			remove: async () => refuse("not-found", "id", "nothing is installed"),
		},
		unreachable: async () => pageOf([{ user: "jdoe", reasons: [{ mechanism: "im2", reason: "not-in-table" }] }]),
	};
}

/** Applies the users of a document, which is enough to see that it came through. */
async function applyUsers(databases: MemoryDatabases, document: ConfigurationDocument, dryRun: boolean) {
	const wanted = Object.entries(document.users ?? {});
	for (const [name, { timezone }] of wanted) {
		if (timezone === "Mars/Olympus") {
			throw new PosthasteError("invalid-configuration", `users.${name}.timezone is no time zone`);
		}
	}
	if (!dryRun) {
		for (const [name, user] of wanted) {
			await databases.users.put(name, user);
		}
	}
	const changes = wanted.map(([key, after]) => ({ database: "users", key, change: "added", after }) as const);
	return { changes, applied: !dryRun, revision: 1 };
}
