import type { Message, Priority } from "@posthaste/core";
import { testAttempt } from "@posthaste/core/testing";
import fc from "fast-check";
import nodemailer from "nodemailer";
import PostalMime, { type Email } from "postal-mime";
import { describe, expect, it } from "vitest";
import { type MailSettings, mailOf, messageIdOf, subjectOf } from "./mail.ts";
import { parseMailbox } from "./settings.ts";

const settings: MailSettings = { sender: { address: "posthaste@example.com" } };
const composer = nodemailer.createTransport({ streamTransport: true, buffer: true, newline: "windows" });

interface Composed {
	readonly raw: string;
	readonly parsed: Email;
	readonly envelope: unknown;
}

async function compose(
	message: Partial<Message>,
	changes: { attempt?: string; recipient?: string; settings?: MailSettings } = {},
): Promise<Composed> {
	const attempt = testAttempt(
		{ email: "jsmith@example.com" },
		{
			message,
			...(changes.attempt !== undefined && { id: changes.attempt }),
			recipient: { id: "jsmith", name: changes.recipient ?? "John Smith" },
		},
	);
	const info = await composer.sendMail(mailOf(attempt, changes.settings ?? settings));
	const raw = info.message as Buffer;
	return { raw: raw.toString("utf8"), parsed: await PostalMime.parse(raw), envelope: info.envelope };
}

function header(mail: Email, name: string): string | undefined {
	return mail.headers.find(({ key }) => key === name.toLowerCase())?.value;
}

describe("a mail", () => {
	it("carries subject, text and names in every script", async () => {
		const { parsed } = await compose(
			{ subject: "Насос 3 steht 🚨 — ポンプ停止", body: "Grüße aus Halle 3 🏭\n\nsofort kommen" },
			{ recipient: "Jürgen Größe" },
		);
		expect(parsed.subject).toBe("Насос 3 steht 🚨 — ポンプ停止");
		expect(parsed.text?.trimEnd()).toBe("Grüße aus Halle 3 🏭\n\nsofort kommen");
		expect(parsed.to).toEqual([{ name: "Jürgen Größe", address: "jsmith@example.com" }]);
	});

	it("says who sends, unless the settings give the sender a name", async () => {
		const own = await compose({ from: "operations" });
		expect(own.parsed.from).toEqual({ name: "operations via Posthaste", address: "posthaste@example.com" });
		const named = await compose({}, { settings: { sender: parseMailbox("Night Watch <watch@example.com>") } });
		expect(named.parsed.from).toEqual({ name: "Night Watch", address: "watch@example.com" });
	});

	it("is dated when the message was accepted, and names it", async () => {
		const { parsed } = await compose({ acceptedAt: Date.UTC(2026, 0, 2, 3, 4, 5), id: "0190-message" });
		expect(parsed.date).toBe("2026-01-02T03:04:05.000Z");
		expect(header(parsed, "X-Posthaste-Message")).toBe("0190-message");
		expect(header(parsed, "Auto-Submitted")).toBe("auto-generated");
	});

	it("has the same Message-ID on a resend, and another for another attempt", async () => {
		const first = await compose({}, { attempt: "attempt-1" });
		const again = await compose({}, { attempt: "attempt-1" });
		const other = await compose({}, { attempt: "attempt-2" });
		expect(first.parsed.messageId).toBe("<attempt-1@example.com>");
		expect(again.parsed.messageId).toBe(first.parsed.messageId);
		expect(other.parsed.messageId).not.toBe(first.parsed.messageId);
	});

	it.each<[Priority, string | undefined, string | undefined]>([
		["low", "5 (Lowest)", "low"],
		["normal", undefined, undefined],
		["high", "2 (High)", "high"],
		["urgent", "1 (Highest)", "high"],
	])("of %s priority says so", async (priority, xPriority, importance) => {
		const { parsed } = await compose({ priority });
		expect(header(parsed, "X-Priority")).toBe(xPriority);
		expect(header(parsed, "Importance")).toBe(importance);
	});

	it("sends answers where the settings say", async () => {
		const { parsed } = await compose({}, { settings: { ...settings, replyTo: "desk@example.com" } });
		expect(parsed.replyTo).toEqual([{ name: "", address: "desk@example.com" }]);
	});

	it("shows plain text as it is written", async () => {
		const { parsed } = await compose({ body: "<b>not bold</b> & so on\nnext line\n\nnext *paragraph*" });
		expect(parsed.html).toContain("<p>&lt;b&gt;not bold&lt;/b&gt; &amp; so on<br>\nnext line</p>");
		expect(parsed.html).toContain("<p>next *paragraph*</p>");
	});

	it("renders Markdown, keeps it readable as text, and lets nothing through that runs or loads", async () => {
		const body = [
			"# Pump **3**",
			"",
			"- [x] seen",
			"- [ ] mended",
			"",
			"| a | b |\n|---|---|\n| 1 | 2 |",
			"",
			"[log](https://example.com/log) [bad](javascript:alert(1)) ![plan](https://example.com/plan.png)",
			"",
			'<script>alert(1)</script><img src=x onerror="alert(2)"><a href="/x" style="position:fixed">y</a>',
		].join("\n");
		const { parsed } = await compose({ body, format: "markdown" });
		expect(parsed.text?.trimEnd()).toBe(body);
		expect(parsed.html).toContain("<h1>Pump <strong>3</strong></h1>");
		expect(parsed.html).toContain("<td>1</td>");
		expect(parsed.html).toContain("☑");
		expect(parsed.html).toContain('href="https://example.com/log"');
		expect(parsed.html).toMatch(/<a href="https:\/\/example\.com\/plan\.png"[^>]*>plan<\/a>/);
		expect(parsed.html).not.toMatch(/script|javascript:|onerror|<img|position/);
	});
});

