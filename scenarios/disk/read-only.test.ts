/** A disk that takes no writes: from the start, for a while, and after an error of its own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../packages/posthaste/src/demo/mail-server.ts";
import { canMountExt4, type Ext4, mountExt4, setImmutable } from "./mounts.ts";
import { define, eventually, refusedStart, run, type Server, startServer } from "./server.ts";

describe.runIf(await canMountExt4())("a disk that takes no writes", { timeout: 90_000 }, () => {
	let disk: Ext4;
	let data: string;
	let mail: MailServer;
	let server: Server;

	beforeEach(async () => {
		disk = await mountExt4(64 * 1024 * 1024);
		data = join(disk.path, "data");
		mail = await startMailServer({ mailboxes: ["jsmith@example.com"] });
		server = await startServer(data);
		await define(server, mail.url);
	});
	afterEach(async () => {
		await server.end("SIGKILL");
		await mail.close();
		await disk.remove();
	});

	async function accepted(draft: object): Promise<string> {
		const { status, body } = await server.post(draft);
		expect(status, JSON.stringify(body)).toBe(202);
		return body.id;
	}

	async function expectRefusals(): Promise<void> {
		const refused = await server.post({ body: "refused" });
		expect(refused.status).toBe(503);
		expect(refused.headers.get("retry-after")).toBe("1");
		expect(refused.body).toMatchObject({ code: "disk-failed", remedy: expect.stringContaining("read-only") });
		expect(refused.body.detail).toContain(data);
		await eventually("a server that is not ready", async () => (await server.api("GET", "/readyz")).status === 503);
		expect((await server.api("GET", "/healthz")).status).toBe(200);
		expect(server.running()).toBe(true);
	}

	it("is refused at the start, with the remedy, and nothing there is touched", async () => {
		const message = await accepted({ manager: "asking" });
		await server.end();
		execFileSync("mount", ["-o", "remount,ro", disk.path]);
		const { code, stderr } = await refusedStart(data);
		expect(code).toBe(4);
		expect(stderr).toContain(data);
		expect(stderr).toMatch(/takes no writes/);
		expect(stderr).toMatch(/mounted read-only/);
		execFileSync("mount", ["-o", "remount,rw", disk.path]);
		server = await startServer(data);
		expect((await server.get(message)).deliveries[0]?.state).toBe("waiting");
	});

	it("can still be backed up", async () => {
		const message = await accepted({ manager: "asking" });
		await server.end();
		execFileSync("mount", ["-o", "remount,ro", disk.path]);
		const rescued = join(disk.path, "..", "rescued");
		const made = await run("backup", join(disk.path, "..", "rescued.sqlite"), "--data", data);
		expect(made).toMatchObject({ code: 0, stderr: "" });
		await run("restore", join(disk.path, "..", "rescued.sqlite"), "--data", rescued);
		server = await startServer(rescued);
		expect((await server.get(message)).deliveries[0]?.state).toBe("waiting");
	});

	it("refuses messages while it lasts, and takes them again by itself afterwards", async () => {
		const asked = await accepted({ manager: "asking", body: "before" });
		const prompt = await server.prompt(asked);
		const log = join(data, "posthaste.db-wal");
		setImmutable(log, true);
		try {
			await expectRefusals();
			expect((await server.get(asked)).deliveries[0]?.state).toBe("waiting");
			expect((await server.all()).map(({ body }) => body)).toEqual(["before"]);
		} finally {
			setImmutable(log, false);
		}
		const later = await eventually("a disk that writes", async () => {
			const { status, body } = await server.post({ body: "later" });
			return status === 202 && body.id;
		});
		expect((await server.api("POST", `/v1/prompts/${prompt.id}/answer`, { answer: "yes" })).status).toBe(204);
		await eventually("an end of both", async () =>
			(await server.all()).every(({ deliveries }) => deliveries[0]?.state === "reached"),
		);
		expect((await server.all()).map(({ id }) => id)).toEqual([later, asked]);
		await eventually("a server that is ready", async () => (await server.api("GET", "/readyz")).status === 200);
	});

	it("that an error made so refuses messages too, and a start after the repair finds all that was accepted", async () => {
		const asked = await accepted({ manager: "asking", body: "before" });
		const sent = await Promise.all(Array.from({ length: 20 }, (_, n) => accepted({ body: `mail ${n}` })));
		disk.fail();
		await expectRefusals();
		expect((await server.get(asked)).deliveries[0]?.state).toBe("waiting");
		await server.end("SIGKILL");
		disk.repair();
		server = await startServer(data);
		expect(new Set((await server.all()).map(({ id }) => id))).toEqual(new Set([asked, ...sent]));
		await eventually("an end of every mail", async () =>
			(await server.all()).every(({ id, deliveries }) => id === asked || deliveries[0]?.state === "reached"),
		);
	});
});
