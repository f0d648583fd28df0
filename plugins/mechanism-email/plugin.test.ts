import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type MechanismInstance, parseDuration, type SendResult } from "@posthaste/core";
import { mechanismConformance, testAttempt, testHost } from "@posthaste/core/testing";
import { freePort } from "@posthaste/real-servers";
import type { SMTPServerOptions } from "smtp-server";
import Schema from "typebox/schema";
import { afterEach, describe, expect, it } from "vitest";
import plugin from "./plugin.ts";
import type { EmailAddress, EmailSettings } from "./settings.ts";
import { reply, type ScriptedServer, scriptedServer } from "./test/smtp.ts";

const from = "posthaste@example.com";
const address = { email: "jsmith@example.com" };

/** What a test has started, ended after it in reverse order. */
const started: (() => Promise<void>)[] = [];

afterEach(async () => {
	for (const end of started.splice(0).reverse()) {
		await end();
	}
});

async function smtp(options: SMTPServerOptions = {}): Promise<ScriptedServer> {
	const server = await scriptedServer(options);
	started.push(() => server.close());
	return server;
}

/** A TCP server for what no SMTP server would do. */
async function rawServer(onConnection: (socket: Socket) => void): Promise<string> {
	const server: Server = createServer((socket) => {
		socket.on("error", () => socket.destroy());
		started.push(async () => {
			socket.destroy();
		});
		onConnection(socket);
	});
	server.listen(0, "127.0.0.1");
	await once(server, "listening");
	started.push(() => new Promise((resolve) => server.close(() => resolve())));
	return `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function mechanism(settings: Partial<EmailSettings> & { url: string }) {
	const host = testHost({ now: Date.now });
	const whole: EmailSettings = { from, timeout: "5s", ...settings };
	expect(Schema.Check(plugin.settings, whole)).toBe(true);
	const instance = await plugin.create(whole, host);
	started.push(() => instance.close());
	return instance;
}

function send(instance: MechanismInstance<EmailAddress>, options: { body?: string; signal?: AbortSignal } = {}) {
	const message = options.body === undefined ? {} : { body: options.body };
	return instance.send(
		testAttempt(address, { now: Date.now(), message }),
		options.signal ?? AbortSignal.timeout(parseDuration("10s") ?? 0),
	);
}

async function sendTo(options: SMTPServerOptions, body?: string): Promise<SendResult> {
	const server = await smtp(options);
	return send(await mechanism({ url: server.url }), body === undefined ? {} : { body });
}

const large = "0123456789 ".repeat(400_000);

mechanismConformance(plugin, {
	async reachable() {
		const server = await smtp();
		return { settings: { url: server.url, from }, address };
	},
	async unreachable() {
		return { settings: { url: `smtp://127.0.0.1:${await freePort()}`, from }, address };
	},
	async silent() {
		const server = await smtp({ onData: (stream) => void stream.resume() });
		return { settings: { url: server.url, from }, address };
	},
	async stop() {
		for (const end of started.splice(0).reverse()) {
			await end();
		}
	},
});

describe("an accepted mail", () => {
	it("has the server's reply as evidence and its Message-ID as reference", async () => {
		const server = await smtp();
		const attempt = testAttempt(address, { now: Date.now() });
		const instance = await mechanism({ url: server.url });
		const result = await instance.send(attempt, AbortSignal.timeout(10_000));
		expect(result).toEqual({
			outcome: "accepted",
			evidence: "250 2.0.0 kept as number 1",
			reference: server.taken[0]?.parsed.messageId,
		});
		expect(result.reference).toContain("@example.com>");
	});

	it("goes over a connection that is already there", async () => {
		const server = await smtp();
		const instance = await mechanism({ url: server.url });
		await send(instance);
		await send(instance);
		await send(instance);
		expect(server.taken).toHaveLength(3);
		expect(server.connections()).toBe(1);
	});

	it("goes out once although the server closed the kept connection meanwhile", async () => {
		const server = await smtp();
		const instance = await mechanism({ url: server.url });
		await send(instance);
		server.cut();
		expect((await send(instance)).outcome).toBe("accepted");
		expect(server.taken).toHaveLength(2);
	});

	it("is encrypted where the server offers STARTTLS", async () => {
		const secure: boolean[] = [];
		const server = await smtp({
			disabledCommands: ["AUTH"],
			onMailFrom(_address, session, done) {
				secure.push(session.secure);
				done();
			},
		});
		expect((await send(await mechanism({ url: server.url }))).outcome).toBe("accepted");
		expect(secure).toEqual([true]);
	});

	it("asks for delivery status notifications by the attempt's identifier, where that is set", async () => {
		const server = await smtp();
		const attempt = testAttempt(address, { now: Date.now() });
		const instance = await mechanism({ url: server.url, dsn: true });
		await instance.send(attempt, AbortSignal.timeout(10_000));
		const { dsn, rcptTo } = server.taken[0]?.envelope ?? {};
		expect(dsn).toEqual({ ret: "HDRS", envid: attempt.id });
		expect(rcptTo?.[0]?.args).toEqual({ NOTIFY: "SUCCESS,FAILURE,DELAY" });
	});
});

