/** What a pager mechanism can be told, and what stands in a user's delivery table. */
import { DurationSchema, type Milliseconds, parseDuration, words } from "@posthaste/core";
import { type Static, Type } from "typebox";
import type { Server } from "./connection.ts";

const closed = { additionalProperties: false } as const;

/** One word of a command: no blanks, no control characters. */
const word = { pattern: "^[^\\s\\u0000-\\u001f\\u007f]+$", minLength: 1, maxLength: 128 } as const;

function duration(description: string, preset: string) {
	return Type.Optional(Type.String({ ...DurationSchema, description, default: preset }));
}

export const SettingsSchema = Type.Object(
	{
		url: Type.String({
			pattern: "^snpp://([^\\s/@:\\[\\]]+|\\[[0-9a-fA-F:.]+\\])(:[0-9]{1,5})?/?$",
			description: "The SNPP server: snpp://HOST, or snpp://HOST:PORT where the port is not 444",
			examples: ["snpp://127.0.0.1:4444"],
		}),
		login: Type.Optional(
			Type.Object(
				{
					id: Type.String({ ...word, description: "Who logs in" }),
					password: Type.Optional(Type.String({ ...word, secret: true, description: "The password" })),
				},
				{ ...closed, description: "For servers that want a login (LOGI)" },
			),
		),
		site: Type.Optional(
			Type.Array(Type.String({ pattern: "^[ -~]+$", maxLength: 200, description: "Words after SITE" }), {
				maxItems: 16,
				description: 'Commands of this server\'s own (SITE), sent before each page, such as "JQUEUE YES" for HylaFAX',
			}),
		),
		timeout: duration("How long to wait for the connection and for each reply", "10s"),
		sendTimeout: duration("How long to wait for the reply to SEND, for which some servers dial a terminal", "1m"),
		subject: Type.Optional(
			words(["text", "command", "none"], {
				description:
					"Where the subject goes: before the text, into SUBJ (before the text where the server has no SUBJ), or nowhere",
				default: "text",
			}),
		),
		callerId: Type.Optional(
			Type.Boolean({ description: "Tell the sender's name with CALL where the server has it", default: true }),
		),
		charset: Type.Optional(
			words(["utf-8", "ascii"], {
				description: "What the paging network carries; ascii spells other letters as near as it can",
				default: "utf-8",
			}),
		),
		maxBytes: Type.Optional(
			Type.Integer({ minimum: 20, maximum: 262_144, description: "The longest text the pagers take, in bytes" }),
		),
		tooLong: Type.Optional(
			words(["reject", "shorten"], {
				description: "What to do with a text over maxBytes: leave it to other mechanisms, or cut it",
				default: "reject",
			}),
		),
		twoWay: Type.Optional(
			Type.Boolean({
				description: "Page two-way, for receipts and answers, where the server and the pager can",
				default: true,
			}),
		),
		responses: Type.Optional(
			Type.Array(Type.String({ pattern: "^[ -~]{1,15}$", description: "Up to 15 characters" }), {
				maxItems: 9,
				description: "Answers that a two-way pager offers; any of them acknowledges the page",
				default: ["OK"],
			}),
		),
		receipts: Type.Optional(
			Type.Object(
				{
					every: duration("How often to ask what became of two-way pages (MSTA)", "5s"),
					within: duration("How long to go on asking after a page was accepted", "15m"),
				},
				{ ...closed, description: "Asking for receipts" },
			),
		),
	},
	{ ...closed, description: "Pages through an SNPP server (RFC 1861)" },
);

export const AddressSchema = Type.Object(
	{
		pager: Type.String({ ...word, description: "The pager's identifier, often a telephone number" }),
		pin: Type.Optional(Type.String({ ...word, secret: true, description: "The pager's password or PIN" })),
	},
	{ ...closed, description: "A pager" },
);

export type Settings = Static<typeof SettingsSchema>;
export type Address = Static<typeof AddressSchema>;

/** The settings with every gap filled and every time in milliseconds. */
export interface Options {
	readonly server: Server;
	readonly login: { readonly id: string; readonly password?: string } | undefined;
	readonly site: readonly string[];
	readonly timeout: Milliseconds;
	readonly sendTimeout: Milliseconds;
	readonly subject: "text" | "command" | "none";
	readonly callerId: boolean;
	readonly charset: "utf-8" | "ascii";
	readonly maxBytes: number;
	readonly tooLong: "reject" | "shorten";
	readonly twoWay: boolean;
	readonly responses: readonly string[];
	readonly receiptsEvery: Milliseconds;
	readonly receiptsWithin: Milliseconds;
}

/** Throws when the URL names no server. */
export function optionsOf(settings: Settings): Options {
	return {
		server: serverOf(settings.url),
		login: settings.login,
		site: settings.site ?? [],
		timeout: length(settings.timeout, "10s"),
		sendTimeout: length(settings.sendTimeout, "1m"),
		subject: settings.subject ?? "text",
		callerId: settings.callerId ?? true,
		charset: settings.charset ?? "utf-8",
		maxBytes: settings.maxBytes ?? Number.POSITIVE_INFINITY,
		tooLong: settings.tooLong ?? "reject",
		twoWay: settings.twoWay ?? true,
		responses: settings.responses ?? ["OK"],
		receiptsEvery: length(settings.receipts?.every, "5s"),
		receiptsWithin: length(settings.receipts?.within, "15m"),
	};
}

function length(text: string | undefined, preset: string): Milliseconds {
	return parseDuration(text ?? preset) ?? 0;
}

/** RFC 1861: port 444 unless the URL says another. */
function serverOf(url: string): Server {
	const { hostname, port } = new URL(url);
	return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? 444 : Number(port) };
}
