/** Walking a value along its JSON Schema: what a schema says about one place, and about every text in a value. */
import type { Path } from "./field-path.ts";

/** The keywords of JSON Schema that are looked at here. */
export interface JsonSchema {
	readonly type?: string;
	readonly description?: string;
	readonly secret?: boolean;
	readonly pattern?: string;
	readonly properties?: Readonly<Record<string, JsonSchema>>;
	readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
	readonly additionalProperties?: JsonSchema | boolean;
	readonly items?: JsonSchema | readonly JsonSchema[];
	readonly prefixItems?: readonly JsonSchema[];
	readonly anyOf?: readonly JsonSchema[];
	readonly oneOf?: readonly JsonSchema[];
	readonly allOf?: readonly JsonSchema[];
}

/** A schema and the alternatives within it. */
export function alternatives(schema: JsonSchema): readonly JsonSchema[] {
	const nested = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
	return [schema, ...nested.flatMap(alternatives)];
}

/** Every schema that speaks about the value at a path. */
export function schemasAt(schema: JsonSchema, path: Path): readonly JsonSchema[] {
	let here = alternatives(schema);
	for (const segment of path) {
		here = here.flatMap((one) => childrenOf(one, segment)).flatMap(alternatives);
	}
	return here;
}

function childrenOf(schema: JsonSchema, segment: string | number): readonly JsonSchema[] {
	if (typeof segment === "number") {
		return itemsOf(schema, segment);
	}
	if (schema.properties !== undefined && Object.hasOwn(schema.properties, segment)) {
		return [schema.properties[segment] ?? {}];
	}
	const byPattern = Object.entries(schema.patternProperties ?? {}).filter(([pattern]) =>
		new RegExp(pattern, "u").test(segment),
	);
	if (byPattern.length > 0) {
		return byPattern.map(([, child]) => child);
	}
	return typeof schema.additionalProperties === "object" ? [schema.additionalProperties] : [];
}

function itemsOf({ items, prefixItems }: JsonSchema, index: number): readonly JsonSchema[] {
	const positional = prefixItems?.[index] ?? (Array.isArray(items) ? items[index] : undefined);
	if (positional !== undefined) {
		return [positional as JsonSchema];
	}
	return items !== undefined && !Array.isArray(items) ? [items as JsonSchema] : [];
}

/** The keys that an object at a path may have. */
export function knownKeys(schema: JsonSchema, path: Path): readonly string[] {
	return [...new Set(schemasAt(schema, path).flatMap((one) => Object.keys(one.properties ?? {})))];
}

export type TextVisitor = (text: string, path: Path, schemas: readonly JsonSchema[]) => unknown;

/** A copy of a value with every text replaced by what the visitor makes of it. */
export function mapTexts(schema: JsonSchema, value: unknown, visit: TextVisitor): unknown {
	return mapBelow(alternatives(schema), value, [], visit);
}

function mapBelow(schemas: readonly JsonSchema[], value: unknown, path: Path, visit: TextVisitor): unknown {
	const below = (segment: string | number, child: unknown) =>
		mapBelow(
			schemas.flatMap((one) => childrenOf(one, segment)).flatMap(alternatives),
			child,
			[...path, segment],
			visit,
		);
	if (typeof value === "string") {
		return visit(value, path, schemas);
	}
	if (Array.isArray(value)) {
		return value.map((item, index) => below(index, item));
	}
	if (typeof value === "object" && value !== null) {
		return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, below(key, child)]));
	}
	return value;
}
