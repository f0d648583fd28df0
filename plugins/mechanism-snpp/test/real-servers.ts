/** Net::SNPP's server and HylaFAX's, each in a folder of its own and on a port of 127.0.0.1. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { findBinary, freePort, listening, type RunningServer, run, scratchFolder } from "@posthaste/real-servers";

interface RealServer {
	readonly url: string;
	stop(): Promise<void>;
}

export interface NetSnpp extends RealServer {
	/** What came in, oldest first: `pager`, `mess` and whatever else was said. */
	pages(): Promise<readonly Readonly<Record<string, unknown>>[]>;
	/** What MSTA answers from now on. */
	answerStatus(line: string): Promise<void>;
}

export async function startNetSnpp(): Promise<NetSnpp> {
	const folder = await scratchFolder();
	const port = await freePort();
	const server = run("perl", [fileURLToPath(new URL("snppd.pl", import.meta.url)), String(port), folder.path]);
	await listeningOrExplain(server, port);
	return {
		url: `snpp://127.0.0.1:${port}`,
		async pages() {
			const lines = await readFile(join(folder.path, "pages"), "utf8").catch(() => "");
			return lines
				.split("\n")
				.filter((line) => line !== "")
				.map((line) => JSON.parse(line));
		},
		answerStatus: (line) => writeFile(join(folder.path, "status"), `${line}\n`),
		async stop() {
			await server.stop();
			await folder.remove();
		},
	};
}

/** A pager job: which pager, which text. */
export interface QueuedPage {
	readonly pin: string;
	readonly text: string;
}

interface Job extends QueuedPage {
	readonly job: string;
	readonly at: number;
	/** faxq has given it up, as it does with some at once for want of a modem. */
	readonly isDone: boolean;
}

export interface HylaFax extends RealServer {
	/** The pager jobs in the queue. */
	queue(): Promise<readonly QueuedPage[]>;
	/** The same with their numbers, which are never used twice, and when they came, in milliseconds since the epoch. */
	jobs(): Promise<readonly Job[]>;
	/** Connections being served now. */
	sessions(): Promise<number>;
}

const folders = "archive bin client config dev docq doneq etc info lock log pollq recvq sendq status tmp".split(" ");

/** Only root may start HylaFAX: its spool belongs to the user uucp. */
export const mayStartHylaFax = process.getuid?.() === 0;

/**
 * hfaxd would listen on every interface, so socat listens and starts one for each connection; without
 * `nofork` hfaxd crashes. There is no modem: pages are queued and stay there.
 */
export async function startHylaFax(pagers: readonly string[] = ["5551234"]): Promise<HylaFax> {
	const folder = await scratchFolder();
	const spool = join(folder.path, "spool");
	await makeSpool(folder.path, spool, pagers);
	const port = await freePort();
	const scheduler = run("faxq", ["-D", "-q", spool]);
	const server = run("socat", [
		`TCP4-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`,
		`EXEC:"${findBinary("hfaxd")} -S -q ${spool}",nofork`,
	]);
	await until(async () => (await readdir(spool)).includes("FIFO"));
	await until(() => greets(port));
	return {
		url: `snpp://127.0.0.1:${port}`,
		queue: async () => (await jobsOf(spool)).filter(({ isDone }) => !isDone).map(({ pin, text }) => ({ pin, text })),
		jobs: () => jobsOf(spool),
		sessions: () => childrenOf(server.process.pid),
		async stop() {
			await server.stop();
			await scheduler.stop();
			await folder.remove();
		},
	};
}

async function makeSpool(parent: string, spool: string, pagers: readonly string[]): Promise<void> {
	await chmod(parent, 0o755);
	for (const name of folders) {
		await mkdir(join(spool, name), { recursive: true });
	}
	const etc = join(spool, "etc");
	await writeFile(join(etc, "hosts.hfaxd"), "localhost:21::\n127.0.0.1:21::\n", { mode: 0o600 });
	const known = pagers.map((pager) => `${pager}\t5550000/${pager}\n`).join("");
	await writeFile(join(etc, "pagermap"), `${known}.*\treject\n`);
	await writeFile(
		join(etc, "config"),
		`UUCPLockDir: ${join(spool, "lock")}\nUUCPLockType: ascii\nCountryCode: 1\nAreaCode: 415\nInternationalPrefix: 011\nLongDistancePrefix: 1\n`,
	);
	await writeFile(join(etc, "setup.cache"), await readFile("/etc/hylafax/setup.cache"));
	execFileSync("chown", ["-R", "uucp:uucp", spool]);
}

/** A job file says `page:0::PIN` and where its text lies. */
async function jobsOf(spool: string): ReturnType<HylaFax["jobs"]> {
	// Without a modem faxq gives some up at once; what it was handed counts all the same.
	const listed = await Promise.all(
		["sendq", "doneq"].map(async (queue) => (await readdir(join(spool, queue))).map((name) => ({ queue, name }))),
	);
	const jobs = listed.flat().filter(({ name }) => /^q\d+$/.test(name));
	return Promise.all(
		jobs.map(async ({ queue, name }) => {
			const path = join(spool, queue, name);
			const job = await readFile(path, "utf8");
			const document = /^!?data:\d+::(.+)$/m.exec(job)?.[1];
			const known = document !== undefined && existsSync(join(spool, document)) ? join(spool, document) : undefined;
			const text = known === undefined ? "" : await readFile(known, "utf8");
			const { birthtimeMs } = await stat(known ?? path);
			const pin = /^!?page:\d+::(.+)$/m.exec(job)?.[1] ?? "";
			return { job: name, pin, text, at: birthtimeMs, isDone: queue === "doneq" };
		}),
	);
}

/** socat serves each connection in a process of its own. */
async function childrenOf(pid = 0): Promise<number> {
	const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
	return children.split(" ").filter((child) => child !== "").length;
}

async function listeningOrExplain(server: RunningServer, port: number): Promise<void> {
	await listening(port).catch((error: unknown) => {
		throw new Error(`${String(error)}: ${server.output()}`);
	});
}

/**
 * Whether a whole session comes about. Connections that are cut before hfaxd has greeted now and then
 * take the next one down with them, so just trying the port will not do.
 */
function greets(port: number): Promise<boolean> {
	return new Promise((resolve) => {
		const socket = createConnection({ port, host: "127.0.0.1" });
		let heard = "";
		socket.setEncoding("utf8").once("data", () => socket.write("QUIT\r\n"));
		socket.on("data", (text) => {
			heard += String(text);
		});
		socket.on("error", () => resolve(false));
		socket.on("close", () => resolve(heard.startsWith("220 ") && heard.includes("221 ")));
	});
}

async function until(holds: () => Promise<boolean>): Promise<void> {
	for (let tries = 0; tries < 200; tries++) {
		if (await holds()) {
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error("not so after 10 s");
}
