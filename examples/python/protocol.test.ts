/** docs/reference/plugin-protocol.md says what the program checks plugins by, and shows what they said. */
import { readFileSync } from "node:fs";
import { available } from "@posthaste/real-servers";
import Schema from "typebox/schema";
import { describe, expect, test } from "vitest";
import {
	hostMethods,
	hostNotices,
	type MethodShape,
	type NoticeShape,
	pluginMethods,
	pluginNotices,
} from "../../packages/posthaste/src/plugins/methods.ts";
import { errorCodes } from "../../packages/posthaste/src/plugins/protocol.ts";
import { tables, withParts } from "../../scripts/generate-plugin-protocol.ts";
import { recordManager, recordMechanism, type Said } from "./test/record.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const page = read("docs/reference/plugin-protocol.md");

test("its tables are what `node scripts/generate-plugin-protocol.ts` writes", () => {
	expect(withParts(page, tables())).toBe(page);
});

test("it names every method and notice of the protocol, and every code", () => {
	const source = read("packages/posthaste/src/plugins/protocol.ts");
	const interfaces = source.matchAll(/export interface (?:Plugin|Host)(?:Methods|Notices) \{\n(.*?)\n\}/gs);
	const named = [...interfaces].flatMap(([, body = ""]) =>
		[...body.matchAll(/^\t"?([\w.]+)"?:/gm)].map(([, name]) => name),
	);
	expect(named.length).toBeGreaterThan(20);
	for (const name of named) {
		expect(page).toContain(`### \`${name}\``);
	}
	for (const code of Object.values(errorCodes)) {
		expect(page).toContain(`| ${code} |`);
	}
});

const asked: Readonly<Record<string, NoticeShape & Partial<MethodShape>>> = { ...pluginMethods, ...pluginNotices };
const called: Readonly<Record<string, NoticeShape & Partial<MethodShape>>> = { ...hostMethods, ...hostNotices };

/** What does not have the shape that the page gives it. */
function misfits(said: readonly Said[]): readonly Said[] {
	const questions = new Map<unknown, string>();
	return said.filter(({ by, message }) => {
		const { method, id, params, result, error } = message;
		if (method !== undefined) {
			questions.set(`${by} ${id}`, method);
			const shape = (by === "program" ? asked : called)[method];
			return shape === undefined || !Schema.Check(shape.params, params);
		}
		const question = questions.get(`${by === "program" ? "plugin" : "program"} ${id}`) ?? "";
		const shape = (by === "program" ? called : asked)[question]?.result;
		return error === undefined && (shape === undefined || !Schema.Check(shape, result));
	});
}

/** Who said what, in order. */
function outline(said: readonly Said[]): readonly string[] {
	return said.map(({ by, message }) => `${by === "program" ? "→" : "←"} ${message.method ?? `to ${message.id}`}`);
}

function shownOnPage(name: string): readonly string[] {
	const part = page.slice(page.indexOf(`<!-- begin ${name} -->`), page.indexOf(`<!-- end ${name} -->`));
	return part
		.split(/^(?=[→←])/m)
		.slice(1)
		.map((text) => {
			const message = JSON.parse(text.slice(1).split("```")[0] ?? "");
			return `${text[0]} ${message.method ?? `to ${message.id}`}`;
		});
}

describe.runIf(available("Python"))("the exchanges on the page", () => {
	test.each([
		["mechanism-exchange", recordMechanism],
		["manager-exchange", recordManager],
	])("%s is what is said, and has the shapes of the tables", async (name, record) => {
		const said = await record();
		expect(said.length).toBeGreaterThan(8);
		expect(misfits(said)).toEqual([]);
		expect(shownOnPage(name)).toEqual(outline(said));
	});
});
