/** `posthaste backup` beside a program under load, and a second program on what it saved. */
import { join } from "node:path";
import type { PromptDocument } from "@posthaste/core";
import { scratchFolder } from "@posthaste/real-servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../packages/posthaste/src/demo/mail-server.ts";
import { define, eventually, run, type Server, startServer } from "./server.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let data: string;
let backup: string;
let mail: MailServer;
let server: Server;
let second: Server | undefined;

beforeEach(async () => {
	folder = await scratchFolder();
	data = join(folder.path, "data");
	backup = join(folder.path, "backup.sqlite");
	mail = await startMailServer({ mailboxes: ["jsmith@example.com"], keep: 10_000 });
	server = await startServer(data);
	await define(server, mail.url);
});
afterEach(async () => {
	await second?.end("SIGKILL");
	second = undefined;
	await server.end("SIGKILL");
	await mail.close();
	await folder.remove();
});

/** Sends over HTTP from several connections until told to stop. */
function load() {
	const accepted: string[] = [];
	const refused: unknown[] = [];
	let going = true;
	const sender = async () => {
		for (let sent = 0; going && sent < 5000; sent += 1) {
			const { status, body } = await server.post({ body: `under load ${"x".repeat(2000)}` });
			status === 202 ? accepted.push(body.id) : refused.push(body);
		}
	};
	const senders = Promise.all([sender(), sender(), sender(), sender()]);
	return {
		accepted,
		refused,
		async stop() {
			going = false;
			await senders;
		},
	};
}

describe("a backup under load", { timeout: 120_000 }, () => {
	it("has every message that was accepted before it began, and what waited goes on from it", async () => {
		const asked: PromptDocument[] = [];
		for (const body of ["first question", "second question"]) {
			const { body: made } = await server.post({ manager: "asking", body });
			asked.push(await server.prompt(made.id));
		}
		const traffic = load();
		await eventually("a good deal of traffic", async () => traffic.accepted.length > 300);
		const before = [...traffic.accepted];
		const made = await run("backup", backup, "--data", data, "--json");
		const during = traffic.accepted.length - before.length;
		await traffic.stop();
		expect(made).toMatchObject({ code: 0, stderr: "" });
		expect(JSON.parse(made.stdout)).toMatchObject({ file: backup, schema: expect.any(Number) });
		expect(traffic.refused).toEqual([]);
		expect(during).toBeGreaterThan(0);
		await server.end("SIGKILL");

		const restored = join(folder.path, "restored");
		expect(await run("restore", backup, "--data", restored)).toMatchObject({ code: 0, stderr: "" });
		second = await startServer(restored);
		const found = new Map((await second.all()).map((message) => [message.id, message]));
		expect(before.filter((id) => !found.has(id))).toEqual([]);
		const known = new Set([...traffic.accepted, ...asked.map(({ message }) => message)]);
		expect([...found.keys()].filter((id) => !known.has(id))).toEqual([]);

		const [first] = asked;
		const answered = await second.api("POST", `/v1/prompts/${first?.id}/answer`, { answer: "yes" });
		expect(answered.status).toBe(204);
		await eventually("an end of everything but the open question", async () => {
			const messages = (await second?.all()) ?? [];
			const open = messages.filter(({ deliveries }) => deliveries.some(({ state }) => state !== "reached"));
			return open.length === 1 && open[0]?.id === asked[1]?.message;
		});
		expect(mail.mails().some(({ text }) => text.trim() === "first question")).toBe(true);
	});

	it("is refused where it would write over something, and restoring where a program runs", async () => {
		await server.post({});
		expect((await run("backup", backup, "--data", data)).code).toBe(0);
		const again = await run("backup", backup, "--data", data);
		expect(again).toMatchObject({ code: 3, stderr: expect.stringContaining(`${backup} is there already`) });
		expect((await run("backup", backup, "--data", data, "--force")).code).toBe(0);
		const running = await run("restore", backup, "--data", data, "--force");
		expect(running).toMatchObject({ code: 3, stderr: expect.stringContaining("in use by another Posthaste") });
		const nothing = await run("backup", join(folder.path, "other.sqlite"), "--data", join(folder.path, "none"));
		expect(nothing).toMatchObject({ code: 3, stderr: expect.stringContaining("name the folder with --data") });
		expect(await server.all()).toHaveLength(1);
	});
});
