/**
 * The demo: the program with a ready configuration and, on loopback, a mail server and a pager
 * terminal of its own. Nothing is faked: mail goes over SMTP, pages over SNPP.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Running, serve } from "../main.ts";
import { DemoDevices } from "./devices.ts";
import { startMailServer } from "./mail-server.ts";
import { startPagerTerminal } from "./pager-terminal.ts";

export interface DemoOptions {
	readonly listen: string;
	/** Keeps messages there; a folder of its own, gone afterwards, when left out. */
	readonly data?: string;
	readonly logLevel: string;
}

const configuration = fileURLToPath(new URL("posthaste.yaml", import.meta.url));

export async function runDemo({ listen, data, logLevel }: DemoOptions): Promise<Running> {
	const folder = data ?? (await mkdtemp(join(tmpdir(), "posthaste-demo-")));
	const changed = () => devices.changed();
	const mail = await startMailServer({ mailboxes: ["jsmith@example.com"], onMail: changed });
	const pager = await startPagerTerminal({ pagers: ["5551234"], onPage: changed, onChange: changed });
	const devices = new DemoDevices(mail, pager);
	const closeDevices = async () => {
		devices.close();
		await Promise.all([mail.close(), pager.close()]);
		if (data === undefined) {
			await rm(folder, { recursive: true, force: true });
		}
	};
	try {
		const running = await serve({
			listen,
			data: folder,
			config: configuration,
			logLevel,
			env: { ...process.env, POSTHASTE_DEMO_MAIL: mail.url, POSTHASTE_DEMO_PAGER: pager.url },
			extraRoutes: (app, posthaste) => devices.addRoutes(app, posthaste),
		});
		return {
			url: running.url,
			async close() {
				devices.close();
				await running.close();
				await closeDevices();
			},
		};
	} catch (error) {
		await closeDevices();
		throw error;
	}
}
