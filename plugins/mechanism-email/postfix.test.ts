import type { MechanismInstance, Message } from "@posthaste/core";
import { testAttempt, testHost } from "@posthaste/core/testing";
import { available } from "@posthaste/real-servers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import type { EmailAddress, EmailSettings } from "./settings.ts";
import { type MailSystem, startMailSystem } from "./test/postfix.ts";

// Postfix's master gives its parts to other users, which only root may do.
describe.runIf(available("Postfix") && process.getuid?.() === 0)("mail through Postfix into Dovecot", () => {
	let system: MailSystem;
	let instance: MechanismInstance<EmailAddress>;
	let attempts = 0;

	beforeAll(async () => {
		system = await startMailSystem();
	});
	afterAll(() => system?.stop());
	afterEach(() => instance.close());

	async function send(email: string, message: Partial<Message>, settings: Partial<EmailSettings> = {}) {
		instance = await plugin.create(
			{ url: system.url, from: "Posthaste <router@example.test>", ...settings },
			testHost({ now: Date.now }),
		);
		attempts += 1;
		const attempt = testAttempt({ email }, { id: `attempt-${process.pid}-${attempts}`, now: Date.now(), message });
		return { attempt, result: await instance.send(attempt, AbortSignal.timeout(10_000)) };
	}

	it("arrives whole", async () => {
		const body = `# Насос 3 🚨\n\n${"A long line of words. ".repeat(200)}\n.\n..\n\n**sofort** kommen`;
		const { result } = await send("alice@example.test", {
			subject: "Насос 3 🚨",
			body,
			format: "markdown",
			priority: "urgent",
		});
		expect(result).toEqual({
			outcome: "accepted",
			evidence: expect.stringMatching(/^250 2\.0\.0 Ok: queued as \w+$/),
			reference: expect.stringMatching(/^<attempt-[\d-]+@example\.test>$/),
		});
		const [mail] = await system.mails("alice", 1);
		expect(mail?.subject).toBe("Насос 3 🚨");
		expect(mail?.text?.trimEnd()).toBe(body);
		expect(mail?.html).toContain("<strong>sofort</strong>");
		expect(mail?.from).toEqual({ name: "Posthaste", address: "router@example.test" });
		expect(mail?.messageId).toBe(result.reference);
		expect(mail?.headers.find(({ key }) => key === "importance")?.value).toBe("high");
	});

	it("has the same Message-ID when it is sent again", async () => {
		const { attempt } = await send("alice@example.test", { body: "again" });
		await instance.send({ ...attempt, try: 2 }, AbortSignal.timeout(10_000));
		const mails = await system.mails("alice", 3);
		expect(new Set(mails.filter(({ subject }) => subject === "again").map(({ messageId }) => messageId)).size).toBe(1);
	});

	it("is rejected when Postfix knows no such mailbox", async () => {
		const { result } = await send("nobody@example.test", { body: "hello" });
		expect(result).toEqual({ outcome: "rejected", evidence: expect.stringMatching(/^550 5\.1\.1 .*User unknown/) });
	});

	it("brings delivery status notifications that name the attempt", async () => {
		const delivered = await send("alice@example.test", { body: "please confirm" }, { dsn: true });
		const bounced = await send("ghost@example.test", { body: "nobody there" }, { dsn: true });
		expect([delivered.result.outcome, bounced.result.outcome]).toEqual(["accepted", "accepted"]);
		const reports = (await system.mails("router", 2)).map((mail) =>
			mail.attachments
				.filter(({ mimeType }) => mimeType === "message/delivery-status")
				.map(({ content }) => (typeof content === "string" ? content : new TextDecoder().decode(content)))
				.join(""),
		);
		const reportOf = (id: string) => reports.find((report) => report.includes(`Original-Envelope-Id: ${id}`));
		expect(reportOf(delivered.attempt.id)).toMatch(/Action: (relayed|delivered)/);
		expect(reportOf(bounced.attempt.id)).toMatch(/Action: failed[\s\S]*Status: 5\.1\.1/);
	});

	it("finds the server healthy", async () => {
		await send("alice@example.test", { body: "hello" });
		expect(await instance.health?.(AbortSignal.timeout(5000))).toEqual({ healthy: true });
	});
});
