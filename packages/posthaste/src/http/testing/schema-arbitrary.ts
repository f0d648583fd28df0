/** Values made from JSON Schema (as OpenAPI 3.1 writes it): fitting ones, and ones that nearly fit. */
import fc from "fast-check";

export interface JsonSchema {
	readonly $ref?: string;
	readonly type?: string | readonly string[];
	readonly enum?: readonly unknown[];
	readonly anyOf?: readonly JsonSchema[];
	readonly format?: string;
	readonly pattern?: string;
	readonly minLength?: number;
	readonly maxLength?: number;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly items?: JsonSchema;
	readonly minItems?: number;
	readonly maxItems?: number;
	readonly uniqueItems?: boolean;
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly required?: readonly string[];
	readonly additionalProperties?: JsonSchema | boolean;
}

export interface Vocabulary {
	/** What references are looked up in: `components.schemas`. */
	readonly schemas: Readonly<Record<string, JsonSchema>>;
	/** Whole values of free-form members, such as settings, by their key. */
	readonly values: Readonly<Record<string, readonly unknown[]>>;
	/** Words that mean something to the server, by the key they stand at, so that requests get past their first check. */
	readonly words: Readonly<Record<string, readonly string[]>>;
}

const json = fc.jsonValue({ maxDepth: 3 });
const deepest = 8;

/** Values that fit a schema, at a key whose words are known. */
export function fitting(schema: JsonSchema, vocabulary: Vocabulary, key = "", depth = 0): fc.Arbitrary<unknown> {
	if (schema.$ref !== undefined) {
		const name = schema.$ref.split("/").at(-1) ?? "";
		return fitting(vocabulary.schemas[name] ?? {}, vocabulary, key, depth + 1);
	}
	if (depth > deepest) {
		return fc.constant(null);
	}
	if (schema.enum !== undefined) {
		return fc.constantFrom(...schema.enum);
	}
	if (schema.anyOf !== undefined) {
		return fc.oneof(...schema.anyOf.map((each) => fitting(each, vocabulary, key, depth + 1)));
	}
	switch (schema.type) {
		case "string":
			return text(schema, vocabulary.words[key] ?? []);
		case "integer":
			return fc.integer({ min: schema.minimum ?? -(2 ** 31), max: schema.maximum ?? 2 ** 31 - 1 });
		case "number":
			return fc.double({ min: schema.minimum ?? -1e9, max: schema.maximum ?? 1e9, noNaN: true });
		case "boolean":
			return fc.boolean();
		case "null":
			return fc.constant(null);
		case "array":
			return list(schema, vocabulary, key, depth);
		case "object":
			return wholeOr(vocabulary.values[key], record(schema, vocabulary, key, depth));
		default:
			return json;
	}
}

/** Values that the server takes, mostly, where they are known. */
function wholeOr(known: readonly unknown[] | undefined, free: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
	if (known === undefined) {
		return free;
	}
	return fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: free });
}

const longest = 60;

function text(schema: JsonSchema, words: readonly string[]): fc.Arbitrary<string> {
	if (schema.format === "date-time") {
		return fc
			.date({ noInvalidDate: true, min: new Date(0), max: new Date("2200-01-01") })
			.map((date) => date.toISOString());
	}
	const { minLength = 0, maxLength = longest, pattern } = schema;
	const long = Math.min(maxLength, longest);
	const fits = (word: string) =>
		word.length >= minLength && word.length <= maxLength && new RegExp(pattern ?? "", "u").test(word);
	const free =
		pattern === undefined
			? fc.string({ unit: "binary", minLength, maxLength: long })
			: fc.stringMatching(new RegExp(pattern), { maxLength: long });
	const known = words.filter(fits);
	return fc.oneof(
		{ weight: known.length > 0 ? 9 : 0, arbitrary: known.length > 0 ? fc.constantFrom(...known) : free },
		{ weight: 1, arbitrary: free },
	);
}

function list(schema: JsonSchema, vocabulary: Vocabulary, key: string, depth: number): fc.Arbitrary<unknown[]> {
	const { items = {}, minItems = 0, maxItems = 4, uniqueItems = false } = schema;
	const bounds = { minLength: minItems, maxLength: Math.max(minItems, Math.min(maxItems, 4)) };
	const item = fitting(items, vocabulary, key, depth + 1);
	return uniqueItems ? fc.uniqueArray(item, bounds) : fc.array(item, bounds);
}

function record(schema: JsonSchema, vocabulary: Vocabulary, key: string, depth: number): fc.Arbitrary<unknown> {
	const { properties = {}, required = [], additionalProperties = true } = schema;
	const members = Object.entries(properties).map(
		([each, member]) => [each, fitting(member, vocabulary, each, depth + 1)] as const,
	);
	const known = fc.record(Object.fromEntries(members), {
		requiredKeys: required.filter((each) => each in properties),
		noNullPrototype: true,
	});
	if (additionalProperties === false) {
		return known;
	}
	const value = additionalProperties === true ? json : fitting(additionalProperties, vocabulary, key, depth + 1);
	const names = [...(vocabulary.words[key] ?? []), "own"];
	const further = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 8 })), value, {
		maxKeys: 3,
		noNullPrototype: true,
	});
	return fc.tuple(further, known).map(([own, named]) => ({ ...own, ...(named as object) }));
}

/** Values that have broken programs before. */
const odd = fc.constantFrom<unknown>(
	...[null, true, 0, -1, 1.5, 1e308, 2 ** 53, "", " ", "\u0000", "\ud800", "x".repeat(5000), [], {}, [[]], [null]],
	...[
		"__proto__",
		"constructor",
		"toString",
		"9999-12-31T23:59:59Z",
		"1e9d",
		"99999999999999999w",
		"\u0024{env:HOME}",
		"\r\n",
	],
	{ toString: 1, constructor: { prototype: 1 }, hasOwnProperty: "x", then: 1, toJSON: "x", length: -1 },
);

const mutations = ["replace", "remove", "add"] as const;

/** A fitting value with something changed in a place of it. */
export function nearlyFitting(schema: JsonSchema, vocabulary: Vocabulary): fc.Arbitrary<unknown> {
	const steps = fc.array(fc.nat(20), { maxLength: 6 });
	const change = fc.constantFrom(...mutations);
	return fc
		.tuple(fitting(schema, vocabulary), steps, change, fc.oneof(odd, json))
		.map(([value, path, mutation, put]) => mutate(value, path, mutation, put));
}

function mutate(value: unknown, path: readonly number[], mutation: (typeof mutations)[number], put: unknown): unknown {
	const [step = 0, ...rest] = path;
	const keys = value !== null && typeof value === "object" ? Object.keys(value) : [];
	const key = keys[step % keys.length];
	if (key === undefined || rest.length === 0) {
		return change(value, key, mutation, put);
	}
	const members = value as Record<string, unknown>;
	return withMember(members, key, mutate(members[key], rest, mutation, put));
}

function change(value: unknown, key: string | undefined, mutation: (typeof mutations)[number], put: unknown): unknown {
	if (value === null || typeof value !== "object" || key === undefined || mutation === "replace") {
		return put;
	}
	const members = value as Record<string, unknown>;
	return mutation === "add" ? withMember(members, `${key}x`, put) : withMember(members, key, undefined);
}

/** A copy with a member changed, or without it. */
function withMember(value: Record<string, unknown>, key: string, member: unknown): unknown {
	if (Array.isArray(value)) {
		return value.with(Number(key) % value.length || 0, member);
	}
	const { [key]: _before, ...others } = value;
	return member === undefined ? others : { ...others, [key]: member };
}
