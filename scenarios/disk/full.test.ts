/** A disk that fills up under the running program, and has room again later. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MailServer, startMailServer } from "../../packages/posthaste/src/demo/mail-server.ts";
import { canMountMemory, type Mount, mountMemory } from "./mounts.ts";
import { define, eventually, refusedStart, type Server, startServer } from "./server.ts";

const mebibyte = 1024 * 1024;
const large = "x".repeat(60_000);

describe.runIf(await canMountMemory())("a full disk", { timeout: 90_000 }, () => {
	let disk: Mount;
	let mail: MailServer;
	let server: Server;

	beforeEach(async () => {
		disk = await mountMemory(24 * mebibyte);
		mail = await startMailServer({ mailboxes: ["jsmith@example.com"], keep: 2000 });
		server = await startServer(disk.path);
		await define(server, mail.url);
	});
	afterEach(async () => {
		await server.end("SIGKILL");
		await mail.close();
		await disk.remove();
	});

	/** Sends until the disk takes no more. */
	async function sendUntilRefused(body: string) {
		const accepted: string[] = [];
		for (let sent = 0; sent < 1000; sent += 1) {
			const answer = await server.post({ body: `${sent} ${body}` });
			if (answer.status !== 202) {
				return { accepted, refusal: answer };
			}
			accepted.push(answer.body.id);
		}
		throw new Error("the disk was never full");
	}

	async function acceptedOne(draft: object): Promise<string> {
		const { status, body } = await server.post(draft);
		expect(status, JSON.stringify(body)).toBe(202);
		return body.id;
	}

	it("refuses messages with the remedy, loses none that was accepted, and goes on when there is room again", async () => {
		const asked = [];
		for (const body of ["one", "two", "three"]) {
			asked.push(await acceptedOne({ manager: "asking", body }));
		}
		const prompts = await Promise.all(asked.map((message) => server.prompt(message)));
		disk.fill(2 * mebibyte);
		const { accepted, refusal } = await sendUntilRefused(large);
		// Where a large one finds no room a small one still may.
		accepted.push(...(await sendUntilRefused("small")).accepted);
		expect(accepted.length).toBeGreaterThan(5);
		expect(refusal.status).toBe(503);
		expect(refusal.headers.get("retry-after")).toBe("1");
		expect(refusal.body).toMatchObject({ code: "disk-full", remedy: expect.stringContaining("Make room") });
		expect(refusal.body.detail).toContain(disk.path);

		// Reads still work, and nothing pretends to have moved on.
		for (const message of asked) {
			expect((await server.get(message)).deliveries[0]?.state).toBe("waiting");
		}
		expect((await server.all()).map(({ id }) => id)).toEqual(expect.arrayContaining([...accepted, ...asked]));
		expect((await server.api("GET", "/healthz")).status).toBe(200);
		await eventually("a server that is not ready", async () => (await server.api("GET", "/readyz")).status === 503);
		// An answer that comes now is not given up: it counts as soon as it can be written.
		const answers = prompts.map((prompt) => server.api("POST", `/v1/prompts/${prompt.id}/answer`, { answer: "yes" }));
		expect((await server.post({ body: large })).status).toBe(503);
		expect(server.running()).toBe(true);

		disk.free();
		const later = await eventually("room again", async () => {
			const answer = await server.post({ body: "later" });
			return answer.status === 202 && answer.body.id;
		});
		expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([204, 204, 204]);
		const sent = [...asked, ...accepted, later];
		await eventually("an end of every delivery", async () => {
			const messages = await server.all();
			return messages.every(({ deliveries }) => deliveries.every(({ state }) => state === "reached"));
		});
		expect(new Set((await server.all()).map(({ id }) => id))).toEqual(new Set(sent));
		await eventually("a server that is ready", async () => (await server.api("GET", "/readyz")).status === 200);
		expect(server.log()).toContain("the store writes again");

		await server.end("SIGKILL");
		server = await startServer(disk.path);
		const found = await server.all();
		expect(new Set(found.map(({ id }) => id))).toEqual(new Set(sent));
		expect(found.every(({ deliveries }) => deliveries.every(({ state }) => state === "reached"))).toBe(true);
		// Somebody got each of them: a full disk may cost a second mail, never the only one.
		const bodies = new Set(mail.mails().map(({ text }) => text.trim()));
		expect(found.filter(({ body }) => !bodies.has(body)).map(({ body }) => body.slice(0, 20))).toEqual([]);
	});

	it("refuses a start when there is not even room for that", async () => {
		await server.end();
		disk.fill();
		const { code, stderr } = await refusedStart(disk.path);
		expect(code).toBe(4);
		expect(stderr).toMatch(/no room left on the disk/i);
		expect(stderr).toContain(disk.path);
		disk.free();
		server = await startServer(disk.path);
		await acceptedOne({});
	});
});