describe("certainly not delivered, another try may help: failed", () => {
	it("when the name does not resolve", async () => {
		const result = await send(await mechanism({ url: "smtp://no-such-host.invalid:25" }));
		expect(result.outcome).toBe("failed");
	});

	it("when the greeting is 421", async () => {
		const result = await sendTo({ onConnect: (_session, done) => done(reply(421, "4.3.2 closing down")) });
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^421 .*4\.3\.2 closing down/) });
	});

	it("when the greeting is 554: the server wants nobody, which says nothing of this mail", async () => {
		const result = await sendTo({ onConnect: (_session, done) => done(reply(554, "no service for you")) });
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^554 /) });
	});

	it.each(["onMailFrom", "onRcptTo"] as const)("when %s is answered with 451", async (handler) => {
		const result = await sendTo({
			[handler]: (_address: unknown, _session: unknown, done: (e: Error) => void) =>
				done(reply(451, "4.7.1 come back later")),
		});
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^451 .*4\.7\.1 come back later$/) });
	});

	it("when the message is answered with 452", async () => {
		const result = await sendTo({
			onData(stream, _session, done) {
				stream.resume().once("end", () => done(reply(452, "4.3.1 disk full")));
			},
		});
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^452 .*4\.3\.1 disk full$/) });
	});

	it("when no greeting comes", async () => {
		const url = await rawServer(() => undefined);
		expect((await send(await mechanism({ url, timeout: "100ms" }))).outcome).toBe("failed");
	});

	it("when the connection is closed before the greeting, each time", async () => {
		const url = await rawServer((socket) => socket.end());
		expect((await send(await mechanism({ url }))).outcome).toBe("failed");
	});

	it("when the attempt is aborted while the greeting is awaited", async () => {
		const controller = new AbortController();
		const url = await rawServer(() => controller.abort());
		expect(await send(await mechanism({ url }), { signal: controller.signal })).toEqual({
			outcome: "failed",
			evidence: expect.stringMatching(/^no answer within \d+ ms$/),
		});
	});

	it("when the mechanism is closed while the greeting is awaited", async () => {
		const connected = Promise.withResolvers<void>();
		const url = await rawServer(() => connected.resolve());
		const instance = await mechanism({ url });
		const sent = send(instance);
		await connected.promise;
		await instance.close();
		expect(await sent).toEqual({ outcome: "failed", evidence: "the mechanism was closed" });
	});

	it("when the server falls silent at RCPT", async () => {
		let asked = 0;
		const server = await smtp({
			onRcptTo() {
				asked += 1;
			},
		});
		expect((await send(await mechanism({ url: server.url, timeout: "500ms" }))).outcome).toBe("failed");
		expect(asked).toBe(1);
	});

	it("when the connection is cut in the middle of a large message", async () => {
		const server = await smtp({
			onData(stream) {
				stream.once("data", () => {
					stream.pause();
					server.cut();
				});
			},
		});
		expect((await send(await mechanism({ url: server.url }), { body: large })).outcome).toBe("failed");
	});

	it("when the attempt is aborted in the middle of a large message, and the server keeps nothing", async () => {
		const controller = new AbortController();
		let ended = false;
		const server = await smtp({
			onData(stream) {
				stream.once("data", () => {
					stream.pause();
					controller.abort();
				});
				stream.once("end", () => {
					ended = true;
				});
			},
		});
		const result = await send(await mechanism({ url: server.url }), { body: large, signal: controller.signal });
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^no answer within \d+ ms$/) });
		expect(ended).toBe(false);
	});

	it("when the deadline has passed, without a connection", async () => {
		const server = await smtp();
		const instance = await mechanism({ url: server.url });
		const attempt = { ...testAttempt(address, { now: Date.now() }), deadline: Date.now() - 1 };
		expect((await instance.send(attempt, AbortSignal.timeout(10_000))).outcome).toBe("failed");
		expect(server.connections()).toBe(0);
	});

	it("when the server wants another password: the operator can mend that, the recipient is not at fault", async () => {
		const server = await smtp({
			disabledCommands: ["STARTTLS"],
			allowInsecureAuth: true,
			onAuth: (_auth, _session, done) => done(reply(535, "5.7.8 wrong")),
		});
		const result = await send(await mechanism({ url: server.url, user: "posthaste", password: "secret word" }));
		expect(result.outcome).toBe("failed");
		expect(result.evidence).toMatch(/^535 /);
		expect(JSON.stringify(result)).not.toContain("secret word");
	});

	it("when the server wants a password and there is none", async () => {
		const result = await sendTo({ authOptional: false, disabledCommands: ["STARTTLS"], allowInsecureAuth: true });
		expect(result).toEqual({ outcome: "failed", evidence: expect.stringMatching(/^530 /) });
	});

	it("when the server does not encrypt and it has to", async () => {
		const server = await smtp();
		const result = await send(await mechanism({ url: server.url, tls: { require: true } }));
		expect(result.outcome).toBe("failed");
		expect(server.taken).toHaveLength(0);
	});

	it("when the certificate is not to be trusted", async () => {
		const server = await smtp({ secure: true });
		const result = await send(await mechanism({ url: server.url, tls: { verify: true } }));
		expect(result.outcome).toBe("failed");
		expect((await send(await mechanism({ url: server.url, tls: { verify: false } }))).outcome).toBe("accepted");
	});
});

