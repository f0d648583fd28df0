/**
 * Checks requests against the schemas of their routes, with the words that configurations are checked
 * with. Bodies are taken as they are: nothing is coerced, filled in or left out. Query strings and
 * paths are text, so numbers and truth values are read out of them.
 */
import { type ErrorCode, PosthasteError } from "@posthaste/core";
import type { FastifySchemaCompiler } from "fastify";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { toError } from "../databases/finding.ts";
import { shapeFindings, validatorOf } from "../databases/shape.ts";

/** What a schema says beyond JSON Schema. */
interface SchemaHints {
	readonly $id?: string;
	/** Code of its errors, where that is not `invalid-request`. */
	readonly errorCode?: ErrorCode;
}

/** Checks a value; the answer is what is wrong with it, if anything is. */
export type Check = (value: unknown) => PosthasteError | undefined;

/** Compiles a schema. */
export function compileCheck(schema: TSchema): Check {
	const validator = validatorOf(schema);
	return (value) => (validator.Check(value) ? undefined : describe(schema, value));
}

/** For Fastify: one compiled check for each part of each route. */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
	const check = compileCheck(schema);
	if (httpPart === "body") {
		return (value: unknown) => answer(value, value == null ? missingBody() : check(value));
	}
	return (value: unknown) => {
		const converted = Value.Convert(schema, value);
		return answer(converted, check(converted));
	};
};

function answer(value: unknown, error: PosthasteError | undefined) {
	return error === undefined ? { value } : { error };
}

function missingBody(): PosthasteError {
	return new PosthasteError("invalid-request", "The request has no body");
}

function describe(schema: TSchema, value: unknown): PosthasteError {
	const { $id, errorCode = "invalid-request" } = schema as SchemaHints;
	const findings = shapeFindings(schema, value, [], errorCode);
	const { message, complaints } = toError(findings);
	const code = ($id === "Draft" && draftCode(value)) || (findings[0]?.code ?? errorCode);
	return new PosthasteError(code, message, complaints);
}

/** A draft's two commonest mistakes have codes of their own. */
function draftCode(draft: unknown): ErrorCode | undefined {
	if (typeof draft !== "object" || draft === null || Array.isArray(draft)) {
		return undefined;
	}
	if (!("to" in draft) || (Array.isArray(draft.to) && draft.to.length === 0)) {
		return "no-recipients";
	}
	return "body" in draft ? undefined : "empty-body";
}
