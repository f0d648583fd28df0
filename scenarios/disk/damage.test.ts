/** The running program and a data folder that another one uses, or whose database is damaged. */
import { open, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { scratchFolder } from "@posthaste/real-servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../packages/posthaste/src/demo/mail-server.ts";
import { define, refusedStart, run, type Server, startServer } from "./server.ts";

let folder: Awaited<ReturnType<typeof scratchFolder>>;
let data: string;
let file: string;
let mail: MailServer;
let server: Server;

beforeEach(async () => {
	folder = await scratchFolder();
	data = join(folder.path, "data");
	file = join(data, "posthaste.db");
	mail = await startMailServer({ mailboxes: ["jsmith@example.com"], keep: 2000 });
	server = await startServer(data);
	await define(server, mail.url);
});
afterEach(async () => {
	await server.end("SIGKILL");
	await mail.close();
	await folder.remove();
});

async function accepted(draft: object): Promise<string> {
	const { status, body } = await server.post(draft);
	expect(status, JSON.stringify(body)).toBe(202);
	return body.id;
}

/** Writes over the pages from the second on. */
async function overwrite(): Promise<void> {
	const { size } = await stat(file);
	const handle = await open(file, "r+");
	for (let at = 8192; at + 8192 <= size; at += 8192) {
		await handle.write(Buffer.alloc(8192, 0x5a), 0, 8192, at);
	}
	await handle.close();
}

describe("a second program on the same data folder", { timeout: 90_000 }, () => {
	it("is refused with the first one's process number, and the first one goes on", async () => {
		const message = await accepted({ manager: "asking" });
		const { code, stderr } = await refusedStart(data);
		expect(code).toBe(3);
		expect(stderr).toMatch(/in use by another Posthaste \(process \d+\)/);
		expect(stderr).toContain(data);
		expect(stderr).toContain("Stop that one, or name another folder");
		expect((await server.get(message)).deliveries[0]?.state).toBe("waiting");
		await accepted({});
		await server.end("SIGKILL");
		server = await startServer(data);
		expect(await server.all()).toHaveLength(2);
	});
});

describe("a database that was damaged while nothing ran", { timeout: 90_000 }, () => {
	it("is refused with what to type, and that brings back what the backup has", async () => {
		const message = await accepted({ manager: "asking" });
		const backup = join(folder.path, "backup.sqlite");
		expect(await run("backup", backup, "--data", data)).toMatchObject({ code: 0, stderr: "" });
		await server.end();
		await truncate(file, (await stat(file)).size - 10_000);
		const { code, stderr } = await refusedStart(data);
		expect(code).toBe(4);
		expect(stderr).not.toMatch(/\n\s+at /);
		const command = /posthaste (restore BACKUP --data \S+ --force)/.exec(stderr)?.[1] ?? "";
		const restored = await run(...command.replace("BACKUP", backup).split(" "));
		expect(restored).toMatchObject({ code: 0, stderr: "" });
		expect(restored.stdout).toContain("before-restore");
		server = await startServer(data);
		expect((await server.get(message)).deliveries[0]?.state).toBe("waiting");
	});
});

describe("a database that is damaged while the program runs", { timeout: 90_000 }, () => {
	it("is told to whoever meets it, with the way back; the program neither ends nor fills its log", async () => {
		const ids: string[] = [];
		for (let sent = 0; sent < 60; sent += 1) {
			ids.push(await accepted({ body: `${sent} ${"x".repeat(20_000)}`, manager: "asking" }));
		}
		const backup = join(folder.path, "backup.sqlite");
		await run("backup", backup, "--data", data);
		// What was read before stands in memory; a new process reads it from the file.
		await server.end();
		server = await startServer(data);
		await overwrite();
		const answers = await Promise.all(ids.map((id) => server.api<{ code: string }>("GET", `/v1/messages/${id}`)));
		expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
		expect(new Set(answers.map(({ body }) => body.code))).toEqual(new Set(["database-damaged"]));
		expect(answers[0]?.headers.get("retry-after")).toBe("1");
		const listed = await server.api<{ code: string; remedy: string }>("GET", "/v1/messages");
		expect(listed.body).toMatchObject({
			code: "database-damaged",
			remedy: expect.stringContaining("posthaste restore"),
		});
		const refused = await server.post({});
		expect([202, 503]).toContain(refused.status);
		const lines = server.log().split("\n").length;
		await new Promise((resolve) => setTimeout(resolve, 3000));
		expect(server.running()).toBe(true);
		expect((await server.api("GET", "/healthz")).status).toBe(200);
		expect(server.log().split("\n").length - lines).toBeLessThan(50);
		expect((await run("backup", join(folder.path, "late.sqlite"), "--data", data)).code).toBe(4);

		await server.end("SIGKILL");
		expect((await refusedStart(data)).stderr).toContain("posthaste restore BACKUP");
		expect(await run("restore", backup, "--data", data, "--force")).toMatchObject({ code: 0 });
		server = await startServer(data);
		expect(new Set((await server.all()).map(({ id }) => id))).toEqual(new Set(ids));
	});
});