describe("the subject", () => {
	const subject = (message: Partial<Message>) => subjectOf(testAttempt({}, { message }).message);

	it("is the message's own", () => expect(subject({ subject: "Pump 3", body: "…" })).toBe("Pump 3"));

	it("is the first line that says something", () =>
		expect(subject({ body: "\n \t\n  Pump 3 \r\nmore" })).toBe("Pump 3"));

	it("is a heading without its marks", () =>
		expect(subject({ body: "## Pump 3\ntext", format: "markdown" })).toBe("Pump 3"));

	it("is shortened between characters", () => {
		const made = subject({ body: "🚨".repeat(500) });
		expect([...made]).toHaveLength(120);
		expect(made.endsWith("🚨…")).toBe(true);
	});

	it("names the sender when the body has no words", () =>
		expect(subject({ body: "\u0001" })).toBe("Message from operations"));
});

describe("whatever a message holds", () => {
	const known = new Set([
		...["from", "to", "subject", "message-id", "date", "mime-version", "content-type"],
		...["auto-submitted", "x-posthaste-message", "x-priority", "importance", "priority"],
	]);
	const text = fc.oneof(
		fc.string({ unit: "binary", maxLength: 300 }),
		fc
			.array(
				fc.constantFrom(
					"\r",
					"\n",
					"\r\n",
					"\u0000",
					"\u2028",
					"Bcc: eve@example.com",
					" ",
					":",
					"<",
					">",
					'"',
					",",
					"=?utf-8?Q?=0D=0A?=",
					"\ud800",
					"é",
				),
				{ maxLength: 30 },
			)
			.map((parts) => parts.join("")),
	);

	it("adds no header and no recipient, and breaks no line", async () => {
		await fc.assert(
			fc.asyncProperty(text, text, text, text, text, async (subject, from, recipient, id, attempt) => {
				const { raw, parsed, envelope } = await compose({ subject, from, id, body: "body" }, { recipient, attempt });
				expect(envelope).toEqual({ from: "posthaste@example.com", to: ["jsmith@example.com"] });
				expect(parsed.headers.map(({ key }) => key).filter((key) => !known.has(key))).toEqual([]);
				expect(new Set(parsed.headers.map(({ key }) => key)).size).toBe(parsed.headers.length);
				expect(parsed.to?.map((mailbox) => mailbox.address)).toEqual(["jsmith@example.com"]);
				expect(raw.split("\r\n").every((line) => line.length <= 998 && !/[\r\n]/.test(line))).toBe(true);
			}),
			{ numRuns: 300 },
		);
	});

	it("brings the text over unchanged but for line ends and what mail cannot carry", async () => {
		const lines = (value: string) => value.replace(/\r\n?|\n/g, "\n").trimEnd();
		await fc.assert(
			fc.asyncProperty(fc.string({ unit: "grapheme", minLength: 1, maxLength: 2000 }), async (body) => {
				const { parsed } = await compose({ body });
				expect(lines(parsed.text ?? "")).toBe(lines(body));
			}),
			{ numRuns: 200 },
		);
	});

	it("has a Message-ID that is one", () => {
		fc.assert(
			fc.property(text, (attempt) => {
				const id = messageIdOf(attempt, { address: "posthaste@bücher.example" });
				expect(id).toMatch(/^<[A-Za-z0-9_.-]*@xn--bcher-kva\.example>$/);
			}),
		);
	});
});
