/**
 * Nothing that people wrote, no address and no secret shows in a log line at level `trace`, in a metric
 * or in a trace: the program over real SMTP and WebSocket, with a mark in everything it must not show.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InboxClient, socketUrl } from "@posthaste/mechanism-web/client";
import { scratchFolder } from "@posthaste/real-servers";
import { pino } from "pino";
import { describe, expect, onTestFinished, test } from "vitest";
import { startMailServer } from "../demo/mail-server.ts";
import { logOptions } from "../log.ts";
import { serve } from "../main.ts";
import { startCollector } from "./testing/collector.ts";

const mark = "Zq7Xmark";

async function startMarked() {
	const folder = await scratchFolder();
	const mail = await startMailServer({ mailboxes: [`${mark}-known@example.com`] });
	const collector = await startCollector();
	const config = join(folder.path, "posthaste.yaml");
	await writeFile(config, configurationOver(mail.url));
	const lines: string[] = [];
	const running = await serve({
		listen: "127.0.0.1:0",
		data: join(folder.path, "data"),
		config,
		logLevel: "trace",
		logDestination: { write: (line: string) => void lines.push(line) },
		otlpEndpoint: collector.url,
		env: { SMTP_PASSWORD: `${mark}-password` },
	});
	let closed: Promise<void> | undefined;
	const close = () => {
		closed ??= running.close();
		return closed;
	};
	onTestFinished(async () => {
		await close();
		await mail.close();
		await folder.remove();
	});
	return { url: running.url, lines, collector, close };
}

function configurationOver(mail: string): string {
	return JSON.stringify({
		mechanisms: {
			im2: { use: "web" },
			email: { use: "email", settings: { url: mail, from: `${mark}-from@example.com` } },
			// Nothing listens on port 9; the password is never sent, and must not be told either.
			closed: {
				use: "email",
				settings: {
					url: "smtp://127.0.0.1:9",
					from: `${mark}-from@example.com`,
					user: `${mark}-user`,
					password: `\${env:SMTP_PASSWORD}`,
				},
			},
		},
		managers: {
			standard: {
				use: "sequence",
				configurations: [
					{
						name: "im",
						when: 'message.category == "im"',
						settings: { steps: [{ attempt: ["im2"], until: "acknowledged", within: "1h" }] },
					},
					{
						name: "mail",
						settings: {
							steps: [
								{ note: `${mark}-note` },
								{ attempt: ["closed"], within: "1s" },
								{ ask: `${mark}-question?`, within: "1h", otherwise: "no" },
								{ attempt: ["email"], within: "5s" },
							],
						},
					},
				],
			},
		},
		selection: [{ manager: "standard" }],
		users: Object.fromEntries(
			["known", "unknown"].map((who) => [
				who,
				{
					name: `${mark} ${who}`,
					mechanisms: [
						{ mechanism: "im2", address: { inbox: `${mark}-${who}` }, publicKey: `${mark}-key` },
						{ mechanism: "closed", address: { email: `${mark}-${who}@example.com` } },
						{ mechanism: "email", address: { email: `${mark}-${who}@example.com` } },
					],
				},
			]),
		),
	});
}

async function api(url: string, path: string, body?: unknown) {
	const response = await fetch(`${url}${path}`, {
		headers: { "content-type": "application/json", "x-secret": mark },
		...(body !== undefined && { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) }),
	});
	return (await response.json()) as Record<string, never>;
}

async function send(url: string, to: string, category: string): Promise<string> {
	const draft = { to: [to], from: `${mark}-sender`, body: `${mark}-body`, subject: `${mark}-subject` };
	return (await api(url, "/v1/messages", { ...draft, properties: { category, own: `${mark}-property` } })).id ?? "";
}

test("no mark shows anywhere", async () => {
	const { url, lines, collector, close } = await startMarked();
	const client = new InboxClient({ url: socketUrl(url, "im2"), inbox: `${mark}-known` });
	onTestFinished(() => client.close());
	const shown = Promise.withResolvers<string>();
	client.onMessage(({ attempt }) => shown.resolve(attempt));
	const open = Promise.withResolvers<void>();
	client.onState(({ state }) => state === "open" && open.resolve());
	await open.promise;

	const ids = [await send(url, "known", "im")];
	const attempt = await shown.promise;
	client.reply(attempt, `${mark}-reply`);
	client.acknowledge(attempt);
	for (const to of ["known", "unknown"]) {
		const id = await send(url, to, "mail");
		ids.push(id);
		const question = async () => (await api(url, `/v1/prompts?message=${id}`)) as { items?: { id: string }[] };
		await expect.poll(async () => (await question()).items?.length, { timeout: 15_000 }).toBe(1);
		const [prompt] = (await question()).items ?? [];
		await fetch(`${url}/v1/prompts/${prompt?.id}/answer`, {
			method: "POST",
			headers: { "content-type": "application/json" },
			body: JSON.stringify({ answer: "yes" }),
		});
	}
	// Requests that are refused quote what was wrong to whoever sent it, and to nobody else.
	await api(url, "/v1/messages", { to: [`${mark}-nobody`], from: "x", body: mark });
	await api(url, "/v1/messages", `{"${mark}`);
	await api(url, `/v1/users/${mark}?cursor=${mark}`);
	// The closed server is tried a second time within its second, or not; each delivery has its own span.
	await expect
		.poll(() => collector.spans.filter(({ name }) => name === "deliver").length, { timeout: 15_000 })
		.toBe(ids.length);
	const metrics = await (await fetch(`${url}/metrics`)).text();
	await close();

	const states = collector.spans
		.filter(({ name }) => name === "deliver")
		.map((span) => span.attributes["posthaste.state"]);
	expect(states.sort()).toEqual(["reached", "reached", "unreached"]);
	expect(lines.length).toBeGreaterThan(20);
	expect(lines.filter((line) => line.includes(mark))).toEqual([]);
	expect(metrics.split("\n").filter((line) => line.includes(mark))).toEqual([]);
	expect(collector.bodies.filter((body) => body.includes(mark))).toEqual([]);

	const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
	for (const id of ids) {
		const about = logged.filter(({ message }) => message === id);
		expect(about.map(({ msg }) => msg)).toContain("a delivery began");
		expect(about.every(({ delivery, request }) => delivery === `${id}.1` || request !== undefined)).toBe(true);
		expect(about.filter(({ msg }) => msg === "an attempt came to this").every((line) => "attempt" in line)).toBe(true);
	}
	expect(logged.filter(({ level, message }) => message !== undefined && Number(level) >= 40)).toMatchObject([
		{ message: ids[2], msg: "a delivery reached nobody", reason: "exhausted" },
	]);
});

describe("a plugin that logs too much", () => {
	/** What becomes of a line that a plugin logs. */
	function logged(fields: object, text = "sending") {
		const lines: string[] = [];
		const log = pino({ ...logOptions, level: "trace" }, { write: (line: string) => void lines.push(line) });
		log.info(fields, text);
		expect(lines).toHaveLength(1);
		expect(lines[0]).toMatch(/\n$/);
		return { line: lines[0] ?? "", members: JSON.parse(lines[0] ?? "") as Record<string, unknown> };
	}

	test("is cut short", () => {
		const { line, members } = logged(
			{ password: mark, about: { body: mark, id: 7 }, url: `smtp://user:${mark}@127.0.0.1` },
			`at smtp://${mark}@x:25`,
		);
		expect(line).not.toContain(mark);
		expect(members).toMatchObject({
			password: "[redacted]",
			about: { body: "[redacted]", id: 7 },
			url: "smtp://[redacted]@127.0.0.1",
			msg: "at smtp://[redacted]@x:25",
		});
	});

	test("may hand over a whole attempt: it shows without what people wrote", () => {
		const message = { id: "m", from: "mary", to: ["john"], subject: mark, body: mark, properties: { own: mark } };
		const attempt = { id: "m.1.a1", try: 1, message, address: { email: mark }, publicKey: mark };
		const { line, members } = logged({ mechanism: "email", attempt });
		expect(line).not.toContain(mark);
		expect(members).toMatchObject({
			mechanism: "email",
			attempt: { id: "m.1.a1", try: 1, message: { id: "m", from: "mary", to: ["john"], body: "[redacted]" } },
			msg: "sending",
		});
	});

	test("may hand over an error with what a server was sent and answered", () => {
		const config = { body: mark, url: `http://user:${mark}@127.0.0.1/x` };
		const headers = {
			authorization: mark,
			"Set-Cookie": [mark],
			"x-api-key": mark,
			accessToken: mark,
			server: "nginx",
		};
		const err = Object.assign(new Error("refused"), { response: { config, headers, status: 403 } });
		const { line, members } = logged({ err, causes: [{ deeper: [{ err: { body: mark } }] }] });
		expect(line).not.toContain(mark);
		expect(members).toMatchObject({
			err: { type: "Error", message: "refused", response: { status: 403, headers: { server: "nginx" } } },
		});
	});

	test("may hand over what never ends, or is very large or deep", () => {
		const endless: Record<string, unknown> = { body: mark };
		endless.self = { endless };
		const tree = (depth: number) =>
			Array(depth)
				.fill(0)
				.reduce<object>((next) => ({ next }), { body: mark });
		const wide = Array.from({ length: 100_000 }, () => ({ id: 1 }));
		for (const fields of [{ endless }, { deep: tree(100) }, { deeper: tree(50_000) }, { wide, body: mark }]) {
			const { line, members } = logged({ mechanism: "email", ...fields });
			expect(line).not.toContain(mark);
			expect(line.length).toBeLessThan(40_000);
			expect(members).toMatchObject({ mechanism: "email", msg: "sending" });
		}
		const { line, members } = logged({ text: "x".repeat(1_000_000), after: 1 }, "y".repeat(1_000_000));
		expect(line.length).toBeLessThan(40_000);
		expect(members).toMatchObject({ after: 1, msg: expect.stringMatching(/^y+\[cut\]$/) });
	});

	test.each([
		["smtp://user:p@Zq7Xmark@host:25/", "smtp://[redacted]@host:25/"],
		['smtp://user:pa"Zq7Xmark@host', "smtp://[redacted]@host"],
		['smtp://user:pa\\"Zq7Xmark\\@host', "smtp://[redacted]@host"],
		["smtp://us er:pa Zq7Xmark@host", "smtp://[redacted]@host"],
		["at smtp://Zq7Xmark@host and at http://a:Zq7Xmark@b/", "at smtp://[redacted]@host and at http://[redacted]@b/"],
		["http://host/@scope/package is no plugin@1", "http://host/@scope/package is no plugin@1"],
		["asked http://127.0.0.1:1 for plugin@1", "asked http://127.0.0.1:1 for plugin@1"],
		["http://host?to=a@b http://host#a@b", "http://host?to=a@b http://host#a@b"],
	])("may hand over an address with a password: %s", (address, shown) => {
		expect(logged({ url: address, list: [address] }, address).members).toMatchObject({
			url: shown,
			list: [shown],
			msg: shown,
		});
	});
});
