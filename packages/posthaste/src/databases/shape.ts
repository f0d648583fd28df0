/** Checks a value against a schema, and says in plain words what does not fit. */
import type { ErrorCode } from "@posthaste/core";
import type { TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import type { TLocalizedValidationError } from "typebox/error";
import { Settings } from "typebox/system";
import { type Path, pointerPath, valueAt } from "./field-path.ts";
import { type Finding, unknownKeyPrefix } from "./finding.ts";
import { type JsonSchema, knownKeys } from "./schema-walk.ts";
import { bestBranches } from "./shape-union.ts";
import { wordError } from "./shape-words.ts";
import { didYouMean, nearest } from "./suggest.ts";

export type SchemaError = TLocalizedValidationError;

const validators = new WeakMap<object, Validator>();

/** The compiled validator of a schema, compiled once. */
export function validatorOf(schema: TSchema): Validator {
	let made = validators.get(schema);
	if (made === undefined) {
		made = Compile(schema);
		validators.set(schema, made);
	}
	return made;
}

/**
 * What of a value does not fit its schema; empty when all does.
 * @param at where the value stands
 * @param code of everything but unknown keys, which are `unknown-key`
 */
export function shapeFindings(schema: TSchema, value: unknown, at: Path, code: ErrorCode): readonly Finding[] {
	const validator = validatorOf(schema);
	if (validator.Check(value)) {
		return [];
	}
	const root = schema as unknown as JsonSchema;
	const errors = bestBranches(manyErrors(validator, value), root, value);
	const findings = errors.flatMap((error) => toFindings(error, errors, root, value, code));
	return distinct(findings).map((finding) => ({ ...finding, path: [...at, ...finding.path] }));
}

/** The library stops after eight errors, a setting of the whole process: it is raised for this one call. */
function manyErrors(validator: Validator, value: unknown): readonly SchemaError[] {
	const { maxErrors } = Settings.Get();
	Settings.Set({ maxErrors: 1000 });
	try {
		return validator.Errors(value);
	} finally {
		Settings.Set({ maxErrors });
	}
}

function toFindings(
	error: SchemaError,
	errors: readonly SchemaError[],
	root: JsonSchema,
	value: unknown,
	code: ErrorCode,
): readonly Finding[] {
	const path = pointerPath(error.instancePath, value);
	switch (error.keyword) {
		// The library reports each unknown key once by its name and once as a schema that is false.
		case "boolean":
			return [];
		case "additionalProperties":
			return error.params.additionalProperties.map((key) => unknownKey([...path, key], knownKeys(root, path)));
		case "required":
			return error.params.requiredProperties
				.filter((key) => !isMisspelt(key, error.instancePath, errors, root, path))
				.map((key) => ({ code, path: [...path, key], message: "is missing" }));
		default:
			return [{ code, path, message: wordError(error, root, path, valueAt(value, path)) }];
	}
}

export function unknownKey(path: Path, known: readonly string[]): Finding {
	const key = String(path.at(-1));
	const help = didYouMean(key, known) || (known.length === 0 ? "" : `; the keys here are ${known.join(", ")}`);
	return { code: "unknown-key", path, message: `${unknownKeyPrefix} "${key}"${help}` };
}

/** A missing key is not worth a word when an unknown one beside it is that key misspelt. */
function isMisspelt(
	missing: string,
	instancePath: string,
	errors: readonly SchemaError[],
	root: JsonSchema,
	path: Path,
): boolean {
	return errors.some(
		(error) =>
			error.keyword === "additionalProperties" &&
			error.instancePath === instancePath &&
			error.params.additionalProperties.some((key) => nearest(key, knownKeys(root, path)) === missing),
	);
}

function distinct(findings: readonly Finding[]): readonly Finding[] {
	return [...new Map(findings.map((finding) => [JSON.stringify([finding.path, finding.message]), finding])).values()];
}
