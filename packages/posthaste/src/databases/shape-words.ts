/** What a schema's error says to people. */
import type { Path } from "./field-path.ts";
import { type JsonSchema, schemasAt } from "./schema-walk.ts";
import type { SchemaError } from "./shape.ts";
import { didYouMean } from "./suggest.ts";

/** One error as a predicate of its field: `has to be a string, and it is a number`. */
export function wordError(error: SchemaError, root: JsonSchema, path: Path, value: unknown): string {
	switch (error.keyword) {
		case "type":
			return wordType(String(error.params.type), value);
		case "enum":
			return wordChoice(error.params.allowedValues, value);
		case "const":
			return wordChoice([error.params.allowedValue], value);
		case "pattern":
			return wordPattern(String(error.params.pattern), root, path);
		case "format":
			return `is not a valid ${error.params.format}`;
		case "minLength":
			return error.params.limit === 1 ? "is empty" : `is shorter than ${error.params.limit} characters`;
		case "maxLength":
			return `is longer than ${error.params.limit} characters`;
		case "minItems":
			return error.params.limit === 1 ? "is empty" : `has fewer than ${error.params.limit} items`;
		case "maxItems":
			return `has more than ${error.params.limit} items`;
		case "uniqueItems":
			return "names something twice";
		case "minimum":
		case "maximum":
		case "exclusiveMinimum":
		case "exclusiveMaximum":
			return `has to be ${error.params.comparison} ${error.params.limit}`;
		case "anyOf":
		case "oneOf":
			return wordUnion(root, path);
		default:
			return error.message;
	}
}

function wordType(type: string, value: unknown): string {
	const quotes = type === "string" && typeof value === "number" ? "; put it in quotes" : "";
	return `has to be ${withArticle(type)}, and it is ${nameOf(value)}${quotes}`;
}

export function nameOf(value: unknown): string {
	if (value === null || value === undefined) {
		return "empty";
	}
	return Array.isArray(value) ? "a list" : withArticle(typeof value);
}

const articles: Readonly<Record<string, string>> = {
	object: "a map of keys",
	array: "a list",
	integer: "a whole number",
	boolean: "true or false",
};

function withArticle(type: string): string {
	return articles[type] ?? `a ${type}`;
}

export function wordChoice(allowed: readonly unknown[], value: unknown): string {
	const words = allowed.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
	const hint = typeof value === "string" ? didYouMean(value, words) : "";
	return words.length === 1 ? `has to be ${words[0]}${hint}` : `has to be one of ${words.join(", ")}${hint}`;
}

/** A pattern's description reads better than the pattern. */
function wordPattern(pattern: string, root: JsonSchema, path: Path): string {
	const described = schemasAt(root, path).find((schema) => schema.pattern !== undefined && schema.description);
	return `is not well formed: ${described?.description ?? `it has to match ${pattern}`}`;
}

function wordUnion(root: JsonSchema, path: Path): string {
	const union = schemasAt(root, path).find((schema) => schema.anyOf !== undefined || schema.oneOf !== undefined);
	return union?.description === undefined ? "has none of the forms it may have" : `has to be: ${union.description}`;
}
