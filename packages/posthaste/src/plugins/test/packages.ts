/** Plugin packages for tests, written into a folder of their own, and a Posthaste to install them in. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defineMechanism, type MechanismPlugin } from "@posthaste/core";
import { scratchFolder } from "@posthaste/real-servers";
import { Type } from "typebox";
import { createPosthaste, type PosthasteCore, type PosthasteOptions } from "../../create-posthaste.ts";
import type { MessageView } from "../../posthaste.ts";

export interface MechanismSource {
	readonly id?: string;
	readonly version?: string;
	readonly apiVersion?: number;
	/** Body of `create(settings, host)`; answers an instance. */
	readonly create?: string;
	/** Body of `send(attempt, signal)` when `create` is left out. */
	readonly send?: string;
	/** What the module does when it is loaded. */
	readonly load?: string;
	readonly needs?: object;
}

/** A mechanism whose address is `{ to }` and whose settings are open. */
export function mechanismPackage(root: string, source: MechanismSource = {}): Promise<string> {
	const {
		id = "line",
		version = "1.0.0",
		apiVersion = 1,
		load = "",
		send = 'return { outcome: "accepted" };',
	} = source;
	const create = source.create ?? `return { async send(attempt, signal) { ${send} }, async close() {} };`;
	return writePackage(
		root,
		{ name: `posthaste-mechanism-${id}`, version, posthaste: { needs: source.needs ?? {} } },
		`import { defineMechanism } from "@posthaste/core";
import { Type } from "typebox";
${load}
export default defineMechanism({
	id: ${JSON.stringify(id)}, apiVersion: ${apiVersion}, version: ${JSON.stringify(version)}, kind: "chat", title: "A line",
	settings: Type.Object({}, { additionalProperties: true }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: { receipts: "acknowledged" },
	async create(settings, host) { ${create} },
});
`,
	);
}

export interface ManagerSource {
	readonly id?: string;
	readonly version?: string;
	/** Body of the generator, which may use attempt, askSender, wait, note and `context`. */
	readonly deliver: string;
	readonly allows?: string;
	readonly load?: string;
}

export function managerPackage(
	root: string,
	{ id = "way", version = "1.0.0", ...source }: ManagerSource,
): Promise<string> {
	return writePackage(
		root,
		{ name: `posthaste-manager-${id}`, version },
		`import { askSender, attempt, defineManager, note, wait } from "@posthaste/core";
import { Type } from "typebox";
${source.load ?? ""}
export default defineManager({
	id: ${JSON.stringify(id)}, apiVersion: 1, version: ${JSON.stringify(version)}, title: "A way",
	settings: Type.Object({}, { additionalProperties: true }),
	allows: (settings) => { ${source.allows ?? 'return "all";'} },
	*deliver(context) { ${source.deliver} },
});
`,
	);
}

let written = 0;

async function writePackage(root: string, json: object, module: string): Promise<string> {
	written += 1;
	const folder = join(root, `package-${written}`);
	await mkdir(folder, { recursive: true });
	await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module", exports: "./plugin.js", ...json }));
	await writeFile(join(folder, "plugin.js"), module);
	return folder;
}

/** A mechanism in the program itself that takes everything, for the load beside. */
export const calm: MechanismPlugin = defineMechanism<object, { to: string }>({
	id: "calm",
	apiVersion: 1,
	version: "1.0.0",
	kind: "im",
	title: "Takes everything",
	settings: Type.Object({}, { additionalProperties: false }),
	address: Type.Object({ to: Type.String() }, { additionalProperties: false }),
	capabilities: {},
	create: async () => ({ send: async () => ({ outcome: "accepted" }), close: async () => undefined }),
}) as unknown as MechanismPlugin;

export interface Bench {
	/** For packages. */
	readonly root: string;
	readonly posthaste: PosthasteCore;
	readonly logged: readonly { readonly level: string; readonly text: string; readonly fields: object }[];
	/** Sends to a user and waits until the delivery is in one of these states. */
	deliver(to: string, states?: readonly string[], body?: string): Promise<MessageView>;
	/** Closes and opens it again on the same data folder. */
	reopen(): Promise<void>;
	close(): Promise<void>;
}

/**
 * Users `ann` (by `calm` alone), `ben` (by `line`, then `calm`), `cat` (by `line` alone); the manager
 * `standard` tries what the recipient has, in order.
 */
export async function openBench(options: Partial<PosthasteOptions> = {}): Promise<Bench> {
	const folder = await scratchFolder();
	const logged: { level: string; text: string; fields: object }[] = [];
	const at = (level: string) => (fields: object, text: string) => void logged.push({ level, fields, text });
	const open = () =>
		createPosthaste({
			data: join(folder.path, "data"),
			plugins: [calm],
			healthInterval: 200,
			pluginLimits: { silence: 4000, rest: 50 },
			log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
			...options,
		});
	const bench = {
		root: folder.path,
		posthaste: await open(),
		logged,
		async deliver(to: string, states: readonly string[] = ["reached", "unreached"], body = "hello") {
			const { id } = await bench.posthaste.send({ to: [to], from: "mary", body });
			let view: MessageView | undefined;
			await until(
				async () => {
					view = await bench.posthaste.messages.get(id);
					return states.includes(view?.deliveries[0]?.state ?? "");
				},
				`message ${id} to be ${states.join(" or ")}`,
			);
			return view as MessageView;
		},
		async reopen() {
			await bench.posthaste.close();
			bench.posthaste = await open();
		},
		async close() {
			await bench.posthaste.close();
			await folder.remove();
		},
	};
	return bench;
}

/** The users and the manager that a bench is described with, for whichever of the plugins are there. */
export function configured({ line, way }: { readonly line?: boolean; readonly way?: boolean }): object {
	const entry = (mechanism: string) => ({ mechanism, address: { to: "them" } });
	const steps = (mechanisms: string[]) => ({ steps: [{ attempt: mechanisms, within: "5s" }] });
	const known = line === true ? ["line", "calm"] : ["calm"];
	return {
		mechanisms: { calm: { use: "calm" }, ...(line === true && { line: { use: "line" } }) },
		managers: {
			standard: { use: "sequence", configurations: [{ name: "all", settings: steps(known) }] },
			...(way === true && { odd: { use: "way", configurations: [{ name: "all", settings: {} }] } }),
		},
		defaultManager: "standard",
		users: {
			ann: { name: "Ann", mechanisms: [entry("calm")] },
			...(line === true && {
				ben: { name: "Ben", mechanisms: [entry("line"), entry("calm")] },
				cat: { name: "Cat", mechanisms: [entry("line")] },
			}),
		},
	};
}

/** Looks until something holds; fails after half a minute, saying what was waited for. */
export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
	const end = Date.now() + 30_000;
	while (!(await holds())) {
		if (Date.now() > end) {
			throw new Error(`waited in vain for ${what}`);
		}
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
}
