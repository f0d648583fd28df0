/**
 * Where mail goes: a real Postfix that hands everything it took to this process by LMTP, which counts
 * it; where Postfix cannot be started, the counting server takes the mail itself, by SMTP.
 */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { available, findBinary, freePort, listening, run, scratchFolder } from "@posthaste/real-servers";
import PostalMime from "postal-mime";
import { SMTPServer, type SMTPServerDataStream } from "smtp-server";
import { type Arrival, type Receiver, tokenIn, until } from "./arrivals.ts";
import { people } from "./people.ts";

const mailboxes = people.filter(({ hasNoMailbox }) => !hasNoMailbox).map(({ mail }) => mail);

/** Postfix's master gives its parts to other users, which only root may do. */
export const mayStartPostfix = (): boolean => available("Postfix") && process.getuid?.() === 0;

export function startMail(): Promise<Receiver> {
	return mayStartPostfix() ? startPostfix() : startSmtp();
}

interface Counter {
	readonly port: number;
	/** Mails whose last line has not been answered yet. */
	readonly pending: number;
	take(): Arrival[];
	stop(): Promise<void>;
}

async function textOf(stream: SMTPServerDataStream): Promise<Buffer> {
	const chunks: Buffer[] = [];
	for await (const chunk of stream) {
		chunks.push(chunk as Buffer);
	}
	return Buffer.concat(chunks);
}

async function arrivalOf(raw: Buffer, address: string, byPostfix: boolean, at: number, id: string): Promise<Arrival> {
	const mail = await PostalMime.parse(raw);
	const attempt = /^<([^@>]+)@/.exec(mail.messageId ?? "")?.[1];
	const received = mail.headers.find(({ key }) => key === "received")?.value ?? "";
	const queueId = byPostfix ? (/\bid\s+(\w+)/.exec(received)?.[1] ?? "") : id;
	return {
		way: "email",
		id: queueId,
		address,
		...(attempt !== undefined && { attempt }),
		token: tokenIn(mail.text ?? ""),
		text: mail.text ?? "",
		at: byPostfix ? timeOfQueueId(queueId) : at,
	};
}

const digits = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz";

/** A long queue identifier begins with the seconds and four digits of microseconds, to the base 52 (postconf(5)). */
export function timeOfQueueId(id: string): number {
	const parts = /^(\w{6,})(\w{4})z\w+$/.exec(id);
	if (parts === null) {
		throw new Error(`this is no long queue identifier of Postfix: ${JSON.stringify(id)}`);
	}
	const [seconds = 0, microseconds = 0] = parts
		.slice(1)
		.map((text) => [...text].reduce((value, digit) => value * digits.length + digits.indexOf(digit), 0));
	return seconds * 1000 + microseconds / 1000;
}

/** Takes mail and keeps what it says of itself. */
async function startCounter(byPostfix: boolean): Promise<Counter> {
	let arrived: Arrival[] = [];
	let pending = 0;
	let count = 0;
	const server = new SMTPServer({
		lmtp: byPostfix,
		authOptional: true,
		disabledCommands: ["AUTH", "STARTTLS"],
		disableReverseLookup: true,
		logger: false,
		onRcptTo({ address }, _session, done) {
			const refusal = Object.assign(new Error("5.1.1 no such mailbox here"), { responseCode: 550 });
			done(mailboxes.includes(address) ? null : refusal);
		},
		onData(stream, session, done) {
			const at = Date.now();
			pending += 1;
			textOf(stream)
				.then(async (raw) => {
					for (const { address } of session.envelope.rcptTo) {
						count += 1;
						arrived.push(await arrivalOf(raw, address, byPostfix, at, String(count)));
					}
				})
				.then(() => done(), done)
				.finally(() => {
					pending -= 1;
				});
		},
	});
	server.on("error", () => {
		// Clients that die in the middle end up here.
	});
	const listener = server.listen(0, "127.0.0.1");
	await once(listener, "listening");
	return {
		port: (listener.address() as AddressInfo).port,
		get pending() {
			return pending;
		},
		take() {
			const taken = arrived;
			arrived = [];
			return taken;
		},
		stop: () => new Promise((resolve) => server.close(() => resolve())),
	};
}

async function startSmtp(): Promise<Receiver> {
	const counter = await startCounter(false);
	return {
		name: "smtp-server (Postfix is missing, or this is not root)",
		url: `smtp://127.0.0.1:${counter.port}`,
		async take() {
			await until("no mail is on its way", 60_000, () => counter.pending === 0);
			return counter.take();
		},
		stop: () => counter.stop(),
	};
}

async function startPostfix(): Promise<Receiver> {
	const folder = await scratchFolder();
	const counter = await startCounter(true);
	const smtp = await freePort();
	const configured = join(folder.path, "postfix");
	await layOut(folder.path, { DIR: folder.path, SMTP: String(smtp), LMTP: String(counter.port) });
	const postfix = run("postfix", ["-c", configured, "start-fg"]);
	const stop = async () => {
		await promisify(execFile)(findBinary("postfix") ?? "postfix", ["-c", configured, "stop"]).catch(() => undefined);
		await postfix.stop();
		await counter.stop();
		await folder.remove();
	};
	try {
		await listening(smtp);
	} catch (error) {
		await stop();
		throw new Error(`${String(error)}\n${postfix.output()}`);
	}
	return {
		name: "Postfix",
		url: `smtp://127.0.0.1:${smtp}`,
		async take() {
			await until("Postfix's queue is empty", 120_000, async () => (await queued(folder.path)) === 0);
			await until("no mail is on its way", 60_000, () => counter.pending === 0);
			return counter.take();
		},
		stop,
	};
}

/** Mails that Postfix is taking, or has taken and not handed on. */
async function queued(folder: string): Promise<number> {
	const names = await Promise.all(
		["incoming", "active", "deferred"].map((queue) =>
			readdir(join(folder, "spool", queue), { recursive: true, withFileTypes: true }).catch(() => []),
		),
	);
	return names.flat().filter((entry) => entry.isFile()).length;
}

async function layOut(folder: string, values: Readonly<Record<string, string>>): Promise<void> {
	await chmod(folder, 0o755);
	await mkdir(join(folder, "postfix"));
	await mkdir(join(folder, "spool"));
	const all = { ...values, MAILBOXES: mailboxes.map((mail) => `{${mail}=1}`).join(", ") };
	const services = new URL("../plugins/mechanism-email/test/postfix-master.cf", import.meta.url);
	await fillIn(new URL("postfix-main.cf", import.meta.url), join(folder, "postfix", "main.cf"), all);
	await fillIn(services, join(folder, "postfix", "master.cf"), all);
}

async function fillIn(template: URL, target: string, values: Readonly<Record<string, string>>): Promise<void> {
	const text = await readFile(template, "utf8");
	await writeFile(
		target,
		text.replace(/@([A-Z]+)@/g, (whole, name) => values[name] ?? whole),
	);
}
