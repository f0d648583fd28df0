/**
 * The running program as an operator has it, without the demo: a pager whose server leaves some
 * deliveries in doubt, which the configuration wants a person to decide about.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { MessageDocument } from "@posthaste/core";
import { scratchFolder } from "@posthaste/real-servers";
import { startHesitantPager } from "./hesitant-pager.ts";

const binary = fileURLToPath(new URL("../../packages/posthaste/bin/posthaste.js", import.meta.url));

/** Mary has no window open, so that a message to her ends at once; one to John is in doubt. */
const configuration = (pager: string) => `
mechanisms:
  im: { use: web }
  pager: { use: snpp, settings: { url: "${pager}" } }
managers:
  careful:
    use: sequence
    configurations:
      - { name: normal, unknown: hold, settings: { steps: [{ attempt: [im] }, { attempt: [pager] }] } }
selection:
  - { manager: careful }
users:
  jsmith:
    name: John Smith
    timezone: America/New_York
    mechanisms: [{ mechanism: pager, address: { pager: "5551234" } }]
  mary:
    name: Mary Major
    timezone: Europe/London
    mechanisms: [{ mechanism: im, address: { inbox: mary } }]
`;

export interface OperatedProgram {
	readonly url: string;
	/** From now on the pager's server says what became of a page. */
	pagerRecovers(): void;
	/** Sends John a page that arrives, so that the breaker trusts the pager again. */
	reach(body: string): Promise<string>;
	/** Sends John a page whose fate nobody knows; answers the message once its delivery is held. */
	hold(body: string): Promise<string>;
	/** Sends Mary so many messages, which all end. */
	sendOthers(count: number): Promise<void>;
	get(message: string): Promise<MessageDocument>;
	/** Cancels what is held. */
	cancelHeld(): Promise<void>;
	close(): Promise<void>;
}

export async function startOperatedProgram(): Promise<OperatedProgram> {
	const folder = await scratchFolder();
	const pager = await startHesitantPager();
	const config = join(folder.path, "posthaste.yaml");
	await writeFile(config, configuration(pager.url));
	const args = ["serve", "--listen", "127.0.0.1:0", "--data", join(folder.path, "data"), "--config", config];
	const child = spawn(process.execPath, [binary, ...args, "--log-level", "error"], {
		stdio: ["ignore", "pipe", "inherit"],
	});
	const gone = once(child, "exit");
	const [line] = await once(createInterface({ input: child.stdout }), "line");
	const url = /http:\S+/.exec(String(line))?.[0] ?? "";

	const get = async (message: string): Promise<MessageDocument> =>
		(await fetch(`${url}/v1/messages/${message}`)).json() as Promise<MessageDocument>;
	const page = async (body: string, hesitates: boolean) => {
		pager.hesitates = hesitates;
		const message = await send(url, "jsmith", body);
		const wanted = hesitates ? "held" : "reached";
		while ((await get(message)).deliveries[0]?.state !== wanted) {
			await delay(20);
		}
		return message;
	};
	return {
		url,
		pagerRecovers: () => {
			pager.hesitates = false;
		},
		reach: (body) => page(body, false),
		hold: (body) => page(body, true),
		async sendOthers(count) {
			for (let number = 1; number <= count; number++) {
				await send(url, "mary", `Nothing to worry about, ${number}`);
			}
		},
		get,
		async cancelHeld() {
			const list = await fetch(`${url}/v1/messages?state=held`);
			const { items } = (await list.json()) as { items: readonly MessageDocument[] };
			await Promise.all(items.map(({ id }) => fetch(`${url}/v1/messages/${id}`, { method: "DELETE" })));
		},
		async close() {
			child.kill("SIGTERM");
			await gone;
			await pager.close();
			await folder.remove();
		},
	};
}

async function send(url: string, to: string, body: string): Promise<string> {
	const response = await fetch(`${url}/v1/messages`, {
		method: "POST",
		headers: { "content-type": "application/json" },
		body: JSON.stringify({ to: [to], from: "monitor", body }),
	});
	if (response.status !== 202) {
		throw new Error(`not accepted: ${response.status} ${await response.text()}`);
	}
	return ((await response.json()) as { id: string }).id;
}
