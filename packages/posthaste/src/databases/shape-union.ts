/**
 * Where a value fits none of a union's branches, the library reports the errors of all of them. What
 * helps is the branch that was meant: the one that the value comes nearest to.
 */
import { pointerPath } from "./field-path.ts";
import { type JsonSchema, knownKeys } from "./schema-walk.ts";
import type { SchemaError } from "./shape.ts";
import { nearest } from "./suggest.ts";

/** The errors with those of the branches that were not meant left out. */
export function bestBranches(errors: readonly SchemaError[], root: JsonSchema, value: unknown): readonly SchemaError[] {
	const unions = errors
		.filter((error) => error.keyword === "anyOf" || error.keyword === "oneOf")
		.sort((left, right) => left.schemaPath.length - right.schemaPath.length);
	let kept = errors;
	for (const union of unions) {
		if (kept.includes(union)) {
			kept = resolveUnion(union, kept, root, value);
		}
	}
	return kept;
}

function resolveUnion(
	union: SchemaError,
	errors: readonly SchemaError[],
	root: JsonSchema,
	value: unknown,
): readonly SchemaError[] {
	const prefix = `${union.schemaPath}/${union.keyword}/`;
	const inside = errors.filter((error) => error.schemaPath.startsWith(prefix) && isWithin(error, union));
	const outside = errors.filter((error) => !inside.includes(error) && error !== union);
	const branches = Map.groupBy(inside, (error) => error.schemaPath.slice(prefix.length).split("/", 1)[0]);
	const known = knownKeys(root, pointerPath(union.instancePath, value));
	const scored = [...branches.values()].map((branch) => ({ branch, score: distance(branch, union, known) }));
	const least = Math.min(...scored.map(({ score }) => score));
	const best = scored.filter(({ score }) => score === least).map(({ branch }) => branch);
	const [only] = best;
	if (only !== undefined && (best.length === 1 || least < farOff)) {
		return [...outside, ...(best.length === 1 ? only : [merged(union, best)])];
	}
	return [...outside, merged(union, best)];
}

function isWithin(error: SchemaError, union: SchemaError): boolean {
	return error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
}

/** A branch whose very type or constant does not fit is not the one that was meant. */
const farOff = 1000;

function distance(branch: readonly SchemaError[], union: SchemaError, known: readonly string[]): number {
	const unknown = branch.flatMap((error) =>
		error.keyword === "additionalProperties" && error.instancePath === union.instancePath
			? error.params.additionalProperties
			: [],
	);
	const misspelt = new Set(unknown.map((key) => nearest(key, known)));
	let sum = 0;
	for (const error of branch) {
		if (error.instancePath !== union.instancePath) {
			sum += error.keyword === "const" ? 50 : 1;
		} else if (error.keyword === "required") {
			sum += error.params.requiredProperties.reduce((weight, key) => weight + (misspelt.has(key) ? 1 : 20), 0);
		} else if (error.keyword === "additionalProperties") {
			sum += 5 * unknown.length;
		} else if (error.keyword === "type" || error.keyword === "const") {
			sum += farOff;
		}
	}
	return sum;
}

/** One error for branches that are equally near: a choice of constants, of keys, or the union as it is. */
function merged(union: SchemaError, branches: readonly (readonly SchemaError[])[]): SchemaError {
	const own = branches.map((branch) => branch.filter((error) => error.instancePath === union.instancePath));
	const constants = own.flatMap((branch) =>
		branch.flatMap((error) => (error.keyword === "const" ? [error.params.allowedValue] : [])),
	);
	if (constants.length === branches.length) {
		return { ...union, keyword: "enum", params: { allowedValues: constants } } as SchemaError;
	}
	const keys = own.map((branch) =>
		branch.flatMap((error) => (error.keyword === "required" ? error.params.requiredProperties : [])),
	);
	if (keys.length > 0 && keys.every((list) => list.length > 0)) {
		const message = `has to have one of the keys ${[...new Set(keys.flat())].join(", ")}`;
		return { ...union, keyword: "~refine", params: {}, message } as unknown as SchemaError;
	}
	return union;
}
