/** Postfix handing over to Dovecot, both private to one test file, on loopback, in a folder of their own. */
import { execFile } from "node:child_process";
import { watch } from "node:fs";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findBinary, freePort, listening, run, scratchFolder } from "@posthaste/real-servers";
import PostalMime, { type Email } from "postal-mime";

/** Mailboxes that Dovecot has; `ghost` is one that only Postfix believes in. */
const users = ["alice", "router"];

export interface MailSystem {
	/** Where Postfix takes mail for `…@example.test`. */
	readonly url: string;
	/** Everything in a mailbox, oldest first, once there are at least `count` mails; rejects after ten seconds. */
	mails(user: string, count: number): Promise<readonly Email[]>;
	stop(): Promise<void>;
}

async function fillIn(template: string, target: string, values: Readonly<Record<string, string>>): Promise<void> {
	const text = await readFile(join(import.meta.dirname, template), "utf8");
	await writeFile(
		target,
		text.replace(/@([A-Z]+)@/g, (whole, name) => values[name] ?? whole),
	);
}

/** Postfix's master runs as root and its parts as other users, so they have to be able to get here. */
async function layOut(folder: string, values: Readonly<Record<string, string>>): Promise<void> {
	await chmod(folder, 0o755);
	for (const user of users) {
		for (const part of ["new", "cur", "tmp"]) {
			await mkdir(join(folder, "mail", user, part), { recursive: true });
		}
	}
	await promisify(execFile)("chown", ["-R", "nobody:nogroup", join(folder, "mail")]);
	await mkdir(join(folder, "postfix"));
	await mkdir(join(folder, "spool"));
	await writeFile(join(folder, "users"), users.map((user) => `${user}:none::::::\n`).join(""));
	await fillIn("postfix-main.cf", join(folder, "postfix", "main.cf"), values);
	await fillIn("postfix-master.cf", join(folder, "postfix", "master.cf"), values);
	await fillIn("dovecot.conf", join(folder, "dovecot.conf"), values);
}

async function readMaildir(folder: string): Promise<readonly Email[]> {
	// A maildir's names begin with the second and microsecond of arrival.
	const names = (await readdir(folder)).sort();
	return Promise.all(names.map(async (name) => PostalMime.parse(await readFile(join(folder, name)))));
}

/** The mails of a maildir, as soon as there are enough: Dovecot moves a mail into `new` when it is whole. */
async function untilMails(folder: string, count: number): Promise<readonly Email[]> {
	const enough = Promise.withResolvers<void>();
	const look = () => {
		readdir(folder).then((names) => (names.length >= count ? enough.resolve() : undefined), enough.reject);
	};
	const watcher = watch(folder, look);
	const timer = setTimeout(() => enough.reject(new Error(`fewer than ${count} mails in ${folder}`)), 10_000);
	look();
	try {
		await enough.promise;
		return await readMaildir(folder);
	} finally {
		clearTimeout(timer);
		watcher.close();
	}
}

export async function startMailSystem(): Promise<MailSystem> {
	const folder = await scratchFolder();
	const [smtp, lmtp] = [await freePort(), await freePort()];
	await layOut(folder.path, { DIR: folder.path, SMTP: String(smtp), LMTP: String(lmtp) });
	const dovecot = run("dovecot", ["-F", "-c", join(folder.path, "dovecot.conf")]);
	const configuration = join(folder.path, "postfix");
	const postfix = run("postfix", ["-c", configuration, "start-fg"]);
	const stop = async () => {
		await promisify(execFile)(findBinary("postfix") ?? "postfix", ["-c", configuration, "stop"]).catch(() => undefined);
		await Promise.all([postfix.stop(), dovecot.stop()]);
		await folder.remove();
	};
	try {
		await Promise.all([listening(lmtp), listening(smtp)]);
	} catch (error) {
		const said = postfix.output() + dovecot.output();
		await stop();
		throw new Error(`${error}\n${said}`);
	}
	return {
		url: `smtp://127.0.0.1:${smtp}`,
		mails: (user, count) => untilMails(join(folder.path, "mail", user, "new"), count),
		stop,
	};
}
