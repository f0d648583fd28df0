/** Runs the plugins as the program does, and writes down what both ends said. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Effect } from "@posthaste/core";
import { testAttempt, testMessage } from "@posthaste/core/testing";
import { scratchFolder } from "@posthaste/real-servers";
import { PluginBench } from "../../../packages/posthaste/src/plugins/test/bench.ts";
import { startNtfyServer } from "./ntfy-server.ts";

export interface Said {
	/** Who said it. */
	readonly by: "program" | "plugin";
	readonly message: {
		readonly id?: unknown;
		readonly method?: string;
		readonly params?: unknown;
		readonly result?: unknown;
		readonly error?: unknown;
	};
}

const relay = fileURLToPath(new URL("relay.ts", import.meta.url));

/** Runs a plugin of this folder; what both ends said meanwhile, pings apart. */
async function record(
	plugin: string,
	script: string,
	use: (bench: PluginBench) => Promise<void>,
): Promise<readonly Said[]> {
	const folder = await scratchFolder();
	const file = join(folder.path, "said");
	const bench = new PluginBench(
		{ command: [process.execPath, relay, file, "python3", script] },
		{ folder: fileURLToPath(new URL(`../${plugin}`, import.meta.url)) },
	);
	try {
		await use(bench);
	} finally {
		await bench.stop();
	}
	const lines = (await readFile(file, "utf8")).trim().split("\n");
	await folder.remove();
	const all = lines.map(
		(line): Said => ({
			by: line.startsWith("→") ? "program" : "plugin",
			message: JSON.parse(line.slice(1)),
		}),
	);
	// What it is was asked once before, on its own.
	const begin = all.findLastIndex(({ message }) => message.method === "initialize");
	const pings = new Set(all.flatMap(({ message }) => (message.method === "ping" ? [message.id] : [])));
	return all.slice(begin).filter(({ message }) => !pings.has(message.id));
}

/** A message is published; then a call is aborted. */
export function recordMechanism(): Promise<readonly Said[]> {
	return record("ntfy", "mechanism.py", async (bench) => {
		const ntfy = await startNtfyServer();
		try {
			const { instance } = await bench.instance({ server: ntfy.url });
			const attempt = testAttempt({ topic: "jsmith" }, { now: Date.now() });
			await instance.send(attempt, AbortSignal.timeout(15_000));
			ntfy.fallSilent();
			const call = new AbortController();
			const sending = instance.send({ ...attempt, try: 2 }, call.signal);
			await ntfy.came(2);
			call.abort();
			await sending;
			await instance.close();
		} finally {
			await ntfy.close();
		}
	});
}

/** Settings are judged; the manager tries, asks, and is found to have changed its mind. */
export function recordManager(): Promise<readonly Said[]> {
	return record("escalate", "manager.py", async (bench) => {
		const manager = await bench.manager();
		const settings = { mechanisms: ["im", "pager"], askBefore: ["pager"], within: "2m" };
		await manager.judge(settings);
		const context = {
			message: testMessage(),
			recipient: { id: "jsmith", name: "John Smith", timezone: "UTC" },
			policy: [
				{ mechanism: "im", kind: "im" as const, kept: true },
				{ mechanism: "pager", kind: "pager" as const, kept: true },
			],
			settings,
		};
		const delivery = "01890a5d-ac96-7000-9d3b-000000000001";
		const effect = (await manager.next(delivery, context, [])) as Effect;
		const result = { results: [{ mechanism: "im", outcome: "accepted" as const }] };
		await manager.next(delivery, context, [{ effect, result }]);
		const changed = { ...context, settings: { ...settings, within: "5m" } };
		await manager.next(delivery, changed, [{ effect, result }]).catch(() => undefined);
	});
}

const width = 110;

/** JSON in as few lines as fit. */
function compact(value: unknown, indent = ""): string {
	const line = JSON.stringify(value);
	if (line.length + indent.length <= width || value === null || typeof value !== "object") {
		return line;
	}
	const deeper = `${indent}  `;
	const [open, close] = Array.isArray(value) ? "[]" : "{}";
	const parts = Object.entries(value).map(([name, member]) => {
		const text = compact(member, deeper);
		return Array.isArray(value) ? `${deeper}${text}` : `${deeper}${JSON.stringify(name)}: ${text}`;
	});
	return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function shown({ by, message }: Said): string {
	return `${by === "program" ? "→" : "←"} ${compact(message)}`;
}

/** The exchanges as the page shows them, by the names of its parts. */
export async function recordExchanges(): Promise<Readonly<Record<string, string>>> {
	const [mechanism, manager] = [await recordMechanism(), await recordManager()];
	const block = (said: readonly Said[]) => `\`\`\`text\n${said.map(shown).join("\n")}\n\`\`\``;
	return { "mechanism-exchange": block(mechanism), "manager-exchange": block(manager) };
}
