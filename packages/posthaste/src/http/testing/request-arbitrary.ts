/** Requests made from an OpenAPI document: fitting, nearly fitting and nonsense, for every operation. */
import fc from "fast-check";
import type { InjectOptions } from "fastify";
import { fitting, type JsonSchema, nearlyFitting, type Vocabulary } from "./schema-arbitrary.ts";

interface Parameter {
	readonly in: "path" | "query" | "header";
	readonly name: string;
	readonly required?: boolean;
	readonly schema: JsonSchema;
}

export interface Operation {
	readonly operationId: string;
	readonly parameters?: readonly Parameter[];
	readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonSchema }>> };
	readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: JsonSchema }>> }>>;
}

export interface OpenapiDocument {
	readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
	readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

export interface GeneratedRequest {
	readonly operation: Operation;
	readonly request: InjectOptions & { readonly method: string; readonly url: string };
}

/** Requests to any operation. In a path, words are those of the segment before: `users` in `/v1/users/{name}`. */
export function requests(
	document: OpenapiDocument,
	known: Pick<Vocabulary, "words" | "values">,
): fc.Arbitrary<GeneratedRequest> {
	const vocabulary = { schemas: document.components.schemas, ...known };
	const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.entries(methods).map(([method, operation]) => requestTo(path, method, operation, vocabulary)),
	);
	return fc.oneof(...operations);
}

function requestTo(
	path: string,
	method: string,
	operation: Operation,
	vocabulary: Vocabulary,
): fc.Arbitrary<GeneratedRequest> {
	const { parameters = [] } = operation;
	const of = (place: Parameter["in"]) => parameters.filter((each) => each.in === place);
	return fc
		.record({
			url: pathOf(path, of("path"), vocabulary),
			query: queryOf(of("query"), vocabulary),
			headers: headersOf(of("header"), vocabulary),
			body: bodyOf(operation, vocabulary),
		})
		.map(({ url, query, headers, body }) => ({
			operation,
			request: {
				method: method.toUpperCase() as "GET",
				url: url + query,
				headers: { ...headers, ...body.headers },
				...(body.payload !== undefined && { payload: body.payload }),
			},
		}));
}

/** Escaped as a client should, or broken. */
const brokenSegment = fc.constantFrom(
	"%",
	"%zz",
	"%00",
	"%2f",
	"..",
	".",
	"%c3%28",
	"a".repeat(600),
	"%F0%9F%98%80",
	" ",
	"",
);

function pathOf(path: string, parameters: readonly Parameter[], vocabulary: Vocabulary): fc.Arbitrary<string> {
	const values = parameters.map(({ name, schema }) =>
		fc.oneof(
			{
				weight: 12,
				arbitrary: fitting(schema, vocabulary, segmentBefore(path, name)).map((value) => encode(String(value))),
			},
			{ weight: 1, arbitrary: brokenSegment },
		),
	);
	return fc
		.tuple(...values)
		.map((all) =>
			all.reduce<string>((url, value, index) => url.replace(`{${parameters[index]?.name}}`, () => value), path),
		);
}

function segmentBefore(path: string, parameter: string): string {
	const segments = path.split("/");
	return segments[segments.indexOf(`{${parameter}}`) - 1] ?? "";
}

/** A lone surrogate cannot be written in a URL. */
function encode(text: string): string {
	return encodeURIComponent(text.toWellFormed());
}

function queryOf(parameters: readonly Parameter[], vocabulary: Vocabulary): fc.Arbitrary<string> {
	const pairs = parameters.map(({ name, schema }) => {
		const value = fc.oneof(
			{ weight: 9, arbitrary: fitting(schema, vocabulary, name) },
			{ weight: 1, arbitrary: fc.string({ unit: "binary" }) },
		);
		return seldom(value.map((each) => `${name}=${encode(String(each))}`));
	});
	const odd = fc.constantFrom("x=1", "limit=1&limit=2", "%", "&&=&", "limit[]=1", "__proto__=1", "constructor=1", "?");
	return fc
		.tuple(...pairs, seldom(odd))
		.map((all) => all.filter((pair) => pair !== undefined).join("&"))
		.map((query) => (query === "" ? "" : `?${query}`));
}

