/** What the mechanism is configured with, what an address is, and the SMTP transport that follows from them. */
import { DurationSchema, parseDuration } from "@posthaste/core";
import type { SMTPPoolOptions } from "nodemailer";
import { type Static, Type } from "typebox";

const closed = { additionalProperties: false } as const;

/** A dot-separated run of what RFC 5322 section 3.2.3 calls atoms, and the letters of RFC 6531. */
const atoms = '[^\\s@<>\\(\\)\\[\\]\\\\,;:"\\.\\u0000-\\u001F\\u007F]+';
const dotted = `${atoms}(\\.${atoms})*`;
/** Quoted local parts and address literals are left out: nobody has them, and injections do. */
const mailbox = `${dotted}@${dotted}`;

const MailboxSchema = { maxLength: 254, pattern: `^${mailbox}$` } as const;

export const AddressSchema = Type.Object(
	{ email: Type.String({ ...MailboxSchema, description: "The mail address, such as jsmith@example.com" }) },
	{ ...closed, description: "A mailbox" },
);
export type EmailAddress = Static<typeof AddressSchema>;

const TlsSchema = Type.Object(
	{
		require: Type.Optional(
			Type.Boolean({
				description:
					"Send nothing before the connection is encrypted. True when left out and there is a password for a server elsewhere",
			}),
		),
		verify: Type.Optional(
			Type.Boolean({
				description: "Check the server's certificate. True when left out, except for a server on loopback",
			}),
		),
		ca: Type.Optional(
			Type.String({ minLength: 1, description: "Certificates to trust instead of the system's, as PEM text" }),
		),
		servername: Type.Optional(
			Type.String({ minLength: 1, maxLength: 253, description: "The name to expect in the server's certificate" }),
		),
	},
	{ ...closed, description: "How the connection is encrypted; STARTTLS is used wherever the server offers it" },
);

export const SettingsSchema = Type.Object(
	{
		url: Type.String({
			maxLength: 300,
			pattern: "^smtps?://([A-Za-z0-9_.\\-]+|\\[[0-9A-Fa-f:.]+\\])(:[0-9]{1,5})?/?$",
			description:
				"The server: smtp://host:port (port 587 when left out), or smtps://host:port (465) for TLS from the start",
		}),
		from: Type.String({
			maxLength: 400,
			pattern: `^(${mailbox}|[^<>"\\u0000-\\u001F\\u007F]*<${mailbox}>)$`,
			description: "Whose address mails come from: posthaste@example.com or Posthaste <posthaste@example.com>",
		}),
		user: Type.Optional(
			Type.String({ minLength: 1, maxLength: 256, description: "Name to sign in to the server with" }),
		),
		password: Type.Optional(
			Type.String({
				minLength: 1,
				maxLength: 1024,
				secret: true,
				description: "Password to sign in to the server with",
			}),
		),
		replyTo: Type.Optional(Type.String({ ...MailboxSchema, description: "Where answers go instead of to `from`" })),
		timeout: Type.Optional(
			Type.String({
				...DurationSchema,
				default: "30s",
				description: "How long the server may stay silent at any step",
			}),
		),
		connections: Type.Optional(
			Type.Integer({ minimum: 1, maximum: 100, default: 5, description: "Most connections held open to the server" }),
		),
		hostname: Type.Optional(
			Type.String({
				maxLength: 253,
				pattern: "^[A-Za-z0-9.\\-]+$",
				description: "The name to greet the server with (EHLO); this machine's when left out",
			}),
		),
		dsn: Type.Optional(
			Type.Boolean({ default: false, description: "Ask for delivery status notifications (RFC 3461), sent to `from`" }),
		),
		tls: Type.Optional(TlsSchema),
	},
	{
		...closed,
		dependentRequired: { user: ["password"], password: ["user"] },
		description: "An SMTP server to hand mail to",
	},
);
export type EmailSettings = Static<typeof SettingsSchema>;

/** A name to show, where there is one, and an address. */
export interface Mailbox {
	readonly name?: string;
	readonly address: string;
}

/** Takes `Name <address>` or a bare address apart. The schema's pattern has made sure that it is one of the two. */
export function parseMailbox(text: string): Mailbox {
	const match = /^([^<>]*)<([^<>]+)>$/.exec(text);
	const name = match?.[1]?.trim();
	return { address: match?.[2] ?? text, ...(name && { name }) };
}

const loopback = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/** Nodemailer's options for a pooled transport that keeps to the settings. */
export function transportOptions(settings: EmailSettings): SMTPPoolOptions & { pool: true } {
	const url = new URL(settings.url);
	const host = url.hostname.replace(/^\[|\]$/g, "");
	const near = loopback.test(host);
	const secure = url.protocol === "smtps:";
	const { user, password, hostname, tls = {} } = settings;
	const silence = parseDuration(settings.timeout ?? "30s") ?? 30_000;
	return {
		pool: true,
		host,
		port: url.port === "" ? (secure ? 465 : 587) : Number(url.port),
		secure,
		requireTLS: !secure && (tls.require ?? (user !== undefined && !near)),
		tls: {
			rejectUnauthorized: tls.verify ?? !near,
			...(tls.ca !== undefined && { ca: tls.ca }),
			...(tls.servername !== undefined && { servername: tls.servername }),
		},
		...(user !== undefined && { auth: { user, pass: password ?? "" } }),
		...(hostname !== undefined && { name: hostname }),
		maxConnections: settings.connections ?? 5,
		// A pooled connection that the server has closed meanwhile costs one more turn. Every other repetition is the engine's.
		maxRequeues: 1,
		dnsTimeout: silence,
		connectionTimeout: silence,
		greetingTimeout: silence,
		socketTimeout: silence,
		socketCloseTimeout: 1000,
		disableFileAccess: true,
		disableUrlAccess: true,
	};
}
