/** The generated reference is what the code says, and the routes are what the reference says. */
import { readFile } from "node:fs/promises";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { errorsPage } from "../../../../scripts/generate-errors.ts";
import { openapiDocument } from "./openapi-document.ts";
import { start } from "./testing/start.ts";

type Operation = { operationId: string; summary: string; tags: string[]; responses: Record<string, unknown> };
type Document = { openapi: string; paths: Record<string, Record<string, Operation>> };

const reference = new URL("../../../../docs/reference/", import.meta.url);

/** Biome lines up the columns of tables, which says nothing. */
const withoutPadding = (text: string) => text.replaceAll(/-{3,}/g, "---").replaceAll(/ +/g, " ");

function operationsOf({ paths }: Document): readonly (readonly [string, Operation])[] {
	return Object.entries(paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
	);
}

describe("docs/reference/openapi.json", () => {
	it("is what scripts/generate-openapi.ts would write", async () => {
		const written = JSON.parse(await readFile(new URL("openapi.json", reference), "utf8"));
		expect(written).toEqual(JSON.parse(JSON.stringify(await openapiDocument())));
	});

	it("is what the server answers", async () => {
		const { app } = await start();
		expect((await app.inject("/openapi.json")).json()).toEqual(JSON.parse(JSON.stringify(await openapiDocument())));
	});

	it("is valid OpenAPI 3.1", async () => {
		const document = (await openapiDocument()) as Document;
		expect(document.openapi).toBe("3.1.0");
		expect(await new Validator().validate(JSON.parse(JSON.stringify(document)))).toEqual({ valid: true });
	});

	it("names each operation once, in a sentence, with its errors", async () => {
		const operations = operationsOf((await openapiDocument()) as Document).map(([, operation]) => operation);
		const names = operations.map(({ operationId }) => operationId);
		expect(new Set(names).size).toBe(names.length);
		for (const { operationId, summary, tags, responses } of operations) {
			expect([operationId, summary, tags]).toEqual([
				expect.any(String),
				expect.stringMatching(/^[A-Z]/),
				[expect.any(String)],
			]);
			expect([operationId, "default" in responses]).toEqual([operationId, true]);
		}
	});

	it("has every route, and no other", async () => {
		const { app } = await start();
		const served = routesOf(app.printRoutes({ commonPrefix: false }));
		const written = operationsOf((await openapiDocument()) as Document).map(([operation]) => operation);
		// OpenAPI has no words for WebSockets, whose route prints as a star alone.
		expect(served).toEqual([...written, "GET *"].sort());
	});
});

/** Reads the tree of routes as Fastify draws it. HEAD comes with every GET. */
function routesOf(tree: string): readonly string[] {
	const parents: string[] = [];
	const routes: string[] = [];
	for (const line of tree.split("\n").filter(Boolean)) {
		const [, indent = "", segment = "", methods = ""] = /^((?:[│ ] {3})*)[├└]── (\S+) \((.*)\)$/.exec(line) ?? [];
		const depth = indent.length / 4;
		parents[depth] = `${depth === 0 ? "" : parents[depth - 1]}${segment}`;
		const path = parents[depth].replaceAll(/:(\w+)/g, "{$1}");
		routes.push(...methods.split(", ").flatMap((method) => (method === "HEAD" ? [] : [`${method} ${path}`])));
	}
	return routes.sort();
}

describe("docs/reference/errors.md", () => {
	it("is what scripts/generate-errors.ts would write", async () => {
		const written = await readFile(new URL("errors.md", reference), "utf8");
		expect(withoutPadding(written)).toBe(withoutPadding(errorsPage()));
	});
});
