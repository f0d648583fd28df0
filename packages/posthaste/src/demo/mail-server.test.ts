import { connect, createServer } from "node:net";
import { testAttempt, testHost } from "@posthaste/core/testing";
import email from "@posthaste/mechanism-email";
import { freePort } from "@posthaste/real-servers";
import { afterEach, describe, expect, it } from "vitest";
import { type Mail, type MailServer, type MailServerOptions, startMailServer } from "./mail-server.ts";

const started: { close(): Promise<void> }[] = [];

afterEach(async () => {
	for (const thing of started.splice(0).reverse()) {
		await thing.close();
	}
});

async function start(options: Partial<MailServerOptions> = {}): Promise<MailServer> {
	const server = await startMailServer({ mailboxes: ["jsmith@example.com"], ...options });
	started.push(server);
	return server;
}

/** Sends through the email mechanism, as the demo does. */
async function sender(server: MailServer) {
	const mechanism = await email.create(
		{ url: server.url, from: "Posthaste <posthaste@example.com>", timeout: "2s" },
		testHost({ now: Date.now }),
	);
	started.push(mechanism);
	return (message: { body: string; subject?: string; format?: "markdown" }, to = "jsmith@example.com") =>
		mechanism.send(testAttempt({ email: to }, { now: Date.now(), message }), AbortSignal.timeout(5000));
}

describe("the demo's mail server", () => {
	it("puts a mail into its mailbox", async () => {
		const seen: Mail[] = [];
		const server = await start({ onMail: (mail) => seen.push(mail) });
		const send = await sender(server);
		const before = Date.now();
		const result = await send({ subject: "Насос 3 🚨", body: "Come **at once**", format: "markdown" });
		const [mail] = server.mails();
		expect(mail).toEqual({
			id: expect.any(String),
			to: "jsmith@example.com",
			from: "Posthaste <posthaste@example.com>",
			subject: "Насос 3 🚨",
			text: "Come **at once**",
			html: expect.stringContaining("<p>Come <strong>at once</strong></p>"),
			messageId: result.reference,
			receivedAt: expect.any(Number),
		});
		expect(mail?.receivedAt).toBeGreaterThanOrEqual(before);
		expect(seen).toEqual([mail]);
		expect(result.evidence).toContain(mail?.id);
	});

	it("knows its mailboxes however they are written, and no other", async () => {
		const server = await start();
		const send = await sender(server);
		expect((await send({ body: "hello" }, "JSmith@EXAMPLE.com")).outcome).toBe("accepted");
		expect(server.mails()[0]?.to).toBe("jsmith@example.com");
		const refused = await send({ body: "hello" }, "nobody@example.com");
		expect(refused.outcome).toBe("rejected");
		expect(refused.evidence).toMatch(/^550 .*no such mailbox/);
		expect(server.mails()).toHaveLength(1);
	});

	it("refuses a mail over its size limit, also when the client did not say how large it is", async () => {
		const server = await start({ sizeLimit: 2000 });
		const send = await sender(server);
		expect((await send({ body: "long ".repeat(1000) })).outcome).toBe("rejected");
		const replies = await talk(server.port, [
			"EHLO x",
			"MAIL FROM:<a@b.c>",
			"RCPT TO:<jsmith@example.com>",
			"DATA",
			`${"x\r\n".repeat(2000)}.`,
		]);
		expect(replies.at(-1)).toMatch(/^552 /);
		expect(server.mails()).toHaveLength(0);
	});

	it("keeps the newest, newest first", async () => {
		const server = await start({ keep: 3 });
		const send = await sender(server);
		for (const body of ["one", "two", "three", "four", "five"]) {
			await send({ body });
		}
		expect(server.mails().map(({ text }) => text)).toEqual(["five", "four", "three"]);
	});

	it("sanitises what came, and makes HTML of mails that have none", async () => {
		const server = await start();
		const envelope = ["EHLO x", "MAIL FROM:<a@b.c>", "RCPT TO:<jsmith@example.com>", "DATA"];
		const hostile = "From: a@b.c\r\nContent-Type: text/html\r\n\r\n<p onclick=x>hi<script>alert(1)</script></p>\r\n.";
		const plain = "From: a@b.c\r\nSubject: plain\r\n\r\n1 < 2\r\n.";
		await talk(server.port, [...envelope, hostile]);
		await talk(server.port, [...envelope, plain]);
		expect(server.mails().map(({ html }) => html.trim())).toEqual(["<p>1 &lt; 2</p>", "<p>hi</p>"]);
	});

	it("is off and on again at the same port, with what it had", async () => {
		const server = await start();
		const send = await sender(server);
		await send({ body: "before" });
		await server.off();
		expect(server.isOn).toBe(false);
		expect((await send({ body: "meanwhile" })).outcome).toBe("failed");
		await server.on();
		expect(server.isOn).toBe(true);
		expect((await send({ body: "after" })).outcome).toBe("accepted");
		expect(server.mails().map(({ text }) => text)).toEqual(["after", "before"]);
	});

	it("ends as the last switch said, however fast they come", async () => {
		const server = await start();
		await Promise.all([server.off(), server.on(), server.off(), server.on(), server.on()]);
		expect(server.isOn).toBe(true);
		await Promise.all([server.on(), server.off(), server.off()]);
		expect(server.isOn).toBe(false);
	});

	it("says so when its port is taken, and can be switched on once it is free", async () => {
		const server = await start();
		await expect(startMailServer({ port: server.port, mailboxes: [] })).rejects.toThrow("EADDRINUSE");
		await server.off();
		const other = createServer();
		await new Promise<void>((resolve) => other.listen(server.port, "127.0.0.1", resolve));
		await expect(server.on()).rejects.toThrow("EADDRINUSE");
		expect(server.isOn).toBe(false);
		await new Promise((resolve) => other.close(resolve));
		await server.on();
		expect(server.isOn).toBe(true);
	});

	it("is closed for good", async () => {
		const server = await start({ port: await freePort() });
		await server.close();
		await server.close();
		await expect(server.on()).rejects.toThrow("closed");
	});
});

/** Speaks SMTP line by line and answers what the server replied to each. */
async function talk(port: number, lines: readonly string[]): Promise<readonly string[]> {
	const socket = connect(port, "127.0.0.1");
	const replies: string[] = [];
	let text = "";
	const next = async (): Promise<string> => {
		for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
			text += String(chunk);
			const whole = /^(?:\d{3}-.*\r\n)*\d{3} .*\r\n/.exec(text)?.[0];
			if (whole !== undefined) {
				text = text.slice(whole.length);
				return whole;
			}
		}
		throw new Error("the server hung up");
	};
	await next();
	for (const line of lines) {
		socket.write(`${line}\r\n`);
		replies.push(await next());
	}
	socket.destroy();
	return replies;
}
