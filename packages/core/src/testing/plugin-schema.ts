/** What is asked of the schemas that a plugin publishes, besides being JSON Schema. */

interface SchemaPart {
	readonly type?: unknown;
	readonly properties?: Readonly<Record<string, SchemaPart>>;
	readonly additionalProperties?: unknown;
	readonly items?: SchemaPart;
	readonly anyOf?: readonly SchemaPart[];
	readonly description?: unknown;
	readonly secret?: unknown;
}

/**
 * What is wrong with a schema, one sentence each: objects have to be closed, so that a misspelt key is
 * an error; every setting is described, since forms and help are made of it; a secret is a text.
 */
export function complaintsAboutSchema(schema: object, path: string): readonly string[] {
	return [...complaints(schema as SchemaPart, path)];
}

function* complaints(schema: SchemaPart, path: string): Generator<string> {
	if (schema.secret !== undefined && (schema.secret !== true || schema.type !== "string")) {
		yield `${path} is marked secret but is no text`;
	}
	if (schema.properties !== undefined) {
		yield* complaintsAboutObject(schema, schema.properties, path);
	}
	if (schema.items !== undefined) {
		yield* complaints(schema.items, `${path}[]`);
	}
	for (const option of schema.anyOf ?? []) {
		yield* complaints(option, path);
	}
}

function* complaintsAboutObject(
	schema: SchemaPart,
	properties: Readonly<Record<string, SchemaPart>>,
	path: string,
): Generator<string> {
	if (schema.type !== "object" || schema.additionalProperties !== false) {
		yield `${path} is not a closed object`;
	}
	for (const [name, part] of Object.entries(properties)) {
		if (typeof part.description !== "string" || part.description === "") {
			yield `${path}.${name} has no description`;
		}
		yield* complaints(part, `${path}.${name}`);
	}
}