describe("certainly not delivered, another try cannot help: rejected", () => {
	it("when there is no such mailbox", async () => {
		const result = await sendTo({ onRcptTo: (_address, _session, done) => done(reply(550, "5.1.1 no such mailbox")) });
		expect(result).toEqual({ outcome: "rejected", evidence: expect.stringMatching(/^550 .*5\.1\.1 no such mailbox$/) });
	});

	it("when the sender is refused", async () => {
		const result = await sendTo({ onMailFrom: (_address, _session, done) => done(reply(553, "5.1.8 not from there")) });
		expect(result.outcome).toBe("rejected");
	});

	it("when the message is refused after it was read", async () => {
		const result = await sendTo({
			onData(stream, _session, done) {
				stream.resume().once("end", () => done(reply(554, "5.6.0 not that")));
			},
		});
		expect(result).toEqual({ outcome: "rejected", evidence: expect.stringMatching(/^554 .*5\.6\.0 not that$/) });
	});

	it("when the message is larger than the server takes", async () => {
		const result = await sendTo({ size: 10_000, rejectOversized: true }, large);
		expect(result.outcome).toBe("rejected");
	});

	it("leaves the connection in order for the next mail", async () => {
		let refuse = true;
		const server = await smtp({
			onRcptTo(_address, _session, done) {
				done(refuse ? reply(550, "5.1.1 no such mailbox") : null);
				refuse = false;
			},
		});
		const instance = await mechanism({ url: server.url });
		expect((await send(instance)).outcome).toBe("rejected");
		expect((await send(instance)).outcome).toBe("accepted");
	});
});

describe("nobody can say: unknown", () => {
	it("when the server falls silent after the final dot", async () => {
		const server = await smtp({ onData: (stream) => void stream.resume() });
		const result = await send(await mechanism({ url: server.url, timeout: "500ms" }));
		expect(result).toEqual({ outcome: "unknown", evidence: expect.stringContaining("no reply came") });
	});

	it("when the connection is lost after the final dot, and it does not send the mail again by itself", async () => {
		let messages = 0;
		const server = await smtp({
			onData(stream) {
				stream.resume().once("end", () => {
					messages += 1;
					server.cut();
				});
			},
		});
		expect((await send(await mechanism({ url: server.url }))).outcome).toBe("unknown");
		expect(messages).toBe(1);
	});

	it("when the attempt is aborted after the final dot", async () => {
		const controller = new AbortController();
		const server = await smtp({
			onData(stream) {
				stream.resume().once("end", () => controller.abort());
			},
		});
		const result = await send(await mechanism({ url: server.url }), { signal: controller.signal });
		expect(result).toEqual({
			outcome: "unknown",
			evidence: expect.stringMatching(/^no answer within \d+ ms; the message had left and no reply came$/),
		});
	});

	it("when the reply to the message makes no sense", async () => {
		const url = await rawServer((socket) => {
			const replies = ["250 hello", "250 ok", "250 ok", "354 go on"];
			socket.write("220 strange\r\n");
			socket.on("data", (chunk: Buffer) => {
				const ended = chunk.toString().endsWith("\r\n.\r\n");
				socket.write(ended ? "what?\r\n" : replies.length > 0 ? `${replies.shift()}\r\n` : "");
			});
		});
		expect((await send(await mechanism({ url }))).outcome).toBe("unknown");
	});
});

describe("health", () => {
	it("connects and signs in, and sends nothing", async () => {
		const seen: string[] = [];
		const server = await smtp({
			disabledCommands: ["STARTTLS"],
			allowInsecureAuth: true,
			onAuth(auth, _session, done) {
				seen.push(`${auth.username}:${auth.password}`);
				done(null, { user: auth.username });
			},
		});
		const instance = await mechanism({ url: server.url, user: "posthaste", password: "right" });
		expect(await instance.health?.(AbortSignal.timeout(5000))).toEqual({ healthy: true });
		expect(seen).toEqual(["posthaste:right"]);
		expect(server.taken).toHaveLength(0);
	});

	it("says what is wrong", async () => {
		const instance = await mechanism({ url: `smtp://127.0.0.1:${await freePort()}` });
		const health = await instance.health?.(AbortSignal.timeout(5000));
		expect(health).toEqual({ healthy: false, detail: expect.stringContaining("ECONNREFUSED") });
	});

	it("ends with its signal", async () => {
		const controller = new AbortController();
		const url = await rawServer(() => controller.abort());
		const instance = await mechanism({ url, timeout: "1h" });
		expect((await instance.health?.(controller.signal))?.healthy).toBe(false);
	});
});
