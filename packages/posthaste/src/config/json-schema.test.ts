/** The editor's schema is up to date, and takes and refuses what the program does. */
import { readFile } from "node:fs/promises";
import { Check } from "typebox/schema";
import { describe, expect, it } from "vitest";
import { generate, schemaFile } from "../../../../scripts/generate-config-schema.ts";
import { beeper, chatter, everything, reference, steps } from "../databases/test/fixtures.ts";
import { configurationSchema } from "./json-schema.ts";

const schema = configurationSchema({ managers: [steps, everything], mechanisms: [chatter, beeper] });
const takes = (document: object) => Check(schema as never, document);

describe("the schema for editors", () => {
	it("is written down as it is generated: node scripts/generate-config-schema.ts", async () => {
		const written: unknown = JSON.parse(await readFile(schemaFile, "utf8"));
		expect(written).toEqual(JSON.parse(JSON.stringify(await generate())));
	});

	it("takes the reference configuration", () => {
		expect(takes(reference())).toBe(true);
		expect(takes({})).toBe(true);
	});

	it("refuses unknown keys, bad names, and settings that their plugin does not take", () => {
		const { im2 } = reference().mechanisms;
		expect(takes({ mangers: {} })).toBe(false);
		expect(takes({ mechanisms: { im2: { ...im2, extra: 1 } } })).toBe(false);
		expect(takes({ mechanisms: { "im 2": im2 } })).toBe(false);
		expect(takes({ mechanisms: { im2: { use: "chatter", settings: { url: im2.settings.url, prot: 1 } } } })).toBe(
			false,
		);
		expect(takes({ mechanisms: { im2: { use: "chatter" } } })).toBe(false);
		const row = { name: "x", settings: { steps: [] } };
		expect(takes({ managers: { m: { use: "steps", configurations: [row] } } })).toBe(false);
	});

	it("takes settings of plugins that it does not know, and references to the environment", () => {
		expect(takes({ mechanisms: { x: { use: "other", settings: { anything: 1 } } } })).toBe(true);
		const settings = { url: "tcp://127.0.0.1", port: `\${env:PORT}`, tls: `\${env:TLS}` };
		expect(takes({ mechanisms: { x: { use: "chatter", settings } } })).toBe(true);
		expect(takes({ mechanisms: { x: { use: "chatter", settings: { ...settings, port: "5222" } } } })).toBe(false);
	});
});