/** A value in one of five cases. */
function seldom<T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
	return fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value });
}

/** What a header's value may hold (RFC 9110 §5.5), beyond the fitting. */
const headerText = fc.stringMatching(/^[\x21-\x7e][\x20-\x7e\xa0-\xff]{0,30}[\x21-\x7e]$/);

function headersOf(parameters: readonly Parameter[], { words }: Vocabulary): fc.Arbitrary<Record<string, string>> {
	const value = fc.oneof(fc.constantFrom("*", '"1"', 'W/"1"', '"1", "2"', '"', "", "end"), headerText);
	const own = parameters.map(({ name }) => [
		name,
		seldom(fc.oneof(value, fc.constantFrom("k", ...(words[name] ?? [])))),
	]);
	const others = {
		accept: seldom(fc.constantFrom("*/*", "text/html", "application/json;q=0", ",,")),
		range: seldom(fc.constantFrom("bytes=0-1", "bytes=9-1")),
		"x-http-method-override": seldom(fc.constant("DELETE")),
		origin: fc.oneof(
			{ weight: 30, arbitrary: fc.constant("http://localhost:1") },
			{ weight: 1, arbitrary: fc.constant("null") },
		),
	};
	return fc
		.record({ ...others, ...Object.fromEntries(own) })
		.map((all) =>
			Object.fromEntries(Object.entries(all).filter((each): each is [string, string] => each[1] !== undefined)),
		);
}

interface Body {
	readonly headers: Readonly<Record<string, string>>;
	readonly payload?: string | Buffer;
}

const strayTypes = fc.constantFrom(
	"text/plain",
	"application/xml",
	"application/json; charset=latin1",
	"json",
	"/",
	";",
	"*/*",
);

function bodyOf({ requestBody }: Operation, vocabulary: Vocabulary): fc.Arbitrary<Body> {
	const contents = Object.entries(requestBody?.content ?? {});
	if (contents.length === 0) {
		const stray = strayTypes.map((type) => ({ headers: { "content-type": type }, payload: "{}" }));
		return fc.oneof({ weight: 19, arbitrary: fc.constant({ headers: {} }) }, { weight: 1, arbitrary: stray });
	}
	const right = fc
		.constantFrom(...contents)
		.chain(([type, { schema }]) =>
			payloadOf(type, schema, vocabulary).map((payload) => ({ headers: { "content-type": type }, payload })),
		);
	const wrong = fc
		.tuple(strayTypes, nonsense)
		.map(([type, payload]) => ({ headers: { "content-type": type }, payload }));
	return fc.oneof(
		{ weight: 18, arbitrary: right },
		{ weight: 1, arbitrary: wrong },
		{ weight: 1, arbitrary: fc.constant({ headers: {} }) },
	);
}

const nonsense = fc.oneof(
	fc.string({ unit: "binary", maxLength: 60 }),
	fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
	fc.constantFrom(
		"",
		"null",
		"[]",
		"0",
		'"',
		"{",
		'{"__proto__":{}}',
		"[".repeat(5000),
		'{"a":'.repeat(3000),
		"\ufeff{}",
		"- a: &a [*a]",
	),
);

function payloadOf(type: string, schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<string | Buffer> {
	if (type === "application/x-ndjson") {
		const draft = { $ref: "#/components/schemas/Draft" };
		return fc.array(jsonOf(draft, vocabulary), { maxLength: 5 }).map((lines) => lines.map(String).join("\n"));
	}
	const shape = type === "application/yaml" ? { $ref: "#/components/schemas/Configuration" } : schema;
	return jsonOf(shape, vocabulary);
}

/** JSON is YAML too. */
function jsonOf(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<string | Buffer> {
	return fc.oneof(
		{ weight: 5, arbitrary: fitting(schema, vocabulary).map((value) => JSON.stringify(value)) },
		{ weight: 3, arbitrary: nearlyFitting(schema, vocabulary).map((value) => JSON.stringify(value) ?? "") },
		{ weight: 1, arbitrary: nonsense },
	);
}
