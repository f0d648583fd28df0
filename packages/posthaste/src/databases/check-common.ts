/** Checks that several kinds of records share. */
import { compileCondition, NameSchema } from "@posthaste/core";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import type { Path } from "./field-path.ts";
import type { Finding } from "./finding.ts";
import { plainFindings } from "./plain.ts";
import { shapeFindings, validatorOf } from "./shape.ts";

/** Whether a value can be stored and has the shape of the schema. */
export function checkShape(schema: TSchema, value: unknown, at: Path): readonly Finding[] {
	const plain = plainFindings(value, at);
	return plain.length > 0 ? plain : shapeFindings(schema, value, at, "invalid-configuration");
}

/** Whether the record can be looked into: nothing but unknown keys stands against its shape. */
export function isReadable(schema: TSchema, value: unknown, findings: readonly Finding[]): boolean {
	if (findings.length === 0) {
		return true;
	}
	const unknownOnly = findings.every((finding) => finding.code === "unknown-key");
	return unknownOnly && validatorOf(schema).Check(Value.Clean(schema, structuredClone(value)));
}

export function checkName(name: string, at: Path): readonly Finding[] {
	return shapeFindings(NameSchema, name, at, "invalid-configuration").map((finding) => ({
		...finding,
		message: `the name ${finding.message}`,
	}));
}

export function checkCondition(source: string | undefined, path: Path): readonly Finding[] {
	const compiled = source === undefined ? undefined : compileCondition(source);
	if (source === undefined || compiled === undefined || compiled.ok) {
		return [];
	}
	const { message, offset, length } = compiled.error;
	return [{ code: "invalid-condition", path, message, within: { source, offset, length } }];
}

/** Rows after one that always holds can never be chosen, so somebody meant something else. */
export function unreachable(
	rows: readonly { readonly when?: string }[],
	at: Path,
	nameOf: (index: number) => string,
): readonly Finding[] {
	const always = rows.findIndex((row) => row.when === undefined);
	if (always === -1) {
		return [];
	}
	return rows.slice(always + 1).map((_, offset) => ({
		code: "invalid-configuration",
		path: [...at, always + 1 + offset],
		message: `can never be chosen, because ${nameOf(always)} before it has no condition`,
	}));
}

/** A name that stands in a list more than once, complained about wherever it stands again. */
export function duplicates(
	names: readonly string[],
	pathOf: (index: number) => Path,
	what: string,
): readonly Finding[] {
	return names.flatMap((name, index): readonly Finding[] =>
		names.indexOf(name) === index
			? []
			: [{ code: "invalid-configuration", path: pathOf(index), message: `"${name}" stands ${what} twice` }],
	);
}
